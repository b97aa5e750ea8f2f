"""Numbers in words: in units that suit them, with the digits that can be read, and intervals beside them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from holdfast.front.web.plots.markup import Markup, join, make
from holdfast.records.measurement import Estimate

_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class Unit:
    """What is said is the value times `factor`; `mark` stands after it, `sign` before it, and `axis` names the whole on
    an axis. Exact ones are what somebody stated or counted: they have no digits that only look measured."""

    axis: str
    factor: float = 1.0
    mark: str = ""
    sign: str = ""
    is_exact: bool = False

    def exactly(self) -> "Unit":
        """The same for numbers that somebody stated."""
        return replace(self, is_exact=True)

    def say(self, value: float) -> str:
        """`231 ms`, `$0.0021`, `93.4 %`, `2/s`."""
        space = "" if not self.mark or self.mark.startswith("/") else " "
        return f"{self.say_bare(value, self.sign)}{space}{self.mark}"

    def say_bare(self, value: float, sign: str = "") -> str:
        """The number alone."""
        said = say_exact(value * self.factor) if self.is_exact else say_number(value * self.factor)
        return f"−{sign}{said[1:]}" if said.startswith("−") else f"{sign}{said}"


SHARE: Final = Unit("%", 100.0, "%")
POINTS: Final = Unit("percentage points", 100.0, "points")
USD: Final = Unit("US dollars", 1.0, "", "$")


def choose_seconds(values: Iterable[float]) -> Unit:
    """Microseconds, milliseconds or seconds, by the largest."""
    most = max((abs(value) for value in values), default=1.0)
    if most >= 1.0:
        return Unit("s", 1.0, "s")
    return Unit("ms", 1e3, "ms") if most >= 1e-3 or most == 0 else Unit("µs", 1e6, "µs")


def choose_usd(values: Iterable[float], of: str) -> Unit:
    """US dollars for one, a thousand or a million of something, by the largest."""
    most = max((abs(value) for value in values), default=1.0)
    for factor, many in ((1.0, ""), (1e3, "1,000 "), (1e6, "million ")):
        if most * factor >= 0.1 or factor == 1e6:
            return Unit(f"US dollars per {many}{of}{'s' if many else ''}", factor, "", "$")
    raise AssertionError("the last factor is always taken")


def say_number(value: float) -> str:
    """Three significant digits, whole thousands kept: 1,234; 12.3; 0.00123; 1.2e-07."""
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if not -5 <= size < 15:
        return f"{value:.2e}".replace("-", "−")
    rounded = round(value, max(_DIGITS - 1 - size, 0))
    digits = max(_DIGITS - 1 - math.floor(math.log10(abs(rounded))), 0)
    return f"{rounded:,.{digits}f}".replace("-", "−")


def say_exact(value: float) -> str:
    """At most six significant digits, and none that are zero at the end: 2; 0.5; 1,000."""
    return f"{value:,.6g}".replace("-", "−")


def say_tick(value: float, step: float) -> str:
    """A tick with no more digits than its neighbours need."""
    if value == 0:
        return "0"
    if not 1e-5 <= abs(value) < 1e15:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}".replace("-", "−")
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    said = f"{value:,.{digits + 1}f}"
    return said.rstrip("0").rstrip(".").replace("-", "−")


def say_estimate(one: Estimate, unit: Unit) -> str:
    """`231 ms [220, 245]`, or that it is unknown and what is missing."""
    if one.value is None and one.low is None and one.high is None:
        return say_unknown(one)
    value = "no end" if one.value is None else unit.say(one.value)
    low, high = ("no end" if end is None else unit.say_bare(end) for end in (one.low, one.high))
    if one.value is not None and one.low is None and one.high is None:
        return f"{value}, without an interval"
    return f"{value} [{low}, {high}]"


def say_unknown(one: Estimate) -> str:
    """`unknown: 12 more samples`."""
    if one.missing:
        return f"unknown: {one.missing:,} more sample{'' if one.missing == 1 else 's'}"
    return "unknown"


def make_number(value: float | None, unit: Unit) -> Markup:
    """A number for people, with the exact one in its element."""
    if value is None:
        return make("span", {"class": "is-unknown"}, "unknown")
    return make("data", {"value": repr(value)}, unit.say(value))


def make_estimate(one: Estimate, unit: Unit) -> Markup:
    """An estimate for people: the value, its interval, and the exact numbers in their elements."""
    if one.value is None and one.low is None and one.high is None:
        return make("span", {"class": "is-unknown"}, say_unknown(one))
    value = "no finite value" if one.value is None else make_number(one.value, unit)
    if one.value is not None and one.low is None and one.high is None:
        return join(value, make("span", {"class": "interval"}, " without an interval"))
    low, high = (_make_end(end, unit) for end in (one.low, one.high))
    return join(value, " ", make("span", {"class": "interval"}, "[", low, ", ", high, "]"))


def make_seconds(one: Estimate) -> Markup:
    """An estimate of a time, in the unit that suits it."""
    return make_estimate(one, choose_seconds([] if one.value is None else [one.value]))


def _make_end(end: float | None, unit: Unit) -> Markup:
    return join("no end") if end is None else make("data", {"value": repr(end)}, unit.say_bare(end))
