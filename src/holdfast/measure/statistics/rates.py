"""Rates over a window: requests or tokens per second, with an interval from how the flow varies within it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.statistics.between_runs import estimate_between, lacks
from holdfast.measure.statistics.dependence import SAMPLES_MIN, measure_dependence
from holdfast.measure.statistics.distributions import Array
from holdfast.measure.statistics.means import WITHIN, compute_interval
from holdfast.records.measurement import Estimate

_BINS: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """Events at `times_s`, each of `amounts` (None: one), seen from `start_s` to `end_s`. What lies outside is not
    counted."""

    times_s: Array
    start_s: float
    end_s: float
    amounts: Array | None = None

    @property
    def duration_s(self) -> float:
        """Of the window."""
        return self.end_s - self.start_s


def estimate_rate(flows: Sequence[Flow], confidence: float = 0.95) -> Estimate:
    """The amount per second: of one run from 256 parts of its window, of several from the runs."""
    seen = [flow for flow in flows if flow.duration_s > 0]
    inside = [_select(flow) for flow in seen]
    if not seen or min(times.size for times in inside) < SAMPLES_MIN:
        return lacks(inside, SAMPLES_MIN * max(len(seen), 1) - sum(times.size for times in inside), confidence)
    binned = [_bin(flow) for flow in seen]
    if len(seen) > 1:
        return estimate_between([float(bins.mean()) for bins in binned], inside, confidence)
    low, high = compute_interval(binned[0], measure_dependence(binned[0]), confidence)
    return Estimate(float(binned[0].mean()), max(low, 0.0), high, inside[0].size, 1, confidence, WITHIN)


def _select(flow: Flow) -> Array:
    return flow.times_s[(flow.times_s >= flow.start_s) & (flow.times_s < flow.end_s)]


def _bin(flow: Flow) -> Array:
    """The rate in each part of the window."""
    is_inside = (flow.times_s >= flow.start_s) & (flow.times_s < flow.end_s)
    places = ((flow.times_s[is_inside] - flow.start_s) / flow.duration_s * _BINS).astype(np.int64)
    amounts = None if flow.amounts is None else flow.amounts[is_inside]
    sums = np.bincount(np.minimum(places, _BINS - 1), amounts, minlength=_BINS)
    return sums.astype(np.float64) * (_BINS / flow.duration_s)
