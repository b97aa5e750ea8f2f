"""The seam between local storage and the operating system's files, and the real disk.

Every method raises a StorageError that names the path and the next step. Nothing here knows of keys or packs.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from holdfast.records.errors import AccessDenied, MissingKey, NoSpace, StorageError

Bytes: TypeAlias = bytes | bytearray | memoryview
Kind: TypeAlias = Literal["file", "folder", "link", "other"]

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
EARLY_BYTES = 16 << 20  # written, before the disk is set to work on them
READ_BYTES_MAX = 1 << 30  # one pread returns at most 2 GiB on Linux


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands at a path, links not followed; `size` in bytes is of use for a file only."""

    kind: Kind
    size: int


class DiskFile(Protocol):
    """A file being written, from its start."""

    def write(self, data: Bytes) -> None:
        """Append all of `data`."""
        ...

    def sync(self) -> None:
        """On return what was written survives a power cut, once the name of the file does."""
        ...

    def close(self) -> None:
        """Let go of the file; says nothing about durability. A second call does nothing."""
        ...


class Disk(Protocol):
    """The few things that local storage asks of a file system."""

    def create(self, path: Path) -> DiskFile:
        """A new empty file; an existing one is an error."""
        ...

    def make_folder(self, path: Path) -> None:
        """A new folder in an existing one; nothing happens when it is there."""
        ...

    def sync(self, path: Path) -> None:
        """On return the content of the file survives a power cut."""
        ...

    def sync_folder(self, path: Path) -> None:
        """On return the names in the folder survive a power cut: what was made, renamed and removed there."""
        ...

    def rename(self, old: Path, new: Path) -> None:
        """Atomically give a file another name, replacing a file that has it."""
        ...

    def remove(self, path: Path) -> None:
        """Take away a file's name."""
        ...

    def read(self, path: Path, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; fewer only where the file ends."""
        ...

    def look(self, path: Path) -> Seen | None:
        """What stands at `path`, None when nothing does."""
        ...

    def list_folder(self, path: Path) -> dict[str, Seen]:
        """What stands in a folder, by name and in no order; nothing when there is no folder."""
        ...

    def drop_cache(self, path: Path) -> None:
        """Ask that the next read comes from the medium; only what was synced can be dropped."""
        ...


def storage_error(error: OSError, path: Path) -> StorageError:
    """What an errno means for a vault, and what to do."""
    where = str(path)
    kind, what, next_step = _MEANINGS.get(
        error.errno or 0,
        (StorageError, f"The disk answered: {os.strerror(error.errno or 0)}.", "Check the disk, then run again."),
    )
    return kind(what, where=where, next_step=next_step)


_FULL = "Free some space or choose a folder on another disk; running again continues."
_RIGHTS = "Check the owner and the permissions, or run as the vault's owner."
_MEANINGS: dict[int, tuple[type[StorageError], str, str]] = {
    errno.ENOSPC: (NoSpace, "The disk is full.", _FULL),
    errno.EDQUOT: (NoSpace, "The disk quota is reached.", _FULL),
    errno.EFBIG: (NoSpace, "The file is larger than the file system or a limit allows.", _FULL),
    errno.EACCES: (AccessDenied, "Permission is denied.", _RIGHTS),
    errno.EPERM: (AccessDenied, "The operation is not permitted.", _RIGHTS),
    errno.EROFS: (AccessDenied, "The file system is mounted read-only.", "Mount it for writing."),
    errno.ENOENT: (MissingKey, "There is no such file.", "Run `holdfast verify` to see what is missing."),
    errno.ENOTDIR: (MissingKey, "There is no such file.", "Run `holdfast verify` to see what is missing."),
    errno.EEXIST: (StorageError, "The file exists already.", "Another process may be writing it; wait for it."),
    errno.ELOOP: (StorageError, "This is a link, and links are not followed.", "Replace it with the file itself."),
    errno.EXDEV: (StorageError, "Part of the vault lies on another file system.", "Keep a vault on one file system."),
    errno.EIO: (
        StorageError,
        "The disk failed to read or write (input/output error).",
        "Check the disk's health, then run `holdfast verify`.",
    ),
}  # fmt: skip


@contextlib.contextmanager
def _reaching(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise storage_error(error, path) from error


class RealDisk:
    """The operating system's files."""

    def create(self, path: Path) -> DiskFile:
        """Open with O_EXCL, so that two writers never share a file."""
        with _reaching(path):
            return _RealFile(path, os.open(path, NEW_FILE, 0o666))

    def make_folder(self, path: Path) -> None:
        """A folder made by another process at the same moment serves as well."""
        with _reaching(path):
            path.mkdir(exist_ok=True)

    def sync(self, path: Path) -> None:
        """Flush a file that was written through another descriptor."""
        with _reaching(path), _opened(path, os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
            os.fsync(descriptor)

    def sync_folder(self, path: Path) -> None:
        """Flush a folder's entries, where the file system can; some network and user-space ones cannot."""
        with _reaching(path), _opened(path, os.O_RDONLY | os.O_DIRECTORY) as descriptor:
            try:
                os.fsync(descriptor)
            except OSError as error:
                if error.errno not in (errno.EINVAL, errno.ENOTSUP):
                    raise

    def rename(self, old: Path, new: Path) -> None:
        """One rename(2)."""
        with _reaching(new):
            os.rename(old, new)

    def remove(self, path: Path) -> None:
        """One unlink(2)."""
        with _reaching(path):
            path.unlink()

    def read(self, path: Path, offset: int, length: int) -> bytes:
        """Positioned reads until `length` bytes are there or the file ends."""
        with _reaching(path), _opened(path, os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
            first = os.pread(descriptor, min(length, READ_BYTES_MAX), offset)
            if len(first) == length or not first:
                return first
            return _read_on(descriptor, first, offset, length)

    def look(self, path: Path) -> Seen | None:
        """One lstat(2)."""
        with _reaching(path):
            try:
                return _see(path.lstat())
            except (FileNotFoundError, NotADirectoryError):
                return None

    def list_folder(self, path: Path) -> dict[str, Seen]:
        """One lstat(2) for every name that the operating system gives; what is taken away meanwhile is left out."""
        found: dict[str, Seen] = {}
        with _reaching(path):
            try:
                with os.scandir(path) as entries:
                    for entry in entries:
                        with contextlib.suppress(FileNotFoundError):
                            found[entry.name] = _see(entry.stat(follow_symlinks=False))
            except (FileNotFoundError, NotADirectoryError):
                return {}
        return found

    def drop_cache(self, path: Path) -> None:
        """posix_fadvise(DONTNEED), where the operating system has it."""
        if not hasattr(os, "posix_fadvise"):
            return
        with _reaching(path), _opened(path, os.O_RDONLY | os.O_NOFOLLOW) as descriptor:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


class _RealFile:
    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._waiting_bytes = 0

    def write(self, data: Bytes) -> None:
        with _reaching(self._path):
            left = memoryview(data).cast("B")
            self._waiting_bytes += len(left)
            while left:
                left = left[os.write(self._descriptor, left) :]
            if self._waiting_bytes >= EARLY_BYTES:
                self._begin_writing()

    def _begin_writing(self) -> None:
        """Have what was written so far on its way to the medium, so that `sync` need not wait for all of it."""
        self._waiting_bytes = 0
        if hasattr(os, "posix_fadvise"):  # Linux begins to write what it is told to drop, and does not wait
            os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    def sync(self) -> None:
        with _reaching(self._path):
            os.fsync(self._descriptor)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with _reaching(self._path):
                os.close(descriptor)


@contextlib.contextmanager
def _opened(path: Path, flags: int) -> Generator[int]:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read_on(descriptor: int, first: bytes, offset: int, length: int) -> bytes:
    parts = bytearray(first)
    while len(parts) < length:
        more = os.pread(descriptor, min(length - len(parts), READ_BYTES_MAX), offset + len(parts))
        if not more:
            break
        parts += more
    return bytes(parts)


def _see(found: os.stat_result) -> Seen:
    return Seen(_kind_of(found.st_mode), found.st_size)


def _kind_of(mode: int) -> Kind:
    if stat.S_ISREG(mode):
        return "file"
    if stat.S_ISDIR(mode):
        return "folder"
    return "link" if stat.S_ISLNK(mode) else "other"
