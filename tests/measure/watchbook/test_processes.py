"""Several processes at one book, and processes that are killed at it."""

import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.measure.watchbook.book import make_book, open_book
from holdfast.measure.watchbook.checking import check_book
from holdfast.records.watchbook import EntryKind
from holdfast.vault.catalogue.database import SqliteDatabase
from holdfast.vault.log.keys import open_log_key
from tests.measure.watchbook import appending
from tests.measure.watchbook.seen import make_visit
from tests.vault.catalogue.postgres_server import PostgresServer

REPOSITORY = Path(__file__).parents[3]


def start(place: str, keys: Path, name: str, count: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.measure.watchbook.appending", place, str(keys), name, str(count)]
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return str(tmp_path / "book.sqlite")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.make_database())


def test_processes_that_begin_and_fill_a_book_at_once_make_one_chain(place: str, tmp_path: Path) -> None:
    running = [start(place, tmp_path / f"keys {user}", f"monitor {user}", 10) for user in range(2)]
    assert [one.wait() for one in running] == [0, 0]
    database = appending.connect(place)
    book = open_book(database, None, lambda: datetime.now(UTC))
    report = check_book(book.id, book.iterate_entries())
    assert (report.faults, report.entries, len(report.keys)) == ((), 2 * (1 + 1 + 20), 2)
    assert [len(book.read_visits(f"monitor {user}")) for user in range(2)] == [10, 10]
    database.close()


@pytest.mark.parametrize("seed", range(2))
def test_a_process_killed_at_any_moment_leaves_a_whole_book_that_goes_on(tmp_path: Path, seed: int) -> None:
    path, keys = tmp_path / "book.sqlite", tmp_path / "keys"
    running = start(str(path), keys, "chat", 100_000)
    assert running.stdout is not None
    assert running.stdout.readline() == "enrolled\n"
    time.sleep(random.Random(seed).uniform(0, 0.2))
    running.kill()
    running.wait()
    database = SqliteDatabase(path)
    book = open_book(database, open_log_key(keys, make_book(database)), lambda: datetime.now(UTC))
    before = len(book.read_visits("chat"))
    reserved = sum(1 for _ in book.iterate_bodies("chat", EntryKind.RESERVED))
    assert reserved - before in (0, 1)
    each = make_visit(0).prompt_tokens + make_visit(0).output_tokens
    spent = book.read_spending("chat", f"{datetime.now(UTC):%Y-%m}").tokens
    assert spent == each * before + (reserved - before)
    book.append_visit("chat", make_visit(before))
    assert check_book(book.id, book.iterate_entries()).faults == ()
    database.close()
