"""The log of a mock as it is written: two files of rows, mapped into memory, so that they can be read while it runs and
after it was killed. log.py says what the rows mean, and reads them."""

import json
import mmap
import os
import struct
from enum import IntFlag
from pathlib import Path
from typing import Final

from holdfast.records.errors import NoSpace

ABOUT, REQUESTS, TOKENS = "about.json", "requests.bin", "tokens.bin"
WAITED_FOR: Final = "waited-for"  # an empty file: somebody will read the log when the mock has ended
FORMAT: Final = 1
HEADER: Final = struct.Struct("<8sQQ")  # magic, rows, rows that found no room
HEADER_BYTES: Final = 64
MAGIC: Final = {REQUESTS: b"HFMOCKR1", TOKENS: b"HFMOCKT1"}
REQUEST_FORMAT: Final = struct.Struct("<6q5I2H2BHI")
TOKEN_FORMAT: Final = struct.Struct("<3q4I")
_GROWTH_BYTES: Final = 256 << 10


class Flag(IntFlag):
    """What a row has to say besides."""

    DEFERRED = 1  # the kernel had no room: `send_ns` is when it took the last byte
    ABORTED = 2  # of a request: the client left first
    QUEUED = 4  # of a request: it waited for its turn
    REASONING = 8  # of a token


class Table:
    """One file of rows as it is written. Room is had from the disk before it is used: a full one loses rows, counted,
    and kills nobody. The compiled server writes into the same memory, so that what it holds is what counts."""

    def __init__(self, path: Path, row: struct.Struct, rows_max: int) -> None:
        self._row = row
        self.file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self.row_bytes, self.bytes_max, self.room = row.size, HEADER_BYTES + rows_max * row.size, 0
        os.ftruncate(self.file, self.bytes_max)
        if not self._make_room(HEADER_BYTES):
            raise NoSpace(
                "there is no room for the log of the mock", where=str(path), next_step="Make some room there."
            )
        self.memory = mmap.mmap(self.file, self.bytes_max)
        HEADER.pack_into(self.memory, 0, MAGIC[path.name], 0, 0)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(HEADER.unpack_from(self.memory)[1])

    @property
    def lost(self) -> int:
        """How many rows found no room."""
        return int(HEADER.unpack_from(self.memory)[2])

    def add(self, *fields: int) -> int:
        """The number of the new row; -1 when there is no room for it."""
        magic, rows, lost = HEADER.unpack_from(self.memory)
        at = HEADER_BYTES + rows * self.row_bytes
        if not self._make_room(at + self.row_bytes):
            HEADER.pack_into(self.memory, 0, magic, rows, lost + 1)
            return -1
        self._row.pack_into(self.memory, at, *fields)
        HEADER.pack_into(self.memory, 0, magic, rows + 1, lost)
        return int(rows)

    def change(self, number: int, *fields: int) -> None:
        """Write a row anew."""
        if number >= 0:
            self._row.pack_into(self.memory, HEADER_BYTES + number * self.row_bytes, *fields)

    def close(self) -> None:
        """Cut what was not used."""
        os.ftruncate(self.file, HEADER_BYTES + self.rows * self.row_bytes)
        os.close(self.file)

    def _make_room(self, end: int) -> bool:
        if end <= self.room or not hasattr(os, "posix_fallocate"):
            return end <= self.bytes_max
        grown = min(self.room + _GROWTH_BYTES, self.bytes_max)
        try:
            os.posix_fallocate(self.file, self.room, max(grown - self.room, 1))
        except OSError:
            return False
        self.room = grown
        return end <= self.room


def create_tables(folder: Path, requests_max: int, tokens_max: int) -> tuple[Table, Table]:
    """The tables of requests and of tokens, empty. Raises NoSpace."""
    requests = Table(folder / REQUESTS, REQUEST_FORMAT, requests_max)
    return requests, Table(folder / TOKENS, TOKEN_FORMAT, tokens_max)


def write_about(folder: Path, start_ns: int, version: str, scenarios: tuple[str, ...]) -> None:
    """What the rows do not say."""
    said = {"format": FORMAT, "start_ns": start_ns, "version": version, "scenarios": scenarios}
    (folder / ABOUT).write_text(json.dumps(said), encoding="utf-8")
