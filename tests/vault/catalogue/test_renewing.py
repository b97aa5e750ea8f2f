"""A catalogue that is only read outlives the connection to its server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from holdfast.records.errors import StorageError
from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.opening import open_catalogue
from holdfast.vault.catalogue.renewing import AGAIN_S, RenewingDatabase
from tests.vault.catalogue.postgres_server import PostgresServer, serving

VAULT = "5f0f2a2e-9f3b-4c39-8d5e-6a8f7f0a1b2c"
COUNT = "SELECT COUNT(*) FROM packs"


class Watch:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that may be ended."""
    with serving() as server:
        yield server


def test_a_question_is_answered_through_a_new_connection_when_the_server_was_started_anew(
    own_server: PostgresServer,
) -> None:
    url = own_server.url(own_server.make_database())
    watch = Watch()
    database = RenewingDatabase(open_catalogue(url, VAULT), lambda: open_catalogue(url, VAULT), watch)
    assert database.read(COUNT) == [(0,)]
    own_server.stop()
    with pytest.raises(StorageError):
        database.read(COUNT)
    own_server.start()
    with pytest.raises(StorageError):
        database.read(COUNT)  # so soon after the last try
    watch.now += AGAIN_S
    assert database.read(COUNT) == [(0,)]
    assert database.read(COUNT) == [(0,)]
    database.close()


def test_an_error_that_no_connection_can_help_is_told_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    opened: list[int] = []

    def reopen() -> Database:
        opened.append(1)
        return open_catalogue(path, VAULT)

    database = RenewingDatabase(open_catalogue(path, VAULT), reopen)
    with pytest.raises(Exception, match="no such table"):
        database.read("SELECT 1 FROM no_table")
    assert len(opened) <= 1
    database.close()
