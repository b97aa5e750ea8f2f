"""Logs for tests, on real folders with real keys."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from holdfast.vault.log.checkpoints import origin_of
from holdfast.vault.log.keys import LogKey, open_log_key
from holdfast.vault.log.log import VaultLog
from holdfast.vault.log.notes import SigningKey
from holdfast.vault.storage.disk import Bytes, DiskFile, RealDisk
from holdfast.vault.storage.local import LocalStorage

VAULT = "5b1e7d0e-6c9d-4f5e-9a55-0123456789ab"


class HastyFile:
    """A file of the real disk that is never flushed."""

    def __init__(self, file: DiskFile) -> None:
        self._file = file

    def write(self, data: Bytes) -> None:
        self._file.write(data)

    def sync(self) -> None:
        pass

    def close(self) -> None:
        self._file.close()


class HastyDisk(RealDisk):
    """The real disk without flushes, for tests that end before the power can."""

    def create(self, path: Path) -> DiskFile:
        return HastyFile(super().create(path))

    def sync(self, path: Path) -> None:
        pass

    def sync_folder(self, path: Path) -> None:
        pass


class RememberingKey(LogKey):
    """A key whose memory is this object, for disks that are simulated."""

    def __init__(self, seen: bytes | None = None) -> None:
        super().__init__(SigningKey(origin_of(VAULT), draw_seed(32)), Path("/nowhere"))
        self.seen = seen

    def recall(self) -> bytes | None:
        return self.seen

    def remember(self, checkpoint: str) -> None:
        self.seen = checkpoint.encode()


def draw_seed(count: int) -> bytes:
    return bytes(range(count))


def storage_in(folder: Path) -> LocalStorage:
    return LocalStorage(folder / "vault", HastyDisk())


def open_log(folder: Path, keys: str = "keys") -> VaultLog:
    return VaultLog(storage_in(folder), VAULT, key=open_log_key(folder / keys, VAULT, draw_seed))


def start_log(folder: Path, entries: Sequence[bytes] = ()) -> VaultLog:
    log = open_log(folder)
    log.start()
    log.append(entries)
    return log


def entries_of(count: int, first: int = 0) -> list[bytes]:
    return [b'{"number":%d}' % number for number in range(first, first + count)]


def files_of(folder: Path) -> dict[str, bytes]:
    root = folder / "vault"
    return {
        str(path.relative_to(root)): path.read_bytes() for path in sorted((root / "log").rglob("*")) if path.is_file()
    }


def copy_of(folder: Path, name: str) -> Path:
    shutil.copytree(folder, folder.parent / name)
    return folder.parent / name
