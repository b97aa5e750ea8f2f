"""Files that arrive one by one, revisions composed of them, and the refs that name those."""

import hashlib
from pathlib import Path

import pytest

from holdfast.formats.git import blob_id
from holdfast.formats.layout import read_layout
from holdfast.records.errors import DamagedVault, NotVerified, UnknownName, UsageError
from holdfast.records.vault import Origin, RevisionManifest
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.objects import iterate_packs, note_damage
from holdfast.vault.catalogue.schema import drop_tables, make_tables
from holdfast.vault.git_objects import find_damaged, find_git_object, get_key, put_git_object
from holdfast.vault.intake import Composed, Intake, KnownFile, find_known, keep_known
from holdfast.vault.keeping.revisions import Kept, SourceEntry
from holdfast.vault.opening import Vault, open_local_vault
from holdfast.vault.pruning import GRACE_S, carry_out, plan_prune
from holdfast.vault.refs import point, read_refs, unpoint
from holdfast.workflows.vaults import find_revision
from tests.vault.models import Watch, find_row, hash_folder, make_bf16, restore, say_nothing, tell, write_safetensors

COMMIT = "0123456789abcdef0123456789abcdef01234567"
MAIN = "refs/heads/main"


@pytest.fixture
def clock() -> Watch:
    return Watch()


@pytest.fixture
def vault(tmp_path: Path, clock: Watch) -> Vault:
    return open_local_vault(tmp_path / "vault", clock)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_safetensors(tmp_path / "model" / "model.safetensors", {"w": ("BF16", make_bf16(1 << 20, 1))})


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def take_in(vault: Vault, path: Path, digest: str = "") -> KnownFile:
    return Intake(vault, read_layout).add(path, digest)


def compose(vault: Vault, revision: str, files: dict[str, KnownFile]) -> Kept:
    said = RevisionManifest("org/model", revision, Origin("a hub", vault.timestamp, revision), ())
    return keep_known(vault, Composed(said, tuple(files.items()), "Ana"), say_nothing)


def test_a_file_that_arrived_is_known_by_both_digests_and_kept_only_with_its_revision(
    vault: Vault, weights: Path, tmp_path: Path
) -> None:
    known = take_in(vault, weights, sha256(weights))
    assert known.git_blob == blob_id(weights.read_bytes())
    assert find_known(vault, sha256=sha256(weights)) == find_known(vault, git_blob=known.git_blob) == known
    with pytest.raises(UnknownName):
        point(vault, "org/model", MAIN, known.manifest, "Ana")
    kept = compose(vault, COMMIT, {"model.safetensors": known})
    assert kept.decision is not None
    assert kept.new_bytes < 4096  # the manifests alone
    restore(vault, tmp_path / "out", "org/model", COMMIT)
    assert hash_folder(tmp_path / "out") == {"model.safetensors": sha256(weights)}


def test_many_small_files_share_a_pack(vault: Vault, tmp_path: Path) -> None:
    files = [tmp_path / f"{number}.json" for number in range(40)]
    for number, file in enumerate(files):
        file.write_text(f'{{"n": {number}, "text": "{"x" * 200}"}}')
    known = Intake(vault, read_layout).add_all([SourceEntry(file.name, file) for file in files])
    assert [one.sha256 for one in known] == [sha256(file) for file in files]
    assert len(list(iterate_packs(vault.database))) == 1


def test_a_file_that_is_not_what_its_source_states_is_not_known(vault: Vault, weights: Path) -> None:
    with pytest.raises(NotVerified):
        take_in(vault, weights, "0" * 64)
    assert find_known(vault, sha256=sha256(weights)) is None
    assert take_in(vault, weights, sha256(weights)).sha256 == sha256(weights)


def test_a_file_in_a_damaged_pack_is_not_known_and_is_written_again(vault: Vault, weights: Path) -> None:
    known = take_in(vault, weights)
    for pack in iterate_packs(vault.database):
        note_damage(vault.database, pack.id, "rust")
    assert find_known(vault, sha256=known.sha256) is None
    with pytest.raises(NotVerified):
        compose(vault, COMMIT, {"model.safetensors": known})
    assert take_in(vault, weights) == known
    assert find_known(vault, sha256=known.sha256) == known


