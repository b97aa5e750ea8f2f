"""What the vault says to a hub's clients: which commit a copy has, what a name means, what is verified."""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from holdfast.formats.git import AUTHOR, CommitSaid, compute_commit
from holdfast.formats.layout import read_layout
from holdfast.records.errors import UnknownRepository, UnknownRevision
from holdfast.records.vault import Origin, RevisionManifest
from holdfast.vault.git_objects import put_git_object
from holdfast.vault.keeping.revisions import Keeping, SourceEntry, keep_revision
from holdfast.vault.opening import Vault, open_local_vault
from holdfast.vault.refs import point
from holdfast.workflows.serve import ServeAsked, Service, open_service
from holdfast.workflows.vaults import VaultAsked
from tests.vault.models import Watch, find_row, say_nothing, tell, verify

COMMIT = "c0ffee" + "0" * 34
HUB = "https://hub.example.org/org/model"


@dataclass
class Held:
    """A vault, and the folder of the model that is kept in it."""

    vault: Vault
    folder: Path

    def keep(self, origin: Origin, revision: str = COMMIT, name: str = "org/model") -> None:
        """Keep the folder as if it came from there; `upstream` is what the origin stated of its files."""
        entries = tuple(SourceEntry(path.name, path) for path in sorted(self.folder.iterdir()))
        manifest = RevisionManifest(name, revision, origin, ())
        keep_revision(self.vault, Keeping(manifest, entries, read_layout, "a test"), say_nothing)

    def state(self, *paths: str) -> tuple[tuple[str, str], ...]:
        """What a hub states of these files: the largest by sha256, the others by their blobs."""
        return tuple(sorted((path, self._state_one(path)) for path in paths or ("config.json", "weights.bin")))

    def _state_one(self, path: str) -> str:
        data = (self.folder / path).read_bytes()
        if path == "weights.bin":
            return f"sha256:{hashlib.sha256(data).hexdigest()}"
        return f"git-blob:{hashlib.sha1(b'blob %d' % len(data) + bytes(1) + data, usedforsecurity=False).hexdigest()}"

    def open(self) -> Service:
        return open_service(ServeAsked(VaultAsked(self.vault.location, {"HOME": str(self.folder.parent)})))


@pytest.fixture
def held(tmp_path: Path) -> Generator[Held]:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "weights.bin").write_bytes(b"few, and yet the hub calls them large")
    vault = open_local_vault(tmp_path / "vault", Watch())
    yield Held(vault, folder)
    vault.close()


def ask(held: Held, revision: str, name: str = "org/model") -> str:
    """The commit that a revision means."""
    service = held.open()
    try:
        return service.find_revision(name, revision).commit
    finally:
        service.close()


def test_a_copy_that_came_whole_from_a_hub_has_that_hub_s_commit(held: Held) -> None:
    held.keep(Origin(HUB, "2026-01-02T03:04:05Z", COMMIT, upstream=held.state()))
    assert ask(held, "main") == ask(held, COMMIT) == ask(held, COMMIT[:9]) == COMMIT


def test_large_is_what_the_hub_calls_so(held: Held) -> None:
    held.keep(Origin(HUB, "2026-01-02T03:04:05Z", COMMIT, upstream=held.state()))
    service = held.open()
    files = service.find_revision("org/model", "main").tree.files
    assert {path: file.is_lfs for path, file in files.items()} == {"config.json": False, "weights.bin": True}
    service.close()


@pytest.mark.parametrize("missing", ["a file of the hub's", "a statement of the hub's", "a hub"])
def test_a_copy_of_which_that_is_not_known_has_a_commit_of_its_own(held: Held, missing: str) -> None:
    origin = Origin(HUB, "2026-01-02T03:04:05Z", COMMIT, upstream=held.state())
    if missing == "a file of the hub's":
        origin = replace(origin, upstream=(*origin.upstream, ("not-pulled.bin", f"sha256:{'1' * 64}")))
    elif missing == "a statement of the hub's":
        origin = replace(origin, upstream=held.state("config.json"))
    else:
        origin = replace(origin, source="/home/ana/.cache/huggingface/hub/models--org--model")
    held.keep(origin)
    own = ask(held, "main")
    assert own != COMMIT
    assert ask(held, COMMIT) == ask(held, own) == own  # whoever has pinned the hub's commit is served what is there


