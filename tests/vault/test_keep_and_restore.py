"""What is kept comes back byte for byte: real files, a real folder, real threads."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from holdfast.formats.layout import read_layout
from holdfast.records.errors import ChangedWhileRead, DamagedVault, MalformedFile, NotVerified, OutputError
from holdfast.records.vault import FileEntry, FileLayout, Origin, RevisionManifest, to_digest
from holdfast.vault.catalogue.objects import iterate_packs, read_runs
from holdfast.vault.catalogue.revisions import iterate_revisions, read_files
from holdfast.vault.checking import find_packs, find_packs_of, read_file_manifest, read_revision
from holdfast.vault.codecs.choosing import Codec
from holdfast.vault.keeping.revisions import Keeping, SourceEntry, keep_revision
from holdfast.vault.opening import Vault, open_local_vault
from holdfast.vault.packs.layout import NO_BASE
from holdfast.vault.pruning import carry_out, plan_prune
from holdfast.vault.restoring import restore_revision
from tests.vault.models import (
    Watch,
    find_row,
    hash_folder,
    keep_folder,
    make_bf16,
    restore,
    say_nothing,
    tune,
    verify,
    write_safetensors,
)

MIB = 1 << 20


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return open_local_vault(tmp_path / "vault", Watch())


def count_codecs(vault: Vault) -> dict[int, int]:
    counts: dict[int, int] = {}
    for pack in iterate_packs(vault.database):
        for run in read_runs(vault.database, pack.id):
            for codec, _ in run.frames:
                counts[codec] = counts.get(codec, 0) + 1
    return counts


def has_base(vault: Vault) -> bool:
    return any(
        run.base != NO_BASE for pack in iterate_packs(vault.database) for run in read_runs(vault.database, pack.id)
    )


def test_a_folder_comes_back_byte_for_byte(vault: Vault, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    weights = make_bf16(3 * MIB, 1)  # 6 MiB: six frames
    write_safetensors(
        folder / "model.safetensors",
        {
            "w": ("BF16", weights.reshape(3, -1)),
            "empty": ("F32", np.zeros((0, 4), np.float32)),
            "f32": ("F32", np.random.default_rng(2).normal(size=70_001).astype(np.float32)),
            "i64": ("I64", np.arange(9000)),
            "flags": ("BOOL", np.ones(300, np.bool_)),
            "one": ("F32", np.ones((), np.float32)),
        },
    )
    (folder / "deep/er").mkdir(parents=True)
    (folder / "deep/er/config.json").write_text('{"a": 1}')
    (folder / "README.md").write_bytes(b"words " * 100_000)
    (folder / "noise.bin").write_bytes(np.random.default_rng(3).bytes(2 * MIB + 1))
    kept = keep_folder(vault, folder)
    assert kept.decision is not None
    assert restore(vault, tmp_path / "out").files == 4
    assert hash_folder(tmp_path / "out") == hash_folder(folder)
    assert kept.stored_bytes < kept.size
    assert verify(vault).damage == ()


def test_files_of_no_bytes_are_kept_and_restored(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    for name in ("one", "two"):
        (tmp_path / "model" / name).write_bytes(b"")
    keep_folder(vault, tmp_path / "model")
    assert restore(vault, tmp_path / "out").files == 2
    assert [path.stat().st_size for path in (tmp_path / "out").iterdir()] == [0, 0]


def test_names_that_differ_by_case_are_two_files(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/readme").write_text("small")
    (tmp_path / "model/README").write_text("LARGE")
    keep_folder(vault, tmp_path / "model")
    restore(vault, tmp_path / "out")
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "model")


def test_a_tensor_larger_than_memory_is_given_is_read_twice_and_comes_back(vault: Vault, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_safetensors(folder / "m.safetensors", {"w": ("BF16", np.resize(make_bf16(MIB, 1), 33 * MIB))})
    seen = 0

    def count(phase: str, size: int) -> None:
        nonlocal seen
        seen += size if phase == "reading" else 0

    kept = keep_folder(vault, folder, report=count)
    assert seen == kept.size > 64 * MIB
    restore(vault, tmp_path / "out")
    assert hash_folder(tmp_path / "out") == hash_folder(folder)


def test_equal_tensors_are_stored_once_across_files_and_models(vault: Vault, tmp_path: Path) -> None:
    weights = make_bf16(100_000, 1)
    write_safetensors(tmp_path / "one/a.safetensors", {"w": ("BF16", weights), "again": ("BF16", weights)})
    write_safetensors(tmp_path / "two/b.safetensors", {"other.name": ("BF16", weights)})
    first = keep_folder(vault, tmp_path / "one")
    second = keep_folder(vault, tmp_path / "two", "org/second")
    assert first.new_bytes < 1.2 * weights.nbytes
    assert second.new_bytes < 5000
    assert list_objects_stored_twice(vault) == []


def list_objects_stored_twice(vault: Vault) -> list[bytes]:
    rows = vault.database.read(
        "SELECT o.digest FROM runs r JOIN objects o ON o.id = r.object WHERE o.kind = 1 GROUP BY o.digest"
        " HAVING COUNT(*) > 1"
    )
    return [bytes(digest) for (digest,) in rows]


def test_the_same_revision_twice_is_one_decision_and_no_new_bytes(vault: Vault, tmp_path: Path) -> None:
    write_safetensors(tmp_path / "model/m.safetensors", {"w": ("BF16", make_bf16(20_000, 1))})
    first = keep_folder(vault, tmp_path / "model")
    assert isinstance(vault.clock, Watch)
    vault.clock.advance(3600)
    second = keep_folder(vault, tmp_path / "model")
    assert second.decision is None
    assert second.manifest == first.manifest
    assert (second.new_bytes, second.stored_bytes) == (0, 0)


def test_new_files_under_an_old_name_supersede_it(vault: Vault, tmp_path: Path) -> None:
    for seed in (1, 2):
        write_safetensors(tmp_path / "model/m.safetensors", {"w": ("BF16", make_bf16(20_000, seed))})
        keep_folder(vault, tmp_path / "model")
    restore(vault, tmp_path / "out")
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "model")


def keep_base_and_tuned(vault: Vault, tmp_path: Path, base: int | None = None) -> None:
    weights = make_bf16(MIB, 1)  # 2 MiB: two frames
    frozen = make_bf16(50_000, 2)
    write_safetensors(tmp_path / "base/m.safetensors", {"w": ("BF16", weights), "frozen": ("BF16", frozen)})
    keep_folder(vault, tmp_path / "base", "org/base")
    write_safetensors(tmp_path / "tuned/m.safetensors", {"w": ("BF16", tune(weights, 3)), "frozen": ("BF16", frozen)})
    keep_folder(vault, tmp_path / "tuned", "org/tuned", base=base)


def test_a_fine_tune_is_stored_as_differences_against_a_base_found_by_itself(vault: Vault, tmp_path: Path) -> None:
    keep_base_and_tuned(vault, tmp_path)
    assert count_codecs(vault)[Codec.DIFFERENCE] == 2
    restore(vault, tmp_path / "out", "org/tuned")
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "tuned")


def test_a_base_can_be_named(vault: Vault, tmp_path: Path) -> None:
    weights = make_bf16(100_000, 1)
    tensors = {"near": weights, "far": make_bf16(100_000, 9)}
    for name, array in tensors.items():
        write_safetensors(tmp_path / name / "m.safetensors", {"w": ("BF16", array)})
        keep_folder(vault, tmp_path / name, f"org/{name}")
    write_safetensors(tmp_path / "tuned/m.safetensors", {"w": ("BF16", tune(weights, 3))})
    keep_folder(vault, tmp_path / "tuned", "org/tuned", base=find_row(vault, "org/far").id)
    assert Codec.DIFFERENCE not in count_codecs(vault)  # compared with coding it alone, the smaller kept
    write_safetensors(tmp_path / "tuned/m.safetensors", {"w": ("BF16", tune(weights, 4))})
    keep_folder(vault, tmp_path / "tuned", "org/tuned2", base=find_row(vault, "org/near").id)
    assert count_codecs(vault)[Codec.DIFFERENCE] == 1


def test_a_stranger_is_no_base(vault: Vault, tmp_path: Path) -> None:
    for seed in (1, 2):
        write_safetensors(tmp_path / f"{seed}/m.safetensors", {"w": ("BF16", make_bf16(100_000, seed))})
        keep_folder(vault, tmp_path / f"{seed}", f"org/{seed}")
    assert not has_base(vault)


def test_depth_is_one(vault: Vault, tmp_path: Path) -> None:
    weights = make_bf16(100_000, 1)
    for step in range(4):
        write_safetensors(tmp_path / f"{step}/m.safetensors", {"w": ("BF16", weights)})
        keep_folder(vault, tmp_path / f"{step}", f"org/{step}")
        weights = tune(weights, step, 0.1)
    rows = vault.database.read(
        "SELECT COUNT(*) FROM runs r JOIN runs b ON b.object = r.base WHERE r.base IS NOT NULL AND b.base IS NOT NULL"
    )
    assert rows == [(0,)]
    assert has_base(vault)
    for step in range(4):
        restore(vault, tmp_path / f"out{step}", f"org/{step}")
        assert hash_folder(tmp_path / f"out{step}") == hash_folder(tmp_path / f"{step}")


def test_a_base_that_is_written_again_is_not_written_as_a_difference(vault: Vault, tmp_path: Path) -> None:
    keep_base_and_tuned(vault, tmp_path)
    pack = next(pack for pack in iterate_packs(vault.database) if pack.size > MIB)
    flip(tmp_path / "vault" / pack.key, 5000)
    found = verify(vault)
    assert found.damage
    keep_folder(vault, tmp_path / "base", "org/base")
    for name in ("base", "tuned"):
        restore(vault, tmp_path / f"out-{name}", f"org/{name}")
        assert hash_folder(tmp_path / f"out-{name}") == hash_folder(tmp_path / name)


def flip(path: Path, place: int) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


def test_a_damaged_base_is_named_with_the_files_that_need_it(vault: Vault, tmp_path: Path) -> None:
    keep_base_and_tuned(vault, tmp_path)
    pack = next(pack for pack in iterate_packs(vault.database) if pack.size > MIB)
    run = next(run for run in read_runs(vault.database, pack.id) if run.count == 2)
    flip(tmp_path / "vault" / pack.key, run.offset + 200)
    (damage,) = verify(vault).damage
    assert damage.hurts == ("org/base@main:m.safetensors", "org/tuned@main:m.safetensors")
    assert damage.offset == run.offset
    with pytest.raises(DamagedVault, match=r"m\.safetensors cannot be restored"):
        restore(vault, tmp_path / "out", "org/tuned")
    assert not (tmp_path / "out/m.safetensors").exists()


def test_a_base_that_cannot_be_read_does_not_keep_a_fine_tune_from_being_kept(vault: Vault, tmp_path: Path) -> None:
    weights = make_bf16(MIB, 1)
    write_safetensors(tmp_path / "base/m.safetensors", {"w": ("BF16", weights)})
    keep_folder(vault, tmp_path / "base", "org/base")
    pack = next(pack for pack in iterate_packs(vault.database) if pack.size > MIB)
    flip(tmp_path / "vault" / pack.key, pack.size - 100_000)
    write_safetensors(tmp_path / "tuned/m.safetensors", {"w": ("BF16", tune(weights, 3))})
    keep_folder(vault, tmp_path / "tuned", "org/tuned")
    restore(vault, tmp_path / "out", "org/tuned")
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "tuned")


def test_keeping_again_heals_what_was_damaged(vault: Vault, tmp_path: Path) -> None:
    write_safetensors(tmp_path / "model/m.safetensors", {"w": ("BF16", make_bf16(50_000, 1))})
    keep_folder(vault, tmp_path / "model")
    pack = next(pack for pack in iterate_packs(vault.database) if pack.size > 10_000)
    flip(tmp_path / "vault" / pack.key, 3000)
    with pytest.raises(NotVerified, match="writes anew"):
        keep_folder(vault, tmp_path / "model")
    keep_folder(vault, tmp_path / "model")
    restore(vault, tmp_path / "out")
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "model")
    (damage,) = verify(vault).damage
    assert damage.hurts == ()
    carry_out(vault, plan_prune(vault), say_nothing)  # what is damaged, and whole elsewhere, is of no use
    assert verify(vault).damage == ()


PARTS = {"header": 20, "version": 9, "index": -70, "footer": -1}
"""A byte of each part of a pack that no file shows; the last eight of the footer count its frames."""


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("pack_of", ["files", "manifests"])
def test_a_keep_is_refused_when_a_pack_that_it_relies_on_is_damaged_where_no_file_shows_it(
    vault: Vault, tmp_path: Path, part: str, pack_of: str
) -> None:
    write_safetensors(tmp_path / "model/m.safetensors", {"w": ("BF16", make_bf16(50_000, 1))})
    kept = keep_folder(vault, tmp_path / "model")
    manifest = kept.revision.files[0].manifest
    files = find_packs(vault, [read_file_manifest(vault, manifest)])
    pack = (files if pack_of == "files" else find_packs_of(vault, [to_digest(manifest)]))[0]
    when = {"files": "reading", "manifests": "verifying"}[pack_of]
    waiting = [tmp_path / "vault" / pack.key]

    def damage(phase: str, _: int) -> None:
        if phase == when and waiting:
            flip(waiting.pop(), PARTS[part])

    with pytest.raises(NotVerified, match="writes anew") as told:
        keep_folder(vault, tmp_path / "model", "org/again", report=damage)
    assert pack.key in told.value.where
    assert not any(row.kept_at for row in iterate_revisions(vault.database, "org/again"))
    keep_folder(vault, tmp_path / "model", "org/again")
    restore(vault, tmp_path / "out", "org/again")
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "model")


def test_a_file_that_changes_while_it_is_read_is_refused_and_nothing_is_recorded(vault: Vault, tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "model/m.safetensors", {"w": ("BF16", make_bf16(2 * MIB, 1))})
    changed = False

    def change(phase: str, _: int) -> None:
        nonlocal changed
        if phase == "reading" and not changed:
            changed = True
            with path.open("r+b") as file:
                file.seek(3 * MIB)
                file.write(b"changed")
            os.utime(path, ns=(1, 1))

    with pytest.raises(ChangedWhileRead, match="changed while it was read"):
        keep_folder(vault, tmp_path / "model", report=change)
    assert list(vault.storage.staging.iterate()) == []
    keep_folder(vault, tmp_path / "model")


def test_a_file_that_another_takes_the_place_of_is_refused(vault: Vault, tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "model/m.safetensors", {"w": ("BF16", make_bf16(50_000, 1))})

    def replace_it(named: Path) -> FileLayout:
        write_safetensors(tmp_path / "other.safetensors", {"v": ("BF16", make_bf16(50_000, 2))}).replace(named)
        return read_layout(named)

    keeping = Keeping(make_revision(), (SourceEntry("m.safetensors", path),), replace_it, "a test")
    with pytest.raises(ChangedWhileRead):
        keep_revision(vault, keeping, say_nothing)


def make_revision() -> RevisionManifest:
    return RevisionManifest("org/model", "main", Origin("here", "2026-01-02T03:04:05Z"), ())


def test_a_file_that_is_not_what_its_source_states_is_not_kept(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"something else")
    stated = hashlib.sha256(b"something").hexdigest()
    keeping = Keeping(make_revision(), (SourceEntry("file", tmp_path / "file", stated),), read_layout, "a test")
    with pytest.raises(NotVerified, match="states"):
        keep_revision(vault, keeping, say_nothing)
    assert vault.database.read("SELECT COUNT(*) FROM journal") == [(0,)]


@pytest.mark.parametrize("name", ["../up", "/root", "a//b", "", ".", "a\\b", "a\0b", "\udcff"])
def test_a_name_that_could_not_be_restored_is_refused_before_it_is_kept(
    vault: Vault, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    keeping = Keeping(make_revision(), (SourceEntry(name, tmp_path / "file"),), read_layout, "a test")
    with pytest.raises(MalformedFile, match="cannot be kept"):
        keep_revision(vault, keeping, say_nothing)


def test_two_files_of_one_name_are_refused(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    entry = SourceEntry("file", tmp_path / "file")
    with pytest.raises(MalformedFile, match="two files"):
        keep_revision(vault, Keeping(make_revision(), (entry, entry), read_layout, "a test"), say_nothing)


def test_restoring_over_something_replaces_what_differs_and_leaves_what_is_right(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    for name in ("same", "other"):
        (tmp_path / "model" / name).write_text(f"the {name} one")
    keep_folder(vault, tmp_path / "model")
    restore(vault, tmp_path / "out")
    (tmp_path / "out/other").write_text("the xther one")
    before = (tmp_path / "out/same").stat().st_mtime_ns
    done = restore(vault, tmp_path / "out")
    assert (done.files, done.there_already) == (1, 1)
    assert (tmp_path / "out/same").stat().st_mtime_ns == before
    assert hash_folder(tmp_path / "out") == hash_folder(tmp_path / "model")


def test_a_link_in_the_way_is_replaced_and_not_followed(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/file").write_text("content")
    keep_folder(vault, tmp_path / "model")
    (tmp_path / "out").mkdir()
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "out/file").symlink_to(tmp_path / "precious")
    restore(vault, tmp_path / "out")
    assert (tmp_path / "precious").read_text() == "precious"
    assert (tmp_path / "out/file").read_text() == "content"
    assert not (tmp_path / "out/file").is_symlink()


@pytest.mark.parametrize("paths", [("a", "a"), ("a", "a/b")])
def test_a_manifest_whose_names_fall_together_is_refused(vault: Vault, tmp_path: Path, paths: tuple[str, ...]) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/file").write_text("content")
    keep_folder(vault, tmp_path / "model")
    (row,) = read_files(vault.database, find_row(vault).id)
    entries = tuple(FileEntry(path, row.manifest, row.size, row.sha256) for path in paths)
    hostile = RevisionManifest("org/model", "main", Origin("there", "2026-01-02T03:04:05Z"), entries)
    with pytest.raises(OutputError, match="want the name"):
        restore_revision(vault, hostile, tmp_path / "out", say_nothing)
    assert not (tmp_path / "out").exists()


def test_a_restored_file_depends_on_nothing_in_the_vault(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/file").write_bytes(np.random.default_rng(1).bytes(100_000))
    keep_folder(vault, tmp_path / "model")
    restore(vault, tmp_path / "out")
    inodes = {path.stat().st_ino for path in (tmp_path / "vault").rglob("*")}
    assert (tmp_path / "out/file").stat().st_ino not in inodes
    assert (tmp_path / "out/file").stat().st_nlink == 1


def test_manifests_tell_the_digests_that_the_world_knows_a_file_by(vault: Vault, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model/file").write_bytes(b"hello\n")
    kept = keep_folder(vault, tmp_path / "model")
    (entry,) = read_revision(vault, kept.manifest).files
    manifest = read_file_manifest(vault, entry.manifest)
    assert manifest.git_blob == "ce013625030ba8dba906f756967f9e9ca394464a"  # git hash-object
    assert manifest.sha256 == "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"  # sha256sum
