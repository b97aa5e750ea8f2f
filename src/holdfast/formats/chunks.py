"""Content-defined chunks."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

WHOLE_BYTES_MAX: Final = 1 << 20


def cut_into_chunks(path: Path, size: int) -> Iterator[int]:
    """Lengths of the chunks of a file."""
    for offset in range(0, size, WHOLE_BYTES_MAX):
        yield min(WHOLE_BYTES_MAX, size - offset)
