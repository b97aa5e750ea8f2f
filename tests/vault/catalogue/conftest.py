"""Every database, each real: a file of SQLite, and a schema in a PostgreSQL server on loopback."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.opening import open_catalogue

VAULT_ID = "6a1c2f0e-0000-4000-8000-000000000001"


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a catalogue lies."""
    if request.param == "sqlite":
        return tmp_path / "catalogue.sqlite"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def connect(place: Path | str) -> Iterator[Callable[[], Database]]:
    """Opens the same catalogue, as another process would."""
    opened: list[Database] = []

    def make() -> Database:
        opened.append(open_catalogue(place, VAULT_ID))
        return opened[-1]

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def database(connect: Callable[[], Database]) -> Database:
    return connect()
