"""What matters: each driver goes through its interval alone, and the results are put in order of what that does."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.cost.candidates import Drivers
from holdfast.measure.cost.costs import Bar, Tornado

Array = NDArray[np.float64]


def make_tornado(of: str, drivers: Drivers, compute: Callable[[Drivers], Array], confidence: float) -> Tornado:
    """One bar for each driver that is not exact and makes a difference; `compute` gives the result for drivers."""
    tail = (1 - confidence) / 2
    spans = {name: np.quantile(draws, [tail, 1 - tail], method="inverted_cdf") for name, draws in drivers.items()}
    medians = {name: np.quantile(draws, [0.5, 0.5], method="inverted_cdf") for name, draws in drivers.items()}
    base = float(np.broadcast_to(compute(medians), 2)[0])
    bars = [_make_bar(name, span, compute(medians | {name: span})) for name, span in spans.items()]
    moved = [bar for bar in bars if bar.swing != 0.0]
    ordered = sorted(moved, key=lambda bar: (-math.inf if bar.swing is None else -bar.swing, bar.driver))
    return Tornado(of, _keep_finite(base), tuple(ordered))


def _make_bar(name: str, span: Array, result: Array) -> Bar:
    ends = np.broadcast_to(result, 2)
    at_low, at_high = _keep_finite(float(ends[0])), _keep_finite(float(ends[1]))
    swing = None if at_low is None or at_high is None else abs(at_high - at_low)
    return Bar(name, float(span[0]), float(span[1]), at_low, at_high, swing)


def _keep_finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
