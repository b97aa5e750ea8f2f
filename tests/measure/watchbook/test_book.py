"""What a book keeps, in every database."""

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from holdfast.measure.watchbook.book import Book, make_book, open_book
from holdfast.measure.watchbook.checking import check_book
from holdfast.measure.watchbook.tables import BookDatabase
from holdfast.records.errors import BookError, BusyVault, DamagedBook, NewerBook, UnknownName, UsageError
from holdfast.records.watchbook import Alarm, Decision, Entry, EntryKind, Reservation
from tests.measure.watchbook.conftest import Clock, OpenBook
from tests.measure.watchbook.seen import make_monitor, make_visit

ADA = Decision("ada", "the vendor announced it")


def entries_of(book: Book) -> list[Entry]:
    return [one for one in book.iterate_entries() if isinstance(one, Entry)]


def test_what_was_enrolled_and_seen_is_read_again_by_whoever_opens_the_book(book: Book, reopen: OpenBook) -> None:
    book.enrol(make_monitor())
    for number in range(3):
        book.append_visit("chat", make_visit(number))
    again = reopen()
    assert again.read_monitor("chat").monitor == make_monitor()
    assert again.read_visits("chat") == tuple(make_visit(number) for number in range(3))


def test_an_acceptance_begins_a_life_whose_evidence_is_its_own(book: Book) -> None:
    book.enrol(make_monitor())
    book.append_visit("chat", make_visit(0))
    book.append_alarm("chat", Alarm(1, 20_783, "the served distribution changed", ("webhook",)))
    book.accept(make_monitor(life=2), ADA)
    book.append_visit("chat", make_visit(1))
    first, second = book.read_lives("chat")
    assert [len(life.visits) for life in (first, second)] == [1, 1]
    assert (len(first.alarms), second.alarms, second.decision) == (1, (), ADA)
    assert book.read_life("chat") == second
    assert second.monitor.settings.life == 2


def test_monitors_do_not_see_each_others_visits(book: Book) -> None:
    for name in ("one", "two"):
        book.enrol(make_monitor(name))
    book.append_visit("one", make_visit(0))
    assert [len(book.read_visits(name)) for name in ("one", "two")] == [1, 0]


def test_pausing_resuming_and_removing_are_on_record(book: Book) -> None:
    book.enrol(make_monitor())
    book.pause("chat", ADA)
    assert book.read_monitor("chat").is_paused
    book.resume("chat", ADA)
    assert not book.read_monitor("chat").is_paused
    book.append_visit("chat", make_visit(0))
    book.remove("chat", ADA)
    assert book.read_monitors() == ()
    assert len(book.read_lives("chat")[0].visits) == 1
    with pytest.raises(UnknownName):
        book.append_visit("chat", make_visit(1))


def test_a_name_that_does_not_fit_one_line_is_refused(book: Book) -> None:
    for name in ("", " chat", "a\nb", "a\u2028b", "x" * 201, "\ud800"):
        with pytest.raises(UsageError):
            book.enrol(make_monitor(name))
    assert book.read_monitors() == ()


def test_a_second_run_of_a_monitor_is_told_and_another_monitor_is_not(book: Book, reopen: OpenBook) -> None:
    other = reopen()
    with book.holding("chat"):
        with pytest.raises(BusyVault, match="Another run of chat is under way"), other.holding("chat"):
            pass
        with other.holding("search"):
            pass
    with other.holding("chat"):
        pass


def test_an_error_inside_a_run_stays_the_error_it_is(book: Book) -> None:
    with pytest.raises(BusyVault, match="the vault is busy"), book.holding("chat"):
        raise BusyVault("the vault is busy")


def test_two_writers_make_one_chain(book: Book, reopen: OpenBook) -> None:
    other = reopen("grace")
    for number in range(4):
        (book, other)[number % 2].enrol(make_monitor(f"monitor {number}"))
    report = check_book(book.id, book.iterate_entries())
    assert (report.entries, report.faults, len(report.keys)) == (6, (), 2)


def test_a_budget_holds_over_visits_settlements_and_what_was_never_settled(book: Book) -> None:
    book.enrol(make_monitor(budget=1.0))
    wanted = Reservation(0, 0.4, 400)
    first = book.reserve("chat", wanted, 1.0)
    assert first is not None
    book.append_visit("chat", make_visit(0, cost_usd=0.1), first)
    crashed = book.reserve("chat", wanted, 1.0)
    assert crashed is not None  # its process ended, so that nothing settles it
    failed = book.reserve("chat", wanted, 1.0)
    assert failed is not None
    assert book.reserve("chat", wanted, 1.0) is None
    book.settle("chat", failed, 0.05, 40)
    spent = book.read_spending("chat", "2026-11")
    assert spent.cost_usd == pytest.approx(0.1 + 0.4 + 0.05)
    assert spent.tokens == 80 + 400 + 40
    assert book.reserve("chat", wanted, 1.0) is not None


def test_a_budget_is_per_month_and_a_visit_counts_where_it_was_reserved(book: Book, clock: Clock) -> None:
    book.enrol(make_monitor(budget=1.0))
    reserved = book.reserve("chat", Reservation(0, 0.9, 1), 1.0)
    clock.now += timedelta(days=20)
    assert reserved is not None
    book.append_visit("chat", make_visit(0, cost_usd=0.8), reserved)
    assert [book.read_spending("chat", month).cost_usd for month in ("2026-11", "2026-12")] == [0.8, 0]
    assert book.reserve("chat", Reservation(0, 0.9, 1), 1.0) is not None


