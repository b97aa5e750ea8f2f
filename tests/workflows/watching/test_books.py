"""Where a book lies, whose key signs in it, and what is said of a file that is no book any more."""

import contextlib
import random
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.measure.watchbook.checking import check_book
from holdfast.records.errors import (
    AccessDenied,
    ConfigurationError,
    DamagedBook,
    MissingPath,
    StorageError,
)
from holdfast.workflows.watching.books import BookAsked, find_cut, find_location, open_watchbook, read_watchbook
from tests.measure.watchbook.seen import make_monitor, make_visit


@pytest.fixture
def asked(tmp_path: Path) -> BookAsked:
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "XDG_STATE_HOME": str(tmp_path / "state")}
    return BookAsked("", environ, lambda: datetime(2026, 11, 26, tzinfo=UTC))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "holdfast" / "watch" / "book.sqlite"


def fill(asked: BookAsked) -> None:
    with open_watchbook(asked, make=True) as book:
        book.enrol(make_monitor())
        for number in range(20):
            book.append_visit("chat", make_visit(number, 60))


def test_a_book_lies_in_the_state_folder_and_its_key_is_the_owners_alone(
    asked: BookAsked, path: Path, tmp_path: Path
) -> None:
    fill(asked)
    assert path.is_file()
    [key] = (tmp_path / "config" / "holdfast" / "watch-keys").glob("*.key")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with open_watchbook(asked) as book:
        assert len(book.read_visits("chat")) == 20
        assert len(book.read_keys()) == 1
        assert key.stem == book.id


def test_a_named_place_goes_before_the_variable_and_that_before_the_state_folder(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path), "HOLDFAST_WATCH": "/from/variable"}
    assert find_location(BookAsked("/named", environ)) == "/named"
    assert find_location(BookAsked("", environ)) == "/from/variable"
    assert find_location(BookAsked("", {"XDG_STATE_HOME": "/s"})) == "/s/holdfast/watch"


def test_where_no_book_is_none_is_made_by_looking(asked: BookAsked, path: Path) -> None:
    for opened in (read_watchbook(asked), open_watchbook(asked)):
        with pytest.raises(MissingPath, match="no book"), opened:
            pass
    assert not path.exists()


def test_reading_needs_no_key_and_makes_none(asked: BookAsked, tmp_path: Path) -> None:
    fill(asked)
    other = BookAsked(asked.location, {**asked.environ, "XDG_CONFIG_HOME": str(tmp_path / "other")}, asked.clock)
    with read_watchbook(other) as book:
        assert len(book.read_visits("chat")) == 20
        assert find_cut(other, book) is None
    assert not (tmp_path / "other").exists()


def test_a_key_that_others_can_read_signs_nothing(asked: BookAsked, tmp_path: Path) -> None:
    fill(asked)
    [key] = (tmp_path / "config" / "holdfast" / "watch-keys").glob("*.key")
    key.chmod(0o644)
    with pytest.raises(AccessDenied, match="Others can read"), open_watchbook(asked):
        pass


def test_an_older_copy_put_back_is_told_to_who_reads_and_to_who_writes(asked: BookAsked, path: Path) -> None:
    fill(asked)
    old = path.read_bytes()
    with open_watchbook(asked) as book:
        book.append_visit("chat", make_visit(20))
    path.write_bytes(old)
    with read_watchbook(asked) as book:
        fault = find_cut(asked, book)
    assert fault is not None
    assert "lacks entry 22" in fault.what
    with pytest.raises(DamagedBook, match="lacks entry 22"), open_watchbook(asked):
        pass


@pytest.mark.parametrize("content", [b"", b"no database at all " * 300, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_file_that_is_no_book_is_told_and_left_as_it_is(asked: BookAsked, path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    for opened in (open_watchbook(asked, make=True), read_watchbook(asked)):
        with pytest.raises(DamagedBook) as caught, opened:
            pass
        assert str(path) in caught.value.where
        assert "rebuild" not in str(caught.value)
        assert "catalogue" not in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("seed", range(6))
def test_flipped_bytes_anywhere_are_found_or_do_not_matter(asked: BookAsked, path: Path, seed: int) -> None:
    fill(asked)
    whole = bytearray(path.read_bytes())
    draw = random.Random(seed)
    for _ in range(1 + 20 * (seed % 3)):
        whole[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
    path.write_bytes(whole)
    is_told = False
    with contextlib.suppress(DamagedBook, StorageError), read_watchbook(asked) as book:
        is_told = bool(check_book(book.id, book.iterate_entries()).faults)
        is_told = is_told or book.read_visits("chat") == tuple(make_visit(number, 60) for number in range(20))
        assert is_told, "neither a fault nor the visits as they were"


def test_a_file_cut_short_is_told(asked: BookAsked, path: Path) -> None:
    fill(asked)
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(DamagedBook), open_watchbook(asked) as book:
        book.read_visits("chat")


def test_an_address_of_another_kind_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="PostgreSQL"), open_watchbook(BookAsked("mysql://host/db", {})):
        pass


def test_a_server_that_is_not_there_is_told_in_words_about_the_book() -> None:
    opened = open_watchbook(BookAsked("postgresql://ada:secret@127.0.0.1:1/watch", {}), make=True)
    with pytest.raises(StorageError, match="the book's server cannot be reached") as caught, opened:
        pass
    assert "secret" not in str(caught.value)
