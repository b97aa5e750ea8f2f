"""The codecs in NumPy: the fallback where kernel.c was not compiled, and the oracle that it is tested against.

Payloads are bit for bit kernel.c's where both take log2 from the same C library, which decides between tables of nearly
equal cost; elsewhere each still decodes what the other wrote.
"""

from typing import Final

import numpy as np

from holdfast.vault.codecs.differences import decode_difference, encode_difference
from holdfast.vault.codecs.kinds import PLANE_WIDTHS, Buffer, DifferenceKind, Octets, is_same, refuse, view_octets
from holdfast.vault.codecs.rans import (
    LANES,
    compute_bits,
    decode_lanes,
    encode_lanes,
    read_table,
    scale_counts,
    write_table,
)

NAME: Final = "planes"
RAW, CONSTANT, RANS = 0, 1, 2
WORTH: Final = 0.998  # a plane that shrinks less is kept as it is, and read faster
SAMPLE: Final = 32768


class PlainKernel:
    """The codecs `planes` and `difference` in NumPy; keeps no state."""

    name = "plain"

    def encode_planes(self, raw: Buffer, width: int, rotation: int) -> bytes | None:
        """The payload of codec 2, or None when it would not be shorter than `raw` or `raw` is no whole elements."""
        assert width in PLANE_WIDTHS
        assert rotation in ((0,) if width == 1 else (0, 1))
        source = view_octets(raw)
        if not source.size or source.size % width:
            return None
        planes = _split(source, width, rotation)
        payload = bytes((width, rotation)) + b"".join(_encode_plane(plane) for plane in planes)
        return payload if len(payload) < source.size else None

    def decode_planes(self, payload: Buffer, length: int) -> memoryview:
        """The `length` raw bytes of a payload of codec 2; raises BadFrame."""
        source = view_octets(payload)
        if source.size < 2:
            raise refuse(NAME)
        width, rotation, at = int(source[0]), int(source[1]), 2
        if width not in PLANE_WIDTHS or rotation > (width > 1) or length % width:
            raise refuse(NAME)
        planes = np.empty((width, length // width), dtype=np.uint8)
        for plane in planes:
            at += _decode_plane(source[at:], plane)
        if at != source.size:
            raise refuse(NAME)
        return memoryview(_join(planes, rotation))

    def proves_planes(self, payload: Buffer, raw: Buffer) -> bool:
        """Whether a payload of codec 2 gives `raw`; raises BadFrame."""
        return is_same(self.decode_planes(payload, view_octets(raw).size), raw)

    def encode_difference(self, raw: Buffer, base: Buffer, kind: DifferenceKind) -> bytes | None:
        """The payload of codec 4, or None when it would not be shorter than `raw` or `raw` is no whole elements."""
        assert kind.is_known()
        source, against = view_octets(raw), view_octets(base)
        assert source.size == against.size
        if not source.size or source.size % kind.width:
            return None
        payload = encode_difference(source, against, kind)
        return payload if len(payload) < source.size else None

    def decode_difference(self, payload: Buffer, base: Buffer, length: int) -> memoryview:
        """The `length` raw bytes of a payload of codec 4 against a base that is as long; raises BadFrame."""
        against = view_octets(base)
        assert against.size == length
        return memoryview(decode_difference(view_octets(payload), against))

    def proves_difference(self, payload: Buffer, base: Buffer, raw: Buffer) -> bool:
        """Whether a payload of codec 4 gives `raw` against this base; raises BadFrame."""
        return is_same(self.decode_difference(payload, base, view_octets(raw).size), raw)


def _split(source: Octets, width: int, rotation: int) -> Octets:
    """width × elements, the most significant bytes first."""
    elements = np.frombuffer(source.tobytes(), dtype=f"<u{width}")
    if rotation:
        elements = elements << 1 | elements >> (8 * width - 1)
    return np.ascontiguousarray(elements.astype(f">u{width}").view(np.uint8).reshape(-1, width).T)


def _join(planes: Octets, rotation: int) -> bytes:
    width = planes.shape[0]
    elements = np.ascontiguousarray(planes.T).view(f">u{width}").ravel().astype(f"<u{width}")
    if rotation:
        elements = elements >> 1 | elements << (8 * width - 1)
    return elements.tobytes()


def _encode_plane(plane: Octets) -> bytes:
    if _looks_random(plane):
        return _pack(RAW, plane.tobytes())
    counts = np.bincount(plane, minlength=256)
    present = int(np.count_nonzero(counts))
    if present == 1:
        return _pack(CONSTANT, plane[:1].tobytes())
    if not compute_bits(counts) / 8 + 3 * present + 2 + 4 * LANES < WORTH * plane.size:
        return _pack(RAW, plane.tobytes())
    frequencies = scale_counts(counts)
    return _pack(RANS, write_table(frequencies) + encode_lanes(plane.astype(np.int64), frequencies[None]))


def _pack(mode: int, content: bytes) -> bytes:
    return bytes((mode,)) + len(content).to_bytes(4, "little") + content


def _looks_random(plane: Octets) -> bool:
    """Mantissas look like noise in any stretch of them: three stretches tell."""
    if plane.size < 8 * SAMPLE:
        return False
    starts = [part * ((plane.size - SAMPLE) // 2) for part in range(3)]
    return all(
        compute_bits(np.bincount(plane[start : start + SAMPLE], minlength=256)) >= 0.997 * 8 * SAMPLE
        for start in starts
    )


def _decode_plane(source: Octets, plane: Octets) -> int:
    """Fills `plane`; returns the bytes read."""
    size = int.from_bytes(source[1:5].tobytes(), "little")
    if source.size < 5 + size:
        raise refuse(NAME)
    mode, content = int(source[0]), source[5 : 5 + size]
    if mode == RAW and size == plane.size:
        plane[:] = content
    elif mode == CONSTANT and size == 1:
        plane[:] = content[0]
    elif mode == RANS:
        frequencies, end = read_table(content)
        plane[:] = decode_lanes(content[end:], np.zeros(plane.size, dtype=np.int64), frequencies[None])
    else:
        raise refuse(NAME)
    return 5 + size
