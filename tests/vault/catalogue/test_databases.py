"""What the catalogue relies on, in every database."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.records.errors import BusyVault, HoldfastError, NewerVault
from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.opening import open_catalogue
from holdfast.vault.catalogue.schema import drop_tables, make_tables
from tests.vault.catalogue.conftest import VAULT_ID

Connect = Callable[[], Database]
MARK = "INSERT INTO meta (name, value) VALUES (?, ?)"
MARKS = "SELECT value FROM meta WHERE name = ?"
ONE_EXAMPLE_AFTER_ANOTHER = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read_marks(database: Database, name: str = "mark") -> list[str]:
    return [value for (value,) in database.read(MARKS, (name,))]


def write_and_fail(database: Database) -> None:
    with database.transaction():
        database.write(MARK, ("mark", "1"))
        raise KeyError


def write_inside_and_fail(database: Database) -> None:
    with database.transaction():
        with database.transaction():
            database.write(MARK, ("mark", "1"))
        raise KeyError


def write_and_ask_nonsense(database: Database) -> None:
    with database.transaction():
        database.write(MARK, ("mark", "1"))
        database.write("SELECT nothing FROM nowhere")


def hold_and_ask_nonsense(database: Database) -> None:
    with database.transaction(), database.hold("prune") as is_held:
        assert is_held
        database.write("SELECT nothing FROM nowhere")


def wait_little(database: Database) -> None:
    """For others that write, as both databases are told it."""
    postgres = database.blob == "BYTEA"
    database.read("SET lock_timeout = '200ms'" if postgres else "PRAGMA busy_timeout = 200")


def test_others_see_what_was_written_when_the_transaction_is_over(connect: Connect) -> None:
    mine, other = connect(), connect()
    with mine.transaction():
        mine.write(MARK, ("mark", "1"))
        assert read_marks(mine) == ["1"]
        assert read_marks(other) == []
    assert read_marks(other) == ["1"]


def test_a_transaction_that_fails_leaves_nothing(connect: Connect) -> None:
    database = connect()
    with pytest.raises(KeyError):
        write_and_fail(database)
    assert read_marks(database) == []
    assert read_marks(connect()) == []


def test_an_inner_transaction_is_part_of_the_outer_one(database: Database) -> None:
    with pytest.raises(KeyError):
        write_inside_and_fail(database)
    assert read_marks(database) == []


def test_a_statement_that_fails_ends_its_transaction_and_the_next_one_works(database: Database) -> None:
    with pytest.raises(HoldfastError, match="the catalogue"):
        write_and_ask_nonsense(database)
    with database.transaction():
        database.write(MARK, ("mark", "2"))
    assert read_marks(database) == ["2"]


def test_one_writes_at_a_time_and_the_next_one_sees_what_was_written(connect: Connect) -> None:
    """Checking and then claiming is safe: of many that count and write, no two count the same."""

    def count_up(database: Database) -> None:
        for _ in range(20):
            with database.transaction():
                number = int(database.write("SELECT COUNT(*) FROM meta WHERE value = 'counted'")[0][0])
                database.write(MARK, (f"number {number}", "counted"))

    workers = [Thread(target=count_up, args=(connect(),)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert connect().read("SELECT COUNT(*) FROM meta WHERE value = 'counted'") == [(60,)]


def test_a_writer_that_does_not_let_go_is_told_of(connect: Connect) -> None:
    mine, other = connect(), connect()
    wait_little(other)
    with mine.transaction():
        mine.write(MARK, ("mark", "1"))
        with pytest.raises(BusyVault, match="another process is writing"), other.transaction():
            pass
    with other.transaction():
        other.write(MARK, ("other", "2"))


def test_reading_waits_for_no_writer(connect: Connect) -> None:
    mine, other = connect(), connect()
    wait_little(other)
    with mine.transaction():
        mine.write(MARK, ("mark", "1"))
        assert read_marks(other) == []


def test_a_name_is_held_by_one_at_a_time(connect: Connect) -> None:
    mine, other = connect(), connect()
    with mine.hold("prune") as first:
        assert first
        with other.hold("prune") as second, mine.hold("prune") as third, other.hold("log") as fourth:
            assert (second, third, fourth) == (False, False, True)
    with other.hold("prune") as again:
        assert again


def test_a_name_is_let_go_when_the_transaction_around_it_fails(connect: Connect) -> None:
    mine, other = connect(), connect()
    with pytest.raises(HoldfastError, match="the catalogue"):
        hold_and_ask_nonsense(mine)
    with other.hold("prune") as again:
        assert again


def test_a_process_that_is_killed_holds_and_writes_nothing_any_more(place: Path | str, connect: Connect) -> None:
    database = connect()
    command = [sys.executable, "-m", "tests.vault.catalogue.holding", str(place), "owner"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with database.hold("owner") as meanwhile:
            assert not meanwhile
    finally:
        process.kill()
        process.communicate()
    with database.transaction():  # waits until the dead one is gone
        assert read_marks(database, "unfinished") == []
    with database.hold("owner") as afterwards:
        assert afterwards


@ONE_EXAMPLE_AFTER_ANOTHER
@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.binary(),
    st.integers(-(2**63), 2**63 - 1),
)
def test_values_come_back_as_they_were(database: Database, text: str, data: bytes, number: int) -> None:
    with database.transaction():
        database.write("DELETE FROM packs")
        database.write(
            "INSERT INTO packs (digest, size, state, damage) VALUES (?, ?, ?, ?)", (data, number, text, None)
        )
        database.write_many(
            "UPDATE packs SET state = ?, digest = ? WHERE size = ?", [("", b"other", number), (text, data, number)]
        )
    found = database.read(
        "SELECT digest, size, state, damage FROM packs WHERE state = ? AND digest = ? AND size = ?",
        (text, data, number),
    )
    assert [(bytes(digest), *rest) for digest, *rest in found] == [(data, number, text, None)]


@pytest.mark.parametrize("text", ["'; DROP TABLE meta; --", "\\'; DROP TABLE meta; --", "$1 ? :p %s", "'' \" \\", "😀"])
def test_a_text_is_never_taken_for_a_statement(database: Database, text: str) -> None:
    with database.transaction():
        database.write(MARK, ("mark", text))
        database.write_many(MARK, [("other", text)])
    assert read_marks(database) == read_marks(database, "other") == [text]


def test_a_text_with_a_nul_is_found_again(database: Database) -> None:
    with database.transaction():
        database.write(MARK, ("a\0b", "1"))
    assert read_marks(database, "a\0b") == ["1"]


def test_many_rows_are_written_whatever_the_statement(database: Database) -> None:
    names = [(f"name {number}", str(number)) for number in range(1234)]
    with database.transaction():
        database.write_many(MARK, iter(names))
        database.write_many("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", names)
        database.write_many("UPDATE meta SET value = ? WHERE name = ?", [("new", name) for name, _ in names])
        database.write_many(MARK, [])
    assert database.read("SELECT COUNT(*) FROM meta WHERE value = 'new'") == [(1234,)]


def test_texts_are_ordered_by_their_bytes_and_sums_are_numbers(database: Database) -> None:
    with database.transaction():
        database.write_many(MARK, [(name, "sorted") for name in ("b", "B", "a/b", "a-b", "é", "_")])
        database.write_many(
            "INSERT INTO packs (digest, size, state) VALUES (?, ?, ?)", [(bytes([n]), 2**61, "live") for n in range(3)]
        )
    found = database.read("SELECT name FROM meta WHERE value = 'sorted' ORDER BY name")
    assert [name for (name,) in found] == ["B", "_", "a-b", "a/b", "b", "é"]
    assert database.read("SELECT SUM(size), COALESCE(SUM(verified_at), 0) FROM packs") == [(3 * 2**61, 0)]


def test_a_new_row_tells_its_number(database: Database) -> None:
    with database.transaction():
        first, second = (
            database.write("INSERT INTO packs (digest, size, state) VALUES (?, 1, 'live') RETURNING id", (data,))
            for data in (b"1", b"2")
        )
    assert second[0][0] > first[0][0]


def test_tables_are_made_once_and_anew(place: Path | str, database: Database) -> None:
    with database.transaction():
        database.write(MARK, ("mark", "1"))
    other = open_catalogue(place, VAULT_ID)
    assert read_marks(other) == ["1"]
    drop_tables(other)
    make_tables(other)
    assert read_marks(database) == []
    other.close()


def test_a_catalogue_of_a_newer_version_is_left_alone(place: Path | str, database: Database) -> None:
    with database.transaction():
        database.write("UPDATE meta SET value = '99' WHERE name = 'version'")
        database.write("UPDATE meta SET value = '99 and other tables' WHERE name = 'tables'")
    with pytest.raises(NewerVault, match="version 99"):
        open_catalogue(place, VAULT_ID)
