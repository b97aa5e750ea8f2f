"""Monitors as they stand: what the book holds of them, judged anew from what was seen."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Final

import holdfast
from holdfast.measure.drift.judging import judge
from holdfast.measure.drift.together import judge_family
from holdfast.measure.drift.tolerance import choose_epsilon
from holdfast.measure.drift.triage import find_nearest
from holdfast.measure.watchbook.book import Book
from holdfast.records.errors import UnknownName
from holdfast.records.watchbook import EntryKind, Life, Watched
from holdfast.records.watching import Control, Judgement, Monitor, Moved, Visit
from holdfast.workflows.watching.report import Plain, Reported, count_day, make_watch_report, say_day

TOGETHER_ALPHA: Final = 0.01  # of what is said of several monitors at once


def read_standing(book: Book, names: Sequence[str], now: datetime) -> tuple[Reported, ...]:
    """The named monitors, or all of the book. Raises UnknownName for one that is not watched."""
    known = dict(_list_signatures(book))
    return tuple(_compare_with(known, report_monitor(book, one, now)) for one in choose(book, names))


def _list_signatures(book: Book) -> Iterator[tuple[str, Sequence[Moved]]]:
    """What moved in every change that somebody accepted and gave a name to, in this book."""
    for watched in book.read_monitors():
        for before, after in pairwise(book.read_lives(watched.monitor.name)):
            if after.decision is None:
                continue
            judgement = judge_life(before)
            if judgement.triage is not None and judgement.alarm_day is not None:
                named = f"{before.monitor.name}, {say_day(judgement.alarm_day)}: {after.decision.why}"
                yield named, judgement.triage.moved


def _compare_with(known: Mapping[str, Sequence[Moved]], reported: Reported) -> Reported:
    """With the nearest known changes beside what moved."""
    judgement = reported.judgement
    if judgement.triage is None or not known:
        return reported
    nearest = find_nearest(judgement.triage.moved, known)
    present = replace(judgement, triage=replace(judgement.triage, nearest=nearest))
    return replace(reported, judgements=(*reported.judgements[:-1], present))


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
    lives = tuple(replace(life, monitor=settle_tolerance(life.monitor, life.visits)) for life in book.read_lives(name))
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
    return judge(settle_tolerance(life.monitor, life.visits), life.visits)


def make_document(reported: Sequence[Reported], now: datetime) -> Plain:
    """What pages, tables and alerts are drawn from: every monitor, and what may be said of all of them together."""
    document = make_watch_report(reported, now, holdfast.__version__)
    return {**document, "together": [_say_together(reported, control) for control in Control]} if reported else document


def _say_together(reported: Sequence[Reported], control: Control) -> Plain:
    active = [one for one in reported if not one.is_paused]
    found = judge_family([one.judgement for one in active], TOGETHER_ALPHA, control)
    changed = [one.monitor.name for one, is_changed in zip(active, found.is_changed, strict=True) if is_changed]
    return {"control": control.value, "alpha": found.alpha, "promise": found.promise, "changed": changed}


def settle_tolerance(monitor: Monitor, visits: Sequence[Visit]) -> Monitor:
    """The monitor with as much tolerance as the days of its burn-in differ, once that is over and where none was
    stated; never less than its settings have."""
    settings = monitor.settings
    if settings.is_tolerance_stated or len({visit.day for visit in visits}) <= settings.burn_in_days:
        return monitor
    chosen, least = dict(choose_epsilon(monitor, visits)), dict(settings.epsilon)
    named = {**least, **chosen}
    epsilon = tuple((channel, max(chosen.get(channel, 0.0), least.get(channel, 0.0))) for channel in named)
    return replace(monitor, settings=replace(settings, epsilon=epsilon))


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
