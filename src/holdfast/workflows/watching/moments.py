"""When a watch acts: the day a visit counts for, its turn within the day, and a stated time for rehearsals."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from holdfast.records.errors import UsageError
from holdfast.records.watching import Visit
from holdfast.vault.opening import Clock, tell_time

NS: Final = 1_000_000_000
VISITS_A_DAY_MAX: Final = 48
_UNITS_S: Final = {"m": 60, "h": 3600, "d": 86400}


def make_clock(at: str) -> Clock:
    """The clock; with a stated time one that begins there and goes on. Raises UsageError for what is no time."""
    if not at:
        return tell_time
    start, begun = parse_time(at), time.monotonic()
    return lambda: start + timedelta(seconds=time.monotonic() - begun)


def parse_time(text: str) -> datetime:
    """`2026-12-01` or `2026-12-01T06:30`, in UTC. Raises UsageError."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError("this is no time", where=text, next_step="Write --at 2026-12-01T06:30.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def count_ns(clock: Clock) -> Callable[[], int]:
    """The clock as nanoseconds since 1970."""
    return lambda: int(clock().timestamp() * NS)


def parse_interval(text: str) -> float:
    """`30m`, `6h` or `1d` in seconds. Raises UsageError."""
    unit = _UNITS_S.get(text[-1:], 0)
    try:
        seconds = float(text[:-1]) * unit
    except ValueError:
        seconds = 0.0
    if not 86400 / VISITS_A_DAY_MAX <= seconds <= 86400:
        raise UsageError("a watch visits every 30m to 1d", where=text, next_step="Write --every 6h.")
    return seconds


def count_visits_a_day(every_s: float) -> int:
    """Into how many visits a day's plan is split."""
    return max(1, round(86400 / every_s))


def find_turn(at_ns: int, visits_a_day: int) -> int:
    """Which of a day's turns a moment belongs to, from 0."""
    return int(at_ns % (86400 * NS) * visits_a_day // (86400 * NS))


def is_turn_taken(visits: tuple[Visit, ...], day: int, turn: int, visits_a_day: int) -> bool:
    """Whether that turn of the day was already used, also by a visit to which nothing was answered."""
    return any(
        visit.day == day and any(find_turn(seen.at_ns, visits_a_day) >= turn for seen in visit.seen[-1:])
        for visit in visits
    )
