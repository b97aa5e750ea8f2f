"""One monitor's visit: planned by its book, paid within its budget, written down; and a second one to see what an alarm
looks like."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.measure.drift.judging import judge
from holdfast.measure.probing.oddities import INTERRUPTED
from holdfast.measure.probing.planning import (
    SAMPLED,
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
from holdfast.records.measurement import TokenPrice
from holdfast.records.watchbook import Reservation
from holdfast.records.watching import Monitor, Outcome, Visit
from holdfast.workflows.watching.books import BookAsked
from holdfast.workflows.watching.moments import count_ns, find_turn, is_turn_taken
from holdfast.workflows.watching.report import count_day
from holdfast.workflows.watching.standing import settle_tolerance

BUDGET: Final = "the budget of the month is used up: nothing was asked"
TAKEN: Final = "it was visited already in this part of the day"
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Visits monitors of a book. A day's plan is split into `visits_a_day`."""

    book: Book
    asked: BookAsked
    visits_a_day: int
    concurrency: int
    tell: Tell

    def visit(self, monitor: Monitor) -> tuple[str, bool]:
        """Pay the visit that is due. Why it was not, if it was not; and whether the user broke off."""
        visits, now = self.book.read_visits(monitor.name), self.asked.clock()
        day, turn = count_day(now), find_turn(count_ns(self.asked.clock)(), self.visits_a_day)
        if is_turn_taken(visits, day, turn, self.visits_a_day):
            return TAKEN, False
        reason, visit = self._pay(monitor, day, find_doses(monitor, visits, day, self.visits_a_day))
        if visit is None or INTERRUPTED in visit.remarks:
            return reason, visit is not None
        return "", self._look_closer(monitor, (*visits, visit), day)

    def _look_closer(self, monitor: Monitor, visits: Sequence[Visit], day: int) -> bool:
        """After an alarm: the fixed battery at once, unless it was asked since. Whether the user broke off."""
        judgement = judge(settle_tolerance(monitor, visits), visits)
        if judgement.outcome is not Outcome.CHANGED or judgement.alarm_day is None:
            return False
        if any(has_battery(visit) for visit in visits if visit.day >= judgement.alarm_day):
            return False
        _, visit = self._pay(monitor, day, Doses(0, 0, has_battery=True))
        return visit is not None and INTERRUPTED in visit.remarks

    def _pay(self, monitor: Monitor, day: int, doses: Doses) -> tuple[str, Visit | None]:
        plan = plan_visit(monitor, self._find_number(monitor.name), day, doses)
        tokens, cost = _find_worst(monitor, plan)
        reserved = self.book.reserve(monitor.name, Reservation(0, cost, tokens), monitor.usd_per_month_max)
        if reserved is None:
            return BUDGET, None
        self.tell(monitor.name, 0, len(plan.probes))
        how = Speaking(
            price=find_price(monitor), environ=self.asked.environ, concurrency=self.concurrency, seed=plan.seed
        )
        speaker = make_speaker(monitor.endpoint, how)
        visit = pay_visit(monitor, speaker, plan, count_ns(self.asked.clock), tokens_max=tokens)
        self.book.append_visit(monitor.name, visit, reserved)
        return "", visit

    def _find_number(self, name: str) -> int:
        """One more than any visit in any life of the monitor."""
        numbers = [visit.number for life in self.book.read_lives(name) for visit in life.visits]
        return max(numbers, default=0) + 1


def find_doses(monitor: Monitor, visits: Sequence[Visit], day: int, visits_a_day: int) -> Doses:
    """What a visit of that day asks."""
    settings = monitor.settings
    days = sorted({visit.day for visit in visits} | {day})
    is_burn_in = days.index(day) < settings.burn_in_days
    doses = make_doses(settings, is_burn_in=is_burn_in, has_battery=is_battery_due(settings, visits, day, days[0]))
    return split_doses(doses, visits_a_day, 0)


def has_battery(visit: Visit) -> bool:
    """Whether the fixed battery was asked in it."""
    return any(seen.channel not in SAMPLED for seen in visit.seen)


def find_price(monitor: Monitor) -> TokenPrice | None:
    """What the endpoint takes, where both prices are known."""
    if monitor.usd_input is None or monitor.usd_output is None:
        return None
    return TokenPrice(monitor.usd_input, monitor.usd_output)


def _find_worst(monitor: Monitor, plan: VisitPlan) -> tuple[int, float | None]:
    """Tokens and dollars that the visit cannot pass."""
    tongue = make_tongue(monitor)
    asks = [make_ask(number, probe.prompt, tongue) for number, probe in enumerate(plan.probes)]
    tokens, output = sum(count_worst(ask) for ask in asks), sum(ask.tokens_max for ask in asks)
    price = find_price(monitor)
    cost = None if price is None else ((tokens - output) * price.input + output * price.output) / 1e6
    return tokens, cost
