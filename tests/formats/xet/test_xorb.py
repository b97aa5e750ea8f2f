"""Xorbs: what was written is read, and one test for each way of being wrong."""

import random

import lz4.frame  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.formats.xet import xorb as xorbs
from holdfast.formats.xet.codings import Coding, decode, encode
from holdfast.formats.xet.directory import decode_directory, encode_directory
from holdfast.formats.xet.errors import (
    BadChunkData,
    BadChunkHeader,
    BadXorbFooter,
    BodyTooLarge,
    TruncatedBody,
    WrongHash,
)
from holdfast.formats.xet.xorb import parse_xorb, unpack_chunk, write_chunk_header, write_footer, write_xorb
from tests.formats.xet.plainly import hash_chunk, hash_tree

CHUNKS = [random.Random(1).randbytes(10_000), bytes(131_072), b"holdfast\n", b"abcd" * 5_000 + b"abc"]
DIGEST = hash_tree([(hash_chunk(chunk), len(chunk)) for chunk in CHUNKS])
BODY = write_xorb(CHUNKS)


@pytest.mark.parametrize("coding", Coding)
@pytest.mark.parametrize("has_footer", [False, True])
def test_a_xorb_that_was_written_is_read_with_its_hash(coding: Coding, has_footer: bool) -> None:
    body = write_xorb(CHUNKS, coding)
    if has_footer:
        body += write_footer(parse_xorb(body), b"once")
    xorb = parse_xorb(body, DIGEST)
    assert (xorb.hash, xorb.has_footer, xorb.unpacked_bytes) == (DIGEST, has_footer, sum(map(len, CHUNKS)))
    assert [unpack_chunk(body, chunk) for chunk in xorb.chunks] == CHUNKS
    assert [chunk.hash for chunk in xorb.chunks] == [hash_chunk(chunk) for chunk in CHUNKS]


def test_uncompressed_chunks_lie_where_arithmetic_says() -> None:
    expected = b"".join(
        b"\0" + len(chunk).to_bytes(3, "little") + b"\0" + len(chunk).to_bytes(3, "little") + chunk for chunk in CHUNKS
    )
    assert expected == BODY


def test_chunks_that_do_not_shrink_are_stored_as_they_are() -> None:
    codings = [chunk.coding for chunk in parse_xorb(write_xorb(CHUNKS, Coding.LZ4)).chunks]
    assert codings == [Coding.NONE, Coding.LZ4, Coding.NONE, Coding.LZ4]


@settings(deadline=None)
@given(data=st.binary(min_size=1, max_size=3000), coding=st.sampled_from(Coding))
def test_what_was_encoded_is_decoded(data: bytes, coding: Coding) -> None:
    assert decode(encode(data, coding), coding, len(data)) == data


def test_bytes_are_grouped_by_their_position_modulo_4() -> None:
    stored = lz4.frame.compress(b"aeibfjcgdh")
    assert decode(stored, Coding.GROUPED_LZ4, 10) == b"abcdefghij"


def test_frames_of_other_writers_settings_are_read() -> None:
    data = random.Random(3).randbytes(500) * 200
    for settings_ in (
        {"block_linked": False, "content_checksum": True},
        {"store_size": False, "block_size": lz4.frame.BLOCKSIZE_MAX64KB, "block_checksum": True},
        {"compression_level": 9},
    ):
        assert decode(lz4.frame.compress(data, **settings_), Coding.LZ4, len(data)) == data


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"\1" + BODY[1:8], "version 1"),
        (write_chunk_header(9, Coding.NONE, 9)[:4] + b"\3" + (9).to_bytes(3, "little"), "unknown coding 3"),
        (write_chunk_header(9, Coding.NONE, 0), "0 unpacked bytes"),
        (write_chunk_header(9, Coding.NONE, 131_073), "131,073 unpacked bytes"),
        (write_chunk_header(0, Coding.NONE, 9), "no stored bytes"),
    ],
    ids=["version", "coding", "empty", "too long", "nothing stored"],
)
def test_a_header_that_no_chunk_has_is_refused_with_its_offset(header: bytes, reason: str) -> None:
    with pytest.raises(BadChunkHeader, match=f"{len(BODY)}.*{reason}"):
        parse_xorb(BODY + header + b"holdfast\n")


