"""Chunks and hashes of files: the published vectors, a plain reading of the rules, and Xet's own library."""

import random
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import hf_xet  # type: ignore[import-untyped]
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.formats.xet import chunking, cutting
from holdfast.formats.xet.chunking import cut_into_batches
from holdfast.formats.xet.cutting import Cutter, PlainCutter, find_native_cutter, get_cutter
from holdfast.formats.xet.gear_table import build_gear_table
from holdfast.formats.xet.hashes import compute_xorb_hash, to_text
from tests.formats.xet.plainly import cut, hash_chunk, hash_file, hash_tree, make_stream, spell, split

LENGTHS = "15495 82104 50556 55540 34273 28823 97633 30202 26568 86955 75209 81714 14339 131013 58655 10126 30276 90519"
VECTORS = [
    (b"", [], "0" * 64, ""),
    (
        b"holdfast\n",
        [9],
        "9aecd02c15a8d85da31a50f24f5eb8b403ad02e01fffbe3fe80f30dc7fc8327e",
        "5613e50efb08ae447eaf676766a5c9ffdc87e2ce6eb0b982f759e782b2f189c9",
    ),
    (
        make_stream(100_000),
        [15495, 82104, 2401],
        "f6831a918a409adcfeecb029af2b4ae74704b06598618934b5a93e80c17bbcb8",
        "6143b022f81b47fb1b93b628a03274503273c28790a7206c13033ce998e7c9e7",
    ),
    (
        make_stream(1_000_000),
        [int(length) for length in LENGTHS.split()],
        "821f3082696957442edc1152ff335f9107b9195661bbd39b7805e162c1284db9",
        "01e9ddefaa73d6201b697240073d4e690f3fee44949c65082a75a2b838914d1f",
    ),
]
SIZES = ["empty", "9 bytes", "100 kB", "1 MB"]
native = find_native_cutter()
CUTTERS: list[Cutter] = [PlainCutter(), *([native] if native else [])]


