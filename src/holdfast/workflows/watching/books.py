"""Where the book of a watch lies, and the key that signs in it.

The book is `book.sqlite` in a folder or the schema of a PostgreSQL database; its key lies apart, with the user's keys.
"""

import contextlib
import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from holdfast.measure.watchbook.book import Book, make_book, open_book
from holdfast.measure.watchbook.tables import RESTORE, BookDatabase, find_book, telling
from holdfast.records.errors import ConfigurationError, DamagedBook, MissingPath
from holdfast.records.watchbook import BookFault
from holdfast.vault.catalogue.database import SqliteDatabase
from holdfast.vault.catalogue.postgres_address import is_postgres, read_postgres_address
from holdfast.vault.opening import Clock, tell_time
from holdfast.workflows.folders import config_folder, state_folder

if TYPE_CHECKING:  # with its signatures it takes its time
    from holdfast.vault.log.keys import LogKey

BOOK_NAME: Final = "book.sqlite"
VARIABLE: Final = "HOLDFAST_WATCH"
_SCHEMA: Final = "watch"


@dataclass(frozen=True, slots=True)
class BookAsked:
    """Which book: a folder or a `postgresql://` URL as the user wrote it (empty: from HOLDFAST_WATCH, or the user's
    state folder), and the environment."""

    location: str = ""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    clock: Clock = tell_time


@contextlib.contextmanager
def open_watchbook(asked: BookAsked, *, make: bool = False) -> Generator[Book]:
    """The book, open to append for the time of a `with` block. Raises MissingPath when there is none and `make` is not
    given, DamagedBook, NewerBook or StorageError."""
    with _open_database(asked, make=make) as database:
        identity = make_book(database) if make else _find_identity(database, asked)
        yield open_book(database, _open_key(asked, identity), asked.clock)


@contextlib.contextmanager
def read_watchbook(asked: BookAsked) -> Generator[Book]:
    """The book to read only: no key is needed, and none is made. Raises as `open_watchbook`."""
    with _open_database(asked, make=False) as database:
        _find_identity(database, asked)
        yield open_book(database, None, asked.clock)


def find_cut(asked: BookAsked, book: Book) -> BookFault | None:
    """What this user's key signed last and the book lacks; None where it lacks nothing, or the user never signed."""
    from holdfast.vault.log.keys import read_log_key

    try:
        remembered = read_log_key(_keys_folder(asked), book.id).recall()
    except MissingPath:
        return None
    try:
        book.check_memory(remembered)
    except DamagedBook as error:
        return BookFault(None, error.what, error.next_step)
    return None


def find_location(asked: BookAsked) -> str:
    """Where the book lies: as named, else HOLDFAST_WATCH, else `watch` in the user's state folder."""
    return asked.location or asked.environ.get(VARIABLE) or str(state_folder(asked.environ) / "watch")


@contextlib.contextmanager
def _open_database(asked: BookAsked, *, make: bool) -> Generator[BookDatabase]:
    location = find_location(asked)
    with telling():
        database = _open_postgres(location, asked) if is_postgres(location) else _open_sqlite(location, make=make)
    try:
        yield database
    finally:
        database.close()


def _open_sqlite(location: str, *, make: bool) -> BookDatabase:
    if "://" in location:
        raise ConfigurationError(
            "A book lies in a folder or in a PostgreSQL database.",
            where=VARIABLE,
            next_step="Write a folder or postgresql://HOST:PORT/DATABASE.",
        )
    path = Path(location).expanduser() / BOOK_NAME
    if not path.exists() and not make:
        raise _no_book(str(path))
    if path.exists() and path.stat().st_size == 0:
        raise DamagedBook("The book is an empty file.", where=str(path), next_step=RESTORE)
    database = SqliteDatabase(path)
    database.read("PRAGMA synchronous = FULL")  # what was reserved is on the disk before it is spent
    return database


def _open_postgres(location: str, asked: BookAsked) -> BookDatabase:
    from holdfast.vault.catalogue.postgres import PostgresDatabase, name_schema  # takes its time, and few need it

    return PostgresDatabase(read_postgres_address(location, asked.environ), name_schema(_SCHEMA))


def _find_identity(database: BookDatabase, asked: BookAsked) -> str:
    identity = find_book(database)
    if identity is None:
        raise _no_book(find_location(asked))
    return identity


def _open_key(asked: BookAsked, identity: str) -> "LogKey":
    from holdfast.vault.log.keys import open_log_key

    return open_log_key(_keys_folder(asked), identity)


def _keys_folder(asked: BookAsked) -> Path:
    return config_folder(asked.environ) / "watch-keys"


def _no_book(where: str) -> MissingPath:
    return MissingPath(
        "There is no book of a watch here.", where=where, next_step="Begin one with `holdfast watch add`."
    )
