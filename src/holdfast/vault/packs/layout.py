"""The bytes of a pack: header, frame heads, index rows and footer, to and from records. Reads and writes no file."""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from blake3 import blake3

from holdfast.records.errors import DamagedVault, NewerVault

VERSION: Final = 1
FRAME_BYTES: Final = 1 << 20
PACK_BYTES_MAX: Final = 256 << 20
NO_BASE: Final = bytes(32)

_HEADER: Final = struct.Struct("<8sHH20x")
_HEAD: Final = struct.Struct("<4sBBHIIQII32s32s")
_ROW: Final = struct.Struct("<32s32sQQB3xIII")
_ROW_FRAME: Final = struct.Struct("<BI")
_FOOTER: Final = struct.Struct("<8sQQ32sQ")
_MAGIC: Final = b"HOLDPACK"
FRAME_MAGIC: Final = b"FRAM"
_END_MAGIC: Final = b"HOLDEND1"
_CHECK_BYTES: Final = 16

HEADER_BYTES: Final = _HEADER.size
HEAD_BYTES: Final = _HEAD.size + _CHECK_BYTES
FOOTER_BYTES: Final = _FOOTER.size
RAW_OBJECT_BYTES_MAX: Final = 1 << 50
HEADER: Final = _HEADER.pack(_MAGIC, VERSION, HEADER_BYTES)


class Kind(IntEnum):
    """What an object is for: content of a file, or a document about files."""

    DATA = 1
    DOCUMENT = 2


@dataclass(frozen=True, slots=True)
class FrameHead:
    """What stands before a frame's payload; sizes in bytes."""

    kind: Kind
    codec: int
    raw_bytes: int
    payload_bytes: int
    object_bytes: int
    index: int
    count: int
    digest: bytes
    base: bytes = NO_BASE


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive frames of one object in one pack: `offset` is where the first one's head stands; `frames` holds the
    codec and the payload's bytes of each."""

    digest: bytes
    base: bytes
    object_bytes: int
    offset: int
    kind: Kind
    first: int
    count: int
    frames: tuple[tuple[int, int], ...]

    @property
    def stored_bytes(self) -> int:
        """What the run takes in its pack, heads included."""
        return sum(HEAD_BYTES + size for _, size in self.frames)


@dataclass(frozen=True, slots=True)
class Footer:
    """Where a pack's index stands."""

    index_offset: int
    index_bytes: int
    index_digest: bytes
    frames: int


