"""The mean of one or several runs, with an interval that respects correlation, skewness and the spread of runs."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from holdfast.measure.statistics.between_runs import check_runs, estimate_between, lacks
from holdfast.measure.statistics.dependence import EFFECTIVE_MIN, SAMPLES_MIN, Dependence, measure_dependence
from holdfast.measure.statistics.distributions import Array, find_t
from holdfast.records.measurement import Estimate

_BATCHES: Final = 30
_SKEW_MAX: Final = 1.0
WITHIN: Final = "Student's t on the long-run variance, skewness removed"


def estimate_mean(runs: Sequence[Array], confidence: float = 0.95) -> Estimate:
    """The mean of runs, each a series in the order of time. Of one run the interval says nothing about the next one.

    Raises ValueError for numbers that are not finite."""
    check_runs(runs)
    if len(runs) > 1:
        return estimate_between([float(run.mean()) for run in runs if run.size], runs, confidence)
    series = runs[0] if runs else np.zeros(0)
    dependence = measure_dependence(series) if series.size >= SAMPLES_MIN else None
    if dependence is None or series.size / dependence.inflation_most < EFFECTIVE_MIN:
        needed = SAMPLES_MIN if dependence is None else math.ceil(EFFECTIVE_MIN * dependence.inflation_most)
        return lacks(runs, needed - series.size, confidence)
    low, high = compute_interval(series, dependence, confidence)
    return Estimate(float(series.mean()), low, high, series.size, 1, confidence, WITHIN)


def compute_interval(series: Array, dependence: Dependence, confidence: float) -> tuple[float, float]:
    """Both ends: Hall's cubic transformation (1992) of t, so that a long tail does not leave its side uncovered."""
    spread = float(series.std()) * math.sqrt(dependence.inflation / series.size)
    reach = find_t((1 + confidence) / 2, dependence.degrees)
    skew = _compute_skew_of_mean(series, dependence)
    mean = float(series.mean())
    return mean - spread * _undo(reach, skew), mean - spread * _undo(-reach, skew)


def _undo(value: float, skew: float) -> float:
    """Hall's transformation backwards."""
    if abs(skew) < 1e-6:
        return value
    return 3 / skew * (float(np.cbrt(1 + skew * (value - skew / 6))) - 1)


def _compute_skew_of_mean(series: Array, dependence: Dependence) -> float:
    """The larger of what samples and what means of batches say: clusters of slow answers skew the latter alone."""
    alone = _compute_skew(series) / math.sqrt(dependence.effective)
    batches = np.array([part.mean() for part in np.array_split(series, _BATCHES)])
    unbiased = math.sqrt(_BATCHES * (_BATCHES - 1)) / (_BATCHES - 2)
    together = _compute_skew(batches) * unbiased / math.sqrt(_BATCHES)
    return min(max(alone, together, -_SKEW_MAX), _SKEW_MAX)


def _compute_skew(values: Array) -> float:
    centred = values - values.mean()
    variance = float(centred @ centred) / values.size
    return float(centred @ centred**2) / values.size / variance**1.5 if variance > 0 else 0.0
