"""What may be said of each day of a life, from its visits and its evidence. Unknown is never *same*."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final

from holdfast.records.measurement import Fault
from holdfast.records.watchbook import Life
from holdfast.records.watching import Channel, Evidence, Judgement, Visit

_ENOUGH: Final = 0.5  # of the planned answers: with less a day counts for nothing


class DayState(StrEnum):
    """What may be said of one day."""

    SAME = "same"
    NO_ALARM = "no alarm"  # answers came and nothing was seen; how small a change would have been is not known
    SUSPECTED = "suspected"
    CHANGED = "changed"
    COULD_NOT_TELL = "could not tell"
    REFERENCE = "reference"  # the day's answers make what later days are compared with
    NO_VISIT = "no visit"


@dataclass(frozen=True, slots=True)
class DayCell:
    """One day: `answered` of the `planned` answers came, in so many visits."""

    day: int
    state: DayState
    why: str
    visits: int
    answered: int
    planned: int


def list_days(life: Life, judgement: Judgement, last_day: int) -> tuple[DayCell, ...]:
    """Every day from a life's first visit to `last_day`, in order; none where nothing was ever asked."""
    if not life.visits:
        return ()
    visits, evidence = group_visits(life.visits), group_evidence(judgement.evidence)
    first = min(visits)
    context = _Context(life, judgement, min(evidence, default=None), _count_burn_in(life, visits))
    return tuple(
        _make_cell(day, visits.get(day, ()), evidence.get(day, ()), context)
        for day in range(first, max(last_day, first) + 1)
    )


def group_visits(visits: Iterable[Visit]) -> Mapping[int, Sequence[Visit]]:
    """Visits by the day for which they count."""
    ordered = sorted(visits, key=lambda one: one.day)
    return {day: tuple(own) for day, own in groupby(ordered, key=lambda one: one.day)}


def group_evidence(evidence: Iterable[Evidence]) -> Mapping[int, Sequence[Evidence]]:
    """Evidence by day."""
    ordered = sorted(evidence, key=lambda one: one.day)
    return {day: tuple(own) for day, own in groupby(ordered, key=lambda one: one.day)}


def mix_wealths(evidence: Sequence[Evidence], weights: Mapping[Channel, float]) -> float:
    """The logarithm of what all channels of a day are worth together: equal shares where no weights are known."""
    return _mix([(one.log_wealth, weights.get(one.channel, 0.0) if weights else 1.0) for one in evidence])


def mix_suspicions(evidence: Sequence[Evidence], weights: Mapping[Channel, float]) -> float:
    """The same of the second rule."""
    return _mix([(one.log_suspicion, weights.get(one.channel, 0.0) if weights else 1.0) for one in evidence])


def _mix(logs: Sequence[tuple[float, float]]) -> float:
    top = max((log for log, weight in logs if weight > 0), default=-math.inf)
    if not math.isfinite(top):
        return top
    total = math.fsum(weight * math.exp(log - top) for log, weight in logs if weight > 0)
    return top + math.log(total / math.fsum(weight for _, weight in logs))


@dataclass(frozen=True, slots=True)
class _Context:
    life: Life
    judgement: Judgement
    judged_from: int | None
    burn_in: frozenset[int]


def _count_burn_in(life: Life, visits: Mapping[int, object]) -> frozenset[int]:
    return frozenset(sorted(visits)[: life.monitor.settings.burn_in_days])


def _make_cell(day: int, visits: Sequence[Visit], evidence: Sequence[Evidence], context: _Context) -> DayCell:
    answered = sum(seen.fault is Fault.NONE for visit in visits for seen in visit.seen)
    planned = sum(visit.planned for visit in visits)
    state, why = _judge_day(day, evidence, context) if visits else (DayState.NO_VISIT, "nothing was asked")
    if state in (DayState.SAME, DayState.NO_ALARM) and answered < _ENOUGH * planned:
        state, why = DayState.COULD_NOT_TELL, "too few answers came"
    return DayCell(day, state, why, len(visits), answered, planned)


def _judge_day(day: int, evidence: Sequence[Evidence], context: _Context) -> tuple[DayState, str]:
    """Of a day with a visit."""
    judgement, alarm_day = context.judgement, context.judgement.alarm_day
    if alarm_day is not None and day >= alarm_day:
        return DayState.CHANGED, "the evidence had reached the alarm line"
    if not evidence:
        return _judge_without_evidence(day, context)
    suspicion = mix_suspicions(evidence, dict(judgement.weights))
    if suspicion >= math.log(context.life.monitor.settings.alarm_free_days):
        return DayState.SUSPECTED, "the quicker rule reached its line"
    found, asked = judgement.shift_found, context.life.monitor.settings.resolution
    if found is None and alarm_day is not None:
        return DayState.NO_ALARM, "before the alarm; how small a change would have been found is not known"
    if found is None or found > asked:
        return DayState.COULD_NOT_TELL, f"it is not known that a shift of {asked:g} would be found"
    return DayState.SAME, f"a lasting shift of {found:.2g} would have been found with probability 0.9"


def _judge_without_evidence(day: int, context: _Context) -> tuple[DayState, str]:
    is_before = context.judged_from is None or day < context.judged_from
    if is_before and day in context.burn_in:
        return DayState.REFERENCE, "its answers are part of the reference"
    return DayState.COULD_NOT_TELL, "nothing was judged on this day"
