"""A book as one file of JSON lines: a header, then an entry a line. docs/watchbook.md#export is its law.

What is read is held to limits; that it parses says nothing of whether it is genuine: `check_book` does.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, cast

from holdfast.measure.watchbook.book import Book
from holdfast.measure.watchbook.checking import check_book
from holdfast.measure.watchbook.entries import BODY_BYTES_MAX, FORMAT, NONE_BEFORE
from holdfast.measure.watchbook.store import EntryStore, to_entry
from holdfast.measure.watchbook.tables import BookDatabase, make_tables
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import (
    BookError,
    DamagedBook,
    LimitExceeded,
    MalformedFile,
    MissingPath,
    NewerBook,
    UnreadableFile,
)
from holdfast.records.watchbook import BookFault, Entry

LINE_BYTES_MAX: Final = 6 * BODY_BYTES_MAX  # a body in which every byte is escaped
HEADER_BYTES_MAX: Final = 1 << 20
_NAMES: Final = (
    "number", "monitor", "kind", "at", "body", "body_sha256", "previous", "digest", "signature"
)  # fmt: skip
_AGAIN: Final = "Take the file from where it was written, or export the book again."


@dataclass(frozen=True, slots=True)
class ExportHeader:
    """The first line of an export: which book, its keys, how many entries, and the digest of the last one."""

    book: str
    keys: tuple[str, ...]
    entries: int
    head: str
    format: int = FORMAT


def export_book(book: Book, monitor: str | None = None) -> Iterator[str]:
    """The lines of a book's export. With `monitor` what other monitors say is withheld: the chain and the signatures
    hold all the same. Raises DamagedBook where an entry cannot be read."""
    last = book.find_last()
    if last is None:
        raise DamagedBook("The book has no entries.", next_step=_AGAIN)
    yield encode_canonical(ExportHeader(book.id, book.read_keys(), last.number + 1, last.digest)) + "\n"
    for item in book.iterate_entries():
        entry = _whole(item)
        if entry.number <= last.number:  # what is appended meanwhile belongs to the next export
            is_shown = monitor is None or entry.monitor in ("", monitor)
            yield _encode_entry(entry, entry.body if is_shown else None) + "\n"


def read_export(path: Path) -> tuple[ExportHeader, Iterator[Entry | BookFault]]:
    """The header of an export, and its entries as they are read. Raises MissingPath, UnreadableFile, MalformedFile,
    LimitExceeded or NewerBook."""
    with _open(path) as file:
        header = _decode_header(_read_line(file, path, HEADER_BYTES_MAX), path)
    return header, _iterate(path, header)


def import_book(database: BookDatabase, path: Path) -> str:
    """Write an export into a database without a book, as it is; the book's id. Raises BookError where there is a book,
    DamagedBook where the export does not hold or something in it is withheld."""
    header, entries = read_export(path)
    report = check_book(header.book, entries)
    if report.faults or report.withheld:
        what = report.faults[0].what if report.faults else "the words of some monitors are withheld"
        number = report.faults[0].number if report.faults else None
        where = str(path) if number is None else f"{path}: entry {number}"
        raise DamagedBook(f"The export cannot become a book: {what}.", where=where, next_step=_AGAIN)
    if make_tables(database, header.book) != header.book:
        raise BookError(
            "There is another book already.", where=str(path), next_step="Name an empty folder or database."
        )
    _write(EntryStore(database, header.book), read_export(path)[1], path)
    return header.book


def _write(store: EntryStore, entries: Iterable[Entry | BookFault], path: Path) -> None:
    with store.writing():
        if store.find_last() is not None:
            raise BookError(
                "This book is here already.", where=str(path), next_step="Name an empty folder or database."
            )
        for item in entries:
            store.append(_whole(item))


def _whole(item: Entry | BookFault) -> Entry:
    if isinstance(item, BookFault):
        raise DamagedBook(item.what, where=f"entry {item.number}", next_step=item.next_step)
    return item


def _encode_entry(entry: Entry, body: str | None) -> str:
    values = {name: getattr(entry, name) for name in _NAMES}
    return encode_canonical({**values, "body": body})


def _iterate(path: Path, header: ExportHeader) -> Iterator[Entry | BookFault]:
    count, head = 0, NONE_BEFORE
    with _open(path) as file:
        file.readline(HEADER_BYTES_MAX)
        while line := _read_line(file, path, LINE_BYTES_MAX):
            item = _decode_entry(line, count)
            yield item
            count, head = count + 1, item.digest if isinstance(item, Entry) else head
    if (count, head) != (header.entries, header.head):
        yield BookFault(None, f"its header promises {header.entries} entries up to {header.head[:16]}…", _AGAIN)


def _decode_entry(line: bytes, place: int) -> Entry | BookFault:
    try:
        found: object = json.loads(line)
        fields = cast("dict[str, object]", found) if isinstance(found, dict) else {}
        if sorted(fields) != sorted(_NAMES):
            return BookFault(place, "its line is not that of an entry", _AGAIN)
        return to_entry(tuple(fields[name] for name in _NAMES))
    except (ValueError, RecursionError):
        return BookFault(place, "its line is no JSON", _AGAIN)
    except (DamagedBook, NewerBook) as error:
        return BookFault(place, error.what, error.next_step)


def _decode_header(line: bytes, path: Path) -> ExportHeader:
    try:
        found: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MalformedFile("This is no export of a book.", where=str(path), next_step=_AGAIN) from error
    fields = cast("dict[str, object]", found) if isinstance(found, dict) else {}
    version, book, keys = fields.get("format"), fields.get("book"), fields.get("keys")
    entries, head = fields.get("entries"), fields.get("head")
    if isinstance(version, int) and version > FORMAT:
        raise NewerBook(
            f"The export has format {version}; this holdfast knows {FORMAT}.",
            where=str(path),
            next_step="Install a newer holdfast.",
        )
    is_list = isinstance(keys, list) and all(isinstance(one, str) for one in cast("list[object]", keys))
    if version != FORMAT or not is_list or not isinstance(book, str) or not isinstance(head, str):
        raise MalformedFile("This is no export of a book.", where=f"{path}:1", next_step=_AGAIN)
    if not isinstance(entries, int) or "\n" in book:
        raise MalformedFile("This is no export of a book.", where=f"{path}:1", next_step=_AGAIN)
    return ExportHeader(book, tuple(cast("list[str]", keys)), entries, head)


def _read_line(file: BinaryIO, path: Path, bytes_max: int) -> bytes:
    try:
        line = file.readline(bytes_max + 1)
    except OSError as error:
        raise UnreadableFile(f"It cannot be read: {error.strerror}.", where=str(path)) from error
    if len(line) > bytes_max:
        raise LimitExceeded(f"A line is longer than {bytes_max} bytes.", where=str(path), next_step=_AGAIN)
    return line


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise MissingPath("There is no such file.", where=str(path), next_step="Check the path.") from error
    except OSError as error:
        raise UnreadableFile(f"It cannot be read: {error.strerror}.", where=str(path)) from error
