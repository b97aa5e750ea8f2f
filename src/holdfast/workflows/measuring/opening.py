"""Run files from the disk."""

from pathlib import Path

from holdfast.measure.results.file import FILE_BYTES_MAX, RunFile, decode_run
from holdfast.records.errors import LimitExceeded, MissingPath, UnreadableFile


def read_run(path: Path) -> RunFile:
    """A run. Raises MissingPath, UnreadableFile, LimitExceeded and MalformedFile."""
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise LimitExceeded("it is larger than 4 GiB", where=str(path), next_step="Name a run file.")
        content = path.read_bytes()
    except FileNotFoundError:
        raise MissingPath("there is no such file", where=str(path), next_step="Name a run file.") from None
    except OSError as error:
        raise UnreadableFile(
            f"it cannot be read: {error.strerror}", where=str(path), next_step="Name a run file."
        ) from None
    return decode_run(content, str(path))
