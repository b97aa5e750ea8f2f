"""How a file that is kept another way is told to Xet's clients: its chunks in xorbs made on the fly, uncompressed.

A xorb so made is as long as its bytes and 8 a chunk, so where each chunk lies in it is arithmetic. A layout takes
four bytes a chunk.
"""

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from blake3 import blake3
from numpy.typing import NDArray

from holdfast.formats.xet.errors import TruncatedBody, WrongHash
from holdfast.formats.xet.hashes import HASH_BYTES, Tree, compute_file_hash
from holdfast.formats.xet.xorb import CHUNKS_WRITTEN_MAX, HEADER_BYTES, XORB_BYTES_MAX

_HEAD: Final = struct.Struct("<8sIIQ32s32s")
_MAGIC: Final = b"HFXETLAY"
_PLACE: Final = np.dtype([("hash", "V32"), ("end", "<u4")])
_NEXT: Final = "Delete it: it is computed anew from the file."


@dataclass(frozen=True, slots=True)
class MadeXorb:
    """A xorb of a file: its hash, and which of the file's chunks it has, from `first` to before `end`."""

    hash: bytes
    first: int
    end: int


@dataclass(frozen=True, slots=True)
class Part:
    """A run of chunks of one xorb, which is the file's xorb `number`. `first` and `end` count its chunks, `begin` and
    `stop` bytes of the file, `stored_begin` and `stored_stop` bytes of the xorb, headers included."""

    number: int
    xorb: bytes
    first: int
    end: int
    begin: int
    stop: int
    stored_begin: int
    stored_stop: int


@dataclass(frozen=True, slots=True)
class XetLayout:
    """A file's Xet hash, its SHA-256, the lengths of its chunks and the xorbs that they are told in."""

    hash: bytes
    sha256: bytes
    lengths: NDArray[np.uint32]
    xorbs: tuple[MadeXorb, ...]
    ends: NDArray[np.uint64]

    @property
    def size(self) -> int:
        """The file's bytes."""
        return int(self.ends[-1]) if len(self.ends) else 0

    def find_parts(self, begin: int, stop: int) -> list[Part]:
        """The runs of chunks, one a xorb, that together have these bytes of the file, which are not none."""
        assert 0 <= begin < stop <= self.size
        first = int(np.searchsorted(self.ends, begin, side="right"))
        last = int(np.searchsorted(self.ends, stop, side="left"))
        touched = [(number, one) for number, one in enumerate(self.xorbs) if one.end > first and one.first <= last]
        return [self._make_part(number, max(one.first, first), min(one.end, last + 1)) for number, one in touched]

    def get_whole(self, number: int) -> Part:
        """All of one xorb."""
        xorb = self.xorbs[number]
        return self._make_part(number, xorb.first, xorb.end)

    def _make_part(self, number: int, first: int, end: int) -> Part:
        xorb = self.xorbs[number]
        origin, begin, stop = self._get_start(xorb.first), self._get_start(first), self._get_start(end)
        return Part(
            number, xorb.hash, first - xorb.first, end - xorb.first, begin, stop,
            begin - origin + HEADER_BYTES * (first - xorb.first), stop - origin + HEADER_BYTES * (end - xorb.first),
        )  # fmt: skip

    def _get_start(self, chunk: int) -> int:
        return int(self.ends[chunk - 1]) if chunk else 0


class LayoutMaker:
    """Makes a layout of chunks that come in the file's order, in xorbs of at most so many bytes."""

    def __init__(self, xorb_bytes_max: int = XORB_BYTES_MAX) -> None:
        self._xorb_bytes_max = xorb_bytes_max
        self._lengths = array("I")
        self._xorbs: list[MadeXorb] = []
        self._file, self._xorb = Tree(), Tree()
        self._first = self._stored = 0

    def add(self, hashes: bytes, lengths: Sequence[int]) -> None:
        """The next chunks: 32 bytes each in `hashes`."""
        for number, length in enumerate(lengths):
            digest = hashes[HASH_BYTES * number : HASH_BYTES * (number + 1)]
            if not self._fits(length):
                self._end_xorb()
            self._stored += HEADER_BYTES + length
            self._lengths.append(length)
            self._xorb.add(digest, length)
            self._file.add(digest, length)

    def finish(self, sha256: bytes) -> XetLayout:
        """The layout of the file of this SHA-256."""
        if len(self._lengths) > self._first:
            self._end_xorb()
        lengths = np.array(self._lengths, np.uint32)
        return _make(compute_file_hash(self._file.find_root()), sha256, lengths, tuple(self._xorbs))

    def _fits(self, length: int) -> bool:
        count = len(self._lengths) - self._first
        return count < CHUNKS_WRITTEN_MAX and self._stored + HEADER_BYTES + length <= self._xorb_bytes_max

    def _end_xorb(self) -> None:
        end = len(self._lengths)
        self._xorbs.append(MadeXorb(self._xorb.compute_root(), self._first, end))
        self._xorb, self._first, self._stored = Tree(), end, 0


def encode_layout(layout: XetLayout) -> bytes:
    """The layout in bytes, with a check at their end."""
    places = np.zeros(len(layout.xorbs), _PLACE)
    places["hash"] = np.frombuffer(b"".join(xorb.hash for xorb in layout.xorbs), "V32")
    places["end"] = [xorb.end for xorb in layout.xorbs]
    head = _HEAD.pack(
        _MAGIC, len(layout.lengths), len(layout.xorbs), layout.size, bytes(layout.hash), bytes(layout.sha256)
    )
    body = head + places.tobytes() + layout.lengths.astype("<u4").tobytes()
    return body + blake3(body).digest()


def decode_layout(data: bytes) -> XetLayout:
    """The layout that encode_layout wrote. Raises TruncatedBody or WrongHash for anything else."""
    body = data[:-HASH_BYTES]
    if len(body) < _HEAD.size:
        raise TruncatedBody(f"{len(data):,} bytes are no layout", next_step=_NEXT)
    magic, chunks, count, size, digest, sha256 = _HEAD.unpack_from(body)
    at = _HEAD.size + _PLACE.itemsize * count
    if magic != _MAGIC or len(body) != at + 4 * chunks or blake3(body).digest() != data[-HASH_BYTES:]:
        raise WrongHash("the layout is not what was written", next_step=_NEXT)
    places = np.frombuffer(body, _PLACE, count, _HEAD.size)
    ends: list[int] = places["end"].tolist()
    xorbs = [
        MadeXorb(one.tobytes(), first, end) for one, first, end in zip(places["hash"], [0, *ends], ends, strict=False)
    ]
    layout = _make(digest, sha256, np.frombuffer(body, "<u4", chunks, at).astype(np.uint32), tuple(xorbs))
    assert layout.size == size, "the check held"
    return layout


def _make(digest: bytes, sha256: bytes, lengths: NDArray[np.uint32], xorbs: tuple[MadeXorb, ...]) -> XetLayout:
    return XetLayout(digest, sha256, lengths, xorbs, np.cumsum(lengths, dtype=np.uint64))
