"""The catalogue is never the truth: whatever becomes of it, the packs give the same answers again."""

import contextlib
import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from blake3 import blake3

from holdfast.records.errors import DamagedVault, NewerVault, StorageError, VaultError
from holdfast.records.vault import Decision
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.claims import own, pin, share_out, sweep_owners
from holdfast.vault.catalogue.database import SqliteDatabase
from holdfast.vault.catalogue.objects import find_ids, iterate_packs, locate, read_runs
from holdfast.vault.catalogue.revisions import iterate_revisions, read_decisions, read_files
from holdfast.vault.catalogue.schema import VERSION, drop_tables, make_tables
from holdfast.vault.journal import put_document
from holdfast.vault.opening import Vault, open_local_vault
from holdfast.vault.packs.layout import NO_BASE, Kind
from holdfast.vault.packs.writing import EncodedFrame, ObjectHead, PackWriter, get_pack_key
from holdfast.vault.pruning import plan_prune
from tests.vault.injuries import make_small_vault
from tests.vault.models import Watch, find_row, keep_folder, restore, tell, verify, write_safetensors

QUESTIONS = (
    "SELECT digest, size, state FROM packs ORDER BY digest",
    "SELECT digest, size, kind, dtype, shape FROM objects ORDER BY digest",
    "SELECT o.digest, p.digest, r.first, r.count, r.start, r.stored, b.digest, r.frames FROM runs r"
    " JOIN objects o ON o.id = r.object JOIN packs p ON p.id = r.pack LEFT JOIN objects b ON b.id = r.base"
    " ORDER BY o.digest, p.digest, r.first",
    "SELECT o.digest, f.size, f.sha256, f.git_blob, f.format FROM files f JOIN objects o ON o.id = f.manifest"
    " ORDER BY o.digest",
    "SELECT f.digest, o.digest, x.position, x.name FROM file_objects x JOIN objects f ON f.id = x.file"
    " JOIN objects o ON o.id = x.object ORDER BY f.digest, x.position",
    "SELECT o.digest, r.name, r.revision, r.state, r.kept_at, r.sequence, r.damage FROM revisions r"
    " JOIN objects o ON o.id = r.manifest ORDER BY o.digest",
    "SELECT r.digest, v.path, f.digest FROM revision_files v JOIN objects r ON r.id = v.revision"
    " JOIN objects f ON f.id = v.file ORDER BY r.digest, v.path",
    "SELECT sequence, verb, model, manifest, made_by, why, made_at FROM journal ORDER BY sequence",
    "SELECT digest FROM unread",
)


def ask_everything(vault: Vault) -> list[list[tuple[Any, ...]]]:
    return [vault.database.read(question) for question in QUESTIONS]


def rebuild(vault: Vault) -> None:
    drop_tables(vault.database)
    make_tables(vault.database)
    adopt_packs(vault)


