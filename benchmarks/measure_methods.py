"""Intervals as others make them, for measure_coverage.py: why ours are made differently."""

import math
from collections.abc import Callable

import numpy as np
from scipy import special, stats

from holdfast.measure.statistics.dependence import Dependence, measure_dependence
from holdfast.measure.statistics.distributions import Array
from holdfast.measure.statistics.means import estimate_mean
from holdfast.measure.statistics.quantiles import estimate_quantiles
from holdfast.records.measurement import Estimate

Method = Callable[[Array, "float | None"], Estimate]
_RESAMPLES = 300
_BATCHES = 20


def use_ours(series: Array, level: float | None) -> Estimate:
    """As the product does it."""
    return estimate_mean([series]) if level is None else estimate_quantiles([series], [level])[0]


def assume_independence(series: Array, level: float | None) -> Estimate:
    """Student's t, or order statistics at binomial ranks."""
    return make_interval(series, level, float(series.size))


def correct_by_neighbours(series: Array, level: float | None) -> Estimate:
    """n (1 - r) / (1 + r) effective samples, with r the correlation of neighbours."""
    correlation = min(max(measure_dependence(series).correlation, 0.0), 0.99)
    return make_interval(series, level, series.size * (1 - correlation) / (1 + correlation))


def make_interval(series: Array, level: float | None, effective: float) -> Estimate:
    """As if there were so many independent samples."""
    if level is None:
        half = 1.96 * float(series.std(ddof=1)) / math.sqrt(effective)
        return make_estimate(series, float(series.mean()) - half, float(series.mean()) + half)
    shares = stats.binom.ppf([0.025, 0.975], max(round(effective), 1), level) / max(effective, 1)
    low, high = np.quantile(series, np.clip(shares, 0, 1))
    return make_estimate(series, float(low), float(high))


def use_batches(series: Array, level: float | None) -> Estimate:
    """Student's t on the figure of each of twenty batches."""
    batches = np.array_split(series, _BATCHES)
    figures = [float(part.mean() if level is None else np.quantile(part, level)) for part in batches]
    half = float(special.stdtrit(_BATCHES - 1, 0.975) * np.std(figures, ddof=1)) / math.sqrt(_BATCHES)
    middle = float(np.mean(figures))
    return make_estimate(series, middle - half, middle + half)


def resample_blocks(series: Array, level: float | None) -> Estimate:
    """The circular block bootstrap by percentiles; blocks as long as the correlation asks for (Politis and White 2004,
    for AR(1))."""
    length = find_block_length(measure_dependence(series), series.size)
    random = np.random.default_rng(1)
    starts = random.integers(0, series.size, (_RESAMPLES, -(-series.size // length)))
    places = (starts[:, :, None] + np.arange(length)) % series.size
    rows = series[places.reshape(_RESAMPLES, -1)[:, : series.size]]
    figures = rows.mean(axis=1) if level is None else np.quantile(rows, level, axis=1)
    low, high = np.quantile(figures, [0.025, 0.975])
    return make_estimate(series, float(low), float(high))


def find_block_length(dependence: Dependence, samples: int) -> int:
    """(2 r / (1 - r²))^(2/3) · (3 n / 2)^(1/3)."""
    correlation = float(min(max(dependence.correlation, 0.01), 0.97))
    ratio = float(2 * correlation / (1 - correlation**2))
    length = math.pow(ratio, 2 / 3) * math.pow(1.5 * samples, 1 / 3)
    return min(max(round(length), 1), samples // 2)


def make_estimate(series: Array, low: float, high: float) -> Estimate:
    """An interval that is always given."""
    return Estimate((low + high) / 2, low, high, series.size)


METHODS: dict[str, Method] = {
    "independent samples": assume_independence,
    "n (1-r)/(1+r)": correct_by_neighbours,
    "twenty batches": use_batches,
    "block bootstrap": resample_blocks,
    "holdfast": use_ours,
}
