"""The log of a mock: two files of rows, mapped into memory: they can be read while it runs and after it was killed.

Times are nanoseconds of CLOCK_MONOTONIC, which is Python's `time.monotonic_ns`; 0: it has not happened.
"""

import json
import mmap
import os
import struct
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from holdfast.records.errors import MalformedFile, MissingPath, NoSpace

ABOUT, REQUESTS, TOKENS = "about.json", "requests.bin", "tokens.bin"
VERSION: Final = 1
HEADER_BYTES: Final = 64
_HEADER: Final = struct.Struct("<8sQQ")  # magic, rows, rows that found no room
_MAGIC: Final = {REQUESTS: b"HFMOCKR1", TOKENS: b"HFMOCKT1"}
_GROWTH_BYTES: Final = 256 << 10

REQUEST_ROW: Final = np.dtype(
    [
        ("sample", "<i8"),  # the header `x-holdfast-sample`; -1: none
        ("first_byte_ns", "<i8"),  # the first byte of the request was seen
        ("read_ns", "<i8"),  # all of it was read: its arrival
        ("started_ns", "<i8"),  # its turn came; without a queue: read_ns
        ("first_send_ns", "<i8"),  # just before the first event with text was given to the kernel
        ("end_ns", "<i8"),  # after the last byte was
        ("connection", "<u4"),
        ("prompt", "<u4"),  # tokens
        ("cached", "<u4"),  # of these
        ("planned", "<u4"),  # tokens to send
        ("tokens", "<u4"),  # tokens sent
        ("scenario", "<u2"),
        ("status", "<u2"),
        ("api", "u1"),  # 0 chat, 1 completions, 2 responses, 3 embeddings
        ("streamed", "u1"),
        ("flags", "<u2"),
        ("spare", "<u4"),
    ]
)
TOKEN_ROW: Final = np.dtype(
    [
        ("deadline_ns", "<i8"),  # when it was due
        ("send_ns", "<i8"),  # just before it was given to the kernel
        ("after_ns", "<i8"),  # just after
        ("request", "<u4"),  # row of the request
        ("index", "<u4"),  # how many tokens of the request came before
        ("count", "<u4"),  # tokens in this event; of an answer in one piece, all of them
        ("flags", "<u4"),
    ]
)
_REQUEST_FORMAT: Final = struct.Struct("<6q5I2H2BHI")
_TOKEN_FORMAT: Final = struct.Struct("<3q4I")


class Flag(IntFlag):
    """What a row has to say besides."""

    DEFERRED = 1  # the kernel had no room: `send_ns` is when it took the last byte
    ABORTED = 2  # of a request: the client left first
    QUEUED = 4  # of a request: it waited for its turn
    REASONING = 8  # of a token


@dataclass(frozen=True, slots=True)
class MockLog:
    """What a mock did: a row per request (REQUEST_ROW) and per event with text (TOKEN_ROW), in the order in which they
    began. `lost` rows found no room. `start_ns` is when it was ready."""

    requests: NDArray[np.void]
    tokens: NDArray[np.void]
    lost: int
    start_ns: int
    version: str
    scenarios: tuple[str, ...]

    def find_request(self, sample: int) -> int | None:
        """The row of the request with this sample number; of several the last."""
        found = np.flatnonzero(self.requests["sample"] == sample)
        return int(found[-1]) if found.size else None

    def find_tokens(self, request: int) -> NDArray[np.void]:
        """The events of a request, in their order."""
        found: NDArray[np.void] = self.tokens[self.tokens["request"] == request]
        return found

    def compute_lateness_ns(self) -> NDArray[np.int64]:
        """How much later than due each event was given to the kernel."""
        lateness: NDArray[np.int64] = self.tokens["send_ns"] - self.tokens["deadline_ns"]
        return lateness


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
        _HEADER.pack_into(self.memory, 0, _MAGIC[path.name], 0, 0)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(_HEADER.unpack_from(self.memory)[1])

    @property
    def lost(self) -> int:
        """How many rows found no room."""
        return int(_HEADER.unpack_from(self.memory)[2])

    def add(self, *fields: int) -> int:
        """The number of the new row; -1 when there is no room for it."""
        magic, rows, lost = _HEADER.unpack_from(self.memory)
        at = HEADER_BYTES + rows * self.row_bytes
        if not self._make_room(at + self.row_bytes):
            _HEADER.pack_into(self.memory, 0, magic, rows, lost + 1)
            return -1
        self._row.pack_into(self.memory, at, *fields)
        _HEADER.pack_into(self.memory, 0, magic, rows + 1, lost)
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
    requests = Table(folder / REQUESTS, _REQUEST_FORMAT, requests_max)
    return requests, Table(folder / TOKENS, _TOKEN_FORMAT, tokens_max)


def write_about(folder: Path, start_ns: int, version: str, scenarios: tuple[str, ...]) -> None:
    """What the rows do not say."""
    said = {"format": VERSION, "start_ns": start_ns, "version": version, "scenarios": scenarios}
    (folder / ABOUT).write_text(json.dumps(said), encoding="utf-8")


def read_mock_log(folder: Path) -> MockLog:
    """The log in a folder, as far as it is written. Raises MissingPath and MalformedFile."""
    about = _read_about(folder / ABOUT)
    requests, lost_requests = _read_rows(folder / REQUESTS, REQUEST_ROW)
    tokens, lost_tokens = _read_rows(folder / TOKENS, TOKEN_ROW)
    try:
        start_ns, version, scenarios = (
            int(about["start_ns"]),
            str(about["version"]),
            tuple(map(str, about["scenarios"])),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _malformed(folder / ABOUT, f"it lacks {error}") from error
    return MockLog(requests, tokens, lost_requests + lost_tokens, start_ns, version, scenarios)


def _read_about(path: Path) -> dict[str, Any]:
    try:
        said: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MissingPath(
            "there is no log of a mock here", where=str(path), next_step="Name the folder that was given to the mock."
        ) from error
    except ValueError as error:
        raise _malformed(path, "it is not JSON") from error
    about = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    if about.get("format") != VERSION:
        raise _malformed(path, f"it is not of format {VERSION}")
    return about


def _read_rows(path: Path, row: np.dtype[np.void]) -> tuple[NDArray[np.void], int]:
    try:
        with path.open("rb") as file:
            magic, rows, lost = _HEADER.unpack(file.read(HEADER_BYTES)[: _HEADER.size])
            data = file.read(rows * row.itemsize) if magic == _MAGIC[path.name] else b""
    except (OSError, struct.error) as error:
        raise _malformed(path, "it has no header") from error
    if magic != _MAGIC[path.name] or len(data) != rows * row.itemsize:
        raise _malformed(path, "it is not what a mock writes, or is cut short")
    return np.frombuffer(data, dtype=row), lost


def _malformed(path: Path, what: str) -> MalformedFile:
    return MalformedFile(
        f"this is no log of a mock: {what}", where=str(path), next_step="Run the mock again with an empty folder."
    )
