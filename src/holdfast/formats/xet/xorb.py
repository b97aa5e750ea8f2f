"""A xorb: chunks one after the other, each with a header of 8 bytes; a footer may follow, which must agree with them.

Whatever a body says is recomputed from its bytes: chunk hashes, the xorb's hash, the footer.
"""

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from holdfast.formats.xet.codings import Coding, decode, encode
from holdfast.formats.xet.cutting import CHUNK_BYTES_MAX, Buffer
from holdfast.formats.xet.errors import (
    BadChunkData,
    BadChunkHeader,
    BadXorbFooter,
    BodyTooLarge,
    TruncatedBody,
    WrongHash,
    at_byte,
)
from holdfast.formats.xet.hashes import compute_chunk_hash, compute_xorb_hash, to_text

XORB_BYTES_MAX: Final = 64 << 20
HEADER_BYTES: Final = 8
CHUNKS_WRITTEN_MAX: Final = 8192  # what writers stop at
CHUNKS_MAX: Final = 1 << 16  # what is read
UNPACKED_BYTES_MAX: Final = 1 << 30
_MAGIC: Final = b"XETBLOB\x01"
_HASHES: Final = b"XBLBHSH\x00"
_BOUNDARIES: Final = b"XBLBBND\x01"
_BUFFER_BYTES: Final = 16  # a nonce and zeros, outside the hash
_NEXT: Final = "Send the xorb again."


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """A chunk of a xorb: what it hashes to, how long it is unpacked, and where and how it is stored in the body."""

    hash: bytes
    length: int
    offset: int
    stored: int
    coding: Coding


@dataclass(frozen=True, slots=True)
class Xorb:
    """A xorb whose bytes were checked."""

    hash: bytes
    chunks: tuple[StoredChunk, ...]
    has_footer: bool

    @property
    def unpacked_bytes(self) -> int:
        """The length of its chunks together."""
        return sum(chunk.length for chunk in self.chunks)


def parse_xorb(body: Buffer, expected: bytes | None = None) -> Xorb:
    """Read a xorb and recompute every hash; with `expected`, hold it to that one.

    Raises BodyTooLarge, TruncatedBody, BadChunkHeader, BadChunkData, BadXorbFooter, WrongHash.
    """
    view = memoryview(body).cast("B")
    if len(view) > XORB_BYTES_MAX:
        raise BodyTooLarge(f"{len(view):,} bytes; the limit is {XORB_BYTES_MAX:,}", where="xorb", next_step=_NEXT)
    chunks = tuple(_iterate_checked(view))
    if not chunks:
        raise TruncatedBody("there is no chunk in it", where=at_byte("xorb", 0), next_step=_NEXT)
    found = compute_xorb_hash((chunk.hash, chunk.length) for chunk in chunks)
    if expected is not None and found != expected:
        reason = f"its chunks make the hash {to_text(found)}, and it was sent as {to_text(expected)}"
        raise WrongHash(reason, where="xorb", next_step=_NEXT)
    end = chunks[-1].offset + chunks[-1].stored
    if end < len(view):
        _check_footer(view[end:], found, chunks)
    return Xorb(found, chunks, has_footer=end < len(view))


def unpack_chunk(body: Buffer, chunk: StoredChunk) -> bytes:
    """The bytes of a chunk; raises BadChunkData or WrongHash when `body` is not what it was when it was parsed."""
    stored = memoryview(body)[chunk.offset : chunk.offset + chunk.stored]
    data = _unpack(stored, chunk.coding, chunk.length, chunk.offset)
    if compute_chunk_hash(data) != chunk.hash:
        raise WrongHash("the chunk changed since it arrived", where=at_byte("xorb", chunk.offset), next_step=_NEXT)
    return data


def write_chunk_header(stored: int, coding: Coding, length: int) -> bytes:
    """The 8 bytes before a chunk's stored bytes."""
    return b"\0" + stored.to_bytes(3, "little") + bytes((coding,)) + length.to_bytes(3, "little")


def write_xorb(chunks: Iterable[Buffer], coding: Coding = Coding.NONE) -> bytes:
    """The chunks with their headers, without a footer. One that does not shrink is stored as it is."""
    body = bytearray()
    for data in chunks:
        assert 0 < len(data) <= CHUNK_BYTES_MAX
        stored = encode(data, coding)
        used = coding if len(stored) < len(data) else Coding.NONE
        body += write_chunk_header(min(len(stored), len(data)), used, len(data))
        body += stored if used != Coding.NONE else data
    return bytes(body)


