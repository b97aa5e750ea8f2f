"""A writer that is killed, or whose machine loses power, at any operation of the disk leaves a log that holds."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from holdfast.records.errors import StorageError, VaultError
from holdfast.vault.log.log import VaultLog
from holdfast.vault.storage.local import LocalStorage
from tests.vault.log import naive
from tests.vault.log.logs import VAULT, RememberingKey, entries_of
from tests.vault.simulated_disk import Crashed, Fault, SimulatedDisk

ROOT = Path("/media/vault")
ENDS: list[Callable[[SimulatedDisk], SimulatedDisk]] = [SimulatedDisk.after_kill, SimulatedDisk.after_crash]


def log_on(disk: SimulatedDisk, key: RememberingKey) -> VaultLog:
    return VaultLog(LocalStorage(ROOT, disk), VAULT, key=key)


def begin(count: int) -> tuple[SimulatedDisk, bytes]:
    disk, key = SimulatedDisk(0), RememberingKey()
    log = log_on(disk, key)
    log.start()
    for first in range(0, count, 50):
        log.append(entries_of(min(50, count - first), first))
    assert key.seen is not None
    return disk, key.seen


def check_it_goes_on(disk: SimulatedDisk, key: RememberingKey, steps: tuple[int, ...]) -> None:
    """Append in steps, verify after each, and compare every file that the specification wants at the end."""
    log = log_on(disk, key)
    for step in steps:
        first = log.checkpoint().size
        assert log.append(entries_of(step, 1000)) == first
        log.verify()
    storage = LocalStorage(ROOT, disk)
    for one, data in naive.files(list(log.iterate())).items():
        assert storage.read(one, 0, len(data)) == data
    assert log.verify().beyond == ()


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(
    ("before", "killed", "steps"),
    [
        (0, 2, (1, 1, 1)),
        (5, 3, (1, 3)),
        (5, 1, (2, 7)),
        (250, 20, (7, 1, 30)),
        (254, 2, (1, 1, 1)),
        (254, 2, (300,)),
        (255, 300, (1, 40, 300)),
    ],
)
def test_a_log_holds_and_goes_on_after_an_append_that_ended_anywhere(
    before: int, killed: int, steps: tuple[int, ...], end: Callable[[SimulatedDisk], SimulatedDisk]
) -> None:
    start, seen = begin(before)
    entries, sizes, at = [b"killed %d" % number for number in range(killed)], set[int](), 0
    met = set[tuple[bytes, bytes | None]]()
    while True:
        at += 1
        disk, key = start.fork(at).plan(crash_at=at), RememberingKey(seen)
        try:
            log_on(disk, key).append(entries)
            break
        except Crashed:
            after = end(disk)
        if (found := (after.fingerprint(), key.seen)) in met:  # as when nothing but a read lies between two ends
            continue
        met.add(found)
        size = log_on(after, key).verify().checkpoint.size
        assert size in (before, before + killed)
        sizes.add(size)
        # The whole way on is dear for long logs, so that a few beginnings stand for all of them.
        if before < 10 or len(met) % 6 == 0:
            check_it_goes_on(after, key, steps)
    assert sizes == {before, before + killed}
    assert at > 10


@pytest.mark.parametrize("fault", [fault for fault in get_args(Fault) if fault not in ("crash", "flip")])
def test_an_append_on_a_disk_that_fails_leaves_the_log_as_it_was_or_whole(fault: Fault) -> None:
    start, seen = begin(6)
    whole = start.fork(0)
    log_on(whole, RememberingKey(seen)).append([b"a", b"b"])
    met = set[tuple[bytes, bytes | None]]()
    for at in range(1, whole.operations - start.operations + 1):
        disk, key = start.fork(at).plan(faults={at: fault}), RememberingKey(seen)
        with contextlib.suppress(StorageError, VaultError):
            log_on(disk, key).append([b"a", b"b"])
        disk = disk.after_kill()
        if (found := (disk.fingerprint(), key.seen)) in met:
            continue
        met.add(found)
        assert log_on(disk, key).verify().checkpoint.size in (6, 8)
        check_it_goes_on(disk, key, (1, 2))


@pytest.mark.parametrize("end", ENDS)
def test_a_log_whose_start_ended_anywhere_starts_again(end: Callable[[SimulatedDisk], SimulatedDisk]) -> None:
    at = 0
    while True:
        at += 1
        disk, key = SimulatedDisk(at).plan(crash_at=at), RememberingKey()
        try:
            log_on(disk, key).start()
            break
        except Crashed:
            after = end(disk)
        log = log_on(after, key)
        assert log.start().size == 0
        check_it_goes_on(after, key, (1, 2))
    assert at > 5
