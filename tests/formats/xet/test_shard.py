"""Shards and what they say of files: what was written is read, and one test for each way of being wrong."""

import struct
from array import array
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.formats.xet.errors import (
    BadHashText,
    BadShardHeader,
    BadShardRecord,
    BadTerm,
    BodyTooLarge,
    TruncatedBody,
    UnknownXorb,
    WrongHash,
)
from holdfast.formats.xet.hashes import from_text, to_text
from holdfast.formats.xet.shard import FileRecord, Shard, Term, XorbRecord, parse_shard, write_shard
from holdfast.formats.xet.terms import check_file, iterate_file_chunks
from holdfast.formats.xet.xorb import Xorb, parse_xorb, unpack_chunk, write_xorb
from tests.formats.xet.plainly import cut, hash_chunk, hash_file, make_stream, split

digests = st.binary(min_size=32, max_size=32).filter(lambda digest: digest != b"\xff" * 32)
numbers = st.integers(0, 2**32 - 1)
terms = st.builds(Term, xorb=digests, length=numbers, first=numbers, end=numbers, verification=digests)
files = st.builds(
    FileRecord, hash=digests, terms=st.lists(terms, max_size=4).map(tuple), sha256=st.one_of(st.none(), digests)
)
xorbs = st.tuples(digests, st.lists(st.tuples(digests, st.integers(1, 131_072)), min_size=1, max_size=5)).map(
    lambda said: XorbRecord(said[0], b"".join(one for one, _ in said[1]), array("I", [size for _, size in said[1]]))
)
shards = st.builds(Shard, files=st.lists(files, max_size=3).map(tuple), xorbs=st.lists(xorbs, max_size=3).map(tuple))
DATA = make_stream(300_000)
HASH = hash_file(DATA)
PARTS = split(DATA, cut(DATA))
BODIES = [write_xorb(PARTS[:4]), write_xorb(PARTS[4:])]
XORBS = {xorb.hash: xorb for xorb in map(parse_xorb, BODIES)}


def make_term(xorb: Xorb, first: int, end: int) -> Term:
    chunks = xorb.chunks[first:end]
    key = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
    proof = blake3(b"".join(chunk.hash for chunk in chunks), key=key).digest()
    return Term(xorb.hash, sum(chunk.length for chunk in chunks), first, end, proof)


def make_file() -> FileRecord:
    first, second = XORBS.values()
    runs = make_term(first, 0, 2), make_term(first, 2, 4), make_term(second, 0, 3)
    return FileRecord(HASH, runs, sha256(DATA).digest())


def make_shard() -> Shard:
    return Shard((make_file(),), tuple(make_record(xorb) for xorb in XORBS.values()))


def make_record(xorb: Xorb) -> XorbRecord:
    lengths = array("I", [chunk.length for chunk in xorb.chunks])
    return XorbRecord(xorb.hash, b"".join(chunk.hash for chunk in xorb.chunks), lengths)


BODY = write_shard(make_shard())


@settings(deadline=None)
@given(shard=shards)
def test_a_shard_that_was_written_is_read(shard: Shard) -> None:
    assert parse_shard(write_shard(shard)) == shard


def test_a_shard_has_its_fields_where_the_format_puts_them() -> None:
    digest = sha256(DATA).digest()
    assert len(BODY) == 48 * (1 + (1 + 3 + 3 + 1) + 1 + (1 + 4) + (1 + 3) + 1)
    assert struct.unpack_from("<QQ", BODY, 32) == (2, 0)
    assert struct.unpack_from("<32sII", BODY, 48) == (HASH, 0xC0000000, 3)
    assert BODY[48 * 8 :][:32] == b"".join(digest[start : start + 8][::-1] for start in (0, 8, 16, 24))
    assert BODY[48 * 9 :][:32] == b"\xff" * 32
    assert struct.unpack_from("<32sIIII", BODY, 48 * 10)[2:] == (4, sum(map(len, PARTS[:4])), 0)
    assert struct.unpack_from("<32sII", BODY, 48 * 12) == (hash_chunk(PARTS[1]), len(PARTS[0]), len(PARTS[1]))


@pytest.mark.parametrize("place", [0, 14, 15, 31, 32, 40, 47])
def test_a_shard_with_another_tag_version_or_a_footer_is_refused(place: int) -> None:
    wrong = bytearray(BODY)
    wrong[place] ^= 1
    with pytest.raises(BadShardHeader, match="shard at byte 0"):
        parse_shard(wrong)


