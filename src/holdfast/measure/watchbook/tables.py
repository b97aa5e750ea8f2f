"""The book's tables, and the seam to the database they lie in. What fails there is told in words about the book."""

import contextlib
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol

from holdfast.measure.watchbook.entries import FORMAT
from holdfast.records.errors import (
    AccessDenied,
    BusyVault,
    DamagedBook,
    NewerBook,
    NewerVault,
    NoSpace,
    StorageError,
    VaultError,
)

RESTORE: Final = "Put the last good copy back, or import an export of it; nothing was written over."
# No index but the number, which in SQLite is the table itself: a damaged index leaves out rows without a word.
_TABLES: Final = (
    "CREATE TABLE IF NOT EXISTS watch_book (name {text} PRIMARY KEY, value {text} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS watch_entries (number INTEGER PRIMARY KEY, monitor {text} NOT NULL, kind {text} NOT"
    " NULL, at {text} NOT NULL, body {text} NOT NULL, body_sha256 {text} NOT NULL, previous {text} NOT NULL, digest"
    " {text} NOT NULL, signature {text} NOT NULL)",
)
_DAMAGE: Final = (
    "no such table",
    "lacks a table",
    "no such column",
    "lacks a column",
    "decode to UTF-8",
    "unsupported",
)
_CLAIM: Final = "INSERT INTO watch_book (name, value) VALUES (?, ?)"


class BookDatabase(Protocol):
    """What a book asks of a database, with `?` for parameters."""

    text: str
    """The name of its type for text that is compared byte by byte."""

    def read(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        ...

    def write(self, statement: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a statement inside `transaction`; the rows it returns."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """One writer at a time; all of it or nothing is kept."""
        ...

    def hold(self, name: str) -> AbstractContextManager[bool]:
        """Try to hold a name, which ends with the process at the latest; False when another process holds it."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


def make_tables(database: BookDatabase, book: str) -> str:
    """Make the tables of a new book called `book`, or find those of an old one; the book's id. Raises NewerBook."""
    with telling():
        found = find_book(database)
        if found is not None:
            return found
        with database.transaction():
            for statement in _TABLES:
                database.write(statement.format(text=database.text))
            again = _read_meta(database)
            if not again:
                database.write(_CLAIM, ("format", str(FORMAT)))
                database.write(_CLAIM, ("book", book))
    return find_book(database) or book


def find_book(database: BookDatabase) -> str | None:
    """The id of the book in a database; None when there is none. Raises NewerBook or DamagedBook."""
    with telling():
        meta = _find_meta(database)
    if meta is None:
        return None
    written = meta.get("format", "")
    if written.isascii() and written.isdigit() and int(written) > FORMAT:
        raise NewerBook(
            f"The book has format {written}; this holdfast knows {FORMAT}.", next_step="Install a newer holdfast."
        )
    if written != str(FORMAT) or not meta.get("book"):
        raise DamagedBook("The book does not say which it is, or in which format.", next_step=RESTORE)
    return meta["book"]


@contextlib.contextmanager
def telling(where: str = "") -> Generator[None]:
    """Turns what a database says of a catalogue into what it means for a book. Raises BookError or StorageError."""
    try:
        yield
    except UnicodeDecodeError as error:  # the driver reads names and texts that are damaged
        raise DamagedBook("The book holds bytes that are no text.", where=where, next_step=RESTORE) from error
    except BusyVault as error:
        raise BusyVault(
            "Another process writes to the book.", where=where or error.where, next_step="Run again."
        ) from error
    except (NoSpace, NewerVault):
        raise
    except AccessDenied as error:
        raise AccessDenied(
            f"The book cannot be opened or written ({_reword(error.what)}).",
            where=where or error.where,
            next_step="Check owner and permissions, or the user, the password and the rights of the database.",
        ) from error
    except VaultError as error:
        raise DamagedBook(_reword(error.what), where=where or error.where, next_step=RESTORE) from error
    except StorageError as error:
        if any(words in error.what for words in _DAMAGE):
            raise DamagedBook(_reword(error.what), where=where or error.where, next_step=RESTORE) from error
        raise StorageError(
            _reword(error.what), where=where or error.where, next_step=error.next_step or "Run again."
        ) from error


def _reword(what: str) -> str:
    return what.replace("the catalogue", "the book").replace("A catalogue", "A book")


def _find_meta(database: BookDatabase) -> dict[str, str] | None:
    """What the book says of itself; None when it has no table or says nothing."""
    try:
        return _read_meta(database) or None
    except (StorageError, VaultError) as error:
        if _lacks_table(error):
            return None
        raise


def _lacks_table(error: StorageError | VaultError) -> bool:
    return any(words in error.what for words in ("no such table", "lacks a table"))


def _read_meta(database: BookDatabase) -> dict[str, str]:
    return {str(name): str(value) for name, value in database.read("SELECT name, value FROM watch_book")}
