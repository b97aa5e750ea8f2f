"""A file being kept: read in order, hashed on the way, and caught when it changes meanwhile."""

import hashlib
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.formats.bounded import open_regular
from holdfast.records.errors import ChangedWhileRead
from holdfast.records.vault import Stretch
from holdfast.vault.packs.layout import FRAME_BYTES

_PENDING: Final = 64  # pieces that wait for their digests: a core hashes while others encode


@dataclass(frozen=True, slots=True)
class Digests:
    """By what the world knows a file, in hexadecimal."""

    sha256: str
    git_blob: str


class FileHasher:
    """sha256 and git's blob id of a file, each computed in a thread of its own, in the order the pieces are given."""

    def __init__(self, size: int) -> None:
        self._sha256 = hashlib.sha256()
        self._git = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
        self._pools = (ThreadPoolExecutor(1), ThreadPoolExecutor(1))
        self._pending: deque[tuple[Future[None], Future[None]]] = deque()

    def update(self, piece: memoryview) -> None:
        """The next piece; waits when too many are behind."""
        one, other = self._pools
        self._pending.append((one.submit(self._sha256.update, piece), other.submit(self._git.update, piece)))
        if len(self._pending) > _PENDING:
            for done in self._pending.popleft():
                done.result()

    def finish(self) -> Digests:
        """Both digests; no piece may follow."""
        for pool in self._pools:
            pool.shutdown(wait=True)
        return Digests(self._sha256.hexdigest(), self._git.hexdigest())

    def close(self) -> None:
        """Let go of the thread."""
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)


class SourceFile:
    """A file opened for keeping."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = open_regular(path)
        self._begun = self._look()
        self.size = self._begun[0]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _look(self) -> tuple[int, int, int]:
        seen = os.fstat(self._file.fileno())
        return seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns

    def read(self, offset: int, length: int) -> memoryview:
        """Exactly these bytes. Raises ChangedWhileRead when the file ends before."""
        data = os.pread(self._file.fileno(), length, offset)
        while len(data) < length:
            more = os.pread(self._file.fileno(), length - len(data), offset + len(data))
            if not more:
                raise self.changed()
            data += more
        return memoryview(data)

    def iterate(self, stretch: Stretch) -> Iterator[memoryview]:
        """The frames of a stretch, in order."""
        end = stretch.offset + stretch.length
        for offset in range(stretch.offset, end, FRAME_BYTES):
            yield self.read(offset, min(FRAME_BYTES, end - offset))

    def check_unchanged(self) -> None:
        """Raises ChangedWhileRead when the file is not the one that was opened."""
        if self._look() != self._begun:
            raise self.changed()

    def check_same(self, path: Path) -> None:
        """Raises ChangedWhileRead when `path` is not what was opened any more."""
        try:
            same = os.path.samestat(os.fstat(self._file.fileno()), path.stat())
        except FileNotFoundError:
            same = False
        if not same:
            raise self.changed()

    def changed(self) -> ChangedWhileRead:
        """The error of a file that somebody writes to."""
        return ChangedWhileRead(
            "the file changed while it was read; nothing of it was kept",
            where=str(self.path),
            next_step="Wait until it is written, then keep it again.",
        )
