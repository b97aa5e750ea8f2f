"""Entries as rows: what is read is held to its digest, and what is appended is one transaction."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from holdfast.measure.watchbook.entries import find_break
from holdfast.measure.watchbook.tables import RESTORE, BookDatabase, telling
from holdfast.records.errors import DamagedBook, NewerBook, StorageError
from holdfast.records.watchbook import BookFault, Entry, EntryKind

_COLUMNS: Final = "number, monitor, kind, at, body, body_sha256, previous, digest, signature"
_SELECT: Final = f"SELECT {_COLUMNS} FROM watch_entries"  # noqa: S608 - a constant
_INSERT: Final = f"INSERT INTO watch_entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant
_PORTION: Final = 100


class EntryStore:
    """The entries of one book in a database."""

    def __init__(self, database: BookDatabase, book: str) -> None:
        self._database = database
        self._book = book

    @contextmanager
    def writing(self) -> Generator[None]:
        """All that is appended in the block is kept, or nothing. Others wait."""
        with telling(), self._database.transaction():
            yield

    def find_last(self) -> Entry | None:
        """The newest entry. Raises DamagedBook."""
        rows = self._read(f"{_SELECT} ORDER BY number DESC LIMIT 1", ())
        return self._check(rows[0]) if rows else None

    def find(self, number: int) -> Entry | None:
        """The entry of a number. Raises DamagedBook."""
        rows = self._read(f"{_SELECT} WHERE number = ?", (number,))
        return self._check(rows[0]) if rows else None

    def read(self, kinds: Sequence[EntryKind], monitor: str | None = None, since: int = 0) -> list[Entry]:
        """The entries of these kinds from a number on, of one monitor or of all, in order. Raises DamagedBook."""
        marks = ", ".join("?" for _ in kinds)
        which = f"WHERE kind IN ({marks}) AND number >= ?"
        parameters: list[object] = [*kinds, since]
        if monitor is not None:
            which, parameters = f"{which} AND monitor = ?", [*parameters, monitor]
        rows = self._read(f"{_SELECT} {which} ORDER BY number", [_plain(one) for one in parameters])
        return [self._check(row) for row in rows]

    def append(self, entry: Entry) -> None:
        """Add an entry, inside `writing`."""
        self._database.write(
            _INSERT,
            (
                entry.number,
                entry.monitor,
                entry.kind.value,
                entry.at,
                entry.body,
                entry.body_sha256,
                entry.previous,
                entry.digest,
                entry.signature,
            ),
        )

    def iterate(self) -> Iterator[Entry | BookFault]:
        """Every row in order as it stands, unchecked; a fault for each that cannot be read at all."""
        with telling():
            numbers = [
                int(number) for (number,) in self._database.read("SELECT number FROM watch_entries ORDER BY number")
            ]
        for place in range(0, len(numbers), _PORTION):
            yield from self._read_portion(numbers[place : place + _PORTION])

    def _read_portion(self, numbers: list[int]) -> Iterator[Entry | BookFault]:
        try:
            between = (numbers[0], numbers[-1])
            rows = self._read(f"{_SELECT} WHERE number BETWEEN ? AND ? ORDER BY number", between)
        except (DamagedBook, StorageError):
            rows = None
        if rows is not None:
            yield from map(_to_entry_or_fault, rows)
            return
        for number in numbers:
            yield self._read_one(number)

    def _read_one(self, number: int) -> Entry | BookFault:
        try:
            return _to_entry_or_fault(self._read(f"{_SELECT} WHERE number = ?", (number,))[0])
        except (DamagedBook, StorageError) as error:
            return BookFault(number, f"it cannot be read: {error.what}", RESTORE)

    def _read(self, statement: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        with telling():
            return self._database.read(statement, parameters)

    def _check(self, row: tuple[Any, ...]) -> Entry:
        entry = to_entry(row)
        if broken := find_break(entry, self._book):
            raise DamagedBook(
                f"Entry {entry.number} is not as it was written: {broken}.",
                where=f"entry {entry.number}",
                next_step=RESTORE,
            )
        return entry


def to_entry(row: tuple[Any, ...]) -> Entry:
    """An entry from its nine values. Raises NewerBook for a kind that is not known here, DamagedBook for no entry."""
    number, monitor, kind, at, body, body_sha256, previous, digest, signature = row
    texts = (monitor, kind, at, body_sha256, previous, digest, signature)
    if (
        not isinstance(number, int)
        or not all(isinstance(one, str) for one in texts)
        or not isinstance(body, str | None)
    ):
        raise DamagedBook(f"Entry {number!r:.40} has values of another kind.", next_step=RESTORE)
    if kind not in list(EntryKind):
        raise NewerBook(
            f"Entry {number} is of the kind {kind[:80]!r}, which this version does not know.",
            next_step="Install a newer holdfast.",
        )
    return Entry(number, monitor, EntryKind(kind), at, body, body_sha256, previous, digest, signature)


def _to_entry_or_fault(row: tuple[Any, ...]) -> Entry | BookFault:
    try:
        return to_entry(row)
    except (DamagedBook, NewerBook) as error:
        number = row[0] if isinstance(row[0], int) else None
        return BookFault(number, error.what, error.next_step)


def _plain(value: object) -> object:
    return value.value if isinstance(value, EntryKind) else value
