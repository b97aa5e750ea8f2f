"""Content-defined chunks: bytes that two files share are cut alike, wherever in the files they stand.

A chunk may end after byte i when bits of the gear hash h = T[b(i)] + 2 T[b(i-1)] + … + 2^31 T[b(i-31)] mod 2^32 are
zero: 22 bits as long as it is shorter than the middle size, 18 bits from there on (FastCDC, Xia et al. 2016). T[b] is
the first 4 bytes, little-endian, of SHA-256 over `holdfast gear 1` and the byte b; that is the table's whole origin.
"""

from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

from holdfast.formats.bounded import open_regular

WHOLE_BYTES_MAX: Final = 1 << 20  # a file up to this size is one chunk
CHUNK_BYTES_MIN: Final = 256 << 10
CHUNK_BYTES_MIDDLE: Final = 768 << 10
CHUNK_BYTES_MAX: Final = 4 << 20
_WINDOW: Final = 32  # bytes that a hash depends on
_FILTER: Final = 0x0000FFF0  # of the low half, which depends on 16 bytes only and is looked at first
_LOOSE: Final = 0xFC00FFF0
_STRICT: Final = 0xFFC0FFF0
_BLOCK: Final = 128 << 10
_CANDIDATES: Final = 4096  # hashed at once

_Places = npt.NDArray[np.intp]
_Numbers16 = npt.NDArray[np.uint16]
_Numbers32 = npt.NDArray[np.uint32]


def cut_into_chunks(path: Path, size: int) -> Iterator[int]:
    """The lengths of the chunks of a file of `size` bytes, in order. Reads a block at a time. Raises UnreadableFile."""
    if size <= WHOLE_BYTES_MAX:
        return iter((size,) if size else ())
    return _iterate_chunks(path, size)


def _iterate_chunks(path: Path, size: int) -> Iterator[int]:
    with open_regular(path) as file:
        search = _Search(file)
        start = 0
        while start < size:
            length = search.find_length(start, size - start)
            yield length
            start += length


class _Search:
    """Looks for the ends of chunks in one file, in buffers that are used again and again."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.data = np.zeros(_WINDOW + _BLOCK, np.uint8)
        self.hashes = np.zeros(_WINDOW + _BLOCK, "<u2")
        self.shifted = np.zeros(_WINDOW + _BLOCK, "<u2")

    def find_length(self, start: int, left: int) -> int:
        """The length of the chunk that begins at `start`, with `left` bytes up to the file's end."""
        longest = min(left, CHUNK_BYTES_MAX)
        for position in range(CHUNK_BYTES_MIN, longest, _BLOCK):
            for end, strict in self._find_ends(start + position):
                if position + end >= longest:
                    return longest
                if strict or position + end >= CHUNK_BYTES_MIDDLE:
                    return position + end
        return longest

    def _find_ends(self, offset: int) -> list[tuple[int, bool]]:
        """Where, counted from `offset`, chunks may end in the next block, and whether under the strict rule."""
        self.file.seek(offset - _WINDOW)
        data = self.file.read(len(self.data))
        self.data[: len(data)] = np.frombuffer(data, np.uint8)
        low = self._hash_low_halves()[_WINDOW - 1 : -1]
        found = np.flatnonzero((low & _FILTER) == 0)
        ends: list[tuple[int, bool]] = []
        for first in range(0, len(found), _CANDIDATES):
            ends += self._sift(found[first : first + _CANDIDATES])
        return ends

    def _hash_low_halves(self) -> _Numbers16:
        """The low halves of the hashes at every byte, by doubling what they depend on: 1, 2, 4, 8, 16 bytes."""
        np.take(_make_pair_table(), self.data.view("<u2"), out=self.hashes.view("<u4"), mode="clip")
        for width in (1, 2, 4, 8):
            np.multiply(self.hashes, 1 << width, out=self.shifted)
            np.add(self.hashes[width:], self.shifted[:-width], out=self.hashes[width:])
        return self.hashes

    def _sift(self, places: _Places) -> list[tuple[int, bool]]:
        windows = self.data[places[:, None] + np.arange(_WINDOW)]
        shifts = np.arange(_WINDOW - 1, -1, -1, dtype=np.uint32)
        hashes: _Numbers32 = np.add.reduce(_make_table()[windows] << shifts, axis=1, dtype=np.uint32)
        kept = (hashes & _LOOSE) == 0
        strict = (hashes[kept] & _STRICT) == 0
        return list(zip(places[kept].tolist(), strict.tolist(), strict=True))


@cache
def _make_table() -> _Numbers32:
    digests = b"".join(sha256(b"holdfast gear 1" + bytes([byte])).digest()[:4] for byte in range(256))
    return np.frombuffer(digests, "<u4").astype(np.uint32)


@cache
def _make_pair_table() -> _Numbers32:
    """The low halves of two bytes' numbers at once, by the two bytes."""
    low = _make_table() & np.uint32(0xFFFF)
    pairs = np.arange(1 << 16)
    table: _Numbers32 = low[pairs & 0xFF] | low[pairs >> 8] << np.uint32(16)
    return table.astype("<u4")
