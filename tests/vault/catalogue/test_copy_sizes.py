"""What copies take and share, counted in SQL, in columns, and here once more with plain sets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.objects import iterate_packs, note_damage
from holdfast.vault.catalogue.opening import open_catalogue
from holdfast.vault.catalogue.revisions import DROPPED, iterate_revisions
from holdfast.vault.copy_sizes import CopySize, find_verified_at, measure_copies, measure_copy
from holdfast.vault.opening import Vault, make_vault
from holdfast.vault.statistics import measure_techniques, measure_totals
from holdfast.vault.storage.local import LocalStorage
from tests.vault.models import Watch, keep_folder, tell, verify
from tests.vault.places.keepers import write_model


@pytest.fixture
def vault(place: Path | str, tmp_path: Path) -> Iterator[Vault]:
    """Two families, tunes of one of them, a copy under another name, and one that was dropped."""
    storage, clock = LocalStorage(tmp_path / "vault"), Watch()
    identity = make_vault(storage, clock)
    opened = Vault("here", identity, storage, open_catalogue(place, identity), clock)
    for name, seed, tuned_by in (("base", 1, 0), ("tune", 1, 5), ("other-tune", 1, 6), ("stranger", 9, 0)):
        keep_folder(opened, write_model(tmp_path / name, seed, tuned_by=tuned_by), f"org/{name}")
    keep_folder(opened, tmp_path / "tune", "org/same-as-tune")
    keep_folder(opened, write_model(tmp_path / "gone", 1, tuned_by=7), "org/gone")
    tell(opened, "drop", "org/gone")
    yield opened
    opened.close()


def count_plainly(database: Database) -> dict[int, CopySize]:
    """The same by sets."""
    read = database.read
    runs = read("SELECT object, base, stored, pack FROM runs")
    packs = {
        number: (when, damage is None) for number, when, damage in read("SELECT id, verified_at, damage FROM packs")
    }
    live = [number for (number,) in read("SELECT manifest FROM revisions WHERE state IN ('kept', 'frozen')")]
    needs: dict[int, set[int]] = {}
    for revision in live:
        files = {file for (file,) in read("SELECT file FROM revision_files WHERE revision = ?", (revision,))}
        held = {number for file, number in read("SELECT file, object FROM file_objects") if file in files}
        held |= files | {revision}
        needs[revision] = held | {base for number, base, *_ in runs if number in held and base is not None}
    found: dict[int, CopySize] = {}
    for revision, objects in needs.items():
        others = set[int]().union(*(other for number, other in needs.items() if number != revision))
        mine = [run for run in runs if run[0] in objects]
        times = [packs[pack][0] for *_, pack in mine]
        sound = {number for number, _, _, pack in mine if packs[pack][1]}
        size = read(
            "SELECT SUM(f.size) FROM revision_files v JOIN files f ON f.manifest = v.file WHERE v.revision = ?",
            (revision,),
        )
        found[revision] = CopySize(
            size=int(size[0][0]),
            stored=sum(stored for _, _, stored, _ in mine),
            own=sum(stored for number, _, stored, _ in mine if number not in others),
            verified_at=None if None in times else min(times),
            is_hurt=sound != objects,
        )
    return found


def check_alike(database: Database) -> dict[int, CopySize]:
    expected = count_plainly(database)
    assert measure_copies(database) == expected
    assert {number: measure_copy(database, number) for number in expected} == expected
    verified = {number: one.verified_at for number, one in expected.items()}
    assert {number: find_verified_at(database, number) for number in expected} == verified
    return expected


def test_copies_take_what_sets_say_they_take(vault: Vault) -> None:
    found = check_alike(vault.database)
    sizes = {row.name: found[row.id] for row in iterate_revisions(vault.database) if row.state != DROPPED}
    assert sizes["org/stranger"].own > 0.9 * sizes["org/stranger"].stored
    assert sizes["org/tune"].own < 10_000  # another name has the same files: only its documents are its own
    assert 0 < sizes["org/other-tune"].own < sizes["org/other-tune"].stored
    assert all(size.verified_at is None for size in sizes.values())


def test_a_dropped_copy_takes_nothing(vault: Vault) -> None:
    (gone,) = [row for row in iterate_revisions(vault.database, "org/gone") if row.state == DROPPED]
    assert gone.id not in measure_copies(vault.database)


def test_copies_are_as_long_verified_as_their_oldest_pack(vault: Vault) -> None:
    verify(vault)
    assert {size.verified_at for size in check_alike(vault.database).values()} == {vault.now}


def test_a_damaged_pack_hurts_whoever_needs_it_and_nobody_else(vault: Vault) -> None:
    for pack in list(iterate_packs(vault.database)):
        note_damage(vault.database, pack.id, "a test")
        check_alike(vault.database)
        with vault.database.transaction():
            vault.database.write("UPDATE packs SET damage = NULL")
    assert not any(size.is_hurt for size in check_alike(vault.database).values())


def test_techniques_add_up_to_everything_that_is_stored(vault: Vault) -> None:
    techniques = measure_techniques(vault.database)
    totals = measure_totals(vault.database)
    assert sum(one.raw for one in techniques) >= totals.distinct
    frames = vault.database.read("SELECT SUM(count), SUM(stored) FROM runs")[0]
    assert sum(one.frames for one in techniques) == frames[0]
    assert sum(one.stored for one in techniques) == frames[1] - 112 * frames[0]  # heads
    assert totals.copies == 5


def test_an_empty_catalogue_has_no_copies(database: Database) -> None:
    assert measure_copies(database) == {}
    assert measure_techniques(database) == []
    assert measure_totals(database).stored == 0
