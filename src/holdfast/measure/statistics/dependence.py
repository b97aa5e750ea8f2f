"""How much correlated samples are worth: the variance of their mean, from the lowest frequencies of the series.

The series is whitened by its lag-1 correlation, and sixteen cosines of the lowest frequencies are averaged: every one
is a sample of the long-run variance, so that Student's t with known degrees of freedom holds (Lazarus, Lewis, Stock
and Watson 2018; whitening after Andrews and Monahan 1992). benchmarks/measure_coverage.py compares it with others.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.statistics.distributions import Array, find_chi_square

SAMPLES_MIN: Final = 30  # fewer do not show whether they are correlated
EFFECTIVE_MIN: Final = 30  # where a series is worth fewer, neither is known how few, nor is there an interval
CYCLES: Final = 16
INFLATION_MIN: Final = 0.6  # less is chance more often than a series that keeps itself in balance
_BINS: Final = 2048
_CORRELATION_MAX: Final = 0.97
_DOUBT: Final = 0.2


@dataclass(frozen=True, slots=True)
class Dependence:
    """`inflation` is how many times larger the variance of the mean is than that of independent samples; it is known
    with `degrees` of freedom. `correlation` is that of neighbours."""

    samples: int
    inflation: float
    degrees: float
    correlation: float

    @property
    def effective(self) -> float:
        """How many independent samples would say as much; never more than there are."""
        return self.samples / max(self.inflation, 1.0)

    @property
    def inflation_most(self) -> float:
        """What the inflation stays below with a probability of 80 %; never below 1."""
        return max(self.inflation * self.degrees / find_chi_square(_DOUBT, self.degrees), 1.0)


def measure_dependence(series: Array) -> Dependence:
    """Of a series in the order of time, at least two long. A constant series counts as independent."""
    centred = series - series.mean()
    variance = float(centred @ centred) / series.size
    if variance <= 1e-24 * float(np.max(np.abs(series))) ** 2 or series.size < SAMPLES_MIN:
        return Dependence(series.size, 1.0, CYCLES, 0.0)
    correlation = _correct(float(centred[1:] @ centred[:-1]) / (variance * series.size), series.size)
    whitening = min(max(correlation, 0.0), _CORRELATION_MAX)
    rest = _compute_lowest(centred[1:] - whitening * centred[:-1]) / (1 - whitening) ** 2
    return Dependence(series.size, rest / variance, _count_degrees(whitening, series.size), correlation)


def measure_exceedance(series: Array, cut: float) -> Dependence:
    """Of the series' being above a value."""
    return measure_dependence((series > cut).astype(np.float64))


def _correct(correlation: float, samples: int) -> float:
    """Without the bias of a correlation about the sample's own mean (Marriott and Pope 1954)."""
    return correlation + (1 + 4 * correlation) / samples


def _count_degrees(whitening: float, samples: int) -> float:
    """The cosines' own, less what is lost because the whitening was estimated too (delta method)."""
    time = (1 + whitening) / (1 - whitening)
    return 1 / (1 / CYCLES + (2 * time / samples if whitening > 0 else 0.0))


def _compute_lowest(series: Array) -> float:
    """The mean square of the series' first cosine transforms; long series are summed in bins first."""
    edges, sizes, cosines = _make_cosines(series.size)
    sums = series if edges is None else np.add.reduceat(series, edges)
    heights: Array = np.dot(cosines, sums - series.mean() * sizes)
    return float(heights @ heights) / CYCLES * 2 / series.size


@lru_cache(maxsize=32)
def _make_cosines(samples: int) -> tuple[NDArray[np.int64] | None, Array, Array]:
    """Where bins begin (None: each sample is one), their sizes, and (cycles, bins) cosines at their centres."""
    if samples <= 2 * _BINS:
        edges, begins, ends = None, np.arange(samples), np.arange(1, samples + 1)
    else:
        marks = np.linspace(0, samples, _BINS + 1).astype(np.int64)
        edges, begins, ends = marks[:-1], marks[:-1], marks[1:]
    places = (begins + ends) / (2 * samples)
    cycles = np.arange(1, CYCLES + 1)[:, None]
    return edges, (ends - begins).astype(np.float64), np.cos(np.pi * cycles * places)
