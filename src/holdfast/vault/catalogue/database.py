"""The seam between the catalogue and its SQL database: SQLite in WAL mode here, PostgreSQL in postgres.py.

Statements are written once, with `?` for parameters, in what both databases understand.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from holdfast.records.errors import AccessDenied, BusyVault, NoSpace, StorageError, VaultError

Row: TypeAlias = tuple[Any, ...]
Parameters: TypeAlias = Sequence[object]
_T = TypeVar("_T")
WAIT_S: Final = 60.0


_BATCH: Final = 500  # parameters a statement; every database takes so many


def batch(values: Iterable[_T]) -> Iterator[tuple[_T, ...]]:
    """The values in portions that fit one statement."""
    rest = iter(values)
    while some := tuple(islice(rest, _BATCH)):
        yield some


class Database(Protocol):
    """What the catalogue asks of a database."""

    blob: str
    """The name of its type for bytes."""
    identity: str
    """How a table's own number is declared."""
    text: str
    """The name of its type for text that is compared byte by byte."""

    def gather(self, what: str) -> str:
        """The aggregate that puts the texts or numbers of a group into one text, with spaces between them."""
        ...

    def read(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query."""
        ...

    def write(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """Run a statement inside `transaction`; the rows it returns."""
        ...

    def write_many(self, statement: str, rows: Iterable[Parameters]) -> None:
        """Run a statement for every row, inside `transaction`."""
        ...

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """One writer at a time; all of it or nothing is kept. Raises BusyVault when others do not let go."""
        ...

    def hold(self, name: str) -> contextlib.AbstractContextManager[bool]:
        """Try to hold a name, which ends with the process at the latest; False when another process holds it."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class SqliteDatabase:
    """SQLite in a file. Names are held by locks on files beside it, which end with their process."""

    blob = "BLOB"
    identity = "INTEGER PRIMARY KEY"
    text = "TEXT"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._locks = path.parent / "locks"
        self._depth = 0
        with _explaining(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=WAIT_S, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA cache_size = -65536")

    def gather(self, what: str) -> str:
        """GROUP_CONCAT."""
        return f"GROUP_CONCAT({what}, ' ')"

    def read(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query."""
        with _explaining(self._path):
            return self._connection.execute(statement, tuple(parameters)).fetchall()

    def write(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """Run a statement; the rows it returns."""
        assert self._depth, "writes belong in a transaction"
        return self.read(statement, parameters)

    def write_many(self, statement: str, rows: Iterable[Parameters]) -> None:
        """Run a statement for every row."""
        assert self._depth, "writes belong in a transaction"
        with _explaining(self._path):
            self._connection.executemany(statement, rows)

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        """BEGIN IMMEDIATE; an inner one is part of the outer."""
        if self._depth == 0:
            self.read("BEGIN IMMEDIATE")
        self._depth += 1
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self._roll_back()
            raise
        self._depth -= 1
        if self._depth == 0:
            try:
                self.read("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # the first error is the one to tell
            self._connection.rollback()

    @contextlib.contextmanager
    def hold(self, name: str) -> Generator[bool]:
        """flock on a file of this name, which is taken away again by its holder."""
        path = self._locks / name
        with _explaining(self._path):
            self._locks.mkdir(exist_ok=True)
            descriptor = _lock(path)
        if descriptor is None:
            yield False
            return
        try:
            yield True
        finally:
            with contextlib.suppress(OSError):
                path.unlink()
            os.close(descriptor)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _lock(path: Path) -> int | None:
    """A descriptor that holds the lock on the file at `path`; None when another one does."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = os.fstat(descriptor)
            if path.exists() and os.path.samestat(mine, path.stat()):
                return descriptor
        except BlockingIOError:
            os.close(descriptor)
            return None
        except FileNotFoundError:
            pass
        os.close(descriptor)  # its last holder took the file away between our opening and our locking it


@contextlib.contextmanager
def _explaining(path: Path) -> Generator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _explain(error, path) from error


def _explain(error: sqlite3.Error | OSError, path: Path) -> StorageError | VaultError:
    text = str(error)
    if "locked" in text or "busy" in text:
        return BusyVault(
            "another process is writing to the catalogue", where=str(path), next_step="Wait for it, then run again."
        )
    if "full" in text:
        return NoSpace("the disk is full", where=str(path), next_step="Free some space; running again continues.")
    if isinstance(error, PermissionError) or "readonly" in text or "unable to open" in text:
        return AccessDenied(
            f"the catalogue cannot be opened: {text}",
            where=str(path),
            next_step="Check owner and permissions; or name a folder of yours in HOLDFAST_CATALOGUE: it is made there"
            " from the packs, which are only read.",
        )
    if isinstance(error, sqlite3.DatabaseError) and ("malformed" in text or "not a database" in text):
        return VaultError(
            f"the catalogue is damaged: {text}",
            where=str(path),
            next_step="Run `holdfast rebuild`: it is made anew from the packs.",
        )
    return StorageError(f"the catalogue failed: {text}", where=str(path), next_step="Run again.")
