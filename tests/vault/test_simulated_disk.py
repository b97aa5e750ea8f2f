"""The simulated disk is as bad as a disk may be, and no worse; and a history replays from its seed."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.records.errors import AccessDenied, HoldfastError, MissingKey, NoSpace, StorageError
from holdfast.vault.storage.disk import Disk, RealDisk
from tests.vault.simulated_disk import Crashed, Fault, SimulatedDisk

A, B, FOLDER = Path("/a"), Path("/b"), Path("/folder")
DATA = bytes(range(256))


def written(disk: SimulatedDisk, path: Path = A, data: bytes = DATA) -> SimulatedDisk:
    file = disk.create(path)
    file.write(data)
    file.close()
    return disk


def lasting(disk: SimulatedDisk, path: Path = A, data: bytes = DATA) -> SimulatedDisk:
    written(disk, path, data).sync(path)
    disk.sync_folder(path.parent)
    return disk


def content(disk: Disk, path: Path) -> bytes | None:
    seen = disk.look(path)
    return disk.read(path, 0, 1 << 20) if seen is not None and seen.kind == "file" else None


def states_after_crash(disk: SimulatedDisk, *paths: Path, tries: int = 400) -> set[tuple[bytes | None, ...]]:
    return {tuple(content(after, path) for path in paths) for after in (disk.after_crash() for _ in range(tries))}


def test_what_was_synced_with_its_name_survives_every_crash() -> None:
    assert states_after_crash(lasting(SimulatedDisk(1)), A) == {(DATA,)}


def test_a_file_whose_folder_was_not_synced_may_be_gone_or_whole() -> None:
    disk = written(SimulatedDisk(1))
    disk.sync(A)
    assert states_after_crash(disk, A) == {(None,), (DATA,)}


def test_a_file_that_was_not_synced_may_be_empty_torn_anywhere_zeros_or_whole() -> None:
    data = bytes(range(1, 17))
    disk = written(SimulatedDisk(1), A, data)
    disk.sync_folder(A.parent)
    states = {state for (state,) in states_after_crash(disk, A, tries=1000) if state is not None}
    assert {b"", data, bytes(16)} <= states
    assert {data[:length] for length in range(17)} <= states
    assert any(state[:4] == bytes(4) and state[-4:] == data[-4:] for state in states), "the end before the beginning"


def test_a_rename_that_was_not_synced_leaves_one_name_or_the_other_or_both_and_never_neither() -> None:
    disk = lasting(SimulatedDisk(1))
    disk.make_folder(FOLDER)
    disk.sync_folder(Path("/"))
    disk.rename(A, FOLDER / "b")
    assert states_after_crash(disk, A, FOLDER / "b") == {(DATA, None), (None, DATA), (DATA, DATA)}


def test_a_rename_is_never_lost_when_only_the_old_folder_was_synced() -> None:
    disk = lasting(SimulatedDisk(1))
    disk.make_folder(FOLDER)
    disk.sync_folder(Path("/"))
    disk.rename(A, FOLDER / "b")
    disk.sync_folder(Path("/"))
    assert states_after_crash(disk, A, FOLDER / "b") == {(None, DATA)}


def test_a_replaced_file_is_the_old_or_the_new_one() -> None:
    disk = lasting(lasting(SimulatedDisk(1), A, b"old"), B, b"new")
    disk.rename(B, A)
    assert {state for state, _source in states_after_crash(disk, A, B)} == {b"old", b"new"}


def test_names_reach_the_medium_in_any_order() -> None:
    disk = lasting(SimulatedDisk(1), A, b"1")
    disk.remove(A)
    written(disk, B, b"2").sync(B)
    assert states_after_crash(disk, A, B) == {(b"1", None), (None, None), (None, b"2"), (b"1", b"2")}


def test_all_in_a_folder_whose_own_name_was_not_synced_may_be_gone() -> None:
    disk = SimulatedDisk(1)
    disk.make_folder(FOLDER)
    lasting(disk, FOLDER / "a")
    assert states_after_crash(disk, FOLDER / "a") == {(None,), (DATA,)}


def test_a_killed_process_leaves_all_that_was_in_sight() -> None:
    disk = written(SimulatedDisk(1))
    after = disk.after_kill()
    assert content(after, A) == DATA
    with pytest.raises(Crashed):
        disk.look(A)


def test_nothing_reaches_a_disk_that_crashed() -> None:
    disk = SimulatedDisk(1).plan(crash_at=2)
    file = disk.create(A)
    with pytest.raises(Crashed):
        file.write(DATA)
    for act in (file.sync, lambda: disk.read(A, 0, 1), lambda: disk.create(B), lambda: disk.list_folder(A.parent)):
        with pytest.raises(Crashed):
            act()


@pytest.mark.parametrize(
    ("fault", "error"),
    [("no space", NoSpace), ("denied", AccessDenied), ("failed", StorageError), ("short write", StorageError)],
)
def test_a_write_that_fails_leaves_a_part_and_says_why(fault: Fault, error: type[HoldfastError]) -> None:
    lengths: set[int] = set()
    for seed in range(50):
        disk = SimulatedDisk(seed).plan(faults={2: fault})
        with pytest.raises(error, match="/a"):
            written(disk)
        lengths.add(len(content(disk, A) or b""))
    assert len(lengths) > 5
    assert all(0 <= length <= len(DATA) for length in lengths)


def test_a_sync_that_failed_is_not_made_good_by_the_next_one() -> None:
    torn = 0
    for seed in range(50):
        disk = written(SimulatedDisk(seed))
        disk.sync_folder(Path("/"))
        disk.plan(faults={1: "failed"})
        with pytest.raises(StorageError):
            disk.sync(A)
        disk.sync(A)
        assert content(disk, A) == DATA, "memory still has it"
        disk.drop_cache(A)
        torn += content(disk, A) != DATA
    assert torn > 10


def test_a_lost_write_is_seen_once_memory_is_dropped() -> None:
    disk = lasting(SimulatedDisk(1).plan(faults={2: "lost write"}))
    assert content(disk, A) == DATA
    disk.drop_cache(A)
    assert content(disk, A) == bytes(256)


def test_a_flipped_bit_is_seen_once_memory_is_dropped_or_the_machine_restarts() -> None:
    disk = lasting(SimulatedDisk(1))
    disk.flip_bit(A, 9)
    flipped = bytes([0, 1 ^ 2, *DATA[2:]])
    assert content(disk, A) == DATA
    assert states_after_crash(disk, A) == {(flipped,)}
    again = disk.after_crash()
    again.drop_cache(A)
    assert content(again, A) == flipped


def test_rot_strikes_one_bit_of_some_file() -> None:
    disk = lasting(lasting(SimulatedDisk(5)), B).plan(faults={1: "flip"})
    disk.list_folder(Path("/"))
    disk.drop_cache(A)
    disk.drop_cache(B)
    both = (content(disk, A) or b"") + (content(disk, B) or b"")
    assert (int.from_bytes(both) ^ int.from_bytes(DATA + DATA)).bit_count() == 1


def test_a_bad_read_is_bad_once() -> None:
    disk = lasting(SimulatedDisk(1)).plan(faults={1: "bad read"})
    assert content(disk, A) != DATA
    assert content(disk, A) == DATA


def test_a_full_disk_stays_full_until_something_is_removed() -> None:
    disk = lasting(SimulatedDisk(1))
    disk.space_bytes = 300
    with pytest.raises(NoSpace):
        written(disk, B)
    disk.remove(B)
    disk.remove(A)
    assert content(written(disk, B), B) == DATA


def test_a_disk_that_turned_read_only_can_be_read() -> None:
    disk = lasting(SimulatedDisk(1))
    disk.read_only = True
    with pytest.raises(AccessDenied):
        disk.remove(A)
    assert content(disk, A) == DATA


def test_a_fault_waits_for_the_first_operation_that_it_suits() -> None:
    disk = SimulatedDisk(1).plan(faults={1: "bad read", 2: "short write"})
    with pytest.raises(StorageError):
        written(disk)
    assert disk.struck == [(2, "short write")]


def test_a_fork_has_the_same_past_and_its_own_future() -> None:
    disk = written(SimulatedDisk(1))
    disk.sync(A)
    forks = [disk.fork(seed).after_crash() for seed in range(50)]
    assert {content(fork, A) for fork in forks} == {None, DATA}
    assert content(disk, A) == DATA


@given(seed=st.integers(0, 2**32))
def test_a_history_replays_from_its_seed(seed: int) -> None:
    assert history(seed) == history(seed)


@given(seed=st.integers(0, 2**32))
def test_without_faults_it_answers_as_the_real_disk_does(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("disk")
    simulated = SimulatedDisk(0)
    for depth in range(1, len(root.parts)):
        simulated.make_folder(Path(*root.parts[: depth + 1]))
    assert acts(simulated, root, Random(seed)) == acts(RealDisk(), root, Random(seed))


def history(seed: int) -> tuple[object, ...]:
    disk = SimulatedDisk(seed).plan_at_random(30, ("no space", "failed", "flip", "lost write", "crash"), count=3)
    try:
        said = acts(disk, Path("/"), Random(seed))
    except Crashed as crash:
        said = [str(crash)]
    after = disk.after_crash()
    return said, disk.trace, disk.struck, [*after.list_folder(Path("/")).items()], content(after, A)


def acts(disk: Disk, root: Path, random: Random) -> list[object]:
    """Random calls, and what came of each."""
    return [answer(disk, root, random) for _ in range(30)]


def answer(disk: Disk, root: Path, random: Random) -> object:
    first, second = (root / random.choice(("a", "b", "folder", "folder/a")) for _ in range(2))
    offset, length, data = random.randrange(10), random.randrange(20), random.randbytes(random.randrange(20))
    act = random.choice(("write", "make", "rename", "remove", "read", "look", "list", "sync", "drop"))
    try:
        match act:
            case "write":
                file = disk.create(first)
                file.write(data)
                file.close()
                return None
            case "make":
                disk.make_folder(first)
            case "rename":
                seen = disk.look(first)
                if seen is None or seen.kind == "file":  # folders are never renamed
                    disk.rename(first, second)
            case "remove":
                disk.remove(first)
            case "read":
                return disk.read(first, offset, length)
            case "look":
                seen = disk.look(first)
                return seen if seen is None or seen.kind == "file" else seen.kind
            case "list":
                return sorted((name, seen.kind) for name, seen in disk.list_folder(first).items())
            case _ if (seen := disk.look(first)) is not None and seen.kind == "folder":
                disk.sync_folder(first)
            case "sync":
                disk.sync(first)
            case _:
                disk.drop_cache(first)
    except MissingKey as error:
        return type(error).__name__
    except StorageError:
        return "refused"
    return None
