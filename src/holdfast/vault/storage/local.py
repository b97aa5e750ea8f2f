"""A vault's keys as files under one folder. A value appears by one rename, after its bytes are on the medium."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from holdfast.records.errors import AccessDenied, MissingKey, StorageError, TruncatedKey
from holdfast.vault.storage.disk import Disk, RealDisk, Seen
from holdfast.vault.storage.keys import STAGING, check_key, check_prefix, is_plain_name
from holdfast.vault.storage.seam import Stored
from holdfast.vault.storage.staging import Staging, StagingFile, make_folders

COPY_BYTES = 4 << 20


class LocalStorage:
    """Storage in a folder, which is made when first written to. Links inside it are never followed."""

    def __init__(self, root: Path, disk: Disk | None = None) -> None:
        self.root = Path(os.path.abspath(root))
        self._disk: Disk = RealDisk() if disk is None else disk
        self._staging = Staging(self.root / STAGING, self._disk)
        self._lasting_folders: set[Path] = set()

    @property
    def staging(self) -> Staging:
        """The folder `staging` beside the keys, on the same file system."""
        return self._staging

    def create_staging(self, name: str) -> StagingFile:
        """A new file under `staging/`, to write, close and `put`."""
        return self._staging.create(name)

    def put(self, key: str, source: Path) -> None:
        """Flush `source`, rename it to its key, flush the folders.

        When the last flush fails the new value may already stand, whole: a disk that cannot flush cannot be undone.
        """
        target = self._path_of(key)
        if source.parent != self._staging.folder:
            self._put_copy(target, source)
            return
        self._disk.sync(source)
        self._make_lasting_folders(target.parent)
        self._disk.rename(source, target)
        self._disk.sync_folder(target.parent)

    def settle(self, keys: Iterable[str]) -> None:
        """Flush every folder on the way to the files, whoever made it."""
        folders = {self.root}
        for key in keys:
            folders.update(folder for folder in (self.root / key).parents if self.root in folder.parents)
        for folder in sorted(folders):
            with contextlib.suppress(MissingKey):
                self._disk.sync_folder(folder)
        self._sync_name_of(self.root)

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        path = self._file_of(key)
        data = self._disk.read(path, offset, length)
        if len(data) < length:
            raise TruncatedKey(
                f"The value ends at byte {offset + len(data)}, {length - len(data)} bytes early.",
                where=str(path),
                next_step="Run `holdfast verify`, then `holdfast repair`.",
            )
        return data

    def find(self, key: str) -> Stored | None:
        """The size of the file, None when there is none."""
        _path, seen = self._walk(key)
        return Stored(key, seen.size) if seen is not None and seen.kind == "file" else None

    def iterate(self, prefix: str) -> Iterator[Stored]:
        """Every file under the folder `prefix`, `staging/` left out, in order of the key."""
        check_prefix(prefix)
        folder = self._path_of(prefix[:-1]) if prefix else self.root
        yield from self._iterate_folder(folder, prefix)

    def delete(self, key: str) -> None:
        """Remove the file and flush its folder."""
        path, seen = self._walk(key)
        if seen is not None and seen.kind == "file":
            with contextlib.suppress(MissingKey):
                self._disk.remove(path)
        # Also when there was none: a process that died may have removed the name, and not flushed that.
        with contextlib.suppress(MissingKey):
            self._disk.sync_folder(path.parent)

    def forget(self, key: str) -> None:
        """Drop the file's pages from the operating system's cache."""
        self._disk.drop_cache(self._file_of(key))

    def _file_of(self, key: str) -> Path:
        path, seen = self._walk(key)
        if seen is None or seen.kind != "file":
            raise MissingKey(
                f"The value {key} is not in the vault.",
                where=str(path),
                next_step="Run `holdfast verify` to see what is missing.",
            )
        return path

    def _path_of(self, key: str) -> Path:
        return self._walk(key)[0]

    def _walk(self, key: str) -> tuple[Path, Seen | None]:
        check_key(key)
        path, seen = self.root, None
        for name in key.split("/"):
            path = path / name
            seen = self._disk.look(path)
            if seen is None:
                break
            if seen.kind == "link":
                raise AccessDenied(
                    "A link stands in the vault, and links are not followed.",
                    where=str(path),
                    next_step="Replace it with the file or folder itself.",
                )
        return self.root / key, seen

    def _make_lasting_folders(self, folder: Path) -> None:
        # A folder in sight may have been made by a process that died before it flushed the name. So the name of every
        # folder on the way is flushed once by this object, outermost first, whoever made it.
        self._lasting_folders.difference_update(make_folders(self._disk, folder))
        for path in (*folder.parents[-2::-1], folder):
            if path not in self._lasting_folders:
                self._sync_name_of(path)
                self._lasting_folders.add(path)

    def _sync_name_of(self, folder: Path) -> None:
        try:
            self._disk.sync_folder(folder.parent)
        except AccessDenied:
            # Above the root a folder may not be ours to open; inside, it must be.
            if self.root in folder.parents:
                raise

    def _put_copy(self, target: Path, source: Path) -> None:
        seen = self._disk.look(source)
        if seen is None or seen.kind != "file":
            raise MissingKey("There is no such file to put.", where=str(source), next_step="Write it first.")
        with self._staging.create(f"copy-{os.urandom(8).hex()}") as copy:
            for offset in range(0, seen.size, COPY_BYTES):
                copy.write(self._disk.read(source, offset, COPY_BYTES))
            if copy.size != seen.size:
                raise StorageError("The file changed while it was copied.", where=str(source), next_step="Run again.")
            copy.close()
            self._make_lasting_folders(target.parent)
            self._disk.rename(copy.path, target)
        self._disk.sync_folder(target.parent)
        self._disk.remove(source)

    def _iterate_folder(self, folder: Path, prefix: str) -> Iterator[Stored]:
        entries = [(name, seen) for name, seen in self._disk.list_folder(folder).items() if is_plain_name(name)]
        # A folder sorts as its name with "/", which makes this the order of whole keys.
        for name, seen in sorted(entries, key=lambda entry: entry[0] + ("/" if entry[1].kind == "folder" else "")):
            if seen.kind == "file":
                yield Stored(prefix + name, seen.size)
            elif seen.kind == "folder" and (prefix or name != STAGING):
                yield from self._iterate_folder(folder / name, f"{prefix}{name}/")
