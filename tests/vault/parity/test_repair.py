"""Parity of real packs in a real folder: written, damaged, repaired."""

import random
import shutil
import tempfile
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.records.errors import DamagedVault, NotVerified
from holdfast.vault.parity.checking import check_set
from holdfast.vault.parity.group import Group
from holdfast.vault.parity.index import ParitySet, locate_parity
from holdfast.vault.parity.planning import plan_groups
from holdfast.vault.parity.reading import read_sets
from holdfast.vault.parity.repairing import Lost, repair
from holdfast.vault.parity.writing import write_parity
from holdfast.vault.storage.disk import RealDisk
from holdfast.vault.storage.local import LocalStorage
from tests.vault.parity.media import Medium
from tests.vault.parity.test_field import multiply_polynomials


def make_medium(root: Path, sizes: list[int], percent: float, seed: int = 1) -> tuple[Medium, ParitySet]:
    medium = Medium(root)
    medium.add_packs(sizes, seed)
    (group,) = plan_groups(medium.packs, [], percent)
    write_parity(group, medium.storage, medium.staging)
    listing = read_sets(medium.storage)
    assert listing.damage == ()
    return medium, listing.sets[0]


def place_of(held: ParitySet, share: int) -> tuple[str, int]:
    blocks = held.group.blocks
    if share < len(blocks):
        return blocks[share].key, blocks[share].offset
    number, offset = locate_parity(held.group, share)
    return held.keys[number], offset


