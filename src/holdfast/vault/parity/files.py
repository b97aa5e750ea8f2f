"""What parity needs of a medium, and how damage looks from there: what cannot be read is an erasure."""

from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

from holdfast.records.errors import AccessDenied, StorageError
from holdfast.vault.storage.seam import Stored

READ_BYTES: Final = 4 << 20


class Files(Protocol):
    """Reads and replaces whole immutable files; a Storage is one."""

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        ...

    def find(self, key: str) -> Stored | None:
        """The size of a file, None when there is none."""
        ...

    def put(self, key: str, source: Path) -> None:
        """Move the file at `source` under `key`, durable and whole."""
        ...

    def forget(self, key: str) -> None:
        """Make the next read come from the medium."""
        ...


DigestOf = Callable[[str], str]


def name_pack_digest(key: str) -> str:
    """The BLAKE3 that a pack must have, in hexadecimal: its own name says it."""
    return PurePosixPath(key).stem


def read_if_possible(files: Files, key: str, offset: int, length: int) -> bytes | None:
    """The bytes, None when the medium does not give them. Missing credentials are an error, not damage."""
    try:
        return files.read(key, offset, length)
    except AccessDenied:
        raise
    except StorageError:
        return None