def test_a_catalogue_made_anew_gives_the_same_answers(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    before = ask_everything(vault)
    rebuild(vault)
    assert ask_everything(vault) == before
    assert before[-1] == []


def test_a_catalogue_that_is_gone_comes_back(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    before = ask_everything(vault)
    vault.close()
    for left in (tmp_path / "vault").glob("catalogue.sqlite*"):
        left.unlink()
    again = open_local_vault(tmp_path / "vault", Watch())
    adopt_packs(again)
    assert ask_everything(again) == before


def test_an_earlier_catalogue_catches_up(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    vault.close()
    path = tmp_path / "vault/catalogue.sqlite"
    shutil.copy(path, tmp_path / "earlier")
    vault = open_local_vault(tmp_path / "vault", Watch())
    tell(vault, "thaw", "org/other")
    tell(vault, "drop", "org/other")
    before = ask_everything(vault)
    vault.close()
    for left in (tmp_path / "vault").glob("catalogue.sqlite*"):
        left.unlink()
    shutil.copy(tmp_path / "earlier", path)
    again = open_local_vault(tmp_path / "vault", Watch())
    decision = tell(again, "freeze", "org/base")
    assert decision.sequence == before[7][-1][0] + 1
    assert find_row(again, "org/other").state == "dropped"


def test_adopting_twice_changes_nothing(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    before = ask_everything(vault)
    found = adopt_packs(vault)
    assert (found.packs, found.documents, found.unreadable) == (0, 0, ())
    assert ask_everything(vault) == before


def test_packs_of_another_vault_may_be_copied_in(tmp_path: Path) -> None:
    one = make_small_vault(tmp_path / "one")
    two = open_local_vault(tmp_path / "two", Watch())
    shutil.copytree(tmp_path / "one/vault/packs", tmp_path / "two/packs")
    adopt_packs(two)
    assert [row.name for row in iterate_revisions(two.database)] == [
        row.name for row in iterate_revisions(one.database)
    ]
    assert verify(two).damage == ()


def test_a_pack_whose_index_is_damaged_is_walked_and_taken_in_whole_once_it_is_repaired(tmp_path: Path) -> None:
    make_small_vault(tmp_path).close()
    path = max((tmp_path / "vault/packs").rglob("*.pack"), key=lambda pack: pack.stat().st_size)
    whole = path.read_bytes()
    path.write_bytes(whole[:-64] + bytes(64))
    for left in (tmp_path / "vault").glob("catalogue.sqlite*"):
        left.unlink()
    vault = open_local_vault(tmp_path / "vault", Watch())
    (unreadable,) = adopt_packs(vault).unreadable
    assert "footer" in unreadable[1]
    restore(vault, tmp_path / "out", "org/base")
    assert verify(vault).damage
    path.write_bytes(whole)
    assert verify(vault).damage == ()
    assert ask_everything(vault)[-1] == []


def test_a_pack_of_which_a_part_could_not_be_walked_is_walked_again_once_it_can_be_read(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    pack = max(iterate_packs(vault.database), key=lambda one: one.size)
    whole = read_runs(vault.database, pack.id)
    run = max(whole, key=lambda one: one.stored_bytes)
    vault.close()
    path = tmp_path / "vault" / pack.key
    data = path.read_bytes()
    no_footer = data[:-64] + bytes(64)
    path.write_bytes(no_footer[: run.offset] + bytes(run.stored_bytes) + no_footer[run.offset + run.stored_bytes :])
    for left in (tmp_path / "vault").glob("catalogue.sqlite*"):
        left.unlink()
    vault = open_local_vault(tmp_path / "vault", Watch())
    adopt_packs(vault)
    assert run.digest not in locate(vault.database, [run.digest])
    path.write_bytes(no_footer)  # its frames can be read again, its index cannot
    assert verify(vault).damage
    (again,) = (one for one in iterate_packs(vault.database) if one.key == pack.key)
    assert again.damage
    assert read_runs(vault.database, again.id) == whole
    restore(vault, tmp_path / "out", "org/base")
    path.write_bytes(data)
    assert verify(vault).damage == ()
    assert ask_everything(vault)[-1] == []


def test_a_pack_that_vanished_is_noted_and_one_that_came_back_is_used(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    path = max((tmp_path / "vault/packs").rglob("*.pack"), key=lambda pack: pack.stat().st_size)
    path.rename(tmp_path / "aside")
    adopt_packs(vault)
    assert [pack.damage for pack in iterate_packs(vault.database) if pack.damage] == ["the pack is missing"]
    (tmp_path / "aside").rename(path)
    adopt_packs(vault)
    assert [pack.damage for pack in iterate_packs(vault.database) if pack.damage] == []


def test_a_pack_that_no_copy_needs_and_that_vanished_is_forgotten(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    with put_pack_of_nobody(vault) as path:
        adopt_packs(vault)
        before = len(list(iterate_packs(vault.database)))
        path.unlink()
    adopt_packs(vault)
    assert len(list(iterate_packs(vault.database))) == before - 1
    assert verify(vault).damage == ()


def test_a_pack_that_vanished_is_forgotten_once_all_that_it_held_lies_in_others(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    pack = max(iterate_packs(vault.database), key=lambda one: one.size)
    (tmp_path / "vault" / pack.key).rename(tmp_path / "aside")
    assert pack.key in {one.key for one in verify(vault).damage}
    assert pack.key in {one.key for one in verify(vault).damage}  # a copy still needs it
    for name in ("base", "tuned", "other"):
        keep_folder(vault, tmp_path / name, f"org/{name}")
    assert verify(vault).damage == ()
    assert pack.key not in {one.key for one in iterate_packs(vault.database)}
    restore(vault, tmp_path / "out", "org/base")
    (tmp_path / "aside").rename(tmp_path / "vault" / pack.key)
    assert verify(vault).damage == ()
    assert pack.key in {one.key for one in iterate_packs(vault.database)}


@contextlib.contextmanager
def put_pack_of_nobody(vault: Vault) -> Generator[Path]:
    writer = PackWriter(vault.storage)
    writer.add(ObjectHead(blake3(b"x").digest(), NO_BASE, 1, 1, Kind.DATA), 0, EncodedFrame(0, 1, b"x"))
    yield Path(vault.location) / writer.seal().key


def test_a_pack_of_a_newer_version_is_told_and_the_rest_is_used(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    path = max((tmp_path / "vault/packs").rglob("*.pack"), key=lambda pack: pack.stat().st_size)
    data = bytearray(path.read_bytes())
    data[8] = 2
    newer = tmp_path / "vault" / get_pack_key(blake3(data).digest())
    newer.parent.mkdir(exist_ok=True)
    newer.write_bytes(data)
    ((_, why),) = adopt_packs(vault).unreadable
    assert "version 2" in why
    restore(vault, tmp_path / "out", "org/base")
    verify(vault)
    with pytest.raises(DamagedVault, match="nothing is removed"):
        plan_prune(vault)


def test_files_that_are_no_packs_are_told_and_do_no_harm(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    digest = blake3(b"x").hexdigest()
    strays = ["packs/aa/README", f"packs/zz/{digest}.pack", f"packs/{digest[:2]}/{digest.upper()}.pack"]
    for stray in strays:
        (tmp_path / "vault" / stray).parent.mkdir(exist_ok=True)
        (tmp_path / "vault" / stray).write_bytes(b"x")
    assert sorted(key for key, _ in adopt_packs(vault).unreadable) == sorted(strays)


def test_a_newer_catalogue_is_refused(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    with vault.database.transaction():
        vault.database.write("UPDATE meta SET value = ? WHERE name = 'version'", (str(VERSION + 1),))
        vault.database.write("UPDATE meta SET value = 'others' WHERE name = 'tables'")
    vault.close()
    with pytest.raises(NewerVault, match=f"catalogue has version {VERSION + 1}"):
        open_local_vault(tmp_path / "vault", Watch())


def test_a_catalogue_of_garbage_says_what_to_do(tmp_path: Path) -> None:
    make_small_vault(tmp_path).close()
    for left in (tmp_path / "vault").glob("catalogue.sqlite-*"):
        left.unlink()
    (tmp_path / "vault/catalogue.sqlite").write_bytes(b"garbage" * 1000)
    with pytest.raises(VaultError, match="rebuild"):
        open_local_vault(tmp_path / "vault", Watch())


def write_and_fail(database: SqliteDatabase) -> None:
    with database.transaction():
        database.write("INSERT INTO meta (name, value) VALUES ('a', 'b')")
        database.write("INSERT INTO nowhere (name) VALUES ('a')")


def test_a_transaction_that_fails_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "catalogue.sqlite")
    make_tables(database)
    with pytest.raises(StorageError):
        write_and_fail(database)
    with database.transaction():
        database.write("INSERT INTO meta (name, value) VALUES ('c', 'd')")
    assert database.read("SELECT name FROM meta WHERE name IN ('a', 'c')") == [("c",)]


def test_what_one_claims_another_does_not_write(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    new, held = blake3(b"new").digest(), next(iter(locate(vault.database, _list_digests(vault))))
    with own(vault.database, 1) as one, own(vault.database, 1) as two:
        first = share_out(vault.database, one, [new, held])
        second = share_out(vault.database, two, [new, held])
        assert [set(some) for some in (first.mine, second.mine, second.others)] == [{new}, set(), {new}]
        assert set(first.held) == set(second.held) == {held}
    assert vault.database.read("SELECT COUNT(*) FROM claims") == [(0,)]
    assert vault.database.read("SELECT COUNT(*) FROM pins") == [(0,)]
    assert list((tmp_path / "vault/locks").iterdir()) == []


def _list_digests(vault: Vault) -> list[bytes]:
    return [bytes(digest) for (digest,) in vault.database.read("SELECT digest FROM objects")]


def test_the_claims_and_pins_of_the_dead_do_not_count(tmp_path: Path) -> None:
    vault = make_small_vault(tmp_path)
    with vault.database.transaction():
        vault.database.write("INSERT INTO owners (name, began_at) VALUES ('owner-dead', 1)")
        vault.database.write("INSERT INTO claims (digest, owner) VALUES (?, 'owner-dead')", (bytes(32),))
        pin(vault.database, "owner-dead", list(find_ids(vault.database, _list_digests(vault)).values()))
    with own(vault.database, 1) as me:
        assert sweep_owners(vault.database, me) == 0
        assert share_out(vault.database, me, [bytes(32)]).mine == {bytes(32)}
    assert vault.database.read("SELECT COUNT(*) FROM pins") == [(0,)]


def test_decisions_of_one_number_are_ordered_by_their_time(tmp_path: Path) -> None:
    vault = open_local_vault(tmp_path / "vault", Watch())
    write_safetensors(tmp_path / "model/m.safetensors", {})
    keep_folder(vault, tmp_path / "model")
    later = Decision("freeze", "org/model@main", "b", "", "2026-01-03T00:00:00Z", 9)
    earlier = Decision("thaw", "org/model@main", "a", "", "2026-01-02T00:00:00Z", 9)
    put_document(vault, later)
    put_document(vault, earlier)
    assert find_row(vault).state == "frozen"
    assert [one.verb for one in read_decisions(vault.database, "org/model@main")] == ["keep", "thaw", "freeze"]


def test_what_was_dropped_is_brought_back_by_keeping_it_again_and_by_nothing_else(tmp_path: Path) -> None:
    vault = open_local_vault(tmp_path / "vault", Watch())
    write_safetensors(tmp_path / "model/m.safetensors", {})
    keep_folder(vault, tmp_path / "model")
    for verb, state in (("freeze", "frozen"), ("drop", "dropped"), ("thaw", "dropped"), ("freeze", "dropped")):
        tell(vault, verb)
        assert find_row(vault).state == state
    keep_folder(vault, tmp_path / "model")
    assert find_row(vault).state == "kept"
    assert len(read_files(vault.database, find_row(vault).id)) == 1
