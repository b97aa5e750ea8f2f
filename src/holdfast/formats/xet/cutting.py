"""Where Xet's chunks end: h = Σ T[b(i-j)]·2^j mod 2^64 over the bytes of the chunk so far, cut where its top 16 bits
are zero. Compiled (gear.c) where it could be, else the same in NumPy; both find the same places.
"""

import ctypes
import functools
import os
import sys
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from holdfast.formats.xet.gear_table import build_gear_table

CHUNK_BYTES_MIN: Final = 8 << 10
CHUNK_BYTES_MAX: Final = 128 << 10
LIMIT: Final = 1 << 48  # a hash below it has 16 leading zeros
LIBRARY: Final = Path(__file__).with_name("libgear.so")
CHOICE: Final = "HOLDFAST_KERNEL"  # `plain` asks for NumPy, to compare or to rule the compiled one out
_VERSION: Final = 1
_WINDOW: Final = 64  # bytes that a hash depends on; fewer than the shortest chunk has
_BLOCK: Final = 64 << 10

Buffer = bytes | bytearray | memoryview


class Cutter(Protocol):
    """Finds where chunks end. Safe to share between threads."""

    name: str

    def cut(self, data: Buffer, count_max: int) -> list[int]:
        """The lengths of the first chunks of `data`, `count_max` at most. What is left after the last may be longer in
        the bytes that follow, so it is not among them."""
        ...


@functools.cache
def get_cutter() -> Cutter:
    """The fastest cutter there is here; HOLDFAST_KERNEL=plain forces the one in NumPy."""
    native = None if os.environ.get(CHOICE) == "plain" else find_native_cutter()
    return native or PlainCutter()


class NativeCutter:
    """gear.c, which lets other threads run meanwhile."""

    name = "native"

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._table = build_gear_table()

    def cut(self, data: Buffer, count_max: int) -> list[int]:
        octets = np.frombuffer(data, np.uint8) if len(data) else np.empty(0, np.uint8)
        lengths = np.empty(min(count_max, octets.size // CHUNK_BYTES_MIN), np.uint32)
        count = self._library.holdfast_gear_cut(
            self._table.ctypes.data, octets.ctypes.data, octets.size, CHUNK_BYTES_MIN, CHUNK_BYTES_MAX, LIMIT,
            lengths.ctypes.data, lengths.size,
        )  # fmt: skip
        found: list[int] = lengths[:count].tolist()
        return found


class PlainCutter:
    """The same in NumPy."""

    name = "plain"

    def __init__(self) -> None:
        self._table = build_gear_table()

    def cut(self, data: Buffer, count_max: int) -> list[int]:
        octets = np.frombuffer(data, np.uint8) if len(data) else np.empty(0, np.uint8)
        lengths: list[int] = []
        start = 0
        while len(lengths) < count_max:
            length = self._find_length(octets[start : start + CHUNK_BYTES_MAX])
            if not length:
                break
            lengths.append(length)
            start += length
        return lengths

    def _find_length(self, octets: NDArray[np.uint8]) -> int:
        for begin in range(CHUNK_BYTES_MIN - 1, octets.size, _BLOCK):
            hashes = self._hash(octets[begin - _WINDOW + 1 : begin + _BLOCK])
            ends = np.flatnonzero(hashes < LIMIT)
            if ends.size:
                return begin + int(ends[0]) + 1
        return CHUNK_BYTES_MAX if octets.size == CHUNK_BYTES_MAX else 0

    def _hash(self, octets: NDArray[np.uint8]) -> NDArray[np.uint64]:
        """The hash after each byte that has a whole window, by doubling what the hashes depend on: 1, 2, … 64 bytes."""
        hashes = self._table[octets]
        for width in (1, 2, 4, 8, 16, 32):
            hashes[width:] += hashes[:-width] << np.uint64(width)
        return hashes[_WINDOW - 1 :]


def find_native_cutter(path: Path = LIBRARY) -> NativeCutter | None:
    """The compiled cutter, or None where there is none, it is of another version, or numbers are big-endian here."""
    if sys.byteorder != "little":
        return None
    try:
        library = ctypes.CDLL(str(path))
        library.holdfast_gear_version.restype = ctypes.c_int64
        if library.holdfast_gear_version() != _VERSION:
            return None
        place, size = ctypes.c_void_p, ctypes.c_size_t
        library.holdfast_gear_cut.argtypes = [place, place, size, size, size, ctypes.c_uint64, place, size]
        library.holdfast_gear_cut.restype = ctypes.c_int64
    except (OSError, AttributeError):
        return None
    return NativeCutter(library)
