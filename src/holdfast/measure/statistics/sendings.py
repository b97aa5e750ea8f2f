"""Whether requests came as a Poisson process: gaps alone do not tell, their order and the counts per second do too."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.statistics.dependence import SAMPLES_MIN
from holdfast.measure.statistics.distributions import Array, find_chi_square, find_normal
from holdfast.records.measurement import Estimate

_PER_BIN_MIN: Final = 5
_BINS_MIN: Final = 20
_SCALED_MAX: Final = 1.190  # at 2.5 %, the mean estimated (Stephens 1974)
_EACH: Final = 0.983  # three questions, so that together they are wrong about one Poisson process in twenty


@dataclass(frozen=True, slots=True)
class Sendings:
    """What a process of sends looks like. `dispersion` is the variance of counts per bin over their mean: 1 for
    Poisson, less for regular sends, more for bursts. `correlation` is that of neighbouring gaps, `gap_variation` their
    standard deviation over their mean, `distance` Kolmogorov and Smirnov's from exponential gaps."""

    count: int
    rate_per_s: float | None
    dispersion: Estimate
    correlation: Estimate
    gap_variation: float | None
    distance: float | None
    is_exponential: bool | None
    is_poisson: bool | None


def describe_sendings(times_s: Array, start_s: float, end_s: float) -> Sendings:
    """Of sends within a window, in any order."""
    times = np.sort(times_s[(times_s >= start_s) & (times_s < end_s)])
    gaps = np.diff(times)
    dispersion, correlation = estimate_dispersion(times, start_s, end_s), estimate_correlation(gaps)
    if times.size < SAMPLES_MIN or gaps.mean() <= 0:
        return Sendings(times.size, None, dispersion, correlation, None, None, None, None)
    distance = compute_exponential_distance(gaps)
    is_exponential = scale_distance(distance, gaps.size) <= _SCALED_MAX
    wider = estimate_dispersion(times, start_s, end_s, _EACH), estimate_correlation(gaps, _EACH)
    parts = (_holds(wider[0], 1.0), _holds(wider[1], 0.0), is_exponential)
    is_poisson = None if None in parts else all(parts)
    rate, variation = times.size / (end_s - start_s), float(gaps.std() / gaps.mean())
    return Sendings(times.size, rate, dispersion, correlation, variation, distance, is_exponential, is_poisson)


def estimate_dispersion(times_s: Array, start_s: float, end_s: float, confidence: float = 0.95) -> Estimate:
    """Variance over mean of the counts in equal bins, of a second each or as many as hold five sends on average. The
    interval is that of Poisson counts: it holds 1 for 95 % of Poisson processes."""
    span = end_s - start_s
    bins = min(max(_BINS_MIN, round(span)), times_s.size // _PER_BIN_MIN) if span > 0 else 0
    if bins < _BINS_MIN:
        missing = max(1, _BINS_MIN * _PER_BIN_MIN - times_s.size)
        return Estimate(None, None, None, times_s.size, 1, confidence, "counts per bin", missing)
    counts = np.histogram(times_s, bins, (start_s, end_s))[0]
    index = float(counts.var(ddof=1) / counts.mean())
    ends = (find_chi_square(share, bins - 1) for share in ((1 + confidence) / 2, (1 - confidence) / 2))
    low, high = (index * (bins - 1) / end for end in ends)
    return Estimate(index, low, high, times_s.size, 1, confidence, f"counts in {bins} bins")


def estimate_correlation(series: Array, confidence: float = 0.95) -> Estimate:
    """The correlation of neighbours; the interval is that of independent samples, moved to what was seen."""
    centred = series - series.mean() if series.size else series
    square = float(np.dot(centred, centred))
    if series.size < SAMPLES_MIN or square <= 0:
        missing = SAMPLES_MIN - series.size if series.size < SAMPLES_MIN else None
        return Estimate(None, None, None, series.size, 1, confidence, "lag 1", missing)
    value = float(np.dot(centred[1:], centred[:-1])) / square
    reach = find_normal((1 + confidence) / 2) / math.sqrt(series.size)
    return Estimate(value, value - reach, value + reach, series.size, 1, confidence, "lag 1")


def compute_exponential_distance(gaps: Array) -> float:
    """The largest distance of the gaps' distribution from the exponential one with their mean."""
    expected = 1 - np.exp(-np.sort(gaps) / gaps.mean())
    steps = np.arange(gaps.size + 1) / gaps.size
    return float(max(np.max(steps[1:] - expected), np.max(expected - steps[:-1])))


def scale_distance(distance: float, gaps: int) -> float:
    """The distance as Stephens' table has it, for any number of gaps."""
    root = math.sqrt(gaps)
    return (distance - 0.2 / gaps) * (root + 0.26 + 0.5 / root)


def _holds(estimate: Estimate, value: float) -> bool | None:
    if estimate.low is None or estimate.high is None:
        return None
    return estimate.low <= value <= estimate.high
