"""When a watch acts."""

from datetime import UTC, datetime, timedelta

import pytest

from holdfast.records.errors import UsageError
from holdfast.records.watching import Channel, Seen, Visit
from holdfast.workflows.watching.moments import (
    count_ns,
    count_visits_a_day,
    find_turn,
    is_turn_taken,
    make_clock,
    parse_interval,
    parse_time,
)

DAY_NS = 86_400 * 10**9


def make_visit(day: int, at_ns: int) -> Visit:
    return Visit(1, day, 0, 1, (Seen(Channel.TOKENS, 0, at_ns, "a"),))


def test_a_stated_time_is_where_the_clock_begins() -> None:
    clock = make_clock("2026-12-01T06:30")
    begun = datetime(2026, 12, 1, 6, 30, tzinfo=UTC)
    assert begun <= clock() < begun + timedelta(minutes=10)
    assert count_ns(clock)() // DAY_NS == (begun - datetime(1970, 1, 1, tzinfo=UTC)).days


def test_a_time_of_another_zone_is_told_in_utc() -> None:
    assert parse_time("2026-12-01T06:30+02:00") == datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
    with pytest.raises(UsageError, match="no time"):
        parse_time("tomorrow")


@pytest.mark.parametrize(("text", "visits"), [("30m", 48), ("6h", 4), ("1d", 1), ("24h", 1), ("5h", 5)])
def test_an_interval_splits_the_day(text: str, visits: int) -> None:
    assert count_visits_a_day(parse_interval(text)) == visits


@pytest.mark.parametrize("text", ["", "h", "6", "1m", "2d", "-6h", "nanh"])
def test_an_interval_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="visits every"):
        parse_interval(text)


def test_turns_cut_the_day_evenly() -> None:
    assert [find_turn(DAY_NS * 20_000 + hour * DAY_NS // 24, 4) for hour in (0, 5, 6, 13, 23)] == [0, 0, 1, 2, 3]


def test_a_turn_is_taken_by_a_visit_of_the_same_turn_and_day_alone() -> None:
    morning = make_visit(20_000, DAY_NS * 20_000 + DAY_NS // 8)
    assert is_turn_taken((morning,), 20_000, 0, 4)
    assert not is_turn_taken((morning,), 20_000, 2, 4)
    assert not is_turn_taken((morning,), 20_001, 0, 4)
    assert is_turn_taken((morning,), 20_000, 0, 1)
