"""Every database a book can lie in, each real, and a clock that stands where it is put."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdfast.measure.watchbook.book import Book, make_book, open_book
from holdfast.measure.watchbook.tables import BookDatabase
from holdfast.vault.catalogue.database import SqliteDatabase
from holdfast.vault.catalogue.postgres import PostgresDatabase, name_schema
from holdfast.vault.catalogue.postgres_address import PostgresAddress, read_postgres_address
from holdfast.vault.log.keys import open_log_key
from tests.vault.catalogue.postgres_server import PostgresServer, serving

START = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)


class Clock:
    """Goes on by a second every time it is read."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with serving() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], BookDatabase]]:
    """Opens the same database, as another process would."""
    opened: list[BookDatabase] = []
    is_postgres = request.param == "postgres"
    address = _read_address(request.getfixturevalue("postgres")) if is_postgres else None

    def make() -> BookDatabase:
        if address is not None:
            opened.append(PostgresDatabase(address, name_schema("watch")))
        else:
            opened.append(SqliteDatabase(tmp_path / "book.sqlite"))
        return opened[-1]

    yield make
    for database in opened:
        database.close()


def _read_address(server: PostgresServer) -> PostgresAddress:
    """A database of its own."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return read_postgres_address(server.url(server.make_database()), environ)


OpenBook = Callable[..., Book]


@pytest.fixture
def reopen(connect: Callable[[], BookDatabase], tmp_path: Path, clock: Clock) -> OpenBook:
    """Opens the same book anew, with the key of a user."""

    def make(user: str = "ada") -> Book:
        database = connect()
        identity = make_book(database)
        return open_book(database, open_log_key(tmp_path / "keys" / user, identity), clock)

    return make


@pytest.fixture
def book(reopen: OpenBook) -> Book:
    return reopen()
