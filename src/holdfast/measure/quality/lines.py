"""JSON Lines and JSON files from outside, read with limits: every fault is told with its file and line."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from holdfast.records.errors import LimitExceeded, MalformedFile, MissingPath, UnreadableFile

FILE_BYTES_MAX: Final = 2 << 30
LINE_BYTES_MAX: Final = 8 << 20
LINES_MAX: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank. Numbers begin at 1."""

    number: int
    data: bytes


def read_lines(path: Path, lines_max: int = LINES_MAX) -> Iterator[Line]:
    """Every line with something in it. Raises MissingPath, UnreadableFile, or LimitExceeded with file and line."""
    check_file(path, FILE_BYTES_MAX)
    try:
        with path.open("rb") as file:
            number = 0
            while data := file.readline(LINE_BYTES_MAX + 1):
                number += 1
                _check_line(path, number, data, lines_max)
                if data.strip():
                    yield Line(number, data.removeprefix(b"\xef\xbb\xbf") if number == 1 else data)
    except OSError as error:
        raise UnreadableFile(error.strerror or "cannot be read", where=str(path), next_step="Check it.") from None


def _check_line(path: Path, number: int, data: bytes, lines_max: int) -> None:
    if len(data) > LINE_BYTES_MAX:
        reason = f"a line may have at most {LINE_BYTES_MAX:,} bytes"
        raise LimitExceeded(reason, where=f"{path}:{number}", next_step="Is it JSON Lines, one object a line?")
    if number > lines_max:
        raise LimitExceeded(f"more than {lines_max:,} lines", where=str(path), next_step="Split the file.")


def check_file(path: Path, bytes_max: int) -> None:
    """Raises MissingPath, UnreadableFile for what is no regular file, LimitExceeded for one that is too large."""
    if not path.exists():
        raise MissingPath("this file does not exist", where=str(path), next_step="Check the path.")
    if not path.is_file():
        raise UnreadableFile("not a regular file", where=str(path), next_step="Name a regular file.")
    if path.stat().st_size > bytes_max:
        reason = f"the file has {path.stat().st_size:,} bytes, the limit is {bytes_max:,}"
        raise LimitExceeded(reason, where=str(path), next_step="Split the file.")


def parse_json(data: bytes, where: str) -> object:
    """One JSON value. Raises MalformedFile for what is not JSON, repeats a key, holds NaN or is nested too deeply."""
    try:
        text = data.decode("utf-8")
        return cast("object", json.loads(text, object_pairs_hook=_pair, parse_constant=_refuse))
    except UnicodeDecodeError as error:
        raise MalformedFile(f"not UTF-8 at byte {error.start}", where=where, next_step="Save it as UTF-8.") from None
    except json.JSONDecodeError as error:
        place = f"{where}:{error.colno}" if error.lineno == 1 else f"{where}, line {error.lineno}"
        raise MalformedFile(f"not JSON: {error.msg}", where=place, next_step="Correct it there.") from None
    except (ValueError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
        raise MalformedFile(f"not JSON as it is read here: {reason}", where=where, next_step="Correct it.") from None


def _pair(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'"{repeated[:60]}" is there twice')
    return found


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is no JSON number")
