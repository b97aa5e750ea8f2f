"""Entries of a zip file from outside, each read alone and bounded: stored, deflated or Zstandard (not in zipfile)."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

import zstandard

from holdfast.measure.quality.lines import check_file
from holdfast.records.errors import LimitExceeded, MalformedFile, UnreadableFile

ENTRY_BYTES_MAX: Final = 256 << 20
ENTRIES_MAX: Final = 500_000
_FILE_BYTES_MAX: Final = 16 << 30
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
_STORED, _DEFLATED, _ZSTANDARD = 0, 8, 93


class ZipEntries:
    """The entries of a zip file by name. Raises MalformedFile and LimitExceeded with the file and the entry."""

    def __init__(self, path: Path) -> None:
        check_file(path, _FILE_BYTES_MAX)
        self.path = path
        self._file = _open(path)
        try:
            with zipfile.ZipFile(self._file) as archive:
                self._entries = {entry.filename: entry for entry in archive.infolist()}
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            self._file.close()
            raise MalformedFile(f"not a zip file: {error}", where=str(path), next_step="Copy it again.") from None
        self._file = _open(path)
        if len(self._entries) > ENTRIES_MAX:
            raise LimitExceeded(
                f"more than {ENTRIES_MAX:,} entries", where=str(path), next_step="Not read any further."
            )

    def __enter__(self) -> "ZipEntries":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def find_under(self, folder: str) -> Iterator[str]:
        """The names of entries in a folder, in the file's order."""
        return (name for name in self._entries if name.startswith(f"{folder}/") and name.endswith(".json"))

    def read(self, name: str) -> bytes:
        """The whole content of an entry, whose checksum must hold."""
        entry, where = self._entries[name], f"{self.path}!{name}"
        if max(entry.file_size, entry.compress_size) > ENTRY_BYTES_MAX:
            reason = f"an entry may have at most {ENTRY_BYTES_MAX:,} bytes"
            raise LimitExceeded(reason, where=where, next_step="Not read any further.")
        try:
            data = _expand(self._read_raw(entry), entry)
        except (zlib.error, zstandard.ZstdError, struct.error, OSError, ValueError) as error:
            raise MalformedFile(f"the entry cannot be read: {error}", where=where, next_step="Copy it again.") from None
        if len(data) != entry.file_size or zlib.crc32(data) != entry.CRC:
            raise MalformedFile(
                "the entry is damaged: its checksum does not hold", where=where, next_step="Copy it again."
            )
        return data

    def _read_raw(self, entry: zipfile.ZipInfo) -> bytes:
        if entry.flag_bits & 1:
            raise ValueError("it is encrypted")
        self._file.seek(entry.header_offset)
        magic, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(self._file.read(_LOCAL_HEADER.size))
        if magic != b"PK\x03\x04":
            raise ValueError("it is not where the directory says")
        self._file.seek(name_bytes + extra_bytes, 1)
        return self._file.read(entry.compress_size)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise UnreadableFile(error.strerror or "cannot be opened", where=str(path), next_step="Check it.") from None


def _expand(raw: bytes, entry: zipfile.ZipInfo) -> bytes:
    """At most one byte more than the directory states: then its size is wrong, and the checksum says so."""
    most = entry.file_size + 1
    if entry.compress_type == _STORED:
        return raw
    if entry.compress_type == _DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, most)
    if entry.compress_type == _ZSTANDARD:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(raw) as reader:
            return reader.read(most)
    raise ValueError(f"compression method {entry.compress_type} is not understood")