def count_frames(object_bytes: int) -> int:
    """Frames of an object of so many bytes; an empty one has one empty frame."""
    return max(1, -(-object_bytes // FRAME_BYTES))


def encode_frame(head: FrameHead, payload: bytes | memoryview) -> bytes:
    """The head with its check; the payload follows it."""
    plain = _HEAD.pack(
        FRAME_MAGIC,
        head.kind,
        head.codec,
        0,
        head.raw_bytes,
        head.payload_bytes,
        head.object_bytes,
        head.index,
        head.count,
        head.digest,
        head.base,
    )
    return plain + _compute_check(plain, payload)


def _compute_check(plain: bytes, payload: bytes | memoryview) -> bytes:
    return blake3(plain).update(payload).digest(_CHECK_BYTES)


def decode_head(data: bytes | memoryview, where: str) -> FrameHead:
    """A head by itself, without its check. Raises DamagedVault."""
    magic, kind, codec, _, raw, payload, whole, index, count, digest, base = _HEAD.unpack_from(data)
    fits = (
        raw <= FRAME_BYTES
        and payload <= 2 * FRAME_BYTES
        and whole <= RAW_OBJECT_BYTES_MAX
        and index < count == count_frames(whole)
    )
    if magic != FRAME_MAGIC or kind not in (Kind.DATA, Kind.DOCUMENT) or not fits:
        raise damaged("no frame begins here", where)
    return FrameHead(Kind(kind), codec, raw, payload, whole, index, count, digest, base)


def check_frame(data: memoryview, where: str) -> tuple[FrameHead, memoryview]:
    """Head and payload of a whole frame; raises DamagedVault when one bit is not as written."""
    if len(data) < HEAD_BYTES:
        raise damaged(f"a frame of {len(data)} bytes", where)
    plain, check, payload = data[: _HEAD.size], data[_HEAD.size : HEAD_BYTES], data[HEAD_BYTES:]
    if _compute_check(bytes(plain), payload) != bytes(check):
        raise damaged("a frame is not what was written", where)
    head = decode_head(plain, where)
    if head.payload_bytes != len(payload):
        raise damaged(f"a frame of {len(payload)} bytes says {head.payload_bytes}", where)
    return head, payload


def encode_index(runs: Iterable[Run]) -> bytes:
    """The rows of an index, in order."""
    parts: list[bytes] = []
    for run in runs:
        row = (run.digest, run.base, run.object_bytes, run.offset, run.kind, run.first, len(run.frames), run.count)
        parts.append(_ROW.pack(*row))
        parts.append(encode_frame_list(run.frames))
    return b"".join(parts)


def encode_frame_list(frames: Iterable[tuple[int, int]]) -> bytes:
    """Codec and payload bytes of every frame, five bytes each."""
    return b"".join(_ROW_FRAME.pack(codec, size) for codec, size in frames)


def decode_frame_list(data: bytes | memoryview) -> tuple[tuple[int, int], ...]:
    """The way back from encode_frame_list."""
    return tuple(_ROW_FRAME.iter_unpack(data))


def decode_index(data: bytes, where: str) -> Iterator[Run]:
    """The rows of an index. Raises DamagedVault where they do not fit."""
    view, at = memoryview(data), 0
    while at < len(view):
        if len(view) - at < _ROW.size:
            raise damaged("the index ends inside a row", where)
        digest, base, whole, offset, kind, first, held, count = _ROW.unpack_from(view, at)
        at += _ROW.size
        end = at + held * _ROW_FRAME.size
        known = kind in (Kind.DATA, Kind.DOCUMENT) and whole <= RAW_OBJECT_BYTES_MAX
        if not known or end > len(view) or held == 0 or count != count_frames(whole) or first + held > count:
            raise damaged("a row of the index does not fit", where)
        yield Run(digest, base, whole, offset, Kind(kind), first, count, decode_frame_list(view[at:end]))
        at = end


def encode_footer(index_offset: int, index: bytes, frames: int) -> bytes:
    """The last bytes of a pack."""
    return _FOOTER.pack(_END_MAGIC, index_offset, len(index), blake3(index).digest(), frames)


def decode_footer(data: bytes, size: int, where: str) -> Footer:
    """A footer of a pack of `size` bytes. Raises DamagedVault."""
    magic, offset, length, digest, frames = _FOOTER.unpack(data)
    if magic != _END_MAGIC:
        raise damaged("the pack has no footer", where)
    if offset + length + FOOTER_BYTES != size or offset < HEADER_BYTES:
        raise damaged("the footer points outside the pack", where)
    return Footer(offset, length, digest, frames)


def check_header(data: bytes, where: str) -> None:
    """Raises NewerVault or DamagedVault."""
    magic, version, length = _HEADER.unpack(data)
    if magic != _MAGIC or length != HEADER_BYTES or (version <= VERSION and data != HEADER):
        raise damaged("the pack has no header", where)
    if version > VERSION:
        raise NewerVault(
            f"the pack has version {version}; this holdfast reads up to {VERSION}",
            where=where,
            next_step="Install a newer holdfast.",
        )


def damaged(what: str, where: str) -> DamagedVault:
    """The error of a pack whose bytes are not as written."""
    return DamagedVault(what, where=where, next_step="Run `holdfast verify`, then `holdfast repair`.")