@pytest.mark.parametrize("length", [*range(0, len(BODY), 48), 47, 49, len(BODY) - 1])
def test_a_shard_that_is_cut_off_is_told_as_such(length: int) -> None:
    with pytest.raises(TruncatedBody, match="shard at byte"):
        parse_shard(BODY[:length])


@pytest.mark.parametrize(
    ("at", "layout", "number", "reason"),
    [
        (48 + 32, "<I", 0xC0000001, "unknown flags"),
        (48 + 32, "<I", 0x40000000, "no verification"),
        (480 + 36, "<I", 0, "without chunks"),
        (480 + 40, "<I", 5, "do not follow"),
        (480 + 48 + 32, "<I", 1, "do not follow"),
        (480 + 48 + 36, "<I", 0, "not 1 to"),
        (480 + 48 + 36, "<I", 131_073, "not 1 to"),
    ],
)
def test_a_record_that_contradicts_itself_is_refused_with_its_offset(
    at: int, layout: str, number: int, reason: str
) -> None:
    wrong = bytearray(BODY)
    struct.pack_into(layout, wrong, at, number)
    with pytest.raises(BadShardRecord, match=f"shard at byte {48 if at < 480 else 480}: .*{reason}"):
        parse_shard(wrong)


@pytest.mark.parametrize("at", [48 + 36, 480 + 36])
def test_a_count_that_the_body_cannot_have_takes_no_memory(at: int) -> None:
    wrong = bytearray(BODY)
    struct.pack_into("<I", wrong, at, 2**32 - 1)
    with pytest.raises(TruncatedBody, match="4,294,967,295"):
        parse_shard(wrong)


def test_bytes_after_the_end_are_refused() -> None:
    with pytest.raises(BadShardRecord, match="48 bytes follow"):
        parse_shard(BODY + bytes(48))


def test_a_shard_above_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(BodyTooLarge, match="67,108,865"):
        parse_shard(bytes((64 << 20) + 1))


def test_a_file_that_holds_gives_its_bytes() -> None:
    check_file(make_file(), XORBS.get)
    bodies = dict(zip(XORBS, BODIES, strict=True))
    chunks = iterate_file_chunks(make_file(), XORBS.get)
    assert b"".join(unpack_chunk(bodies[xorb], chunk) for xorb, chunk in chunks) == DATA


def test_an_empty_file_has_no_terms_and_a_hash_of_zeros() -> None:
    check_file(FileRecord(bytes(32), (), sha256().digest()), XORBS.get)
    with pytest.raises(WrongHash):
        check_file(FileRecord(bytes(31) + b"1", (), None), XORBS.get)


def test_a_term_of_a_xorb_that_never_arrived_is_told_with_its_number() -> None:
    with pytest.raises(UnknownXorb, match="term 0"):
        check_file(make_file(), lambda _: None)


@pytest.mark.parametrize(
    "change", [{"first": 2}, {"first": 3}, {"end": 5}, {"end": 2**32 - 1}, {"length": 7}, {"first": 1}, {"end": 3}]
)
def test_a_term_of_other_chunks_or_another_length_is_refused(change: dict[str, Any]) -> None:
    file = make_file()
    wrong = replace(file.terms[0], **change)
    with pytest.raises(BadTerm, match="term 0"):
        check_file(replace(file, terms=(wrong, *file.terms[1:])), XORBS.get)


def test_a_term_with_another_verification_hash_is_refused() -> None:
    file = make_file()
    wrong = replace(file.terms[1], verification=bytes(32))
    with pytest.raises(WrongHash, match="term 1"):
        check_file(replace(file, terms=(file.terms[0], wrong, file.terms[2])), XORBS.get)


def test_a_file_with_another_hash_than_its_chunks_make_is_refused() -> None:
    file = make_file()
    for wrong in (replace(file, hash=bytes(32)), replace(file, terms=file.terms[:2]), replace(file, terms=())):
        with pytest.raises(WrongHash, match="its chunks make"):
            check_file(wrong, XORBS.get)


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 63 + "\n", "٠" * 64, "*" * 64])
def test_a_text_that_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(BadHashText):
        from_text(text)


@given(digest=st.binary(min_size=32, max_size=32))
def test_the_text_of_a_hash_gives_the_hash(digest: bytes) -> None:
    assert from_text(to_text(digest)) == digest
