"""The bytes of a parity file's index."""

import struct

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from holdfast.records.errors import DamagedVault, NewerVault
from holdfast.vault.parity.group import Group, cut_group
from holdfast.vault.parity.index import HEAD_MAGIC, decode_head, decode_index, encode_head, encode_index
from holdfast.vault.storage.seam import Stored

GROUP = cut_group([Stored("packs/aa/first.pack", 100_000), Stored("packs/bb/zweiter-ü.pack", 5)], 10, 2)
DIGESTS = bytes(GROUP.shares * GROUP.pieces * 16)


@given(sizes=st.lists(st.integers(1, 1 << 30), min_size=1, max_size=30), percent=st.floats(0.5, 100))
def test_an_index_says_the_group_that_it_was_made_of(sizes: list[int], percent: float) -> None:
    group = cut_group([Stored(f"packs/{number}", size) for number, size in enumerate(sizes)], percent, 4)
    digests = blake3(b"seed").digest(group.shares * group.pieces * 16)
    assert decode_index(encode_index(group, digests), "here") == (group, digests)


def test_the_first_bytes_of_an_index_are_those_of_the_format() -> None:
    counts = struct.pack("<HHHHQI", 2, 8, 1, 1, 16384, 16384)
    first = struct.pack("<QH", 100_000, 19) + b"packs/aa/first.pack"
    assert encode_index(GROUP, DIGESTS).startswith(counts + first + struct.pack("<QH", 5, 24))


def test_a_head_says_number_lengths_and_digest() -> None:
    index = encode_index(GROUP, DIGESTS)
    head = encode_head(GROUP, index, 0)
    assert head == b"HOLDPARI" + struct.pack("<HHIQQ", 1, 0, len(index), 16384, 0) + blake3(index).digest()
    assert decode_head(b"XXXXXXXX" + head[8:], "here") is None
    assert decode_head(head[:-1], "here") is None
    with pytest.raises(NewerVault):
        decode_head(HEAD_MAGIC + struct.pack("<H", 2) + head[10:], "here")


@given(data=st.binary(max_size=200))
def test_bytes_that_are_no_index_are_refused(data: bytes) -> None:
    with pytest.raises(DamagedVault):
        decode_index(data, "here")


@given(position=st.integers(0, 19), value=st.integers(0, 255))
def test_an_index_with_other_numbers_is_refused_or_is_another_group(position: int, value: int) -> None:
    data = bytearray(encode_index(GROUP, DIGESTS))
    data[position] = value
    try:
        group, digests = decode_index(bytes(data), "here")
    except DamagedVault:
        return
    assert encode_index(group, digests) == data


def test_an_index_that_names_a_file_twice_is_refused() -> None:
    member = Stored("packs/a", 100)
    with pytest.raises(DamagedVault, match="twice"):
        decode_index(encode_index(Group((member, member), 100, 100, 1, 1), bytes(48)), "here")
