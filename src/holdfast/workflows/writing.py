"""Results written whole or not at all: a temporary file beside the target, flushed, then renamed."""

import os
import tempfile
from pathlib import Path

from holdfast.records.errors import OutputError


def write_text(path: Path, text: str, *, what: str) -> None:
    """Replace a file's content in one step. Raises OutputError and leaves the old file as it was."""
    write_bytes(path, text.encode("utf-8"), what=what)


def write_bytes(path: Path, content: bytes, *, what: str) -> None:
    """The same, of bytes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
    except OSError as error:
        raise OutputError(
            f"{what} could not be written: {error.strerror}", where=str(path), next_step="Name another place."
        ) from None


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
