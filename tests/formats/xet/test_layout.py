"""Layouts: xorbs made on the fly are those that a writer of xorbs would make, in every range."""

import random
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.formats.xet.chunking import iterate_chunks
from holdfast.formats.xet.errors import TruncatedBody, WrongHash
from holdfast.formats.xet.layout import LayoutMaker, XetLayout, decode_layout, encode_layout
from holdfast.formats.xet.weaving import Weaver
from holdfast.formats.xet.xorb import Xorb, parse_xorb, write_xorb
from tests.formats.xet.plainly import cut, hash_file, split

DATA = random.Random(1).randbytes(400_000)
PARTS = split(DATA, cut(DATA))


def make_layout(data: bytes = DATA, xorb_bytes_max: int = 200_000) -> XetLayout:
    maker = LayoutMaker(xorb_bytes_max)
    for hashes, lengths in iterate_chunks([data]):
        maker.add(hashes, lengths)
    return maker.finish(sha256(data).digest())


@pytest.fixture(scope="module")
def layout() -> XetLayout:
    return make_layout()


@pytest.fixture(scope="module")
def xorbs(layout: XetLayout) -> list[Xorb]:
    """Those of the layout, as a reader finds them."""
    return [parse_xorb(write_xorb(PARTS[xorb.first : xorb.end])) for xorb in layout.xorbs]


@pytest.fixture(scope="module")
def whole() -> tuple[XetLayout, bytes]:
    """A layout with everything in one xorb, and that xorb."""
    return make_layout(xorb_bytes_max=10**6), write_xorb(PARTS)


def weave(layout: XetLayout, number: int, begin: int, stop: int, piece_bytes: int = 1000) -> bytes:
    weaver = Weaver(layout, number, begin, stop)
    given = memoryview(DATA)[weaver.file_begin : weaver.file_stop]
    pieces = [given[start : start + piece_bytes] for start in range(0, len(given), piece_bytes)]
    return b"".join(weaver.weave(piece) for piece in pieces) + weaver.end()


def test_a_layout_has_the_files_hash_chunks_and_size(layout: XetLayout) -> None:
    assert (layout.hash, layout.size, layout.lengths.tolist()) == (hash_file(DATA), len(DATA), cut(DATA))
    assert [xorb.first for xorb in layout.xorbs] == [0, *(xorb.end for xorb in layout.xorbs[:-1])]
    assert layout.xorbs[-1].end == len(PARTS)
    assert len(layout.xorbs) > 2


def test_every_xorb_is_what_a_writer_makes_and_within_the_limit(layout: XetLayout) -> None:
    for number, xorb in enumerate(layout.xorbs):
        body = write_xorb(PARTS[xorb.first : xorb.end])
        assert weave(layout, number, 0, len(body)) == body
        assert parse_xorb(body).hash == xorb.hash
        assert len(body) <= 200_000
        assert layout.get_whole(number).stored_stop == len(body)


@settings(deadline=None)
@given(begin=st.integers(0, 99_999), length=st.integers(1, 50_000), piece_bytes=st.sampled_from([1, 7, 8, 4096, 10**6]))
def test_every_range_of_a_xorb_is_that_range_of_it(
    whole: tuple[XetLayout, bytes], begin: int, length: int, piece_bytes: int
) -> None:
    layout, body = whole
    begin %= len(body)
    assert (
        weave(layout, 0, begin, min(begin + length, len(body)), max(piece_bytes, length // 50)) == body[begin:][:length]
    )


@pytest.mark.parametrize("edge", range(-10, 11))
def test_ranges_that_begin_or_end_in_a_header_are_right(whole: tuple[XetLayout, bytes], edge: int) -> None:
    layout, body = whole
    place = len(write_xorb(PARTS[:2])) + edge
    assert weave(layout, 0, place, place + 1) == body[place : place + 1]
    assert weave(layout, 0, place, place + 20) == body[place : place + 20]
    assert weave(layout, 0, place - 20, place) == body[place - 20 : place]


@settings(deadline=None, max_examples=40)
@given(begin=st.integers(0, len(DATA) - 1), length=st.integers(1, len(DATA)))
def test_the_parts_of_a_range_have_its_bytes_and_no_chunk_more(
    layout: XetLayout, xorbs: list[Xorb], begin: int, length: int
) -> None:
    stop = min(begin + length, len(DATA))
    parts = layout.find_parts(begin, stop)
    read = b""
    for part in parts:
        chunks = xorbs[part.number].chunks[part.first : part.end]
        assert part.stored_begin == chunks[0].offset - 8
        assert part.stored_stop == chunks[-1].offset + chunks[-1].stored
        assert part.stop - part.begin == sum(chunk.length for chunk in chunks)
        read += DATA[part.begin : part.stop]
    skipped = begin - parts[0].begin
    assert read[skipped : skipped + stop - begin] == DATA[begin:stop]
    first, last = len(PARTS[0]), len(PARTS[-1])
    assert skipped < max(131_072, first)
    assert parts[-1].stop - stop < max(131_072, last)


def test_a_layout_that_was_written_is_read(layout: XetLayout) -> None:
    back = decode_layout(encode_layout(layout))
    assert (back.hash, back.sha256, back.xorbs) == (layout.hash, layout.sha256, layout.xorbs)
    assert (back.lengths.tolist(), back.ends.tolist()) == (layout.lengths.tolist(), layout.ends.tolist())


def test_an_empty_file_has_a_layout_without_xorbs() -> None:
    layout = decode_layout(encode_layout(make_layout(b"")))
    assert (layout.hash, layout.size, layout.xorbs) == (bytes(32), 0, ())


def test_a_layout_that_is_damaged_or_cut_off_is_not_used(layout: XetLayout) -> None:
    data = encode_layout(layout)
    for place in range(0, len(data), 37):
        wrong = bytearray(data)
        wrong[place] ^= 4
        with pytest.raises(WrongHash):
            decode_layout(bytes(wrong))
    for length in (0, 10, 100, len(data) - 1):
        with pytest.raises((TruncatedBody, WrongHash)):
            decode_layout(data[:length])
