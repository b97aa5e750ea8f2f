"""Reads a file's bytes in order, knows where it is, and says so when the file ends too early. Regular files only."""

import os
import stat
import struct
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from holdfast.formats.errors import HeaderTooLarge, TruncatedHeader, at_byte
from holdfast.records.errors import UnreadableFile


class BoundedReader:
    """A file opened for reading, its size, and the most bytes that will be read of it."""

    def __init__(self, path: Path, bytes_max: int) -> None:
        self.path = path
        self.bytes_max = bytes_max
        self.bytes_read = 0
        self.offset = 0  # where the next byte is read
        self._file = open_regular(path)
        self.size = os.fstat(self._file.fileno()).st_size

    def __enter__(self) -> "BoundedReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def take(self, length: int, what: str) -> bytes:
        """Exactly `length` bytes; raises TruncatedHeader or HeaderTooLarge naming `what` was to be read."""
        start = self.offset
        if length > self.size - start:
            reason = f"{what} needs {length:,} bytes, the file has {self.size - start:,} left"
            raise TruncatedHeader(reason, where=at_byte(self.path, start), next_step="Download the file again.")
        self.bytes_read += length
        if self.bytes_read > self.bytes_max:
            reason = f"{what} would bring the header to {self.bytes_read:,} bytes; the limit is {self.bytes_max:,}"
            raise HeaderTooLarge(reason, where=at_byte(self.path, start), next_step="Not read any further.")
        data = self._file.read(length)
        if len(data) != length:
            raise TruncatedHeader(f"{what} is cut off", where=at_byte(self.path, start), next_step="Download it again.")
        self.offset = start + length
        return data

    def skip(self, length: int, what: str) -> None:
        """Pass over `length` bytes that must exist but are not read."""
        if length > self.size - self.offset:
            raise TruncatedHeader(
                f"{what} is cut off", where=at_byte(self.path, self.offset), next_step="Download it again."
            )
        self.offset += length
        self._file.seek(self.offset)

    def take_number(self, layout: str, what: str) -> int:
        """One little-endian integer of a struct layout such as `I` or `Q`."""
        layout = "<" + layout
        return int(struct.unpack(layout, self.take(struct.calcsize(layout), what))[0])


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file without ever waiting on a pipe; raises UnreadableFile for anything else."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UnreadableFile(error.strerror or "cannot be opened", where=str(path), next_step="Check it.") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise UnreadableFile("not a regular file", where=str(path), next_step="Name a regular file.")
    return os.fdopen(handle, "rb")
