"""Files being written, before they are put under their key. Whatever is older than its writer is rubbish."""

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from holdfast.records.errors import MissingKey, StorageError
from holdfast.vault.storage.disk import Bytes, Disk, DiskFile
from holdfast.vault.storage.keys import is_plain_name
from holdfast.vault.storage.seam import Storage, Stored


class StagingFile:
    """A file being written. `close` flushes it to the medium; leaving a `with` block by an error discards it."""

    def __init__(self, disk: Disk, path: Path, opened: DiskFile) -> None:
        self.path = path
        self.size = 0
        self._disk = disk
        self._opened = opened
        self._closed = False

    def write(self, data: Bytes) -> None:
        """Append all of `data`."""
        self._opened.write(data)
        self.size += memoryview(data).nbytes

    def close(self) -> None:
        """Flush the content to the medium and let go of the file. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            self._opened.sync()
        finally:
            self._opened.close()

    def discard(self) -> None:
        """Take the file away, unless it was put under a key already."""
        self._closed = True
        self._opened.close()
        with contextlib.suppress(MissingKey):
            self._disk.remove(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
            return
        # The first error is the one to tell; a file that cannot be taken away is rubbish that is found later.
        with contextlib.suppress(StorageError):
            self.discard()


class Staging:
    """One folder of files being written; made when first needed."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder = folder
        self._disk = disk

    def create(self, name: str) -> StagingFile:
        """A new file; one that exists is an error, since another process may be writing it."""
        path = self.path_of(name)
        make_folders(self._disk, self.folder)
        return StagingFile(self._disk, path, self._disk.create(path))

    def iterate(self) -> Iterator[Stored]:
        """The files here by name, for taking away what dead writers left."""
        for name, seen in sorted(self._disk.list_folder(self.folder).items(), key=lambda entry: entry[0]):
            if is_plain_name(name) and seen.kind == "file":
                yield Stored(name, seen.size)

    def remove(self, name: str) -> None:
        """Take a file away; nothing happens when there is none."""
        with contextlib.suppress(MissingKey):
            self._disk.remove(self.path_of(name))

    def path_of(self, name: str) -> Path:
        """Where the file of this name lies."""
        if not is_plain_name(name):
            raise StorageError("A staging file has a plain name.", where=ascii(name), next_step="Choose another name.")
        return self.folder / name


class StagedStorage(Storage, Protocol):
    """A storage with a local place for files that will be put into it."""

    @property
    def staging(self) -> Staging:
        """Where sources of `put` are written."""
        ...

    def create_staging(self, name: str) -> StagingFile:
        """A new file to write and then `put`."""
        ...

    def settle(self, keys: Iterable[str]) -> None:
        """On return the names of these values survive a power cut, also those that a process put which died at it."""
        ...


def make_folders(disk: Disk, folder: Path) -> list[Path]:
    """Make a folder and its missing parents; the new ones, outermost first, not yet synced."""
    missing: list[Path] = []
    here = folder
    while (seen := disk.look(here)) is None and here != here.parent:
        missing.append(here)
        here = here.parent
    if seen is not None and seen.kind == "file":
        raise StorageError("A file stands where a folder is needed.", where=str(here), next_step="Move it away.")
    for path in reversed(missing):
        disk.make_folder(path)
    return missing[::-1]
