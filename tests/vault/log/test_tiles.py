"""Names and contents of tiles as C2SP tlog-tiles gives them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.vault.log.tiles import Tile, encode_index, find_tile, join_bundle, levels_of, split_bundle, tiles_of


@pytest.mark.parametrize(
    ("index", "written"), [(0, "000"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067")]
)
def test_numbers_of_tiles_are_written_in_groups_of_three_digits(index: int, written: str) -> None:
    assert encode_index(index) == written


@given(st.one_of(st.none(), st.integers(0, 63)), st.integers(0, 10**12), st.integers(1, 256))
def test_a_key_names_one_tile(level: int | None, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert find_tile(tile.key) == tile


@pytest.mark.parametrize(
    "key",
    [
        "log/checkpoint",
        "log/tile/0/000.p/256",
        "log/tile/0/000.p/0",
        "log/tile/00/000",
        "log/tile/0/x000/001",
        "log/tile/0/1",
        "log/tile/0/000/x",
        "log/tile/hashes/000",
    ],
)
def test_no_other_spelling_is_a_tile(key: str) -> None:
    assert find_tile(key) is None


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    tiles = [tile for level in levels_of(70_000) for tile in tiles_of(level, 70_000)]
    full = [sum(tile.level == level and tile.width == 256 for tile in tiles) for level in range(3)]
    partial = [(tile.level, tile.width) for tile in tiles if tile.width < 256]
    assert (full, partial) == ([273, 1, 0], [(0, 112), (1, 17), (2, 1)])


def test_a_tree_of_256_has_a_full_tile_and_a_partial_one_above() -> None:
    tiles = [tile for level in levels_of(256) for tile in tiles_of(level, 256)]
    assert tiles == [Tile(0, 0), Tile(1, 0, 1)]


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_comes_apart_as_it_was_joined(entries: list[bytes]) -> None:
    tile = Tile(None, 0, len(entries))
    bundle = split_bundle(join_bundle(entries), tile, tile.key)
    assert ([entry for _, entry in bundle.entries], bundle.fault) == (entries, None)


@given(st.lists(st.binary(max_size=9), min_size=1, max_size=9), st.data())
def test_a_bundle_that_was_cut_short_or_lengthened_is_a_fault_with_its_place(
    entries: list[bytes], data: st.DataObject
) -> None:
    tile, joined = Tile(None, 0, len(entries)), join_bundle(entries)
    kept = data.draw(st.integers(0, len(joined) - 1))
    short = split_bundle(joined[:kept], tile, tile.key)
    assert short.fault is not None
    assert short.fault.offset == sum(2 + len(entry) for _, entry in short.entries) <= kept
    long = split_bundle(joined + b"!", tile, tile.key)
    assert long.fault is not None
    assert long.fault.offset == len(joined)
