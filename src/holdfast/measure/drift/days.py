"""Visits become days: what was seen of each channel, in the order of asking, without what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.records.measurement import Fault
from holdfast.records.watching import Channel, Monitor, Seen, Visit

CACHED: Final = "cache"  # a remark with this word: the answers of that visit are not draws of their own


@dataclass(frozen=True, slots=True)
class Day:
    """Neighbouring visits that count for the same day. A clock that was set back makes a new one. `answered` counts
    answers of every channel, `planned` what was to be answered."""

    day: int
    seen: tuple[Seen, ...]
    planned: int
    answered: int

    def list_seen(self, channel: Channel) -> list[Seen]:
        """What was answered in one channel."""
        return [one for one in self.seen if one.channel is channel]


@dataclass(frozen=True, slots=True)
class Life:
    """The days of one life: those that make the reference, and those that are monitored."""

    burn_in: tuple[Day, ...]
    monitored: tuple[Day, ...]


def gather_life(monitor: Monitor, visits: Sequence[Visit]) -> Life:
    """Visits in the order of their numbers; the first `burn_in_days` different days make the reference."""
    days: list[Day] = []
    for visit in sorted(visits, key=lambda one: one.number):
        if days and days[-1].day == visit.day:
            days[-1] = _join(days[-1], _read_visit(visit))
        else:
            days.append(_read_visit(visit))
    known: set[int] = set()
    for place, day in enumerate(days):
        known.add(day.day)
        if len(known) > monitor.settings.burn_in_days:
            return Life(tuple(days[:place]), tuple(days[place:]))
    return Life(tuple(days), ())


def is_cached(visit: Visit) -> bool:
    """Whether the answers came from a cache, as far as the one who asked could tell."""
    return any(CACHED in remark for remark in visit.remarks)


def _read_visit(visit: Visit) -> Day:
    seen = () if is_cached(visit) else tuple(one for one in visit.seen if one.fault is Fault.NONE)
    return Day(visit.day, seen, visit.planned, len(seen))


def _join(first: Day, second: Day) -> Day:
    return Day(first.day, first.seen + second.seen, first.planned + second.planned, first.answered + second.answered)
