"""Git LFS pointers: small texts that stand where a large file belongs. Fetches nothing."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

POINTER_BYTES_MAX: Final = 1_024
_OPENING: Final = b"version https://git-lfs.github.com/spec/v1\n"
_FIELDS: Final = re.compile(rb"^oid sha256:(?P<digest>[0-9a-f]{64})\nsize (?P<size>[0-9]{1,18})$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pointer:
    """The file that is meant: its SHA-256 and its size."""

    sha256: str
    size_bytes: int


def find_pointer(head: bytes) -> Pointer | None:
    """The pointer that a file's first bytes are; None when they are none."""
    if not head.startswith(_OPENING):
        return None
    match = _FIELDS.search(head[:POINTER_BYTES_MAX])
    return Pointer(match["digest"].decode(), int(match["size"])) if match else None


def read_pointer(path: Path) -> Pointer | None:
    """The same for a file."""
    with path.open("rb") as file:
        return find_pointer(file.read(POINTER_BYTES_MAX))