@pytest.mark.parametrize(
    ("coding", "stored", "length"),
    [
        (Coding.NONE, b"holdfast", 9),
        (Coding.LZ4, b"holdfast", 9),
        (Coding.LZ4, lz4.frame.compress(b"holdfast"), 9),
        (Coding.LZ4, lz4.frame.compress(b"holdfast\n\n"), 9),
        (Coding.LZ4, lz4.frame.compress(b"holdfast\n") + b"more", 9),
        (Coding.LZ4, lz4.frame.compress(b"holdfast\n")[:-4], 9),
        (Coding.LZ4, lz4.frame.compress(b"holdf") + lz4.frame.compress(b"ast\n"), 9),
        (Coding.GROUPED_LZ4, lz4.frame.compress(bytes(200_000_000)), 131_072),
    ],
    ids=["raw", "no frame", "shorter", "longer", "more after it", "cut off", "two frames", "bomb"],
)
def test_a_chunk_that_does_not_unpack_to_its_length_is_refused(coding: Coding, stored: bytes, length: int) -> None:
    with pytest.raises(BadChunkData, match=r"at byte 8: .* do not unpack"):
        parse_xorb(write_chunk_header(len(stored), coding, length) + stored)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 100, len(BODY) - 1])
def test_a_xorb_that_is_cut_off_is_told_as_such(length: int) -> None:
    with pytest.raises(TruncatedBody):
        parse_xorb(BODY[:length])


def test_a_xorb_with_another_hash_than_announced_is_refused() -> None:
    with pytest.raises(WrongHash, match="its chunks make the hash"):
        parse_xorb(BODY, bytes(32))
    flipped = bytearray(BODY)
    flipped[100] ^= 1
    with pytest.raises(WrongHash):
        parse_xorb(flipped, DIGEST)


def test_a_body_that_changed_after_it_was_read_is_noticed() -> None:
    xorb = parse_xorb(BODY)
    with pytest.raises(WrongHash, match="at byte 8"):
        unpack_chunk(BODY[:8] + bytes([BODY[8] ^ 1]) + BODY[9:], xorb.chunks[0])


@pytest.mark.parametrize("place", [0, 6, 7, 8, 40, 47, 48, 60, 185, 200, 230, -21, -25, -29, -4, -1])
def test_a_footer_that_disagrees_with_its_chunks_is_refused_with_its_offset(place: int) -> None:
    footer = bytearray(write_footer(parse_xorb(BODY)))
    footer[place] ^= 0x20
    with pytest.raises((BadXorbFooter, BadChunkHeader), match=f"at byte {len(BODY) + place % len(footer)}"):
        parse_xorb(BODY + footer)


def test_a_footer_that_is_cut_off_or_longer_is_refused() -> None:
    footer = write_footer(parse_xorb(BODY))
    for wrong in (footer[:-1], footer[:10], footer + b"\0", footer + footer):
        with pytest.raises(BadXorbFooter):
            parse_xorb(BODY + wrong)


def test_a_footers_nonce_may_be_any() -> None:
    xorb = parse_xorb(BODY)
    first, second = (parse_xorb(BODY + write_footer(xorb, nonce)) for nonce in (b"\1\2\3\4", b"\xff" * 4))
    assert first == second


def test_a_body_above_the_limits_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BodyTooLarge, match="67,108,865 bytes"):
        parse_xorb(bytes((64 << 20) + 1))
    monkeypatch.setattr(xorbs, "CHUNKS_MAX", 3)
    with pytest.raises(BodyTooLarge, match="more than"):
        parse_xorb(BODY)
    monkeypatch.undo()
    monkeypatch.setattr(xorbs, "UNPACKED_BYTES_MAX", 150_000)
    with pytest.raises(BodyTooLarge, match="more than"):
        parse_xorb(BODY)


def test_a_directory_that_was_written_gives_the_xorb() -> None:
    for coding in Coding:
        xorb = parse_xorb(write_xorb(CHUNKS, coding))
        assert decode_directory(encode_directory(xorb)) == xorb


def test_a_directory_that_is_damaged_or_cut_off_is_not_used() -> None:
    data = encode_directory(parse_xorb(BODY))
    for place in range(len(data)):
        with pytest.raises(WrongHash):
            decode_directory(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
    for length in (0, 43, 75, len(data) - 1):
        with pytest.raises((TruncatedBody, WrongHash)):
            decode_directory(data[:length])
