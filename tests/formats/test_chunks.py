"""Chunks of files without tensors: where they end, against the rule computed byte by byte."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.formats.chunks import (
    CHUNK_BYTES_MAX,
    CHUNK_BYTES_MIDDLE,
    CHUNK_BYTES_MIN,
    WHOLE_BYTES_MAX,
    cut_into_chunks,
)
from tests.formats.layouts import save

GEAR = [int.from_bytes(sha256(b"holdfast gear 1" + bytes([byte])).digest()[:4], "little") for byte in range(256)]


def cut_slowly(data: bytes) -> list[int]:
    """The rule of the module's first lines, without haste."""
    lengths: list[int] = []
    begin, hashed = 0, 0
    for place, byte in enumerate(data, 1):
        hashed = (hashed * 2 + GEAR[byte]) % (1 << 32)
        length = place - begin
        bits = 0xFFC0FFF0 if length < CHUNK_BYTES_MIDDLE else 0xFC00FFF0
        if length == CHUNK_BYTES_MAX or (length >= CHUNK_BYTES_MIN and hashed & bits == 0):
            lengths.append(length)
            begin = place
    return [*lengths, len(data) - begin] if begin < len(data) else lengths


def cut_file(folder: Path, data: bytes) -> list[int]:
    return list(cut_into_chunks(save(folder, data), len(data)))


@pytest.mark.parametrize("seed", [0, 1])
def test_chunks_end_where_the_rule_says(tmp_path: Path, seed: int) -> None:
    data = np.random.default_rng(seed).bytes(4_000_001)
    assert cut_file(tmp_path, data) == cut_slowly(data)


def test_bytes_that_follow_an_insertion_are_cut_as_before(tmp_path: Path) -> None:
    data = np.random.default_rng(2).bytes(12 << 20)
    before, after = cut_file(tmp_path, data), cut_file(tmp_path, data[:1000] + b"three" + data[1000:])
    assert before[3:] == after[3:]
    assert len(before) > 8


def test_bytes_that_never_meet_the_rule_make_chunks_of_the_greatest_length(tmp_path: Path) -> None:
    assert cut_file(tmp_path, bytes(9 << 20)) == [CHUNK_BYTES_MAX, CHUNK_BYTES_MAX, 1 << 20]


def test_random_bytes_make_chunks_of_about_a_mebibyte(tmp_path: Path) -> None:
    lengths = cut_file(tmp_path, np.random.default_rng(3).bytes(64 << 20))
    assert 0.8 < sum(lengths) / len(lengths) / (1 << 20) < 1.1
    assert all(CHUNK_BYTES_MIN <= length <= CHUNK_BYTES_MAX for length in lengths[:-1])


@given(size=st.sampled_from([0, 1, WHOLE_BYTES_MAX]))
def test_a_file_up_to_a_mebibyte_is_whole(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    assert cut_file(tmp_path_factory.mktemp("whole"), bytes(size)) == ([size] if size else [])


@given(over=st.integers(1, 200_000), period=st.binary(min_size=1, max_size=64))
@settings(deadline=None, max_examples=20)
def test_chunks_of_periodic_bytes_add_up_to_the_file(
    tmp_path_factory: pytest.TempPathFactory, over: int, period: bytes
) -> None:
    size = WHOLE_BYTES_MAX + over
    data = (period * (size // len(period) + 1))[:size]
    lengths = cut_file(tmp_path_factory.mktemp("periodic"), data)
    assert sum(lengths) == size
    assert all(CHUNK_BYTES_MIN <= length <= CHUNK_BYTES_MAX for length in lengths[:-1])
