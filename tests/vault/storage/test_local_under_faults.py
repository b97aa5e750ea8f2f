"""Whatever the disk does, a key of a folder is whole and old, whole and new, or absent; and after `put` it is new."""

from pathlib import Path
from random import Random

import pytest

from holdfast.records.errors import AccessDenied, NoSpace, StorageError
from holdfast.vault.storage.local import LocalStorage
from tests.vault.simulated_disk import Crashed, Fault, SimulatedDisk

ROOT = Path("/media/vault")
KEY = "packs/ab/one.pack"
OLD = b"the old value"
NEW = bytes(range(200))
CHANCES = 12  # surviving states tried for every crash


def storage_on(disk: SimulatedDisk) -> LocalStorage:
    return LocalStorage(ROOT, disk)


def put(storage: LocalStorage, value: bytes, key: str = KEY, name: str = "writing") -> None:
    with storage.create_staging(name) as file:
        for start in range(0, len(value), 64):
            file.write(value[start : start + 64])
    storage.put(key, file.path)


def value_of(storage: LocalStorage, key: str = KEY) -> bytes | None:
    found = storage.find(key)
    return storage.read(key, 0, found.size) if found else None


def beginning(*, old: bytes | None) -> SimulatedDisk:
    disk = SimulatedDisk(0)
    if old is not None:
        put(storage_on(disk), old)
    return disk


def operations_of_a_put(start: SimulatedDisk) -> int:
    disk = start.fork(0)
    put(storage_on(disk), NEW)
    return disk.operations - start.operations


@pytest.mark.parametrize("old", [None, OLD])
def test_a_key_is_whole_old_or_whole_new_after_a_crash_at_any_operation(old: bytes | None) -> None:
    start = beginning(old=old)
    seen: set[bytes | None] = set()
    for at in range(1, operations_of_a_put(start) + 1):
        for seed in range(CHANCES):
            disk = start.fork(seed).plan(crash_at=at)
            with pytest.raises(Crashed):
                put(storage_on(disk), NEW)
            for _ in range(CHANCES):
                seen.add(value_of(storage_on(disk.after_crash())))
    assert seen == {old, NEW}


@pytest.mark.parametrize("old", [None, OLD])
def test_a_value_that_was_put_survives_every_crash_after_it(old: bytes | None) -> None:
    start = beginning(old=old)
    for seed in range(200):
        disk = start.fork(seed)
        put(storage_on(disk), NEW)
        assert value_of(storage_on(disk.after_crash())) == NEW


def test_a_rerun_after_a_crash_or_a_kill_finishes_and_lasts() -> None:
    start = beginning(old=None)
    for at in range(1, operations_of_a_put(start) + 1):
        for seed in range(CHANCES):
            disk = start.fork(seed).plan(crash_at=at)
            with pytest.raises(Crashed):
                put(storage_on(disk), NEW)
            again = disk.after_kill() if seed % 2 else disk.after_crash()
            storage = storage_on(again)
            for rubbish in list(storage.staging.iterate()):
                storage.staging.remove(rubbish.key)
            put(storage, NEW)
            assert value_of(storage_on(again.after_crash())) == NEW, (at, seed)


@pytest.mark.parametrize("old", [None, OLD])
@pytest.mark.parametrize(
    ("fault", "error"),
    [("no space", NoSpace), ("denied", AccessDenied), ("failed", StorageError), ("short write", StorageError)],
)
def test_a_put_that_fails_leaves_a_whole_value_whatever_follows(
    fault: Fault, error: type[StorageError], old: bytes | None
) -> None:
    start = beginning(old=old)
    for at in range(1, operations_of_a_put(start) + 1):
        disk = start.fork(at).plan(faults={at: fault})
        try:
            put(storage_on(disk), NEW)
        except error:
            pass
        else:
            assert not disk.struck, f"{disk.struck} went unsaid"
        disk.plan()  # what was planned and found nothing to strike is off
        assert value_of(storage_on(disk)) in (old, NEW)
        assert {value_of(storage_on(disk.after_crash())) for _ in range(CHANCES)} <= {old, NEW}


