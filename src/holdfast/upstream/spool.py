"""A file on its way: a sparse file, and beside it a journal of the ranges that arrived with their digests.

Nothing is flushed in between. After a crash or a power cut each range is read again and compared with its digest, and
what is not what the journal says is fetched again. So the journal may say too little, and is never believed too much.
"""

import contextlib
import errno
import fcntl
import json
import os
import re
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, cast

from blake3 import blake3

from holdfast.records.errors import AccessDenied, BusyVault, NoSpace, StorageError

RECORD_BYTES: Final = 256 << 10
_LINE: Final = re.compile(rb"(\d{1,16}) (\d{1,7}) ([0-9a-f]{64})\n")
_JOURNAL_BYTES_MAX: Final = 1 << 30
_HEADER_BYTES_MAX: Final = 4096
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,120}")
_WRITE: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a file: from `start` up to `end`, in bytes."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """In bytes."""
        return self.end - self.start


class Spool:
    """One file on its way, held by one process. Safe to write from several threads."""

    def __init__(self, folder: Path, name: str, size: int) -> None:
        """Open what an earlier try left, or begin anew. Raises BusyVault when another process has it, or a kind of
        StorageError."""
        assert _NAME.fullmatch(name), "a spool's name is made of a digest"
        self.path = folder / f"{name}.part"
        self.size = size
        self.validator = ""
        self.resumed_bytes = 0
        self._journal_path = folder / f"{name}.journal"
        self._lock = threading.Lock()
        self._spans: list[Span] = []
        self._arrived = 0
        with explaining(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._journal = self._open_journal()
            try:
                self._data = os.open(self.path, _WRITE, 0o600)
            except OSError:
                os.close(self._journal)
                raise
            self._resume()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open_journal(self) -> int:
        while True:
            journal = os.open(self._journal_path, _WRITE | os.O_APPEND, 0o600)
            try:
                fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(journal)
                raise BusyVault(
                    "another process is fetching this file",
                    where=str(self.path),
                    next_step="Wait until it is done, then run again.",
                ) from None
            if _is_at(journal, self._journal_path):
                return journal
            os.close(journal)  # its last owner took it away just now

    def _resume(self) -> None:
        header, lines = _read_journal(self._journal)
        if header.get("size") != self.size or os.fstat(self._data).st_size != self.size:
            self._begin()
            return
        self.validator = str(header.get("validator", ""))
        for span, digest in sorted(lines, key=lambda one: one[0].start):
            if span.start >= self._get_end() and span.end <= self.size and self._holds(span, digest):
                self._spans.append(span)
        self._arrived = self.resumed_bytes = sum(span.size for span in self._spans)
        os.write(self._journal, b"\n")  # ends a line that a dying process left half-written

    def _get_end(self) -> int:
        return self._spans[-1].end if self._spans else 0

    def _holds(self, span: Span, digest: str) -> bool:
        data = os.pread(self._data, span.size, span.start)
        return len(data) == span.size and blake3(data).hexdigest() == digest

    def _begin(self) -> None:
        self._spans.clear()
        self._arrived = 0
        os.ftruncate(self._journal, 0)
        os.ftruncate(self._data, 0)
        os.ftruncate(self._data, self.size)
        header = {"spool": 1, "size": self.size, "validator": self.validator}
        os.write(self._journal, json.dumps(header).encode() + b"\n")

    def restart(self, validator: str = "") -> None:
        """Forget all that arrived. `validator` is how the server calls the content that comes from now on."""
        with self._lock, explaining(self.path):
            self.validator = validator
            self.resumed_bytes = 0
            self._begin()

    def write(self, start: int, data: bytes | bytearray | memoryview) -> None:
        """A range that arrived, at most RECORD_BYTES long: its bytes, then its line in the journal."""
        assert len(data) <= RECORD_BYTES, "records are short, so that little is lost"
        assert start + len(data) <= self.size, "a range lies inside its file"
        assert self._data >= 0, "it is open"
        digest = blake3(data).hexdigest()
        with explaining(self.path):
            _write_all(self._data, data, start)
            line = f"{start} {len(data)} {digest}\n".encode()
            with self._lock:
                os.write(self._journal, line)
                self._spans.append(Span(start, start + len(data)))
                self._arrived += len(data)

    @property
    def arrived_bytes(self) -> int:
        """How much is there."""
        return self._arrived

    def list_missing(self) -> list[Span]:
        """What has not arrived, in order."""
        with self._lock:
            held = sorted(self._spans, key=lambda span: span.start)
        missing: list[Span] = []
        at = 0
        for span in held:
            if span.start > at:
                missing.append(Span(at, span.start))
            at = max(at, span.end)
        if at < self.size:
            missing.append(Span(at, self.size))
        return missing

    def close(self) -> None:
        """Let go; what arrived stays for another try."""
        for descriptor in (self._data, self._journal):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self._data = self._journal = -1

    def discard(self) -> None:
        """Take it away: its file was taken in."""
        for path in (self.path, self._journal_path):
            with contextlib.suppress(FileNotFoundError), explaining(path):
                path.unlink()
        self.close()


def _write_all(descriptor: int, data: bytes | bytearray | memoryview, start: int) -> None:
    left = memoryview(data)
    while left:
        written = os.pwrite(descriptor, left, start)
        left, start = left[written:], start + written


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _read_journal(descriptor: int) -> tuple[dict[str, object], list[tuple[Span, str]]]:
    """The header, empty when it cannot be read, and the lines that are whole."""
    size = min(os.fstat(descriptor).st_size, _JOURNAL_BYTES_MAX)
    data = os.pread(descriptor, size, 0)
    first, _, rest = data.partition(b"\n")
    try:
        header = cast("object", json.loads(first[:_HEADER_BYTES_MAX]))
    except ValueError:
        header = None
    if not isinstance(header, dict) or cast("dict[str, object]", header).get("spool") != 1:
        return {}, []
    return cast("dict[str, object]", header), list(_read_lines(rest))


def _read_lines(data: bytes) -> Iterator[tuple[Span, str]]:
    for found in _LINE.finditer(data):
        start, length = int(found[1]), int(found[2])
        if 0 < length <= RECORD_BYTES and data[found.start() - 1 : found.start()] in (b"\n", b""):
            yield Span(start, start + length), found[3].decode()


def sweep_spools(folder: Path, older_than: float) -> int:
    """Take away spools that nobody wrote to since a time (seconds since 1970) and nobody holds; how many."""
    swept = 0
    for journal in sorted(folder.glob("*.journal")) if folder.is_dir() else ():
        with contextlib.suppress(OSError, StorageError, BusyVault):
            if journal.stat().st_mtime < older_than:
                Spool(folder, journal.stem, 0).discard()
                swept += 1
    return swept


@contextlib.contextmanager
def explaining(path: Path) -> Generator[None]:
    """What the operating system refuses there, as a StorageError."""
    try:
        yield
    except OSError as error:
        where, said = str(path), error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise NoSpace(f"no room for a file on its way: {said}", where=where, next_step=_ROOM) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise AccessDenied(f"it cannot be written: {said}", where=where, next_step="Check its owner.") from error
        raise StorageError(f"it cannot be written: {said}", where=where, next_step="Check the disk.") from error


_ROOM: Final = "Free some space. Run the same command again: what arrived is not fetched twice."


def check_room(folder: Path, needed: int) -> None:
    """Raises NoSpace when the medium has less room than is needed, before anything is fetched."""
    place = next((one for one in (folder, *folder.parents) if one.is_dir()), Path("/"))
    with explaining(place):
        seen = os.statvfs(place)
    free = seen.f_bavail * seen.f_frsize
    if needed > free:
        raise NoSpace(f"{needed} bytes are still to come and {free} are free", where=str(folder), next_step=_ROOM)
