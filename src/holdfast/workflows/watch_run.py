"""`holdfast watch run`: every monitor is visited once, judged, and what is to be told is told."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import holdfast
from holdfast.measure.probing.oddities import INTERRUPTED
from holdfast.measure.probing.planning import (
    Doses,
    VisitPlan,
    is_battery_due,
    make_doses,
    plan_visit,
    split_doses,
)
from holdfast.measure.probing.speaking import Speaking, make_ask, make_speaker
from holdfast.measure.probing.spending import count_worst
from holdfast.measure.probing.visiting import make_tongue, pay_visit
from holdfast.measure.watchbook.book import Book
from holdfast.records.errors import BusyVault, OutputError, StorageError
from holdfast.records.measurement import TokenPrice
from holdfast.records.watchbook import Reservation, Watched
from holdfast.records.watching import Monitor, Outcome, Visit
from holdfast.vault.opening import Clock
from holdfast.workflows.watching.alert_webhook import Sender
from holdfast.workflows.watching.alerts import Outlets, check_outlets, tell
from holdfast.workflows.watching.books import BookAsked, open_watchbook
from holdfast.workflows.watching.moments import count_ns, find_turn, is_turn_taken
from holdfast.workflows.watching.report import Plain, Reported, count_day, make_watch_report
from holdfast.workflows.watching.standing import choose, read_standing

EXIT_CHANGED: Final = 10
EXIT_COULD_NOT_TELL: Final = 3
BUDGET: Final = "the budget of the month is used up: nothing was asked"


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
        outcomes = [one.judgement.outcome for one in self.reported if not one.is_paused]
        if Outcome.CHANGED in outcomes:
            return EXIT_CHANGED
        return EXIT_COULD_NOT_TELL if Outcome.COULD_NOT_TELL in outcomes else 0


Tell = Callable[[str, int, int], None]


def run_watch(asked: RunAsked, tell_progress: Tell) -> Ran:
    """Visit, judge and tell. An endpoint that fails is an outcome, not an error; raises what books raise, UsageError
    for an outlet of no use, and StorageError where a file to tell in cannot be written: never OutputError, whose exit
    code would say that something changed."""
    check_outlets(asked.outlets)
    unvisited: list[tuple[str, str]] = []
    is_interrupted = False
    with open_watchbook(asked.book) as book:
        for watched in choose(book, asked.names):
            reason, is_interrupted = _visit_held(book, watched, asked, tell_progress)
            unvisited += [(watched.monitor.name, reason)] if reason else []
            if is_interrupted:
                break
        now = asked.book.clock()
        reported = read_standing(book, asked.names, now)
        document = make_watch_report(reported, now, holdfast.__version__)
        warnings = _tell(book, reported, document, asked)
    return Ran(reported, document, tuple(unvisited), warnings, is_interrupted)


def _tell(book: Book, reported: Sequence[Reported], document: Plain, asked: RunAsked) -> tuple[str, ...]:
    clock = asked.book.clock
    sender = Sender(lambda: clock().timestamp(), time.sleep, asked.book.environ)
    try:
        return tell(reported, document, asked.outlets, sender, record=book.append_alarm).warnings
    except OutputError as error:
        raise StorageError(error.what, where=error.where, next_step=error.next_step) from error


def _visit_held(book: Book, watched: Watched, asked: RunAsked, tell_progress: Tell) -> tuple[str, bool]:
    """Why the monitor was not visited, if it was not; and whether the user broke off."""
    if watched.is_paused:
        return "paused", False
    try:
        with book.holding(watched.monitor.name):
            return _visit(book, watched.monitor, asked, tell_progress)
    except BusyVault as error:
        return error.what, False


def _visit(book: Book, monitor: Monitor, asked: RunAsked, tell_progress: Tell) -> tuple[str, bool]:
    visits = book.read_visits(monitor.name)
    plan = plan_next(monitor, visits, asked.book.clock, asked.visits_a_day)
    if plan is None:
        return "it was visited already in this part of the day", False
    tokens, cost = _find_worst(monitor, plan)
    reserved = book.reserve(monitor.name, Reservation(0, cost, tokens), monitor.usd_per_month_max)
    if reserved is None:
        return BUDGET, False
    tell_progress(monitor.name, 0, len(plan.probes))
    visit = _pay(monitor, plan, asked, tokens)
    book.append_visit(monitor.name, visit, reserved)
    return "", INTERRUPTED in visit.remarks


def _pay(monitor: Monitor, plan: VisitPlan, asked: RunAsked, tokens_max: int) -> Visit:
    how = Speaking(price=find_price(monitor), environ=asked.book.environ, concurrency=asked.concurrency, seed=plan.seed)
    speaker = make_speaker(monitor.endpoint, how)
    return pay_visit(monitor, speaker, plan, count_ns(asked.book.clock), tokens_max=tokens_max)


def find_price(monitor: Monitor) -> TokenPrice | None:
    """What the endpoint takes, where both prices are known."""
    if monitor.usd_input is None or monitor.usd_output is None:
        return None
    return TokenPrice(monitor.usd_input, monitor.usd_output)


def plan_next(monitor: Monitor, visits: Sequence[Visit], clock: Clock, visits_a_day: int) -> VisitPlan | None:
    """The plan of the visit that is due now; None where this turn of the day was taken."""
    now = clock()
    day, turn = count_day(now), find_turn(count_ns(clock)(), visits_a_day)
    if is_turn_taken(tuple(visits), day, turn, visits_a_day):
        return None
    number = max((visit.number for visit in visits), default=0) + 1
    return plan_visit(monitor, number, day, _find_doses(monitor, visits, day, visits_a_day))


def _find_doses(monitor: Monitor, visits: Sequence[Visit], day: int, visits_a_day: int) -> Doses:
    settings = monitor.settings
    days = sorted({visit.day for visit in visits} | {day})
    is_burn_in = days.index(day) < settings.burn_in_days
    has_battery = is_battery_due(settings, visits, day, days[0])
    doses = make_doses(settings, is_burn_in=is_burn_in, has_battery=has_battery)
    return split_doses(doses, visits_a_day, 0)


def _find_worst(monitor: Monitor, plan: VisitPlan) -> tuple[int, float | None]:
    """Tokens and dollars that the visit cannot pass."""
    tongue = make_tongue(monitor)
    asks = [make_ask(number, probe.prompt, tongue) for number, probe in enumerate(plan.probes)]
    tokens, output = sum(count_worst(ask) for ask in asks), sum(ask.tokens_max for ask in asks)
    price = find_price(monitor)
    cost = None if price is None else ((tokens - output) * price.input + output * price.output) / 1e6
    return tokens, cost
