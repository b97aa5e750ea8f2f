"""Writes packs: frames go to a file in staging; a full pack is put under its digest, whole, and never changed."""

import contextlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from blake3 import blake3

from holdfast.records.errors import StorageError
from holdfast.vault.packs.layout import (
    FOOTER_BYTES,
    FRAME_BYTES,
    HEAD_BYTES,
    HEADER,
    PACK_BYTES_MAX,
    FrameHead,
    Kind,
    Run,
    encode_footer,
    encode_frame,
    encode_index,
)
from holdfast.vault.storage.staging import StagedStorage, StagingFile


@dataclass(frozen=True, slots=True)
class SealedPack:
    """A pack on the medium: its key, its digest (32 bytes), its size in bytes and its index."""

    key: str
    digest: bytes
    size: int
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """A frame as it goes into a pack."""

    codec: int
    raw_bytes: int
    payload: bytes | memoryview


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What all frames of an object have in common; digests of 32 bytes, zeros for no base."""

    digest: bytes
    base: bytes
    object_bytes: int
    count: int
    kind: Kind


def get_pack_key(digest: bytes) -> str:
    """Where the pack with this digest lies."""
    name = digest.hex()
    return f"packs/{name[:2]}/{name}.pack"


class PackWriter:
    """One pack being written. `seal` makes it visible; `discard` leaves nothing behind."""

    def __init__(self, storage: StagedStorage) -> None:
        self._storage = storage
        self._file: StagingFile = storage.create_staging(f"{secrets.token_hex(12)}.pack")
        self._hasher = blake3()
        self._runs: list[Run] = []
        self._frames: list[tuple[int, int]] = []
        self._open: tuple[ObjectHead, int, int] | None = None
        self._frame_count = 0
        try:
            self._write(HEADER)
        except BaseException:
            self.discard()
            raise

    @property
    def size(self) -> int:
        """Bytes so far, the index not counted."""
        return self._file.size

    @property
    def is_full(self) -> bool:
        """Whether a frame that nothing is known of belongs in the next pack."""
        return self.size + HEAD_BYTES + FRAME_BYTES > PACK_BYTES_MAX

    def has_room(self, frame: EncodedFrame) -> bool:
        """Whether another frame belongs into this pack: it fits, or is the first."""
        return not self._frame_count or self.size + HEAD_BYTES + len(frame.payload) <= PACK_BYTES_MAX

    def add(self, head: ObjectHead, index: int, frame: EncodedFrame) -> None:
        """Append frame `index` of an object; the frames of one object come in order and together."""
        if self._open is None or self._open[0] is not head:
            self._close_run()
            self._open = (head, index, self.size)
        size = len(frame.payload)
        plain = FrameHead(
            head.kind,
            frame.codec,
            frame.raw_bytes,
            size,
            head.object_bytes,
            index,
            head.count,
            head.digest,
            head.base,
        )
        self._write(encode_frame(plain, frame.payload))
        self._write(frame.payload)
        self._frames.append((frame.codec, size))
        self._frame_count += 1

    def seal(self, claim: Callable[[bytes], None] | None = None) -> SealedPack:
        """Write the index, flush, and put the pack under its name, which is first told to `claim`. On an error nothing
        is left behind."""
        try:
            return self._seal(claim)
        except BaseException:
            with contextlib.suppress(StorageError):  # the first error is the one to tell
                self.discard()
            raise

    def _seal(self, claim: Callable[[bytes], None] | None) -> SealedPack:
        self._close_run()
        index = encode_index(self._runs)
        footer = encode_footer(self.size, index, self._frame_count)
        assert len(footer) == FOOTER_BYTES
        self._write(index)
        self._write(footer)
        self._file.close()
        digest = self._hasher.digest()
        key, size = get_pack_key(digest), self._file.size
        if claim is not None:
            claim(digest)
        self._storage.put(key, self._file.path)
        return SealedPack(key, digest, size, tuple(self._runs))

    def discard(self) -> None:
        """Take the unfinished file away."""
        self._file.discard()

    def _write(self, data: bytes | memoryview) -> None:
        self._hasher.update(data)
        self._file.write(data)

    def _close_run(self) -> None:
        if self._open is None:
            return
        head, first, offset = self._open
        frames = tuple(self._frames)
        self._runs.append(Run(head.digest, head.base, head.object_bytes, offset, head.kind, first, head.count, frames))
        self._open = None
        self._frames = []
