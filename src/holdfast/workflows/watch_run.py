"""`holdfast watch run`: every monitor is visited once, judged, and what is to be told is told."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from holdfast.measure.watchbook.book import Book
from holdfast.records.errors import BusyVault, OutputError, StorageError
from holdfast.records.watchbook import Watched
from holdfast.records.watching import Outcome
from holdfast.workflows.watching.alert_webhook import Sender
from holdfast.workflows.watching.alerts import Outlets, check_outlets, tell
from holdfast.workflows.watching.books import BookAsked, open_watchbook
from holdfast.workflows.watching.report import Plain, Reported
from holdfast.workflows.watching.standing import choose, make_document, read_standing
from holdfast.workflows.watching.visiting import Tell, Visitor

EXIT_CHANGED: Final = 10
EXIT_COULD_NOT_TELL: Final = 3


@dataclass(frozen=True, slots=True)
class RunAsked:
    """Which monitors (none: all), where it is told, and into how many visits a day is split."""

    book: BookAsked
    names: tuple[str, ...] = ()
    outlets: Outlets = field(default_factory=Outlets)
    visits_a_day: int = 1
    concurrency: int = 4


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to. `unvisited` says by monitor's name why it was not asked."""

    reported: tuple[Reported, ...]
    document: Plain
    unvisited: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    is_interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0: all are the same; 10: one changed; 3: of one it could not be told, as while its reference is collected."""
        return find_exit_code([one.judgement.outcome for one in self.reported if not one.is_paused])


def find_exit_code(outcomes: Sequence[Outcome]) -> int:
    """10 where one is changed, else 3 where one could not be told, else 0."""
    if Outcome.CHANGED in outcomes:
        return EXIT_CHANGED
    return EXIT_COULD_NOT_TELL if Outcome.COULD_NOT_TELL in outcomes else 0


def run_watch(asked: RunAsked, tell_progress: Tell) -> Ran:
    """Visit, judge and tell. An endpoint that fails is an outcome, not an error; raises what books raise, UsageError
    for an outlet of no use, and StorageError where a file to tell in cannot be written: never OutputError, whose exit
    code would say that something changed."""
    check_outlets(asked.outlets)
    unvisited: list[tuple[str, str]] = []
    is_interrupted = False
    with open_watchbook(asked.book) as book:
        visitor = Visitor(book, asked.book, asked.visits_a_day, asked.concurrency, tell_progress)
        for watched in choose(book, asked.names):
            reason, is_interrupted = _visit_held(visitor, watched)
            unvisited += [(watched.monitor.name, reason)] if reason else []
            if is_interrupted:
                break
        now = asked.book.clock()
        reported = read_standing(book, asked.names, now)
        document = make_document(reported, now)
        warnings = _tell(book, reported, document, asked)
    return Ran(reported, document, tuple(unvisited), warnings, is_interrupted)


def _tell(book: Book, reported: Sequence[Reported], document: Plain, asked: RunAsked) -> tuple[str, ...]:
    sender = Sender(time.time, time.sleep, asked.book.environ)
    try:
        return tell(reported, document, asked.outlets, sender, record=book.append_alarm).warnings
    except OutputError as error:
        raise StorageError(error.what, where=error.where, next_step=error.next_step) from error


def _visit_held(visitor: Visitor, watched: Watched) -> tuple[str, bool]:
    """Why the monitor was not visited, if it was not; and whether the user broke off."""
    if watched.is_paused:
        return "paused", False
    try:
        with visitor.book.holding(watched.monitor.name):
            return visitor.visit(watched.monitor)
    except BusyVault as error:
        return error.what, False
