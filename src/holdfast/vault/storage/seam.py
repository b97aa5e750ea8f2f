"""The seam between a vault and its medium. Keys are relative paths with `/`; a key is whole or absent, never half."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stored:
    """A key and its size in bytes."""

    key: str
    size: int


class Storage(Protocol):
    """A place for immutable packs and a few small replaceable files.

    Every method raises StorageError (or a kind of it) naming the key and what to do. A missing key is MissingKey.
    """

    def put(self, key: str, source: Path) -> None:
        """Move the file at `source` under `key`, replacing what is there. Durable and whole on return; on an error the
        old value stands, or the new one whole."""
        ...

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`; TruncatedKey when the value ends before."""
        ...

    def find(self, key: str) -> Stored | None:
        """The size of a value, None when there is none."""
        ...

    def iterate(self, prefix: str) -> Iterator[Stored]:
        """Every key that starts with `prefix` (a folder, ending in `/`, or empty), in order of the key."""
        ...

    def delete(self, key: str) -> None:
        """Remove a value for good; nothing happens when there is none."""
        ...

    def forget(self, key: str) -> None:
        """Drop what memory may hold of a value, so that the next read comes from the medium."""
        ...
