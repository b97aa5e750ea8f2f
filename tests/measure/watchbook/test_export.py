"""Exports, and the checks of books: ours, and one written from the document alone."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from holdfast.measure.watchbook.book import Book, make_book, open_book
from holdfast.measure.watchbook.checking import check_book
from holdfast.measure.watchbook.exporting import export_book, import_book, read_export
from holdfast.measure.watchbook.tables import BookDatabase
from holdfast.records.errors import (
    BadSignature,
    BookError,
    DamagedBook,
    InputError,
    MalformedFile,
    MissingPath,
    NewerBook,
)
from holdfast.records.watchbook import BookReport, Decision, Reservation
from holdfast.vault.catalogue.database import SqliteDatabase
from holdfast.vault.log.keys import open_log_key
from tests.measure.watchbook.conftest import Clock, OpenBook
from tests.measure.watchbook.seen import make_monitor, make_visit

STANDALONE = Path(__file__).with_name("standalone.py")


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Callable[[], BookDatabase]]:
    """Opens the same file, as another process would; an export does not depend on the database."""
    opened: list[BookDatabase] = []

    def make() -> BookDatabase:
        opened.append(SqliteDatabase(tmp_path / "book.sqlite"))
        return opened[-1]

    yield make
    for database in opened:
        database.close()


@pytest.fixture
def filled(book: Book, reopen: OpenBook) -> Book:
    """Two monitors, two signers, two lives, 60 answers."""
    book.enrol(make_monitor("chat"))
    other = reopen("grace")
    other.enrol(make_monitor("search"))
    for number in range(3):
        reserved = book.reserve("chat", Reservation(0, 0.5, 100), 5.0)
        book.append_visit("chat", make_visit(number, 10), reserved)
        other.append_visit("search", make_visit(number, 10))
    book.reserve("chat", Reservation(0, 0.5, 100), 5.0)
    book.accept(make_monitor("chat", life=2), Decision("ada", "as announced"))
    return book


@pytest.fixture
def exported(filled: Book, tmp_path: Path) -> Path:
    path = tmp_path / "book.jsonl"
    path.write_text("".join(export_book(filled)), encoding="utf-8")
    return path


def check(path: Path, trusted: tuple[str, ...] = ()) -> BookReport:
    header, entries = read_export(path)
    return check_book(header.book, entries, trusted)


def run_standalone(path: Path) -> tuple[int, list[str]]:
    done = subprocess.run([sys.executable, str(STANDALONE), str(path)], check=False, capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


def change(path: Path, line: int, **members: object) -> None:
    """Alter members of the entry in a line, counted from 0 at the header."""
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[line] = json.dumps({**json.loads(lines[line]), **members})
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_a_reader_written_from_the_document_alone_finds_a_book_right_and_adds_it_up_alike(
    exported: Path, filled: Book
) -> None:
    code, lines = run_standalone(exported)
    assert code == 0
    report = check(exported)
    assert (report.faults, report.remarks, report.entries) == ((), (), 15)
    assert lines[:2] == [f"key {fingerprint}" for _, fingerprint in report.keys]
    assert lines[2:4] == ["chat: 30 answers", "search: 30 answers"]
    spent = filled.read_spending("chat", "2026-11").cost_usd
    assert lines[4] == f"chat: {spent:.6f} USD in 2026-11"
    assert spent == pytest.approx(3 * 0.001 + 0.5)


def test_the_reader_of_the_document_is_short() -> None:
    assert len(STANDALONE.read_text().splitlines()) < 120


ALTERED: list[tuple[str, dict[str, object]]] = [
    ("its body is not the one that was signed", {"body": '{"key":"other"}'}),
    ("it does not fit its digest", {"at": "2026-11-26T12:00:09Z"}),
    ("it does not fit its digest", {"monitor": "other"}),
    ("it does not fit its digest", {"kind": "noticed"}),
    ("it does not follow the entry before it", {"previous": "0" * 64}),
    ("it has no signature", {"signature": "AAAA"}),
    ("its line is not that of an entry", {"more": 1}),
    ("has values of another kind", {"at": 7}),
    ("which this version does not know", {"kind": "foretold"}),
]


@pytest.mark.parametrize(("what", "members"), ALTERED)
@pytest.mark.parametrize("line", [2, 14])
def test_an_altered_entry_is_named_by_its_number(
    exported: Path, line: int, what: str, members: dict[str, object]
) -> None:
    change(exported, line, **members)
    faults = check(exported).faults
    assert any(fault.number == line - 1 and what in fault.what for fault in faults), faults
    assert all(fault.next_step for fault in faults)


@pytest.mark.parametrize("line", [2, 13])
def test_both_readers_notice_every_alteration_of_what_is_signed(exported: Path, line: int) -> None:
    original = exported.read_text(encoding="utf-8")
    entry = json.loads(original.splitlines()[line])
    for name in ("number", "monitor", "kind", "at", "body", "body_sha256", "previous", "digest", "signature"):
        exported.write_text(original, encoding="utf-8")
        other = entry[name] + 1 if name == "number" else _swap(str(entry[name]))
        change(exported, line, **{name: other})
        assert check(exported).faults, name
    exported.write_text(original, encoding="utf-8")
    change(exported, line, at="2020-01-01T00:00:00Z")
    assert run_standalone(exported)[0] == 1


def _swap(text: str) -> str:
    """The text with one letter in its middle changed."""
    place = len(text) // 2
    return text[:place] + ("b" if text[place : place + 1] == "a" else "a") + text[place + 1 :]


def test_an_entry_taken_out_put_twice_or_swapped_is_noticed(exported: Path) -> None:
    lines = exported.read_text(encoding="utf-8").splitlines(keepends=True)
    for altered in (
        lines[:5] + lines[6:],
        [*lines[:6], lines[5], *lines[6:]],
        [*lines[:5], lines[6], lines[5], *lines[7:]],
    ):
        exported.write_text("".join(altered), encoding="utf-8")
        assert check(exported).faults[0].number in (4, 5)
        assert run_standalone(exported)[0] == 1


def test_a_file_cut_short_is_noticed_by_its_header(exported: Path) -> None:
    lines = exported.read_text(encoding="utf-8").splitlines(keepends=True)
    exported.write_text("".join(lines[:-2]), encoding="utf-8")
    [fault] = check(exported).faults
    assert (fault.number, "promises 15 entries" in fault.what) == (None, True)


def test_an_entry_by_a_key_that_is_not_trusted_is_a_fault(exported: Path) -> None:
    first, second = (line for line, _ in check(exported).keys)
    assert check(exported, (first, second)).faults == ()
    faults = check(exported, (first,)).faults
    assert {fault.number for fault in faults} == {2, 3, 6, 9, 12}
    with pytest.raises(BadSignature):
        check(exported, ("holdfast/x+00000000+AAAA",))


def test_an_export_for_one_monitor_withholds_the_others_and_holds_all_the_same(filled: Book, tmp_path: Path) -> None:
    path = tmp_path / "chat.jsonl"
    path.write_text("".join(export_book(filled, "chat")), encoding="utf-8")
    report = check(path)
    assert (report.faults, report.withheld, report.entries) == ((), 4, 15)
    assert run_standalone(path)[0] == 0
    with pytest.raises(DamagedBook, match="withheld"):
        import_book(SqliteDatabase(tmp_path / "other.sqlite"), path)


def test_an_imported_book_is_the_same_and_goes_on(exported: Path, filled: Book, tmp_path: Path, clock: Clock) -> None:
    database = SqliteDatabase(tmp_path / "new" / "book.sqlite")
    identity = import_book(database, exported)
    book = open_book(database, open_log_key(tmp_path / "keys" / "new", identity), clock)
    assert [book.read_lives(name) for name in ("chat", "search")] == [
        filled.read_lives(name) for name in ("chat", "search")
    ]
    book.append_visit("chat", make_visit(9))
    report = check_book(book.id, book.iterate_entries())
    assert (report.faults, report.entries, len(report.keys)) == ((), 17, 3)
    with pytest.raises(BookError, match="here already"):
        import_book(database, exported)
    database.close()


def test_an_import_does_not_touch_another_book(exported: Path, tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "new" / "book.sqlite")
    make_book(database)
    with pytest.raises(BookError, match="another book"):
        import_book(database, exported)
    database.close()


def test_a_broken_export_becomes_no_book(exported: Path, tmp_path: Path) -> None:
    change(exported, 5, at="2026-11-26T12:00:09Z")
    database = SqliteDatabase(tmp_path / "new" / "book.sqlite")
    with pytest.raises(DamagedBook, match="does not fit its digest") as caught:
        import_book(database, exported)
    assert caught.value.where.endswith("entry 4")
    assert database.read("SELECT name FROM sqlite_master") == []
    database.close()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"null\n",
        b"[" * 100_000,
        b"\xff\xfe\n",
        b'{"format":1}\n',
        b'{"format":1,"book":7,"keys":[],"entries":1,"head":""}\n',
    ],
)
def test_a_file_that_is_no_export_says_so(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(MalformedFile, match="no export") as caught:
        check(path)
    assert str(path) in caught.value.where


def test_lines_that_are_no_entries_are_named(exported: Path) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    for line in (b"{\n", b"7\n", b"\xff\n", b"[" * 100_000 + b"\n", b'{"number":' + b"9" * 5000 + b"}\n"):
        exported.write_bytes(b"".join([*lines[:4], line, *lines[5:]]))
        assert 3 in [fault.number for fault in check(exported).faults]


def test_a_newer_export_and_a_missing_one_are_told(exported: Path, tmp_path: Path) -> None:
    change(exported, 0, format=2)
    with pytest.raises(NewerBook, match="format 2"):
        check(exported)
    with pytest.raises(MissingPath):
        check(tmp_path / "nothing")
    with pytest.raises(InputError):
        check(tmp_path)


def test_what_cannot_be_read_in_a_database_is_named_by_number(
    filled: Book, connect: Callable[[], BookDatabase]
) -> None:
    database = connect()
    with database.transaction():
        database.write("UPDATE watch_entries SET body = CAST(X'ff00fe' AS TEXT) WHERE number = 4")
        database.write("UPDATE watch_entries SET kind = 'enrolled' WHERE number = 6")
        database.write("DELETE FROM watch_entries WHERE number = 9")
    numbers = {fault.number for fault in check_book(filled.id, filled.iterate_entries()).faults}
    assert {4, 6, 10} <= numbers <= {4, 5, 6, 9, 10}


def test_a_book_without_entries_is_at_fault() -> None:
    assert check_book("00" * 16, ()).faults[0].number is None


def test_a_visit_that_settles_what_was_put_aside_for_another_monitor_is_a_fault(filled: Book) -> None:
    filled.append_visit("search", make_visit(7), Reservation(4, 0.5, 100))
    [fault] = check_book(filled.id, filled.iterate_entries()).faults
    assert (fault.number, "settles entry 4" in fault.what) == (15, True)