def make_random(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def make_end(length: int) -> bytes:
    """Random bytes of which the first `length` have a gear hash with 16 leading zeros."""
    table = build_gear_table()
    data = bytearray(make_random(40_000, length))
    gear = np.zeros(1, np.uint64)
    for byte in data[length - 64 : length - 3]:
        gear = (gear << np.uint64(1)) + table[byte]
    one, two, three = (table << np.uint64(shift) for shift in (2, 1, 0))
    ends = (gear << np.uint64(3)) + one[:, None, None] + two[:, None] + three
    data[length - 3 : length] = [int(place) for place in np.argwhere(ends < 2**48)[0]]
    return bytes(data)


def test_the_table_is_the_one_that_the_format_prescribes() -> None:
    digest = sha256(build_gear_table().astype("<u8").tobytes()).hexdigest()
    assert digest == "e1d3936666d7ae7a977c958e9afcc75f90aaca758ce5fbe4ece61dffefe1912c"


@pytest.mark.parametrize("cutter", CUTTERS, ids=lambda cutter: cutter.name)
@pytest.mark.parametrize(("data", "lengths", "file", "xorb"), VECTORS, ids=SIZES)
def test_published_files_have_their_published_chunks_and_hashes(
    data: bytes, lengths: list[int], file: str, xorb: str, cutter: Cutter
) -> None:
    found = chunking.hash_file([data], cutter=cutter)
    assert (list(found.lengths), found.size, to_text(found.hash)) == (lengths, len(data), file)
    assert xorb == "" or to_text(compute_xorb_hash(found.chunks)) == xorb


@pytest.mark.parametrize("cutter", CUTTERS, ids=lambda cutter: cutter.name)
@pytest.mark.parametrize(
    "data",
    [
        make_random(300_000, 1),
        bytes(400_000),
        b"\xff" * 262_144,
        b"ab" * 100_000,
        bytes(131_071),
        make_random(8_191, 2),
        make_random(8_192, 3),
        make_random(131_072, 4),
    ],
    ids=["random", "zeros", "ones", "pairs", "one short of the longest", "shorter", "shortest", "longest"],
)
def test_files_are_cut_and_hashed_as_the_rules_say(data: bytes, cutter: Cutter) -> None:
    found = chunking.hash_file([data], cutter=cutter)
    assert list(found.lengths) == cut(data)
    assert found.hash == hash_file(data)
    assert [digest for digest, _ in found.chunks] == [hash_chunk(part) for part in split(data, cut(data))]


@pytest.mark.parametrize("cutter", CUTTERS, ids=lambda cutter: cutter.name)
@pytest.mark.parametrize("length", [8190, 8191, 8192, 8193, 8196, 8199])
def test_a_chunk_ends_at_8192_bytes_but_no_earlier(length: int, cutter: Cutter, tmp_path: Path) -> None:
    data = make_end(length)
    found = chunking.hash_file([data], cutter=cutter)
    assert (found.lengths[0] == length) == (length >= 8192)
    (tmp_path / "file").write_bytes(data)
    assert hf_xet.hash_files([str(tmp_path / "file")])[0].hash == to_text(found.hash)


@pytest.mark.parametrize("size", [1, 70_000, 131_073, 5_000_000])
def test_hashes_are_those_of_xets_own_library(size: int, tmp_path: Path) -> None:
    for number, data in enumerate((make_random(size, size), make_random(size // 100 + 1, 5) * 100)):
        (tmp_path / str(number)).write_bytes(data)
        theirs = hf_xet.hash_files([str(tmp_path / str(number))])[0]
        ours = chunking.hash_file([data])
        assert (theirs.hash, theirs.file_size) == (to_text(ours.hash), ours.size)


@settings(deadline=None, max_examples=30)
@given(
    size=st.integers(0, 600_000),
    seed=st.integers(0, 1000),
    pieces=st.lists(st.integers(1, 300_000), max_size=8),
    threads=st.sampled_from([1, 3]),
    cutter=st.sampled_from(CUTTERS),
)
def test_it_does_not_matter_in_which_pieces_a_file_comes(
    size: int, seed: int, pieces: list[int], threads: int, cutter: Cutter
) -> None:
    data = make_random(size, seed)
    parts = [data[sum(pieces[:number]) :][:length] for number, length in enumerate(pieces)] + [data[sum(pieces) :]]
    whole = chunking.hash_file([data])
    assert chunking.hash_file(iter(parts), threads, cutter) == whole
    assert b"".join(batch.data.tobytes() for batch in cut_into_batches(parts, cutter)) == data
    assert [length for batch in cut_into_batches(parts, cutter) for length in batch.lengths] == list(whole.lengths)


def test_a_file_may_come_a_byte_at_a_time() -> None:
    data = make_random(300_000, 9)
    assert chunking.hash_file(data[place : place + 1] for place in range(len(data))).hash == hash_file(data)


def give_in_one_buffer(data: bytes, length: int) -> Iterator[memoryview]:
    buffer = bytearray(length)
    for start in range(0, len(data), length):
        part = data[start : start + length]
        buffer[: len(part)] = part
        yield memoryview(buffer)[: len(part)]


@pytest.mark.parametrize("length", [200_000, 1_000])
def test_a_piece_may_be_overwritten_once_the_next_is_asked_for(length: int) -> None:
    data = make_random(1_500_000, 10)
    assert chunking.hash_file(give_in_one_buffer(data, length), threads=2) == chunking.hash_file([data])


def test_a_tree_is_the_same_leaf_after_leaf_and_level_after_level() -> None:
    nodes = [(sha256(bytes([number % 251, number // 251])).digest(), number) for number in range(700)]
    for count in (1, 2, 3, 4, 8, 9, 10, 27, 80, 81, 82, 243, 700):
        assert compute_xorb_hash(nodes[:count]) == hash_tree(nodes[:count])
    flat = [(bytes([1] * 32), 5)] * 100  # no child ends a group: nine each
    for count in (9, 10, 81, 82, 100):
        assert compute_xorb_hash(flat[:count]) == hash_tree(flat[:count])


def test_the_compiled_cutter_is_used_where_the_build_compiled_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (get_cutter().name == "native") == (cutting.LIBRARY.exists())
    monkeypatch.setenv("HOLDFAST_KERNEL", "plain")
    get_cutter.cache_clear()
    assert get_cutter().name == "plain"
    get_cutter.cache_clear()


def test_a_library_that_is_missing_or_none_gives_no_cutter(tmp_path: Path) -> None:
    (tmp_path / "no.so").write_bytes(b"no library")
    assert find_native_cutter(tmp_path / "no.so") is None
    assert find_native_cutter(tmp_path / "missing.so") is None


def test_texts_of_hashes_have_their_words_reversed() -> None:
    assert to_text(bytes(range(32))) == "07060504030201000f0e0d0c0b0a0908171615141312111" + "01f1e1d1c1b1a1918"
    assert spell(bytes(range(32))) == to_text(bytes(range(32)))
