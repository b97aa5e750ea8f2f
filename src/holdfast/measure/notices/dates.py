"""Dates as vendors write them. What is no day (a month, a quarter, *not sooner than*), or could be two, is unknown."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH: Final = r"(?P<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?<![\w.-])(?P<year>20\d\d)([-/.])(?P<month>\d{1,2})\2(?P<day>\d{1,2})(?![\d-])",
        rf"\b{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>20\d\d)\b",
        rf"(?<![\w.])(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[ -](?:of )?{_MONTH}[ ,-] ?(?P<year>20\d\d)\b",
        r"(?<![\w./])(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>20\d\d)\b(?!\.\d)",
        r"(?<![\w./])(?P<one>\d{1,2})/(?P<other>\d{1,2})/(?P<year>20\d\d)\b",
    )
)
_BOUND: Final = re.compile(
    r"(?:not? (?:sooner|earlier|later|before)(?: than)?|at least until|until at least|at the earliest|after|"
    r"by or after)[\s:]*$",
    re.IGNORECASE,
)
_EARLIEST: Final = re.compile(r"^\s*(?:or later|at the earliest|or after)\b", re.IGNORECASE)
_SECONDS: Final = range(1_420_070_400, 4_102_444_800)  # 2015 to 2100
CHARACTERS_MAX: Final = 4000


def find_date(text: str) -> date | None:
    """The one day that a text names; None when it names none, several, or only a bound."""
    found = {day for _, day in iterate_dates(text)}
    return found.pop() if len(found) == 1 else None


def iterate_dates(text: str) -> Iterator[tuple[int, date]]:
    """The days that a text names and where each begins, bounds left out."""
    text = text[:CHARACTERS_MAX]
    found: dict[int, date] = {}
    for form in _FORMS:
        for match in form.finditer(text):
            day = _to_date(match)
            is_bound = _BOUND.search(text[: match.start()]) or _EARLIEST.search(text[match.end() :])
            if day is not None and not is_bound:
                found.setdefault(match.start(), day)
    yield from sorted(found.items())


def find_date_in(value: object) -> date | None:
    """The day of a value of JSON: a text, or seconds or milliseconds since 1970."""
    if isinstance(value, str):
        return find_date(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    for scale in (1, 1000):
        if value == value and abs(value) < 1e15 and int(value / scale) in _SECONDS:
            return datetime.fromtimestamp(value / scale, UTC).date()
    return None


def _to_date(match: re.Match[str]) -> date | None:
    parts = match.groupdict()
    if "one" in parts:
        return _to_unambiguous(int(parts["one"]), int(parts["other"]), int(parts["year"]))
    month = _MONTHS.index(parts["name"].lower()) + 1 if "name" in parts else int(parts["month"])
    return _make(int(parts["year"]), month, int(parts["day"]))


def _to_unambiguous(one: int, other: int, year: int) -> date | None:
    """01/31/2026 and 31/01/2026 say which is the month; 02/01/2026 does not."""
    days = {day for day in (_make(year, one, other), _make(year, other, one)) if day}
    return days.pop() if len(days) == 1 else None


def _make(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
