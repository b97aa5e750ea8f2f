"""Days as vendors write them."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.measure.notices.dates import find_date, find_date_in

DAYS = st.dates(date(2015, 1, 1), date(2099, 12, 31))
FORMS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%B %d, %Y",
    "%b %d %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d.%m.%Y",
    "%a, %d %b %Y 10:00:00 GMT",
    "%Y-%m-%dT23:59:59Z",
    "on %B %d, %Y.",
    "(%Y-%m-%d)",
)


@given(DAYS, st.sampled_from(FORMS))
def test_a_day_is_found_in_every_form(day: date, form: str) -> None:
    assert find_date(day.strftime(form)) == day


@pytest.mark.parametrize(
    "text", ["April 28th, 2025", "28th of April 2025", "Apr. 28, 2025", "28 Apr 2025", "4/28/2025"]
)
def test_ordinals_and_short_months_are_read(text: str) -> None:
    assert find_date(text) == date(2025, 4, 28)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "TBD",
        "Q1 2026",
        "January 2026",
        "02/01/2026",
        "Not sooner than May 14, 2026",
        "no earlier than 2026-05-14",
        "2026-05-14 or later",
        "2026-02-30",
        "1.2.2026.5",
        "v2026-01-02-3",
        "gpt-4-2026-01-02",
        "between 2026-01-01 and 2026-02-01",
        "99 January 2026",
    ],
)
def test_what_is_no_one_day_is_unknown(text: str) -> None:
    assert find_date(text) is None


@given(DAYS)
def test_seconds_and_milliseconds_since_1970_are_days(day: date) -> None:
    seconds = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    assert [find_date_in(int(seconds)), find_date_in(seconds * 1000)] == [day, day]


@pytest.mark.parametrize("value", [None, True, 0, 12, -5, 1e300, float("nan"), float("inf"), 10**400, [], {}])
def test_other_values_are_no_days(value: object) -> None:
    assert find_date_in(value) is None