def test_when_put_fails_before_the_rename_the_source_is_still_there() -> None:
    start = beginning(old=OLD)
    for fault in ("no space", "denied", "failed"):
        disk = start.fork(1)
        storage = storage_on(disk)
        with storage.create_staging("writing") as file:
            file.write(NEW)
        disk.plan(faults={1: fault})
        with pytest.raises(StorageError):
            storage.put(KEY, file.path)
        assert disk.look(file.path) is not None
        assert value_of(storage) == OLD


def test_put_flushes_a_source_that_its_writer_did_not_flush() -> None:
    for seed in range(50):
        disk = SimulatedDisk(seed)
        storage = storage_on(disk)
        file = storage.create_staging("writing")
        file.write(NEW)
        storage.put(KEY, file.path)
        assert value_of(storage_on(disk.after_crash())) == NEW


def test_a_full_disk_leaves_nothing_in_staging() -> None:
    disk = beginning(old=OLD)
    disk.space_bytes = len(OLD) + 100
    with pytest.raises(NoSpace, match="Free some space"):
        put(storage_on(disk), NEW)
    assert list(storage_on(disk).staging.iterate()) == []
    assert value_of(storage_on(disk)) == OLD


def test_a_deleted_key_stays_deleted_after_a_crash() -> None:
    for seed in range(50):
        disk = beginning(old=OLD).fork(seed)
        storage_on(disk).delete(KEY)
        assert value_of(storage_on(disk.after_crash())) is None


def test_a_deletion_that_a_killed_process_began_is_made_to_last_by_a_rerun() -> None:
    for seed in range(50):
        for at in (1, 2):
            disk = beginning(old=OLD).fork(seed).plan(crash_at=at)
            with pytest.raises(Crashed):
                storage_on(disk).delete(KEY)
            again = disk.after_kill()
            storage_on(again).delete(KEY)
            assert value_of(storage_on(again.after_crash())) is None


def test_a_file_from_elsewhere_is_whole_under_its_key_or_still_where_it_was() -> None:
    elsewhere = Path("/elsewhere")
    start = beginning(old=None)
    file = start.create(elsewhere)
    file.write(NEW)
    file.sync()
    start.sync_folder(Path("/"))
    for at in range(1, 40):
        for seed in range(CHANCES):
            disk = start.fork(seed).plan(crash_at=at)
            try:
                storage_on(disk).put(KEY, elsewhere)
            except Crashed:
                after = disk.after_crash()
                values = {value_of(storage_on(after)), after.read(elsewhere, 0, 999) if after.look(elsewhere) else None}
                assert NEW in values
                assert values <= {NEW, None}
            else:
                assert value_of(storage_on(disk.after_crash())) == NEW


def test_histories_of_many_puts_and_deletes_never_show_a_half_or_a_lost_value() -> None:
    for seed in range(300):
        check_history(seed)


def check_history(seed: int) -> None:
    random = Random(f"history {seed}")
    kinds: tuple[Fault, ...] = ("crash", "no space", "denied", "failed", "short write")
    disk = SimulatedDisk(seed).plan_at_random(120, kinds, count=2)
    storage = storage_on(disk)
    allowed: dict[str, set[bytes | None]] = {}
    try:
        for number in range(12):
            key = random.choice(("a", "folder/a", "folder/b", "folder/deeper/a"))
            value = random.choice((None, random.randbytes(random.randrange(1, 150))))
            allowed[key] = allowed.get(key, {None}) | {value}
            try:
                storage.delete(key) if value is None else put(storage, value, key, f"writing-{number}")
            except StorageError:
                continue
            allowed[key] = {value}
    except Crashed:
        pass
    after = storage_on(disk.after_crash())
    for key, values in allowed.items():
        assert value_of(after, key) in values, (seed, key, disk.trace)
    assert {stored.key for stored in after.iterate("")} == {key for key in allowed if value_of(after, key) is not None}
