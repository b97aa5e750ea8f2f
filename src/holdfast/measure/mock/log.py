"""The log of a mock: what its rows say. tables.py writes them.

Times are nanoseconds of CLOCK_MONOTONIC, which is Python's `time.monotonic_ns`; 0: it has not happened.
"""

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.mock.tables import ABOUT, FORMAT, HEADER, HEADER_BYTES, MAGIC, REQUESTS, TOKENS
from holdfast.records.errors import MalformedFile, MissingPath

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
        ("request", "<u4"),  # row of the request; 4294967295: there was no room for one
        ("index", "<u4"),  # how many tokens of the request came before
        ("count", "<u4"),  # tokens in this event; of an answer in one piece, all of them
        ("flags", "<u4"),
    ]
)


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
    if about.get("format") != FORMAT:
        raise _malformed(path, f"it is not of format {FORMAT}")
    return about


def _read_rows(path: Path, row: np.dtype[np.void]) -> tuple[NDArray[np.void], int]:
    try:
        with path.open("rb") as file:
            magic, rows, lost = HEADER.unpack(file.read(HEADER_BYTES)[: HEADER.size])
            is_ours = magic == MAGIC[path.name] and rows * row.itemsize <= path.stat().st_size
            data = file.read(rows * row.itemsize) if is_ours else b""
    except (OSError, struct.error) as error:
        raise _malformed(path, "it has no header") from error
    if not is_ours or len(data) != rows * row.itemsize:
        raise _malformed(path, "it is not what a mock writes, or is cut short")
    return np.frombuffer(data, dtype=row), lost


def _malformed(path: Path, what: str) -> MalformedFile:
    return MalformedFile(
        f"this is no log of a mock: {what}", where=str(path), next_step="Run the mock again with an empty folder."
    )