def test_a_budget_without_a_price_allows_nothing(book: Book) -> None:
    book.enrol(make_monitor())
    assert book.reserve("chat", Reservation(0, None, 10), 1.0) is None
    assert book.reserve("chat", Reservation(0, None, 10), None) is not None
    assert book.read_spending("chat", "2026-11").unpriced == 1
    assert book.reserve("chat", Reservation(0, 0.1, 10), 1.0) is None


def test_a_clock_that_steps_back_is_remarked_and_breaks_nothing(book: Book, clock: Clock) -> None:
    book.enrol(make_monitor())
    book.append_visit("chat", make_visit(0))
    clock.now -= timedelta(hours=3)
    book.append_visit("chat", make_visit(1))
    before, after = book.read_visits("chat")
    assert (before.remarks, len(after.remarks)) == ((), 1)
    assert "the clock stepped back by 2:59:5" in after.remarks[0]
    report = check_book(book.id, book.iterate_entries())
    assert (report.faults, len(report.remarks)) == ((), 1)


def test_nothing_is_left_of_an_append_that_fails(book: Book, reopen: OpenBook) -> None:
    class Broken(Exception):
        pass

    def broken() -> None:
        raise Broken

    book.enrol(make_monitor())
    book._clock = broken  # type: ignore[assignment]
    with pytest.raises(Broken):
        book.enrol(make_monitor("other"))
    assert [one.monitor.name for one in reopen().read_monitors()] == ["chat"]


def test_a_book_that_was_cut_is_noticed_by_whoever_signed_the_lost_entries(
    book: Book, reopen: OpenBook, connect: Callable[[], BookDatabase]
) -> None:
    book.enrol(make_monitor())
    book.append_visit("chat", make_visit(0))
    database = connect()
    with database.transaction():
        database.write("DELETE FROM watch_entries WHERE number = 2")
    with pytest.raises(DamagedBook, match="lacks entry 2"):
        reopen()
    assert reopen("grace").read_visits("chat") == ()


def test_an_altered_entry_is_not_believed(book: Book, connect: Callable[[], BookDatabase]) -> None:
    book.enrol(make_monitor())
    book.append_visit("chat", make_visit(0))
    database = connect()
    with database.transaction():
        database.write("UPDATE watch_entries SET body = REPLACE(body, '3f2a9c10', '3f2a9c11') WHERE number = 2")
    with pytest.raises(DamagedBook, match="Entry 2 is not as it was written"):
        book.read_visits("chat")


def test_a_newer_book_is_refused(book: Book, connect: Callable[[], BookDatabase], clock: Clock) -> None:
    database = connect()
    with database.transaction():
        database.write("UPDATE watch_book SET value = '2' WHERE name = 'format'")
    with pytest.raises(NewerBook, match="format 2"):
        make_book(database)
    with pytest.raises(NewerBook):
        open_book(database, None, clock)


def test_a_book_without_its_entries_table_is_damaged(book: Book, connect: Callable[[], BookDatabase]) -> None:
    database = connect()
    with database.transaction():
        database.write("DROP TABLE watch_entries")
    with pytest.raises(DamagedBook):
        book.read_monitors()


def test_a_database_without_a_book_says_so(connect: Callable[[], BookDatabase], clock: Clock) -> None:
    with pytest.raises(UnknownName, match="no book"):
        open_book(connect(), None, clock)


def test_a_book_opened_to_read_appends_nothing(book: Book, connect: Callable[[], BookDatabase], clock: Clock) -> None:
    book.enrol(make_monitor())
    reader = open_book(connect(), None, clock)
    assert len(reader.read_monitors()) == 1
    with pytest.raises(BookError, match="read only"):
        reader.enrol(make_monitor("other"))


def test_an_endpoint_that_says_what_utf8_cannot_write_breaks_nothing(book: Book) -> None:
    import dataclasses

    from holdfast.records.watching import Fact

    book.enrol(make_monitor())
    visit = dataclasses.replace(make_visit(0), facts=(Fact("model", "a\ud800b\x00\u2028'\\"),))
    book.append_visit("chat", visit)
    assert book.read_visits("chat")[0].facts == (Fact("model", "a?b\x00\u2028'\\"),)


def test_notices_are_kept_as_they_were_told(book: Book) -> None:
    book.enrol(make_monitor())
    book.append_notice("chat", {"model": "made/small", "effective": "2027-01-01"})
    [(entry, told)] = book.iterate_bodies("chat", EntryKind.NOTICED)
    assert (entry.kind, told["effective"]) == (EntryKind.NOTICED, "2027-01-01")


_KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from holdfast.measure.watchbook.book import make_book, open_book
from holdfast.vault.catalogue.database import SqliteDatabase
from holdfast.vault.log.keys import open_log_key
from holdfast.records.watchbook import Reservation
from tests.measure.watchbook.seen import make_visit
folder = Path(sys.argv[1])
database = SqliteDatabase(folder / "book.sqlite")
key = open_log_key(folder / "keys" / "ada", make_book(database))
book = open_book(database, key, lambda: datetime(2026, 11, 27, tzinfo=UTC))
with book.holding("chat"):
    reserved = book.reserve("chat", Reservation(0, 0.7, 10), 1.0)
    with book._entries.writing():
        book.append_visit("chat", make_visit(1), reserved)
        os._exit(9)
"""


@pytest.mark.parametrize("connect", ["sqlite"], indirect=True)
def test_a_killed_run_loses_its_visit_and_neither_the_budget_nor_the_hold(book: Book, tmp_path: Path) -> None:
    book.enrol(make_monitor(budget=1.0))
    book.append_visit("chat", make_visit(0))
    assert subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path)], check=False).returncode == 9
    with book.holding("chat"):
        assert len(book.read_visits("chat")) == 1
        assert book.reserve("chat", Reservation(0, 0.7, 10), 1.0) is None
    assert check_book(book.id, book.iterate_entries()).faults == ()
