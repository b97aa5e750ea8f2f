"""Shares: Wilson's, Clopper and Pearson's and Jeffreys' intervals, for samples that are correlated or in clusters too.

Dependence makes the number of samples smaller (Korn and Graubard 1998); the interval is then the usual one.
"""

import math
from collections.abc import Sequence
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.statistics.between_runs import count_samples, lacks
from holdfast.measure.statistics.dependence import INFLATION_MIN, SAMPLES_MIN, measure_dependence
from holdfast.measure.statistics.distributions import Array, find_beta, find_normal, find_t
from holdfast.records.measurement import Estimate


class Interval(StrEnum):
    """Which interval of a share. EXACT never covers less than it says, the others do on average."""

    WILSON = "Wilson"
    EXACT = "Clopper-Pearson"
    JEFFREYS = "Jeffreys"


def compute_share(right: float, total: float, interval: Interval, confidence: float = 0.95) -> tuple[float, float]:
    """Both ends of the interval of `right` in `total` independent trials; neither need be whole."""
    outside = (1 - confidence) / 2
    if interval is Interval.WILSON:
        return _compute_wilson(right / total, total, find_normal(1 - outside))
    add = 0.5 if interval is Interval.JEFFREYS else 0.0
    more = 0.5 if interval is Interval.JEFFREYS else 1.0
    low = find_beta(outside, right + add, total - right + more) if right > 0 else 0.0
    high = find_beta(1 - outside, right + more, total - right + add) if right < total else 1.0
    return low, high


def estimate_share(runs: Sequence[NDArray[np.bool_]], confidence: float = 0.95) -> Estimate:
    """The share of true samples in runs, each in the order of time, with Wilson's interval at the number of samples
    that they are worth: correlated within one run, or differing between several."""
    series = [run.astype(np.float64) for run in runs if run.size]
    if not series or min(run.size for run in series) < SAMPLES_MIN:
        return lacks(series, SAMPLES_MIN * max(len(series), 1) - count_samples(series), confidence)
    total = count_samples(series)
    share = float(sum(run.sum() for run in series)) / total
    worth = _weigh_runs(series, share, confidence) if len(series) > 1 else _weigh_run(series[0], confidence)
    low, high = compute_share(share * worth, worth, Interval.WILSON, confidence)
    return Estimate(share, low, high, total, len(series), confidence, _tell(Interval.WILSON, worth))


def estimate_clustered(
    scores: Array, clusters: Sequence[str], interval: Interval = Interval.JEFFREYS, confidence: float = 0.95
) -> Estimate:
    """The mean of scores between 0 and 1, where those of one cluster are not independent. Unknown where several scores
    make only one cluster: its spread cannot be seen."""
    names, places = np.unique(np.asarray(clusters, dtype=np.str_), return_inverse=True)
    if not scores.size or (names.size == 1 and scores.size > 1):
        return Estimate(None, None, None, scores.size, 1, confidence, "one cluster", None if scores.size else 1)
    worth = _weigh_clusters(scores, places, confidence)
    mean = float(scores.mean())
    low, high = compute_share(mean * worth, worth, interval, confidence)
    return Estimate(mean, low, high, scores.size, 1, confidence, _tell(interval, worth))


def _compute_wilson(share: float, total: float, reach: float) -> tuple[float, float]:
    middle = (share + reach**2 / (2 * total)) / (1 + reach**2 / total)
    half = reach / (1 + reach**2 / total) * math.sqrt(share * (1 - share) / total + reach**2 / (4 * total**2))
    return max(middle - half, 0.0) if share > 0 else 0.0, min(middle + half, 1.0) if share < 1 else 1.0


def _weigh_run(series: Array, confidence: float) -> float:
    dependence = measure_dependence(series)
    return series.size / max(dependence.inflation, INFLATION_MIN) * _compute_loss(dependence.degrees, confidence)


def _weigh_runs(series: Sequence[Array], share: float, confidence: float) -> float:
    """Never more than all samples: by chance runs may agree better than they can."""
    total, loss = count_samples(series), _compute_loss(len(series) - 1, confidence)
    spread = _sum_squares([(float(run.sum()), run.size) for run in series], share)
    if spread <= 0 or not 0 < share < 1:
        return total * loss
    return min(share * (1 - share) * total**2 / spread * loss, total)


def _weigh_clusters(scores: Array, places: NDArray[np.int64], confidence: float) -> float:
    """Single right and wrong answers are worth what they are; where all agree, a cluster is worth one answer."""
    sums, sizes = np.bincount(places, scores), np.bincount(places)
    is_binary = bool(np.isin(scores, (0.0, 1.0)).all())
    if is_binary and sizes.max() == 1:
        return float(scores.size)
    mean = float(scores.mean())
    spread = _sum_squares(list(zip(sums.tolist(), sizes.tolist(), strict=True)), mean)
    if spread <= 0 or not 0 < mean < 1:
        return float(sizes.size)
    worth = mean * (1 - mean) * scores.size**2 / spread * _compute_loss(sizes.size - 1, confidence)
    return min(worth, scores.size) if is_binary else worth


def _sum_squares(parts: Sequence[tuple[float, int]], mean: float) -> float:
    """The variance of the sum over parts, by how their sums differ from what the mean lets expect."""
    return len(parts) / (len(parts) - 1) * sum((total - mean * size) ** 2 for total, size in parts)


def _compute_loss(degrees: float, confidence: float) -> float:
    """By how much fewer samples a variance with so many degrees of freedom is worth less than a known one."""
    share = (1 + confidence) / 2
    return (find_normal(share) / find_t(share, degrees)) ** 2


def _tell(interval: Interval, worth: float) -> str:
    return f"{interval} at {worth:.0f} effective samples"
