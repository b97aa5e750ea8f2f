"""How a chunk's bytes are stored in a xorb: as they are, in an LZ4 frame, or by position modulo 4 in an LZ4 frame."""

from enum import IntEnum
from typing import Any

import lz4.frame  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
from numpy.typing import NDArray

from holdfast.formats.xet.cutting import Buffer

_GROUPS = 4


class Coding(IntEnum):
    """The byte in a chunk's header."""

    NONE = 0
    LZ4 = 1
    GROUPED_LZ4 = 2


def encode(data: Buffer, coding: Coding) -> bytes:
    """The bytes to store; longer than `data` where it does not shrink."""
    if coding == Coding.NONE:
        return bytes(data)
    grouped = _group(data) if coding == Coding.GROUPED_LZ4 else data
    return bytes(lz4.frame.compress(grouped))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def decode(stored: Buffer, coding: Coding, length: int) -> bytes | None:
    """The `length` bytes that were stored, or None when they are not what `stored` gives. Never unpacks much more."""
    if coding == Coding.NONE:
        return bytes(stored) if len(stored) == length else None
    data = _unpack_frame(stored, length)
    return _ungroup(data) if data is not None and coding == Coding.GROUPED_LZ4 else data


def _unpack_frame(stored: Buffer, length: int) -> bytes | None:
    decompressor: Any = lz4.frame.LZ4FrameDecompressor()
    try:
        data: bytes = decompressor.decompress(stored, max_length=length + 1)
    except RuntimeError:  # the library's word for every malformed frame
        return None
    return data if decompressor.eof and not decompressor.unused_data and len(data) == length else None


def _group(data: Buffer) -> bytes:
    octets = np.frombuffer(data, np.uint8)
    return b"".join(octets[position::_GROUPS].tobytes() for position in range(_GROUPS))


def _ungroup(data: bytes) -> bytes:
    grouped = np.frombuffer(data, np.uint8)
    octets: NDArray[np.uint8] = np.empty_like(grouped)
    start = 0
    for position in range(_GROUPS):
        group = octets[position::_GROUPS]
        group[:] = grouped[start : start + group.size]
        start += group.size
    return octets.tobytes()
