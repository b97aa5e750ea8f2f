"""Entries as rows: what is read is held to its digest, and what is appended is one transaction."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

from holdfast.measure.watchbook.entries import NONE_BEFORE, find_break
from holdfast.measure.watchbook.tables import RESTORE, BookDatabase, telling
from holdfast.records.errors import DamagedBook, NewerBook, StorageError
from holdfast.records.watchbook import BookFault, Entry, EntryKind

_COLUMNS: Final = "number, monitor, kind, at, body, body_sha256, previous, digest, signature"
_SELECT: Final = f"SELECT {_COLUMNS} FROM watch_entries"  # noqa: S608 - a constant
_SELECT_HEADS: Final = f"SELECT {_COLUMNS.replace('body, ', '')} FROM watch_entries"  # noqa: S608 - a constant
_INSERT: Final = f"INSERT INTO watch_entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - a constant
_PORTION: Final = 100


@dataclass(frozen=True, slots=True)
class _Head:
    """What is kept of an entry whose place in the chain was checked."""

    number: int
    monitor: str
    kind: EntryKind
    digest: str


class EntryStore:
    """The entries of one book in a database."""

    def __init__(self, database: BookDatabase, book: str) -> None:
        self._database = database
        self._book = book
        self._heads: list[_Head] = []

    @contextmanager
    def writing(self) -> Generator[None]:
        """All that is appended in the block is kept, or nothing. Others wait."""
        known = len(self._heads)
        try:
            with telling(), self._database.transaction():
                yield
        except BaseException:
            del self._heads[known:]  # what was read in between may never have been kept
            raise

    def find_last(self) -> Entry | None:
        """The newest entry. Raises DamagedBook."""
        rows = self._read(f"{_SELECT} ORDER BY number DESC LIMIT 1", ())
        return self._check(rows[0]) if rows else None

    def find(self, number: int) -> Entry | None:
        """The entry of a number. Raises DamagedBook."""
        rows = self._read(f"{_SELECT} WHERE number = ?", (number,))
        return self._check(rows[0]) if rows else None

    def read(self, kinds: Sequence[EntryKind], monitor: str | None = None, since: int = 0) -> list[Entry]:
        """The entries of these kinds from a number on, of one monitor or of all, in order.

        Whose they are and of which kind is believed only after the whole chain was followed, so that no damage can hide
        an entry. Raises DamagedBook."""
        self._follow()
        wanted = [
            head.number
            for head in self._heads[since:]
            if head.kind in kinds and (monitor is None or head.monitor == monitor)
        ]
        found: list[Entry] = []
        for place in range(0, len(wanted), _PORTION):
            some = wanted[place : place + _PORTION]
            marks = ", ".join("?" for _ in some)
            found += map(self._check, self._read(f"{_SELECT} WHERE number IN ({marks}) ORDER BY number", some))
        return found

    def _follow(self) -> None:
        """Follow the chain from where it was followed to before, bodies left out."""
        due = len(self._heads)
        for row in self._read(f"{_SELECT_HEADS} WHERE number >= ? ORDER BY number", (due,)):
            entry = self._check((*row[:4], None, *row[4:]))
            before = self._heads[-1].digest if self._heads else NONE_BEFORE
            if (entry.number, entry.previous) != (len(self._heads), before):
                raise DamagedBook(
                    f"Entry {entry.number} does not follow the one before it.",
                    where=f"entry {entry.number}",
                    next_step=RESTORE,
                )
            self._heads.append(_Head(entry.number, entry.monitor, entry.kind, entry.digest))

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
        numbers = [number for (number,) in self._read("SELECT number FROM watch_entries ORDER BY number", ())]
        if not all(isinstance(number, int) for number in numbers):
            raise DamagedBook("The book has entries without a number.", next_step=RESTORE)
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
            rows = self._read(f"{_SELECT} WHERE number = ?", (number,))
            return _to_entry_or_fault(rows[0]) if rows else BookFault(number, "it cannot be found", RESTORE)
        except (DamagedBook, StorageError) as error:
            return BookFault(number, f"it cannot be read: {error.what}", RESTORE)

    def _read(self, statement: str, parameters: Sequence[object]) -> list[tuple[Any, ...]]:
        with telling():
            return self._database.read(statement, parameters)

    def _check(self, row: tuple[Any, ...]) -> Entry:
        entry = _shape(row)
        if broken := find_break(entry, self._book):
            raise DamagedBook(
                f"Entry {entry.number} is not as it was written: {broken}.",
                where=f"entry {entry.number}",
                next_step=RESTORE,
            )
        return _check_kind(entry)


def to_entry(row: tuple[Any, ...]) -> Entry:
    """An entry from its nine values. Raises NewerBook for a kind that is not known here, DamagedBook for no entry."""
    return _check_kind(_shape(row))


def _shape(row: tuple[Any, ...]) -> Entry:
    """The entry, whatever its kind is called."""
    number, monitor, kind, at, body, body_sha256, previous, digest, signature = row
    texts = (monitor, kind, at, body_sha256, previous, digest, signature)
    is_shaped = isinstance(number, int) and all(isinstance(one, str) for one in texts)
    if not is_shaped or not isinstance(body, str | None):
        raise DamagedBook(f"Entry {number!r:.40} has values of another kind.", next_step=RESTORE)
    named = EntryKind(kind) if kind in list(EntryKind) else cast("EntryKind", kind)
    return Entry(number, monitor, named, at, body, body_sha256, previous, digest, signature)


def _check_kind(entry: Entry) -> Entry:
    if entry.kind not in list(EntryKind):
        raise NewerBook(
            f"Entry {entry.number} is of the kind {entry.kind[:80]!r}, which this version does not know.",
            next_step="Install a newer holdfast.",
        )
    return entry


def _to_entry_or_fault(row: tuple[Any, ...]) -> Entry | BookFault:
    try:
        return to_entry(row)
    except (DamagedBook, NewerBook) as error:
        number = row[0] if isinstance(row[0], int) else None
        return BookFault(number, error.what, error.next_step)
