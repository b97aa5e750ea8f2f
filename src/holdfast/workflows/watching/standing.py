"""Monitors as they stand: what the book holds of them, judged anew from what was seen."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from holdfast.measure.drift.judging import judge
from holdfast.measure.watchbook.book import Book
from holdfast.records.errors import UnknownName
from holdfast.records.watchbook import EntryKind, Life, Watched
from holdfast.records.watching import Judgement, Visit
from holdfast.workflows.watching.report import Reported, count_day, say_day


def read_standing(book: Book, names: Sequence[str], now: datetime) -> tuple[Reported, ...]:
    """The named monitors, or all of the book. Raises UnknownName for one that is not watched."""
    return tuple(report_monitor(book, one, now) for one in choose(book, names))


def choose(book: Book, names: Sequence[str]) -> Iterator[Watched]:
    """The named monitors in the order of their names' mention, or all in the book's. Raises UnknownName."""
    watched = {one.monitor.name: one for one in book.read_monitors()}
    for name in names:
        if name not in watched:
            known = ", ".join(watched) or "it has none"
            raise UnknownName(f"the book has no monitor {name}: {known}", next_step="Name one of its monitors.")
    yield from (watched[name] for name in names or watched)


def report_monitor(book: Book, watched: Watched, now: datetime) -> Reported:
    """One monitor with every life and what may be said of each."""
    name = watched.monitor.name
    lives = book.read_lives(name)
    since = _find_present(lives, watched)
    return Reported(
        lives[since:],
        tuple(judge_life(life) for life in lives[since:]),
        book.read_spending(name, f"{now:%Y-%m}"),
        watched.is_paused,
        _say_next(lives[-1].visits, now, is_paused=watched.is_paused),
        tuple(_list_notices(book, name)),
    )


def judge_life(life: Life) -> Judgement:
    """What may be said of a life, from its visits alone."""
    return judge(life.monitor, life.visits)


def _find_present(lives: Sequence[Life], watched: Watched) -> int:
    """Where the lives of the monitor begin that stands now: one that was enrolled anew forgets those before."""
    starts = [place for place, life in enumerate(lives) if life.decision is None and life.entry <= watched.entry]
    return starts[-1] if starts else 0


def _say_next(visits: Sequence[Visit], now: datetime, *, is_paused: bool) -> str:
    if is_paused:
        return "paused"
    today = count_day(now)
    if not visits or visits[-1].day < today:
        return f"due on {say_day(today)}"
    return f"due on {say_day(visits[-1].day + 1)}"


def _list_notices(book: Book, name: str) -> Iterator[str]:
    for _, body in book.iterate_bodies(name, EntryKind.NOTICED):
        words = body.get("words")
        if isinstance(words, str):
            yield words
