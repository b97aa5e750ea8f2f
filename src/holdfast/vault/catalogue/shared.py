"""A catalogue that several threads of one process ask, one at a time."""

import contextlib
from collections.abc import Generator, Iterable
from threading import RLock

from holdfast.vault.catalogue.database import Database, Parameters, Row


class SharedDatabase:
    """Another database, asked by one thread at a time: for one statement, or for all of a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = RLock()
        self.blob, self.identity, self.text = database.blob, database.identity, database.text

    def gather(self, what: str) -> str:
        """As the other one does."""
        return self._database.gather(what)

    def read(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query."""
        with self._turn:
            return self._database.read(statement, parameters)

    def write(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """Run a statement inside `transaction`; the rows it returns."""
        with self._turn:
            return self._database.write(statement, parameters)

    def write_many(self, statement: str, rows: Iterable[Parameters]) -> None:
        """Run a statement for every row, inside `transaction`."""
        with self._turn:
            self._database.write_many(statement, rows)

    @contextlib.contextmanager
    def transaction(self) -> Generator[None]:
        """All of it or nothing; other threads wait."""
        with self._turn, self._database.transaction():
            yield

    def hold(self, name: str) -> contextlib.AbstractContextManager[bool]:
        """Try to hold a name, as the other one does."""
        return self._database.hold(name)

    def close(self) -> None:
        """Close the other one, after whoever asks just now."""
        with self._turn:
            self._database.close()
