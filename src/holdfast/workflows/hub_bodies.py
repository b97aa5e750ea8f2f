"""The bytes of a kept file, as they are sent: planned when they are asked for, checked as they are read.

While few read, pieces that must be decoded are decoded by other threads before they are asked for; from a bucket all
are read so, always, since every piece is a question to it.
"""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Final

from holdfast.vault.opening import Vault
from holdfast.vault.sending import Frames, Layout, Loader, Part, SharedFrames, Stretch, plan_parts
from holdfast.vault.storage.local import LocalStorage

__all__ = ["Body", "BodySource", "Stretch"]
_CORES: Final = os.cpu_count() or 1
_AHEAD_LOCAL: Final = 2 * _CORES
_AHEAD_REMOTE: Final = 8
_ROOM: Final = 64  # pieces that are read ahead at a time, for all bodies


class BodySource:
    """Where bodies come from: the vault, what its readers share, the threads that read ahead."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.shared = SharedFrames()
        self.is_remote = not isinstance(vault.storage, LocalStorage)
        self.room = BoundedSemaphore(_ROOM)
        self.pool = ThreadPoolExecutor(2 * _AHEAD_REMOTE if self.is_remote else _CORES, "reading")

    @property
    def depth(self) -> int:
        """How many pieces a body may be ahead. When more read than there are cores, each has enough to do as it is."""
        if self.is_remote:
            return _AHEAD_REMOTE
        return _AHEAD_LOCAL if self.shared.readers <= _CORES else 0

    def close(self) -> None:
        """Wait for what is being read."""
        self.pool.shutdown(cancel_futures=True)


class Body:
    """Bytes `begin` to `end` of a file. It is read by one thread at a time, and must be closed. Packs verified since
    `trusted_since` (seconds since 1970) are trusted; None for never."""

    def __init__(
        self, source: BodySource, layout: Layout, begin: int, end: int, trusted_since: int | None = None
    ) -> None:
        self.length = end - begin
        self._source = source
        self._parts: Iterator[Part] = plan_parts(source.vault, layout, begin, end, trusted_since)
        self._loader = Loader(source.vault, source.shared)
        self._ahead: deque[Part | Future[memoryview]] = deque()

    def read_piece(self) -> memoryview | Stretch | None:
        """The next bytes, at most 1 MiB, each of them checked; a stretch of a file where those are trusted (its
        descriptor is open until the next piece is read); None at the end.

        Raises DamagedVault or StorageError when they cannot be had as they were kept."""
        first = self._ahead.popleft() if self._ahead else next(self._parts, None)
        if first is None:
            return None
        try:
            self._read_ahead()
            return self._loader.load(first) if isinstance(first, Part) else first.result()
        finally:
            self._make_room(first)

    def read_all(self) -> bytes:
        """What is left, at once."""
        pieces: list[bytes] = []
        while (piece := self.read_piece()) is not None:
            assert isinstance(piece, memoryview), "a small body is never trusted"
            pieces.append(bytes(piece))
        return b"".join(pieces)

    def close(self) -> None:
        """Let go of what is open, and of what was read ahead."""
        while self._ahead:
            self._make_room(self._ahead.popleft())
        self._loader.close()

    def _read_ahead(self) -> None:
        depth = self._source.depth
        while len(self._ahead) < depth and (part := next(self._parts, None)) is not None:
            self._ahead.append(self._begin(part))

    def _begin(self, part: Part) -> Part | Future[memoryview]:
        """Have a part read, unless that gains nothing, or too much is being read ahead."""
        if part.frames is None or part.is_trusted or not self._is_slow(part.frames, part.index):
            return part
        if not self._source.room.acquire(blocking=False):
            return part
        return self._source.pool.submit(self._loader.load_apart, part)

    def _is_slow(self, frames: Frames, index: int) -> bool:
        """Whether it takes longer to have a frame than to hand it from one thread to another (measured: a frame on a
        disk that is stored as it is takes as long)."""
        return self._source.is_remote or frames.find_plain(index) is None

    def _make_room(self, one: Part | Future[memoryview]) -> None:
        if isinstance(one, Future):
            one.cancel()
            self._source.room.release()
