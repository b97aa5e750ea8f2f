"""A catalogue that outlives its connection: for servers, which run for months and only read.

A question that fails since the connection is gone is asked once more through a new one. Transactions and held names
end with the connection, as ever.
"""

import contextlib
from collections.abc import Callable, Iterable
from threading import RLock
from time import monotonic
from typing import Final

from holdfast.records.errors import HoldfastError, StorageError
from holdfast.vault.catalogue.database import Database, Parameters, Row

AGAIN_S: Final = 1.0


class RenewingDatabase:
    """A database, and how to open it again. One thread uses it at a time."""

    def __init__(
        self, database: Database, reopen: Callable[[], Database], watch: Callable[[], float] = monotonic
    ) -> None:
        self._database = database
        self._reopen = reopen
        self._watch = watch
        self._turn = RLock()
        self._tried_at = float("-inf")
        self.blob, self.identity, self.text = database.blob, database.identity, database.text

    def gather(self, what: str) -> str:
        """As the other one does."""
        return self._database.gather(what)

    def read(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query. Raises what the database does when a new connection does not help, or cannot be had; so
        soon after the last try none is tried."""
        try:
            return self._database.read(statement, parameters)
        except StorageError:
            with self._turn:
                if self._watch() - self._tried_at < AGAIN_S:
                    raise
                self._tried_at = self._watch()
                self._renew()
            return self._database.read(statement, parameters)

    def _renew(self) -> None:
        new = self._reopen()
        with contextlib.suppress(HoldfastError):
            self._database.close()
        self._database = new

    def write(self, statement: str, parameters: Parameters = ()) -> list[Row]:
        """As the other one does."""
        return self._database.write(statement, parameters)

    def write_many(self, statement: str, rows: Iterable[Parameters]) -> None:
        """As the other one does."""
        self._database.write_many(statement, rows)

    def transaction(self) -> contextlib.AbstractContextManager[None]:
        """As the other one does."""
        return self._database.transaction()

    def hold(self, name: str) -> contextlib.AbstractContextManager[bool]:
        """As the other one does."""
        return self._database.hold(name)

    def close(self) -> None:
        """Close whichever connection there is now."""
        self._database.close()
