"""Protocol-buffer fields of a file, read through a small window; long fields are passed over, never loaded."""

import os
from pathlib import Path
from typing import BinaryIO, Final

from holdfast.formats.errors import BadWireFormat, TooManyEntries, TruncatedHeader, at_byte

VARINT: Final = 0
FIXED64: Final = 1
BYTES: Final = 2
FIXED32: Final = 5
_WINDOW: Final = 64 << 10
_TEXT_BYTES_MAX: Final = 1_000_000
_NEXT: Final = "Not an ONNX model, or a damaged one: keep it as plain bytes if you want it as it is."


class Wire:
    """A place in a file of fields. `at` is the next byte; no more than `fields_max` fields are read."""

    def __init__(self, path: Path, file: BinaryIO, fields_max: int) -> None:
        self.path = path
        self.at = 0
        self.size = os.fstat(file.fileno()).st_size
        self._file = file
        self._left = fields_max
        self._window = b""
        self._window_at = 0

    def take_tag(self) -> tuple[int, int]:
        """Number and wire type of the next field."""
        self._left -= 1
        if self._left < 0:
            raise TooManyEntries("more fields than holdfast agrees to read", where=self.here(), next_step=_NEXT)
        tag = self.take_varint()
        number, wire = tag >> 3, tag & 7
        if number == 0 or number >= 1 << 29 or wire not in (VARINT, FIXED64, BYTES, FIXED32):
            raise BadWireFormat(f"field {number} with wire type {wire}", where=self.here(), next_step=_NEXT)
        return number, wire

    def take_varint(self) -> int:
        """An unsigned number of at most ten bytes."""
        value = 0
        for shift in range(0, 70, 7):
            byte = self._take_byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise BadWireFormat("a number of more than ten bytes", where=self.here(), next_step=_NEXT)

    def take_end(self, limit: int) -> int:
        """Where the field of bytes ends that begins here; `limit` is the end of the message that it is part of."""
        length = self.take_varint()
        if self.at + length > self.size:
            reason = f"a field of {length:,} bytes, the file has {max(self.size - self.at, 0):,} left"
            raise TruncatedHeader(reason, where=self.here(), next_step="Download the file again.")
        if self.at + length > limit:
            raise BadWireFormat("a field reaches past the end of its message", where=self.here(), next_step=_NEXT)
        return self.at + length

    def take_text(self, limit: int) -> str:
        """A short text, or bytes read as one."""
        end = self.take_end(limit)
        if end - self.at > _TEXT_BYTES_MAX:
            raise TooManyEntries(f"a text of {end - self.at:,} bytes", where=self.here(), next_step=_NEXT)
        self._file.seek(self.at)
        self.at, start = end, self.at
        return self._file.read(end - start).decode("utf-8", "replace")

    def skip(self, wire: int, limit: int) -> None:
        """Pass over a field's value."""
        if wire == VARINT:
            self.take_varint()
        elif wire == BYTES:
            self.at = self.take_end(limit)
        else:
            self.at += 8 if wire == FIXED64 else 4
        if self.at > limit:
            raise BadWireFormat("a field reaches past the end of its message", where=self.here(), next_step=_NEXT)

    def here(self) -> str:
        """The place for an error's `where`."""
        return at_byte(self.path, self.at)

    def _take_byte(self) -> int:
        index = self.at - self._window_at
        if not 0 <= index < len(self._window):
            self._file.seek(self.at)
            self._window, self._window_at, index = self._file.read(_WINDOW), self.at, 0
            if not self._window:
                raise TruncatedHeader("the file ends in a number", where=self.here(), next_step="Download it again.")
        self.at += 1
        return self._window[index]
