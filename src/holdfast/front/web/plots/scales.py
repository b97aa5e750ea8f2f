"""From values to places on paper and ticks between them: in proportion to the value, or to its logarithm."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_RATIO_OF_LOG: Final = 30.0
_STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_DECADES_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class Span:
    """A way on paper, in the units of the drawing. `end` may be before `start`: up is the lesser number."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` along a span, with the values of its ticks."""

    low: float
    high: float
    span: Span
    ticks: tuple[float, ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """Where a value lies; beyond an end, at that end."""
        share = (self._measure(value) - self._measure(self.low)) / (self._measure(self.high) - self._measure(self.low))
        return self.span.start + min(max(share, 0.0), 1.0) * (self.span.end - self.span.start)

    def _measure(self, value: float) -> float:
        return math.log(max(value, self.low)) if self.is_log else value


def make_scale(values: Iterable[float], span: Span, ticks: int = 5) -> Scale:
    """A scale that holds the values: logarithmic where all are above zero and the most is over 30 times the least,
    else from zero, or from below it."""
    known = list(values)
    if known and min(known) > 0 and max(known) > _RATIO_OF_LOG * min(known):
        return make_log_scale(known, span)
    return make_linear_scale([0.0, *known], span, ticks)


def make_linear_scale(values: Iterable[float], span: Span, ticks: int = 5) -> Scale:
    """A scale in proportion that holds the values and ends at ticks."""
    known = list(values) or [0.0]
    low, high = min(known), max(known)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        low, high = (min(low, 0.0), max(high, 0.0)) if low else (0.0, 1.0)
    step = _choose_step((high - low) / ticks)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return Scale(first * step, last * step, span, tuple(number * step for number in range(first, last + 1)))


def make_log_scale(values: Sequence[float], span: Span) -> Scale:
    """A logarithmic scale that holds the values, all above zero, with a little room at both ends."""
    low, high = min(values), max(values)
    room = (high / low) ** 0.04 if high > low else 2.0
    low, high = low / room, high * room
    return Scale(low, high, span, _list_log_ticks(low, high), is_log=True)


def make_scale_of(values: Sequence[float], span: Span, ratio_of_log: float = 8.0) -> Scale:
    """A scale whose ticks are the values themselves, such as the loads that were offered."""
    if min(values) > 0 and max(values) >= ratio_of_log * min(values):
        bare = make_log_scale(values, span)
    else:
        top = max(values) * 1.06
        bare = Scale(min(0.0, *values), top if top > 0 else 1.0, span, ())
    return Scale(bare.low, bare.high, span, tuple(sorted(set(values))), bare.is_log)


def _choose_step(rough: float) -> float:
    decade = 10.0 ** math.floor(math.log10(rough))
    return next(step * decade for step in _STEPS if step * decade >= rough * (1 - 1e-9))


def _list_log_ticks(low: float, high: float) -> tuple[float, ...]:
    """1, 2 and 5 of each decade; where those are many, 1 alone, of every so many decades."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    found = [step * 10.0**decade for decade in decades for step in (1, 2, 5)]
    inside = [tick for tick in found if low <= tick <= high]
    if len(inside) > 7:
        every = math.ceil(len(decades) / 6)
        inside = [10.0**decade for decade in decades[::every] if low <= 10.0**decade <= high]
    return tuple(inside[:_DECADES_MAX])