def test_what_arrived_and_was_never_composed_is_pruned_after_the_grace_period(
    vault: Vault, weights: Path, clock: Watch
) -> None:
    known = take_in(vault, weights)
    carry_out(vault, plan_prune(vault), say_nothing)
    assert find_known(vault, sha256=known.sha256) == known
    clock.advance(GRACE_S + 1)
    carry_out(vault, plan_prune(vault), say_nothing)
    assert find_known(vault, sha256=known.sha256) is None


def test_a_ref_moves_and_is_read_again_from_packs_alone(vault: Vault, weights: Path) -> None:
    known = take_in(vault, weights)
    other = "f" * 40
    first, second = (compose(vault, name, {"model.safetensors": known}).manifest for name in (COMMIT, other))
    point(vault, "org/model", MAIN, first, "Ana")
    point(vault, "org/model", MAIN, first, "Ana")
    point(vault, "org/model", "refs/tags/v1", first, "Ana")
    point(vault, "org/model", MAIN, second, "Ben", "an update")
    said = [("refs/heads/main", other, "Ben"), ("refs/tags/v1", COMMIT, "Ana")]
    assert [(one.ref, one.revision, one.by) for one in read_refs(vault.database, "org/model")] == said
    drop_tables(vault.database)
    make_tables(vault.database)
    adopt_packs(vault)
    assert [(one.ref, one.revision, one.by) for one in read_refs(vault.database)] == said
    unpoint(vault, "org/model", "refs/tags/v1", "Ana")
    assert [one.ref for one in read_refs(vault.database, "org/model")] == [MAIN]
    with pytest.raises(UnknownName):
        unpoint(vault, "org/model", "refs/tags/v1", "Ana")
    assert read_refs(vault.database, "org/mod") == []


def test_a_ref_whose_revision_was_dropped_names_nothing(vault: Vault, weights: Path) -> None:
    kept = compose(vault, COMMIT, {"model.safetensors": take_in(vault, weights)})
    point(vault, "org/model", MAIN, kept.manifest, "Ana")
    tell(vault, "drop", "org/model", COMMIT)
    assert find_row(vault, "org/model", COMMIT).state == "dropped"
    assert read_refs(vault.database, "org/model") == []


@pytest.mark.parametrize(
    "ref",
    ["main", "refs/heads/", "refs/heads/a..b", "refs/heads/.a", "refs/heads/a.lock", "refs/heads/a b", "refs/pr/1"],
)
def test_a_name_that_git_would_refuse_is_no_ref(vault: Vault, weights: Path, ref: str) -> None:
    kept = compose(vault, COMMIT, {"model.safetensors": take_in(vault, weights)})
    with pytest.raises(UsageError):
        point(vault, "org/model", ref, kept.manifest, "Ana")


def test_an_object_of_git_is_held_under_what_it_hashes_to_and_a_flipped_bit_is_found(vault: Vault) -> None:
    name = put_git_object(vault, "tree", b"")
    assert name == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git's empty tree
    found = find_git_object(vault, name)
    assert found is not None
    assert (found.kind, found.body) == ("tree", b"")
    assert find_git_object(vault, "0" * 40) is None
    path = Path(vault.location) / get_key(name)
    path.chmod(0o644)
    path.write_bytes(b"tree 1\0")
    assert list(find_damaged(vault)) == [get_key(name)]
    with pytest.raises(DamagedVault):
        find_git_object(vault, name)


def test_a_copy_is_found_by_branch_tag_beginning_and_by_main_when_nothing_is_said(vault: Vault, weights: Path) -> None:
    known = take_in(vault, weights)
    other = "f" * 40
    first, second = (compose(vault, name, {"model.safetensors": known}).manifest for name in (COMMIT, other))
    assert find_revision(vault, "org/model").manifest == second  # the newest, as long as there is no main
    point(vault, "org/model", MAIN, first, "Ana")
    point(vault, "org/model", "refs/tags/v2", second, "Ana")
    found = {text: find_revision(vault, f"org/model{text}").manifest for text in ("", "@main", "@v2", "@012", "@ff")}
    assert found == {"": first, "@main": first, "@v2": second, "@012": first, "@ff": second}