@settings(max_examples=30, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 300_000), min_size=1, max_size=12),
    percent=st.sampled_from([1, 5, 12.5, 40, 100]),
    seed=st.integers(0, 2**32),
)
def test_as_many_damaged_blocks_as_there_is_parity_come_back(sizes: list[int], percent: float, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        medium, held = make_medium(Path(folder), sizes, percent, seed)
        parity = {key: medium.read(key) for key in held.keys}
        source = random.Random(seed)
        for share in source.sample(range(held.group.shares), held.group.parity_blocks):
            key, offset = place_of(held, share)
            for _ in range(source.randint(1, 5)):
                medium.flip(key, offset + source.randrange(held.group.share_length(share)))
        assert repair(held, medium.storage, medium.staging).whole
        assert medium.all_as_put()
        assert {key: medium.read(key) for key in held.keys} == parity
        assert medium.leftovers() == []


@settings(max_examples=25, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 300_000), min_size=1, max_size=12),
    percent=st.sampled_from([5, 20]),
    more=st.integers(1, 5),
    seed=st.integers(0, 2**32),
)
def test_one_damaged_block_too_many_is_named_with_its_bytes_and_left_alone(
    sizes: list[int], percent: float, more: int, seed: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        medium, held = make_medium(Path(folder), sizes, percent, seed)
        group = held.group
        count = min(group.parity_blocks + more, len(group.blocks))
        source = random.Random(seed)
        damaged = sorted(source.sample(range(len(group.blocks)), count))
        # The first byte of each: every damage lies in the first piece of its block, all in one column.
        for share in damaged:
            medium.flip(*place_of(held, share))
        before = {pack.key: medium.read(pack.key) for pack in medium.packs}
        report = repair(held, medium.storage, medium.staging)
        if count <= group.parity_blocks:
            assert report.whole
            return
        expected = [
            Lost(group.blocks[share].key, group.blocks[share].offset, group.piece_length(share, 0)) for share in damaged
        ]
        assert list(report.lost) == expected
        assert {pack.key: medium.read(pack.key) for pack in medium.packs} == before
        assert report.repaired == ()


def test_a_whole_lost_pack_comes_back(tmp_path: Path) -> None:
    medium, held = make_medium(tmp_path, [90_000] * 20, 5)
    medium.remove(medium.packs[7].key)
    report = repair(held, medium.storage, medium.staging)
    assert report.repaired == (medium.packs[7].key,)
    assert medium.all_as_put()


@pytest.mark.parametrize("cut", [0, 1, 50_000, 99_999])
def test_a_pack_that_was_cut_short_comes_back(tmp_path: Path, cut: int) -> None:
    medium, held = make_medium(tmp_path, [100_000] * 3, 40)
    medium.truncate(medium.packs[1].key, cut)
    assert repair(held, medium.storage, medium.staging).whole
    assert medium.all_as_put()


def test_a_pack_with_bytes_after_its_end_is_put_as_it_was(tmp_path: Path) -> None:
    medium, held = make_medium(tmp_path, [100_000], 5)
    key = medium.packs[0].key
    (medium.root / key).write_bytes(medium.original[key] + b"tail")
    assert [damage.offset for damage in check_set(held, medium.storage).damage] == [100_000]
    assert repair(held, medium.storage, medium.staging).repaired == (key,)
    assert medium.all_as_put()


def test_damage_in_many_blocks_comes_back_when_no_column_has_too_much(tmp_path: Path) -> None:
    medium, held = make_medium(tmp_path, [8_000_000], 2.5)
    group = Group(held.group.members, 800_000, 50_000, 1, 1)
    fine = write_parity(group, medium.storage, medium.staging)
    # Each of the ten blocks is damaged, in a piece of its own; one parity block is enough for all of them.
    for share, block in enumerate(group.blocks):
        medium.flip(block.key, block.offset + share * group.piece_bytes + 17)
    assert repair(fine, medium.storage, medium.staging).whole
    assert medium.all_as_put()


def test_what_can_be_rebuilt_is_rebuilt_when_another_pack_is_beyond_repair(tmp_path: Path) -> None:
    medium = Medium(tmp_path)
    first, second = medium.add_packs([400_000, 400_000], 3)
    group = Group((first, second), 100_000, 10_000, 1, 1)
    held = write_parity(group, medium.storage, medium.staging)
    medium.flip(first.key, 25_000)  # block 0, piece 2
    medium.flip(second.key, 31_000)  # block 4, piece 3
    medium.flip(second.key, 139_999)  # block 5, piece 3
    report = repair(held, medium.storage, medium.staging)
    assert report.repaired == (first.key,)
    assert report.lost == (Lost(second.key, 30_000, 10_000), Lost(second.key, 130_000, 10_000))
    assert medium.read(first.key) == medium.original[first.key]


def test_every_flipped_bit_of_a_set_is_found_and_named(tmp_path: Path) -> None:
    medium, held = make_medium(tmp_path, [3_000, 40_000], 5)
    assert check_set(held, medium.storage).whole
    source = random.Random(5)
    keys = [pack.key for pack in medium.packs] + list(held.keys)
    for _ in range(150):
        key = source.choice(keys)
        offset = source.randrange(len(medium.read(key)))
        medium.flip(key, offset)
        health = check_set(held, medium.storage)
        assert [damage.key for damage in health.damage] == [key]
        assert health.damage[0].offset <= offset
        medium.flip(key, offset)


@pytest.mark.parametrize("number", [0, 1])
def test_a_lost_parity_file_is_written_anew_byte_for_byte(tmp_path: Path, number: int) -> None:
    medium, held = make_medium(tmp_path, [500_000] * 4, 5)
    before = medium.read(held.keys[number])
    medium.remove(held.keys[number])
    (again,) = read_sets(medium.storage).sets
    assert not again.complete
    report = repair(again, medium.storage, medium.staging)
    assert report.repaired == (held.keys[number],)
    assert medium.read(held.keys[number]) == before


def test_one_whole_index_among_all_parity_files_is_enough(tmp_path: Path) -> None:
    medium, held = make_medium(tmp_path, [500_000] * 4, 5)
    assert len(held.keys) > 1
    for key in held.keys[:-1]:
        medium.flip(key, 70)
        medium.flip(key, len(medium.read(key)) - 70)
    medium.flip(held.keys[-1], 0)
    (found,) = read_sets(medium.storage).sets
    assert (found.id, found.digests) == (held.id, held.digests)
    assert repair(found, medium.storage, medium.staging).whole
    assert check_set(found, medium.storage).whole


def test_parity_files_without_a_whole_index_are_named(tmp_path: Path) -> None:
    medium, held = make_medium(tmp_path, [50_000], 5)
    (key,) = held.keys
    medium.flip(key, 70)
    medium.flip(key, len(medium.read(key)) - 1)
    listing = read_sets(medium.storage)
    assert listing.sets == ()
    assert [damage.key for damage in listing.damage] == [key]


def test_parity_of_a_damaged_pack_is_never_written(tmp_path: Path) -> None:
    medium = Medium(tmp_path)
    (pack,) = medium.add_packs([100_000], 1)
    medium.flip(pack.key, 5)
    (group,) = plan_groups(medium.packs, [], 5)
    with pytest.raises(DamagedVault, match="not what its name says"):
        write_parity(group, medium.storage, medium.staging)
    assert list(medium.storage.iterate("parity/")) == []
    assert medium.leftovers() == []


def test_a_group_too_large_for_one_run_of_columns_is_read_twice_and_comes_back(tmp_path: Path) -> None:
    medium, held = make_medium(tmp_path, [24_000_000, 26_000_000], 100)
    assert held.group.pieces > held.group.pieces_at_once(held.group.parity_blocks)
    medium.remove(medium.packs[0].key)
    medium.remove(held.keys[1])
    medium.flip(medium.packs[1].key, 25_999_999)
    assert repair(held, medium.storage, medium.staging).whole
    assert medium.all_as_put()
    assert check_set(held, medium.storage).whole


class WaveringDisk(RealDisk):
    """A disk that gives one wrong bit when a place is read for the second time."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place
        self._times = 0

    def read(self, path: Path, offset: int, length: int) -> bytes:
        data = super().read(path, offset, length)
        if path.suffix == ".pack" and offset <= self._place < offset + length:
            self._times += 1
            if self._times == 2:
                at = self._place - offset
                return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        return data


def test_a_medium_that_reads_differently_the_second_time_gets_no_parity(tmp_path: Path) -> None:
    medium = Medium(tmp_path)
    medium.add_packs([50_000_000], 1)
    storage = LocalStorage(tmp_path, WaveringDisk(33_333_333))
    (group,) = plan_groups(medium.packs, [], 100)
    with pytest.raises(NotVerified, match="the second time"):
        write_parity(group, storage, medium.staging)
    assert list(storage.iterate("parity/")) == []


def test_a_set_that_lies_about_a_pack_replaces_nothing(tmp_path: Path) -> None:
    medium = Medium(tmp_path)
    (pack,) = medium.add_packs([100_000], 1)
    other = Medium(tmp_path / "other")
    (stranger,) = other.add_packs([100_000], 2)
    shutil.copy(other.root / stranger.key, medium.root / pack.key)
    (group,) = plan_groups(medium.packs, [], 100)
    lying = write_parity(group, medium.storage, medium.staging, lambda _key: Path(stranger.key).stem)
    medium.flip(pack.key, 3)
    before = medium.read(pack.key)
    report = repair(lying, medium.storage, medium.staging)
    assert report.lost == (Lost(pack.key, 0, 100_000),)
    assert medium.read(pack.key) == before


def test_parity_of_whole_blocks_is_the_sum_that_the_format_says(tmp_path: Path) -> None:
    medium, held = make_medium(tmp_path, [40_000, 20_000], 40)
    blocks = [
        medium.original[block.key][block.offset :][: block.length].ljust(held.group.block_bytes, b"\0")
        for block in held.group.blocks
    ]
    for row in range(held.group.parity_blocks):
        key, offset = place_of(held, len(blocks) + row)
        stored = medium.read(key)[offset:][: held.group.block_bytes]
        for place in (0, 1, 777, held.group.block_bytes - 1):
            products = [slow_divide(block[place], (len(blocks) + row) ^ column) for column, block in enumerate(blocks)]
            assert stored[place] == slow_sum(products)


def slow_sum(values: list[int]) -> int:
    total = 0
    for value in values:
        total ^= value
    return total


def slow_divide(value: int, divisor: int) -> int:
    return next(quotient for quotient in range(256) if multiply_polynomials(quotient, divisor) == value)


def test_the_id_of_a_group_is_the_digest_of_its_plan(tmp_path: Path) -> None:
    medium, held = make_medium(tmp_path, [40_000], 5)
    data = medium.read(held.keys[0])
    plan_bytes = 20 + 10 + len(held.group.members[0].key)
    assert blake3(data[64:][:plan_bytes]).hexdigest() == held.id == held.keys[0].split("/")[1]