def write_footer(xorb: Xorb, nonce: bytes = bytes(4)) -> bytes:
    """The footer that may follow a xorb's chunks."""
    count = struct.pack("<I", len(xorb.chunks))
    stored = struct.pack(f"<{len(xorb.chunks)}I", *(chunk.offset + chunk.stored for chunk in xorb.chunks))
    unpacked = struct.pack(f"<{len(xorb.chunks)}I", *accumulate(chunk.length for chunk in xorb.chunks))
    hashes = _HASHES + count + b"".join(chunk.hash for chunk in xorb.chunks)
    boundaries = _BOUNDARIES + count + stored + unpacked
    from_end = len(boundaries) + 12 + _BUFFER_BYTES
    tail = count + struct.pack("<II", len(hashes) + from_end, from_end) + nonce.ljust(_BUFFER_BYTES, b"\0")
    footer = _MAGIC + xorb.hash + hashes + boundaries + tail
    return footer + struct.pack("<I", len(footer))


def _iterate_checked(view: memoryview) -> Iterator[StoredChunk]:
    at = count = unpacked = 0
    while at < len(view) and view[at] != _MAGIC[0]:
        stored, coding, length = _read_header(view, at)
        count, unpacked = count + 1, unpacked + length
        if count > CHUNKS_MAX or unpacked > UNPACKED_BYTES_MAX:
            reason = f"more than {CHUNKS_MAX:,} chunks or {UNPACKED_BYTES_MAX:,} unpacked bytes"
            raise BodyTooLarge(reason, where=at_byte("xorb", at), next_step=_NEXT)
        at += HEADER_BYTES
        if at + stored > len(view):
            reason = f"a chunk of {stored:,} stored bytes, the body has {len(view) - at:,} left"
            raise TruncatedBody(reason, where=at_byte("xorb", at), next_step=_NEXT)
        data = _unpack(view[at : at + stored], coding, length, at)
        yield StoredChunk(compute_chunk_hash(data), length, at, stored, coding)
        at += stored


def _read_header(view: memoryview, at: int) -> tuple[int, Coding, int]:
    header = bytes(view[at : at + HEADER_BYTES])
    if len(header) < HEADER_BYTES:
        raise TruncatedBody("it ends in a chunk's header", where=at_byte("xorb", at), next_step=_NEXT)
    stored, length = int.from_bytes(header[1:4], "little"), int.from_bytes(header[5:8], "little")
    faults = {
        f"version {header[0]}": header[0] != 0,
        f"the unknown coding {header[4]}": header[4] > max(Coding),
        f"{length:,} unpacked bytes": not 0 < length <= CHUNK_BYTES_MAX,
        "no stored bytes": stored == 0,
    }
    for fault, is_so in faults.items():
        if is_so:
            raise BadChunkHeader(f"a chunk with {fault}", where=at_byte("xorb", at), next_step=_NEXT)
    return stored, Coding(header[4]), length


def _unpack(stored: memoryview, coding: Coding, length: int, at: int) -> bytes:
    data = decode(stored, coding, length)
    if data is None:
        reason = f"{len(stored):,} bytes in coding {coding.value} do not unpack to {length:,}"
        raise BadChunkData(reason, where=at_byte("xorb", at), next_step=_NEXT)
    return data


def _check_footer(found: memoryview, digest: bytes, chunks: tuple[StoredChunk, ...]) -> None:
    """Hold a footer to the only one that these chunks can have, but for its nonce."""
    at = chunks[-1].offset + chunks[-1].stored
    nonce_at = len(found) - 4 - _BUFFER_BYTES
    nonce = bytes(found[nonce_at : nonce_at + 4]) if nonce_at >= 0 else bytes(4)
    expected = write_footer(Xorb(digest, chunks, has_footer=True), nonce)
    if found.tobytes() == expected:
        return
    same = next((place for place, pair in enumerate(zip(found, expected, strict=False)) if pair[0] != pair[1]), None)
    place = min(len(found), len(expected)) if same is None else same
    reason = f"the footer differs from what its {len(chunks):,} chunks make, or from the form of version 1"
    raise BadXorbFooter(reason, where=at_byte("xorb", at + place), next_step=_NEXT)
