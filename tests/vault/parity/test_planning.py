"""Which packs are grouped, and which parity is no longer needed. Sizes only; the sets' digests are not looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.records.errors import UsageError
from holdfast.vault.parity.group import BLOCK_BYTES_MIN, Group, cut_group
from holdfast.vault.parity.index import ParitySet, compute_id, name_keys
from holdfast.vault.parity.planning import PACK_BYTES, find_stale_sets, plan_groups
from holdfast.vault.storage.seam import Stored


def make_packs(sizes: list[int], prefix: str = "a") -> list[Stored]:
    return [Stored(f"packs/{prefix}{number:05}.pack", size) for number, size in enumerate(sizes)]


def make_set(group: Group, missing: int = 0) -> ParitySet:
    keys = name_keys(compute_id(group), group)
    return ParitySet(compute_id(group), group, b"", keys, frozenset(range(group.files - missing)))


SIZES = st.lists(st.integers(1, PACK_BYTES), min_size=1, max_size=60)


@given(sizes=SIZES, percent=st.floats(0.1, 100))
def test_blocks_cover_every_byte_once_and_keep_to_the_field(sizes: list[int], percent: float) -> None:
    group = cut_group(make_packs(sizes), percent, 4)
    for member in group.members:
        spans = [(block.offset, block.length) for block in group.blocks if block.key == member.key]
        assert sum(length for _, length in spans) == member.size
        assert [offset for offset, _ in spans] == list(range(0, member.size, group.block_bytes))
    assert len(group.blocks) <= 200
    assert group.shares <= 255
    assert percent * len(group.blocks) / 100 - 1e-6 <= group.parity_blocks < percent * len(group.blocks) / 100 + 1
    assert group.pieces * group.piece_bytes >= group.block_bytes > (group.pieces - 1) * group.piece_bytes


@given(sizes=st.lists(st.integers(1, PACK_BYTES), min_size=1, max_size=400), percent=st.floats(1, 100))
def test_every_pack_is_in_one_group_and_then_nothing_is_left_to_plan(sizes: list[int], percent: float) -> None:
    packs = make_packs(sizes)
    groups = plan_groups(packs, [], percent)
    assert sorted(member.key for group in groups for member in group.members) == [pack.key for pack in packs]
    sets = [make_set(group) for group in groups]
    assert plan_groups(packs, sets, percent) == []
    assert find_stale_sets(packs, sets, percent) == []


def test_packs_without_bytes_need_no_parity() -> None:
    assert plan_groups(make_packs([0, 0]), [], 5) == []


@pytest.mark.parametrize("percent", [0, -1, 101, float("nan")])
def test_what_is_no_percentage_is_refused(percent: float) -> None:
    with pytest.raises(UsageError, match="percentage"):
        plan_groups(make_packs([10]), [], percent)


def test_a_whole_pack_of_the_usual_size_is_within_the_parity_of_its_group() -> None:
    (group,) = plan_groups(make_packs([PACK_BYTES] * 20), [], 5)
    assert sum(block.key == group.members[0].key for block in group.blocks) <= group.parity_blocks


def test_a_small_pack_gets_small_parity() -> None:
    (group,) = plan_groups(make_packs([100]), [], 5)
    assert (group.block_bytes, group.parity_blocks) == (100, 1)
    (group,) = plan_groups(make_packs([BLOCK_BYTES_MIN * 10]), [], 10)
    assert (len(group.blocks), group.parity_blocks) == (10, 1)


def test_a_set_that_lost_a_file_or_a_pack_or_has_too_little_parity_is_planned_anew() -> None:
    packs = make_packs([10_000_000] * 30)
    (group,) = plan_groups(packs, [], 5)
    assert plan_groups(packs, [make_set(group, missing=1)], 5) == [group]
    assert [len(group.members) for group in plan_groups(packs[1:], [make_set(group)], 5)] == [29]
    assert plan_groups(packs, [make_set(group)], 10) != []
    assert plan_groups(packs, [make_set(group)], 4) == []


def test_small_sets_join_new_packs_only_when_these_are_as_large() -> None:
    old, new = make_packs([1000, 1000], "a"), make_packs([500], "b")
    held = [make_set(group) for group in plan_groups(old, [], 5)]
    (alone,) = plan_groups(old + new, held, 5)
    assert [member.key for member in alone.members] == [new[0].key]
    large = make_packs([2000], "c")
    (joined,) = plan_groups(old + large, held, 5)
    assert len(joined.members) == 3
    assert find_stale_sets(old + large, [*held, make_set(joined)], 5) == held


def test_a_set_goes_stale_only_when_others_serve_what_is_left_of_it() -> None:
    packs = make_packs([1000, 2000, 3000])
    (group,) = plan_groups(packs, [], 5)
    held = make_set(group)
    assert find_stale_sets(packs[1:], [held], 5) == []
    anew = [make_set(group) for group in plan_groups(packs[1:], [held], 5)]
    assert find_stale_sets(packs[1:], [held, *anew], 5) == [held]
    assert find_stale_sets([], [held], 5) == [held]


def test_a_set_of_a_lower_percentage_goes_stale_when_a_higher_one_is_written() -> None:
    packs = make_packs([PACK_BYTES] * 20)
    low = [make_set(group) for group in plan_groups(packs, [], 5)]
    high = [make_set(group) for group in plan_groups(packs, low, 10)]
    assert len(high) == 2
    assert find_stale_sets(packs, low + high, 10) == low
