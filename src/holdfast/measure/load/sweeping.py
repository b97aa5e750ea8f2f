"""Loads one after the other: from little to much, to find where an endpoint's knee is. Where it is, others say."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from holdfast.measure.load.schedule import REQUESTS_MAX
from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import Arrivals, Load

LEVELS_MAX: Final = 100


def make_sweep(base: Load, values: Sequence[float]) -> tuple[Load, ...]:
    """The base load at each rate, or for a closed loop at each concurrency. ConfigurationError for a replay, whose
    arrivals are what they are, and for values that are none."""
    if base.arrivals is Arrivals.REPLAY:
        raise _refuse("a replay has one load", "Sweep a Poisson or a closed loop.")
    if not 1 <= len(values) <= LEVELS_MAX or not all(0 < value < 1e9 for value in values):
        raise _refuse(f"a sweep needs between 1 and {LEVELS_MAX} values above 0", "Give them as 1,2,4,8.")
    if base.arrivals is Arrivals.CLOSED:
        return tuple(replace(base, concurrency=max(1, round(value))) for value in values)
    return tuple(replace(base, rate_per_s=float(value)) for value in values)


def spread_levels(low: float, high: float, count: int) -> tuple[float, ...]:
    """So many values from low to high, each the same factor above the one before it."""
    if not 0 < low <= high or not 1 <= count <= LEVELS_MAX:
        raise _refuse("the levels do not rise from above 0", "Give the lowest and the highest value and a count.")
    if count == 1:
        return (high,)
    return tuple(float(low * (high / low) ** (step / (count - 1))) for step in range(count))


def make_ramp(base: Load, rates_per_s: tuple[float, float], seed: int) -> Load:
    """One open load whose rate rises or falls evenly over its duration: a Poisson process of changing rate, drawn here
    as a replay. The base's warm-up runs at the first rate."""
    first, last = rates_per_s
    if not (0 < first < 1e9 and 0 < last < 1e9 and base.duration_s > 0):
        raise _refuse("a ramp needs two rates above 0 and a duration", "Give them.")
    if max(first, last) * (base.duration_s + base.warmup_s) > REQUESTS_MAX:
        raise _refuse(f"a ramp of more than {REQUESTS_MAX} requests", "Make it shorter or lower.")
    random = np.random.default_rng(seed)
    offsets = _draw_ramp(base, first, last, random)
    return replace(base, arrivals=Arrivals.REPLAY, offsets_s=tuple(offsets.tolist()), duration_s=base.duration_s)


def _draw_ramp(
    base: Load, first: float, last: float, random: np.random.Generator
) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Arrivals of the highest rate, of which each stays with the chance of its moment's rate."""
    highest, span_s = max(first, last), base.warmup_s + base.duration_s
    count = int(random.poisson(highest * span_s))
    offsets = np.sort(random.uniform(0, span_s, count))
    share = np.clip((offsets - base.warmup_s) / base.duration_s, 0, 1)
    return offsets[random.uniform(0, highest, count) < first + (last - first) * share]


def _refuse(what: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(what, where="load", next_step=next_step)
