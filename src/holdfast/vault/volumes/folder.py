"""Volumes in folders, as parity wants files: read from the first folder that has them, put into the first one."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from holdfast.records.errors import AccessDenied, MissingKey, OutputError, StorageError, TruncatedKey
from holdfast.vault.storage.seam import Stored

_NEXT_STEP = "Copy the volume again, or rely on parity."


class VolumeFolder:
    """Plain files in one or several folders; only the first one is ever written to."""

    def __init__(self, *folders: Path) -> None:
        self._folders = folders

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        path = self._find_path(key)
        if path is None:
            raise MissingKey(
                f"The volume {key} is not there.", where=str(self._folders[-1] / key), next_step=_NEXT_STEP
            )
        try:
            with path.open("rb", buffering=0) as file:
                file.seek(offset)
                data = _read_fully(file.fileno(), length)
        except PermissionError as error:
            raise AccessDenied(str(error.strerror), where=str(path), next_step="Give leave to read it.") from error
        except OSError as error:
            raise StorageError(str(error.strerror), where=str(path), next_step=_NEXT_STEP) from error
        if len(data) < length:
            raise TruncatedKey(f"The file ends at byte {offset + len(data)}.", where=str(path), next_step=_NEXT_STEP)
        return data

    def find(self, key: str) -> Stored | None:
        """The size of a volume, None when there is none."""
        path = self._find_path(key)
        return None if path is None else Stored(key, path.stat().st_size)

    def put(self, key: str, source: Path) -> None:
        """Move a flushed file into the first folder."""
        with output_errors(self._folders[0] / key):
            source.replace(self._folders[0] / key)
            flush_folder(self._folders[0])

    def forget(self, key: str) -> None:
        """Let the next read of a volume come from the medium."""
        path = self._find_path(key)
        if path is not None:
            drop_cache(path)

    def _find_path(self, key: str) -> Path | None:
        return next((folder / key for folder in self._folders if (folder / key).is_file()), None)


@contextmanager
def output_errors(path: Path) -> Generator[None]:
    """What the operating system refuses, as an OutputError that names the path."""
    try:
        yield
    except OSError as error:
        next_step = "Make room or choose another folder, and run again: what was written is kept."
        raise OutputError(str(error.strerror or error), where=str(path), next_step=next_step) from error


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def drop_cache(path: Path) -> None:
    """Let the next read of a flushed file come from the medium, where the system can do that."""
    if not hasattr(os, "posix_fadvise"):
        return
    with suppress(OSError), path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _read_fully(descriptor: int, length: int) -> bytes:
    parts = list[bytes]()
    while length and (part := os.read(descriptor, length)):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
