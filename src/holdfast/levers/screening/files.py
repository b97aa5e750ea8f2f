"""Opening list files with limits: size, encoding, rows. Says file, line or byte when a file is not a list.

Refuses web pages, empty files, wrong encodings and rows of the wrong width.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.records.errors import ListError, MissingPath, UnreadableFile
from holdfast.records.screening import StoredFile

HEAD_BYTES = 4096
CHUNK_BYTES = 1 << 20
CONTROL_Z = "\x1a"  # OFAC ends its CSV files with it, as DOS did
_WIDE = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")
TRY_AGAIN = "Fetch it again with `holdfast lists update`, or give a good file with --from. Editions held are unchanged."


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a CSV file and the line on which it ends."""

    line: int
    cells: tuple[str, ...]


def read_head(path: Path) -> bytes:
    """The first bytes. Raises ListError for an empty file or a web page, MissingPath, UnreadableFile."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise MissingPath("no such file", where=str(path), next_step="Name a list file that exists.") from None
    except OSError as error:
        raise UnreadableFile(f"cannot be read: {error.strerror}", where=str(path)) from None
    if not head.strip():
        raise ListError("the file is empty", where=f"{path}, byte 0", next_step=TRY_AGAIN)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE_STARTS):
        raise ListError("this is a web page, not a list", where=f"{path}:1", next_step=TRY_AGAIN)
    return head


def check_size(path: Path, bytes_max: int) -> None:
    """Raises ListError when a file is larger than its feed allows."""
    size = path.stat().st_size
    if size > bytes_max:
        raise ListError(
            f"{size} bytes; at most {bytes_max} are read", where=str(path), next_step="Is it the right file?"
        )


def read_text(path: Path) -> str:
    """A whole UTF-8 file, with or without a byte order mark. Raises ListError with the byte that is wrong."""
    read_head(path)
    content = path.read_bytes()
    wide = _WIDE.get(content[:2]) or ("UTF-16" if b"\0" in content[:HEAD_BYTES] else None)
    if wide:
        raise ListError(f"the file is {wide}; lists are UTF-8", where=f"{path}, byte 0", next_step=TRY_AGAIN)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        where = f"{path}:{line}, byte {error.start}"
        raise ListError("not UTF-8", where=where, next_step="Convert it to UTF-8, or fetch it again.") from None


def read_rows(path: Path, width: int | None = None) -> Iterator[Row]:
    """Rows of a CSV file; with `width`, every row must have that many cells. Raises ListError with the line."""
    reader = csv.reader(io.StringIO(read_text(path), newline=""), strict=True)
    try:
        for cells in reader:
            if not cells or cells == [CONTROL_Z]:
                continue
            if width is not None and len(cells) != width:
                raise _wrong_width(path, reader.line_num, len(cells), width)
            yield Row(reader.line_num, tuple(cells))
    except csv.Error as error:
        raise ListError(
            f"not readable as CSV: {error}", where=f"{path}:{reader.line_num}", next_step=TRY_AGAIN
        ) from None


def read_table(path: Path, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Line and cells by name of a CSV file whose first row names its columns, which must include `columns`."""
    rows = read_rows(path)
    header = next(rows, None)
    names = [cell.strip() for cell in header.cells] if header else []
    missing = [column for column in columns if column not in names]
    if missing:
        raise ListError(f"the first row lacks the columns {', '.join(missing)}", where=f"{path}:1", next_step=TRY_AGAIN)
    for row in rows:
        if len(row.cells) != len(names):
            raise _wrong_width(path, row.line, len(row.cells), len(names))
        yield row.line, dict(zip(names, (cell.strip() for cell in row.cells), strict=True))


def _wrong_width(path: Path, line: int, found: int, wanted: int) -> ListError:
    return ListError(
        f"{found} columns where {wanted} are expected; the file may be cut short",
        where=f"{path}:{line}",
        next_step=TRY_AGAIN,
    )


def describe_file(path: Path) -> StoredFile:
    """Name, digest and size of a raw file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return StoredFile(name=path.name, sha256=digest.hexdigest(), bytes=size)
