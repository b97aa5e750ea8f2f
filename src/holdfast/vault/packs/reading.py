"""Reads packs: the index by two reads from the end, single frames, and every frame that can be walked when the index
is damaged."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from holdfast.records.errors import DamagedVault, StorageError
from holdfast.vault.packs.layout import (
    FOOTER_BYTES,
    FRAME_MAGIC,
    HEAD_BYTES,
    HEADER_BYTES,
    FrameHead,
    Run,
    check_frame,
    check_header,
    damaged,
    decode_footer,
    decode_head,
    decode_index,
)
from holdfast.vault.storage.seam import Storage, Stored

READ_BYTES: Final = 4 << 20
TAIL_BYTES: Final = 64 << 10
_SECTOR_BYTES: Final = 4096
INDEX_BYTES_MAX: Final = 512 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """A stretch of a pack that is not as written: from `offset` on, `what` in words, and the frame it was, if known."""

    offset: int
    what: str
    frame: FrameHead | None = None


def parse_pack_key(key: str) -> bytes | None:
    """The digest in a pack's key; None when it is no pack's key."""
    name = key.rpartition("/")[2]
    if not key.startswith("packs/") or not name.endswith(".pack") or len(name) != 69:
        return None
    try:
        return bytes.fromhex(name[:64])
    except ValueError:
        return None


def read_index(storage: Storage, pack: Stored) -> tuple[Run, ...]:
    """The index of a pack. Raises DamagedVault, NewerVault or StorageError."""
    if pack.size < HEADER_BYTES + FOOTER_BYTES:
        raise damaged(f"a pack of {pack.size} bytes", pack.key)
    tail_bytes = min(TAIL_BYTES, pack.size)
    tail = storage.read(pack.key, pack.size - tail_bytes, tail_bytes)
    footer = decode_footer(tail[-FOOTER_BYTES:], pack.size, pack.key)
    if footer.index_bytes > INDEX_BYTES_MAX:
        raise damaged(f"an index of {footer.index_bytes} bytes", pack.key)
    begin = footer.index_offset - (pack.size - tail_bytes)
    if begin >= 0:
        index = tail[begin : begin + footer.index_bytes]
    else:
        index = storage.read(pack.key, footer.index_offset, footer.index_bytes)
    if blake3(index).digest() != footer.index_digest:
        raise damaged("the index is not what was written", f"{pack.key}, byte {footer.index_offset}")
    runs = tuple(decode_index(index, pack.key))
    for run in runs:
        if run.offset < HEADER_BYTES or run.offset + run.stored_bytes > footer.index_offset:
            raise damaged("a row of the index points outside the frames", pack.key)
    if footer.frames != sum(len(run.frames) for run in runs):
        raise damaged("the footer counts other frames than the index", pack.key)
    return runs


def read_frame(storage: Storage, key: str, offset: int, payload_bytes: int) -> tuple[FrameHead, memoryview]:
    """A frame whose place is known, checked. Raises DamagedVault or StorageError."""
    data = storage.read(key, offset, HEAD_BYTES + payload_bytes)
    return check_frame(memoryview(data), f"{key}, byte {offset}")


def compute_digest(storage: Storage, pack: Stored) -> bytes:
    """BLAKE3 of the whole pack, as it is on the medium."""
    hasher, offset = blake3(), 0
    while offset < pack.size:
        data = storage.read(pack.key, offset, min(READ_BYTES, pack.size - offset))
        hasher.update(data)
        offset += len(data)
    return hasher.digest()


def walk_frames(storage: Storage, pack: Stored) -> Iterator[tuple[int, FrameHead, memoryview] | Fault]:
    """Every frame that is as written, by its offset, and a Fault for every stretch that is not. Needs no index."""
    offset = HEADER_BYTES
    end = _find_end(storage, pack)
    while offset < end:
        found = _read_at(storage, pack, offset, end)
        if isinstance(found, Fault):
            yield found
            offset = _find_next_frame(storage, pack, found, end)
            continue
        head, payload = found
        yield offset, head, payload
        offset += HEAD_BYTES + head.payload_bytes


def _find_end(storage: Storage, pack: Stored) -> int:
    """Where frames end: at the index if the footer can be read, else at the end of the pack."""
    if pack.size < HEADER_BYTES + FOOTER_BYTES:
        return pack.size
    try:
        footer = decode_footer(storage.read(pack.key, pack.size - FOOTER_BYTES, FOOTER_BYTES), pack.size, pack.key)
    except (DamagedVault, StorageError):
        return pack.size
    return footer.index_offset


def _read_at(storage: Storage, pack: Stored, offset: int, end: int) -> tuple[FrameHead, memoryview] | Fault:
    if offset + HEAD_BYTES > end:
        return Fault(offset, "no frame can be read here")
    try:
        head = decode_head(storage.read(pack.key, offset, HEAD_BYTES), pack.key)
    except (DamagedVault, StorageError):
        return Fault(offset, "no frame can be read here")
    if offset + HEAD_BYTES + head.payload_bytes > end:
        return Fault(offset, "a frame ends after the frames", head)
    try:
        return head, read_frame(storage, pack.key, offset, head.payload_bytes)[1]
    except (DamagedVault, StorageError) as error:
        return Fault(offset, error.what, head)


def _find_next_frame(storage: Storage, pack: Stored, fault: Fault, end: int) -> int:
    """Where the next whole frame stands: where the faulty one says that it ends, else at the first place that looks
    like one; `end` when there is none."""
    if fault.frame is not None:
        said = fault.offset + HEAD_BYTES + fault.frame.payload_bytes
        if said == end or not isinstance(_read_at(storage, pack, said, end), Fault):
            return said
    return next(
        (offset for offset in _find_heads(storage, pack, fault.offset + 1, end)
         if not isinstance(_read_at(storage, pack, offset, end), Fault)),
        end,
    )  # fmt: skip


def _find_heads(storage: Storage, pack: Stored, offset: int, end: int) -> Iterator[int]:
    """Every place where a frame may begin."""
    while offset < end:
        data = _read_what_can_be(storage, pack.key, offset, min(READ_BYTES, end - offset))
        found = data.find(FRAME_MAGIC)
        while found >= 0:
            yield offset + found
            found = data.find(FRAME_MAGIC, found + 1)
        offset += max(1, len(data) - len(FRAME_MAGIC) + 1)


def _read_what_can_be(storage: Storage, key: str, offset: int, length: int) -> bytes:
    """Zeros where the medium gives nothing."""
    try:
        return storage.read(key, offset, length)
    except StorageError:
        if length <= _SECTOR_BYTES:
            return bytes(length)
    half = length // 2
    return _read_what_can_be(storage, key, offset, half) + _read_what_can_be(storage, key, offset + half, length - half)


def check_pack_header(storage: Storage, pack: Stored) -> None:
    """Raises NewerVault or DamagedVault."""
    check_header(storage.read(pack.key, 0, HEADER_BYTES), pack.key)
