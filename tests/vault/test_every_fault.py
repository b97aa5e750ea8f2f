"""A fault at every single operation of a keep and of a prune, then a power cut after which only the medium is left."""

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.records.errors import HoldfastError
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.objects import list_unread
from holdfast.vault.catalogue.schema import drop_tables, make_tables
from holdfast.vault.opening import Vault
from holdfast.vault.pruning import carry_out, plan_prune
from tests.vault.crashing_database import replace_catalogue
from tests.vault.histories import open_on
from tests.vault.models import (
    Watch,
    find_row,
    hash_folder,
    keep_folder,
    make_bf16,
    restore,
    say_nothing,
    tell,
    verify,
    write_safetensors,
)
from tests.vault.one_thread import one_thread
from tests.vault.simulated_disk import Crashed, Fault, SimulatedDisk

GRACE_S = 10
STATES = 3


@pytest.fixture(autouse=True)
def in_order() -> Iterator[None]:
    with one_thread():
        yield


@pytest.fixture
def model(in_memory: Path) -> Path:
    write_safetensors(in_memory / "model/m.safetensors", {"w": ("BF16", make_bf16(3000, 1))})
    return in_memory / "model"


class Place:
    """A disk and a catalogue beside it."""

    def __init__(self, folder: Path) -> None:
        self.catalogue = Path(tempfile.mkdtemp(dir=folder)) / "catalogue.sqlite"
        self.watch = Watch()

    def open(self, disk: SimulatedDisk) -> Vault:
        return open_on(disk, self.catalogue, self.watch)

    def copy(self) -> "Place":
        """Another with the same catalogue, at the same time; nobody has it open."""
        made = Place(self.catalogue.parents[1])
        shutil.copy(self.catalogue, made.catalogue)
        made.watch = Watch(self.watch.now)
        return made


def count_operations(
    folder: Path, work: Callable[[Vault], object], before: Callable[[Vault], object] = lambda _: None
) -> int:
    place, disk = Place(folder), SimulatedDisk(1)
    vault = place.open(disk)
    before(vault)
    began = disk.operations
    work(vault)
    vault.close()
    return disk.operations - began


def check_after_power_cuts(place: Place, disk: SimulatedDisk, model: Path) -> None:
    """Nothing but the medium is left, and all is there. Of media with the same files one stands for all."""
    after = [disk.after_crash() for _ in range(STATES)]
    for one in {one.fingerprint(): one for one in after}.values():
        replace_catalogue(place.catalogue, None)
        vault = place.open(one)
        with tempfile.TemporaryDirectory(dir=place.catalogue.parent) as out:
            assert find_row(vault).state == "kept"
            restore(vault, Path(out))
            assert hash_folder(Path(out)) == hash_folder(model)
        vault.close()


@pytest.mark.parametrize("fault", ["failed", "lost write", "short write", "no space", "denied", "bad read"])
def test_a_keep_that_says_kept_after_any_fault_is_kept(in_memory: Path, model: Path, fault: Fault) -> None:
    operations = count_operations(in_memory, lambda vault: keep_folder(vault, model))
    for at in range(1, operations + 1):
        place, disk = Place(in_memory), SimulatedDisk(at)
        vault = place.open(disk)
        disk.plan(faults={at: fault})
        for _ in range(3):
            try:
                keep_folder(vault, model)
                break
            except HoldfastError:
                disk.plan()
        else:
            pytest.fail(f"{fault} at {at}: running it again does not finish")
        disk.plan()
        vault.close()
        check_after_power_cuts(place, disk, model)


def test_a_keep_that_crashes_anywhere_is_finished_by_another(in_memory: Path, model: Path) -> None:
    operations = count_operations(in_memory, lambda vault: keep_folder(vault, model))
    for at in range(1, operations + 1):
        place, disk = Place(in_memory), SimulatedDisk(at)
        vault = place.open(disk)
        disk.plan(crash_at=at)
        with pytest.raises(Crashed):
            keep_folder(vault, model)
        vault.close()
        disk = disk.after_kill() if at % 2 else disk.after_crash()
        vault = place.open(disk)
        keep_folder(vault, model)
        assert verify(vault).damage == ()
        vault.close()
        check_after_power_cuts(place, disk, model)


@pytest.mark.parametrize("fault", ["crash", "failed", "lost write", "no space", "denied", "bad read"])
def test_a_prune_with_any_fault_takes_nothing_that_is_needed(in_memory: Path, model: Path, fault: Fault) -> None:
    """Two tensors of one pack: one is still needed, so that the pack is written anew."""
    large = in_memory / "large"
    tensors = {"w": ("BF16", make_bf16(3000, 1)), "v": ("BF16", make_bf16(9000, 2))}
    write_safetensors(large / "m.safetensors", tensors)

    def prepare(vault: Vault) -> None:
        keep_folder(vault, large, "org/large")
        keep_folder(vault, model)
        tell(vault, "drop", "org/large")
        carry_out(vault, plan_prune(vault, GRACE_S), say_nothing)
        assert isinstance(vault.clock, Watch)
        vault.clock.advance(GRACE_S + 1)

    def prune(vault: Vault) -> None:
        plan = plan_prune(vault, GRACE_S)
        assert plan.rewrite or plan.remove
        carry_out(vault, plan, say_nothing)

    prepared, begun = Place(in_memory), SimulatedDisk(0)
    vault = prepared.open(begun)
    prepare(vault)
    vault.close()
    for at in range(1, count_operations(in_memory, prune, prepare) + 1):
        place, disk = prepared.copy(), begun.fork(at)
        vault = place.open(disk)
        disk.plan(faults={at: fault})
        with contextlib.suppress(HoldfastError, Crashed):
            prune(vault)
        vault.close()
        check_after_power_cuts(place, disk, model)


def test_an_index_that_was_misread_once_is_read_again(in_memory: Path, model: Path) -> None:
    def rebuild(vault: Vault) -> None:
        drop_tables(vault.database)
        make_tables(vault.database)
        adopt_packs(vault)

    kept, begun = Place(in_memory), SimulatedDisk(0)
    vault = kept.open(begun)
    keep_folder(vault, model)
    vault.close()
    operations = count_operations(in_memory, rebuild, lambda vault: keep_folder(vault, model))
    for at in range(1, operations + 1):
        place, disk = kept.copy(), begun.fork(at)
        vault = place.open(disk)
        disk.plan(faults={at: "bad read"})
        rebuild(vault)
        adopt_packs(vault)
        assert list_unread(vault.database) == []
        assert find_row(vault).state == "kept"
        vault.close()
