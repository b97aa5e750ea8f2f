"""The compiled codecs (kernel.c), loaded by ctypes, which lets other threads run meanwhile.

Buffers are read where they are; what is needed to work in is kept for every thread.
"""

import ctypes
import sys
import threading
from pathlib import Path
from typing import Final

import numpy as np

from holdfast.vault.codecs.kinds import PLANE_WIDTHS, Buffer, DifferenceKind, Octets, is_same, refuse, view_octets

LIBRARY: Final = Path(__file__).with_name("libkernel.so")
VERSION: Final = 1
SLACK: Final = 256 * (2 + 3 * 256) + 4096  # room for every table that there can be, before the sizes are compared
BAD: Final = -2


class NativeKernel:
    """The codecs `planes` and `difference` by kernel.c. Safe to share between threads."""

    name = "native"

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._buffers = _Buffers()

    def encode_planes(self, raw: Buffer, width: int, rotation: int) -> bytes | None:
        """The payload of codec 2, or None when it would not be shorter than `raw` or `raw` is no whole elements."""
        assert width in PLANE_WIDTHS
        assert rotation in ((0,) if width == 1 else (0, 1))
        source = view_octets(raw)
        if not source.size or source.size % width:
            return None
        work, out = self._take_buffers(source.size)
        written = self._library.holdfast_encode_planes(
            source.ctypes.data, source.size, width, rotation, work.ctypes.data, out.ctypes.data, out.size
        )
        return _take_shorter(out, written, source.size)

    def decode_planes(self, payload: Buffer, length: int) -> memoryview:
        """The `length` raw bytes of a payload of codec 2; raises BadFrame."""
        return self._decode_planes(payload, np.empty(length, dtype=np.uint8))

    def proves_planes(self, payload: Buffer, raw: Buffer) -> bool:
        """Whether a payload of codec 2 gives `raw`; raises BadFrame. Takes no new memory, which would cost as much as
        decoding does."""
        length = view_octets(raw).size
        return is_same(self._decode_planes(payload, self._take_buffers(length)[1][:length]), raw)

    def _decode_planes(self, payload: Buffer, out: Octets) -> memoryview:
        source, work = view_octets(payload), self._take_buffers(out.size)[0]
        done = self._library.holdfast_decode_planes(
            source.ctypes.data, source.size, work.ctypes.data, out.ctypes.data, out.size
        )
        return _take_whole(out, done, "planes")

    def encode_difference(self, raw: Buffer, base: Buffer, kind: DifferenceKind) -> bytes | None:
        """The payload of codec 4, or None when it would not be shorter than `raw` or `raw` is no whole elements."""
        assert kind.is_known()
        source, against = view_octets(raw), view_octets(base)
        assert source.size == against.size
        if not source.size or source.size % kind.width:
            return None
        work, out = self._take_buffers(source.size)
        written = self._library.holdfast_encode_difference(
            source.ctypes.data, against.ctypes.data, source.size, kind.width, kind.map, kind.shift, kind.bits,
            work.ctypes.data, out.ctypes.data, out.size,
        )  # fmt: skip
        return _take_shorter(out, written, source.size)

    def decode_difference(self, payload: Buffer, base: Buffer, length: int) -> memoryview:
        """The `length` raw bytes of a payload of codec 4 against a base that is as long; raises BadFrame."""
        return self._decode_difference(payload, base, np.empty(length, dtype=np.uint8))

    def proves_difference(self, payload: Buffer, base: Buffer, raw: Buffer) -> bool:
        """Whether a payload of codec 4 gives `raw` against this base; raises BadFrame."""
        length = view_octets(raw).size
        return is_same(self._decode_difference(payload, base, self._take_buffers(length)[1][:length]), raw)

    def _decode_difference(self, payload: Buffer, base: Buffer, out: Octets) -> memoryview:
        source, against = view_octets(payload), view_octets(base)
        assert against.size == out.size
        work = self._take_buffers(out.size)[0]
        done = self._library.holdfast_decode_difference(
            source.ctypes.data, source.size, against.ctypes.data, work.ctypes.data, out.ctypes.data, out.size
        )
        return _take_whole(out, done, "difference")

    def _take_buffers(self, length: int) -> tuple[Octets, Octets]:
        buffers = self._buffers
        work_bytes = int(self._library.holdfast_work_bytes(length))
        if buffers.work.size < work_bytes:
            buffers.work = np.empty(work_bytes, dtype=np.uint8)
            buffers.out = np.empty(length + SLACK, dtype=np.uint8)
        return buffers.work, buffers.out


def find_native_kernel(path: Path = LIBRARY) -> NativeKernel | None:
    """The compiled kernel, or None where there is none, it is of another version, or numbers are big-endian here."""
    if sys.byteorder != "little":
        return None
    try:
        library = ctypes.CDLL(str(path))
        library.holdfast_kernel_version.restype = ctypes.c_int64
        if library.holdfast_kernel_version() != VERSION:
            return None
        _declare(library)
    except (OSError, AttributeError):
        return None
    return NativeKernel(library)


class _Buffers(threading.local):
    """What one thread works in, as large as its largest frame so far needed."""

    def __init__(self) -> None:
        self.work: Octets = np.empty(0, dtype=np.uint8)
        self.out: Octets = np.empty(0, dtype=np.uint8)


def _declare(library: ctypes.CDLL) -> None:
    place, size, number, result = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int64
    library.holdfast_work_bytes.argtypes = [size]
    library.holdfast_encode_planes.argtypes = [place, size, number, number, place, place, size]
    library.holdfast_decode_planes.argtypes = [place, size, place, place, size]
    library.holdfast_encode_difference.argtypes = [place, place, size, *[number] * 4, place, place, size]
    library.holdfast_decode_difference.argtypes = [place, size, place, place, place, size]
    for function in (
        library.holdfast_work_bytes,
        library.holdfast_encode_planes,
        library.holdfast_decode_planes,
        library.holdfast_encode_difference,
        library.holdfast_decode_difference,
    ):
        function.restype = result


def _take_shorter(out: Octets, written: int, raw_bytes: int) -> bytes | None:
    assert written != BAD, "lengths and kinds were checked before"
    return out[:written].tobytes() if 0 <= written < raw_bytes else None


def _take_whole(out: Octets, done: int, codec: str) -> memoryview:
    if done == BAD:
        raise refuse(codec)
    if done < 0:
        raise MemoryError(f"no memory for the tables of a payload of the codec {codec!r}")
    return out.data