def test_a_commit_that_is_held_proves_that_the_copy_is_whole(held: Held) -> None:
    origin = Origin("/some/cache", "2026-01-02T03:04:05Z", "", upstream=held.state())
    held.keep(origin, "first")
    service = held.open()
    tree = service.find_revision("org/model", "main").tree.folders[""]
    service.close()
    commit = compute_commit(tree, CommitSaid("upstream's own", 1_700_000_000, author=AUTHOR))
    put_git_object(held.vault, "commit", commit.body)
    held.keep(replace(origin, commit=commit.id), commit.id)
    assert ask(held, commit.id) == commit.id


def test_a_branch_of_a_hub_may_have_moved_on_and_a_commit_may_not(held: Held) -> None:
    held.keep(Origin(HUB, "2026-01-02T03:04:05Z", COMMIT, upstream=held.state()))
    service = held.open()
    by_branch, by_commit = (service.find_revision("org/model", name) for name in ("main", COMMIT))
    assert (by_branch.is_mirrored, by_branch.ref, by_commit.ref) == (True, "refs/heads/main", "")
    service.close()


def test_what_a_branch_means_counts_more_than_what_is_newest(held: Held) -> None:
    held.keep(Origin("here", "2026-01-02T03:04:05Z"), "v1")
    first = ask(held, "v1")
    (held.folder / "config.json").write_text('{"newer": 1}')
    held.keep(Origin("here", "2026-01-03T03:04:05Z"), "v2")
    assert ask(held, "main") == ask(held, "v2") != first
    point(held.vault, "org/model", "refs/heads/main", find_row(held.vault, revision="v1").manifest, "a test")
    assert ask(held, "main") == ask(held, "HEAD") == first
    point(held.vault, "org/model", "refs/tags/v2", find_row(held.vault, revision="v1").manifest, "a test")
    assert ask(held, "v2") == first  # a tag that somebody set, before the copy that happens to be called so


def test_a_copy_that_was_kept_as_main_is_main_whatever_came_later(held: Held) -> None:
    held.keep(Origin("here", "2026-01-02T03:04:05Z"), "main")
    first = ask(held, "main")
    (held.folder / "config.json").write_text('{"newer": 1}')
    held.keep(Origin("here", "2026-01-03T03:04:05Z"), "v2")
    assert ask(held, "main") == first


def test_names_that_mean_nothing_are_told_apart(held: Held) -> None:
    with pytest.raises(UnknownRepository):
        ask(held, "main")
    held.keep(Origin("here", "2026-01-02T03:04:05Z"), "v1")
    for revision in ("v2", "", "refs/heads/v2", "refs/tags/v1", "0" * 40, "0" * 7, "../v1"):
        with pytest.raises(UnknownRevision):
            ask(held, revision)
    for name in ("org", "org/model2", "", "ORG/MODEL"):
        with pytest.raises(UnknownRepository):
            ask(held, "main", name)


def test_when_a_copy_was_verified_is_told(held: Held) -> None:
    held.keep(Origin("here", "2026-01-02T03:04:05Z"), "v1")
    watch = held.vault.clock
    assert isinstance(watch, Watch)
    watch.advance(86_400)
    verify(held.vault)
    service = held.open()
    assert service.find_revision("org/model", "main").verified_at == "2026-01-03T03:04:05Z"
    service.close()


def test_an_open_service_learns_of_decisions_by_itself(held: Held) -> None:
    from holdfast.records.hub_service import HeldBack

    held.keep(Origin("here", "2026-01-02T03:04:05Z"), "v1")
    service = held.open()
    revision = service.find_revision("org/model", "main")
    assert service.find_known("org/model", "main") == revision
    tell(held.vault, "freeze", "org/model", "v1")
    service.notice()
    assert service.find_known("org/model", "main") is None
    with pytest.raises(HeldBack) as caught:
        service.find_revision("org/model", "main")
    assert (caught.value.freeze.by, caught.value.freeze.decision) == ("a test", "because")
    service.close()
