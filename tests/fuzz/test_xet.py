"""Random and damaged bytes into what reads xorbs and shards: each is read whole, or told wrong in our own words."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.formats.xet.test_shard import BODY, XORBS
from tests.fuzz.test_parsers import damage

from holdfast.formats.xet.codings import Coding
from holdfast.formats.xet.directory import decode_directory, encode_directory
from holdfast.formats.xet.layout import decode_layout, encode_layout
from holdfast.formats.xet.shard import parse_shard, write_shard
from holdfast.formats.xet.terms import check_file
from holdfast.formats.xet.xorb import parse_xorb, unpack_chunk, write_footer, write_xorb
from holdfast.records.errors import MalformedFile

SMALL = [write_xorb([b"holdfast " * 40, bytes(600)], coding) for coding in Coding]
SEEDS = [*SMALL, *(body + write_footer(parse_xorb(body)) for body in SMALL)]


@settings(deadline=None)
@given(content=st.one_of(st.binary(max_size=300), *(damage(seed) for seed in SEEDS)))
def test_whatever_a_xorb_holds_it_is_read_whole_or_told_wrong(content: bytes) -> None:
    with suppress(MalformedFile):
        xorb = parse_xorb(content)
        assert sum(len(unpack_chunk(content, chunk)) for chunk in xorb.chunks) == xorb.unpacked_bytes


@settings(deadline=None)
@given(content=st.one_of(st.binary(max_size=300), damage(BODY)))
def test_whatever_a_shard_holds_it_is_read_whole_or_told_wrong(content: bytes) -> None:
    with suppress(MalformedFile):
        shard = parse_shard(content)
        assert len(write_shard(shard)) == len(content)
        for file in shard.files:
            check_file(file, XORBS.get)


DIRECTORY = encode_directory(parse_xorb(SMALL[0]))


@settings(deadline=None)
@given(content=st.one_of(st.binary(max_size=300), damage(DIRECTORY)))
def test_whatever_lies_beside_a_xorb_is_its_directory_or_is_not_used(content: bytes) -> None:
    with suppress(MalformedFile):
        assert encode_directory(decode_directory(content)) == content
    with suppress(MalformedFile):
        assert encode_layout(decode_layout(content)) == content
