"""`holdfast watch verify`: the chain, the signatures, and every alarm computed again from what was seen. Offline."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.measure.watchbook.book import Book
from holdfast.measure.watchbook.checking import check_book
from holdfast.measure.watchbook.exporting import export_book, import_book, read_export
from holdfast.records.watchbook import BookReport, Life
from holdfast.records.watching import Judgement, Outcome
from holdfast.vault.catalogue.database import SqliteDatabase
from holdfast.vault.opening import tell_time
from holdfast.workflows.watching.books import BookAsked, find_cut, read_watchbook
from holdfast.workflows.watching.report import CHANGED_WORDS, say_day
from holdfast.workflows.watching.standing import judge_life
from holdfast.workflows.writing import write_text


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A life of a monitor, judged again, beside what was told then. `differs` says in words what does not agree."""

    monitor: str
    life: int
    visits: int
    outcome: Outcome
    alarm_day: str | None
    log_wealth: float
    log_threshold: float
    differs: str = ""


@dataclass(frozen=True, slots=True)
class WatchVerified:
    """What a check of a whole book found."""

    report: BookReport
    lives: tuple[Recomputed, ...]

    @property
    def is_right(self) -> bool:
        """Whether every entry is as it was signed, and every alarm follows from what was seen."""
        return not self.report.faults and not any(one.differs for one in self.lives)


def verify_watch(asked: BookAsked, file: Path | None = None, trusted: tuple[str, ...] = ()) -> WatchVerified:
    """Check the book, or an exported one. `trusted` are public keys that may sign (none: those inside)."""
    if file is not None:
        return _verify_file(file, trusted)
    with read_watchbook(asked) as book:
        report = check_book(book.id, book.iterate_entries(), trusted)
        cut = find_cut(asked, book)
        report = replace(report, faults=(*report.faults, cut)) if cut else report
        return WatchVerified(report, () if report.faults else tuple(_recompute_all(book, report.monitors)))


def export_watch(asked: BookAsked, out: Path, name: str | None = None) -> int:
    """Write the book as one file that can be checked offline; how many lines it has. Raises OutputError."""
    with read_watchbook(asked) as book:
        lines = list(export_book(book, name))
    write_text(out, "".join(lines), what="the exported book")
    return len(lines)


def _verify_file(file: Path, trusted: tuple[str, ...]) -> WatchVerified:
    header, entries = read_export(file)
    report = check_book(header.book, entries, trusted)
    if report.faults or report.withheld:
        return WatchVerified(report, ())
    with tempfile.TemporaryDirectory(prefix="holdfast-watch-") as folder:
        database = SqliteDatabase(Path(folder) / "book.sqlite")
        try:
            book = Book(database, import_book(database, file), None, tell_time)
            return WatchVerified(report, tuple(_recompute_all(book, report.monitors)))
        finally:
            database.close()


def _recompute_all(book: Book, monitors: Iterable[str]) -> Iterator[Recomputed]:
    for name in monitors:
        for life in book.read_lives(name):
            yield _recompute(name, life, judge_life(life))


def _recompute(name: str, life: Life, judgement: Judgement) -> Recomputed:
    day = judgement.alarm_day
    return Recomputed(
        name,
        life.monitor.settings.life,
        len(life.visits),
        judgement.outcome,
        None if day is None else say_day(day),
        judgement.log_wealth,
        judgement.log_threshold,
        _find_difference(life, judgement),
    )


def _find_difference(life: Life, judgement: Judgement) -> str:
    """What was told then and does not follow from what was seen."""
    told = [alarm for alarm in life.alarms if alarm.day is not None and not alarm.is_suspected]
    if not told:
        return ""
    then = say_day(told[0].day or 0)
    if judgement.alarm_day is None:
        return f"on {then} it was told that {CHANGED_WORDS}, which what was seen does not show"
    now = say_day(judgement.alarm_day)
    return "" if now == then else f"a change was told of {then}; what was seen shows it on {now}"
