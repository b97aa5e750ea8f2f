"""Two endpoints' latencies: differences and ratios of means and quantiles, and whether the distributions differ."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.statistics import means, quantiles
from holdfast.measure.statistics.between_runs import BETWEEN, check_runs
from holdfast.measure.statistics.dependence import CYCLES, measure_dependence
from holdfast.measure.statistics.distributions import Array, find_t
from holdfast.records.measurement import Estimate

_BLOCKS_MAX: Final = 32
_BLOCKS_MIN: Final = 8
_BLOCK_IN_TIMES: Final = 5
_CUTS: Final = 32
_RUNS_MIN: Final = 4
_PERMUTATIONS: Final = 1999
_BY_T: Final = (means.WITHIN, quantiles.WITHIN)


@dataclass(frozen=True, slots=True)
class Contrast:
    """The first less the second, and the first over the second. `is_different`: the interval of the difference leaves
    out zero; None where one of both is unknown."""

    first: Estimate
    second: Estimate
    difference: Estimate
    ratio: Estimate
    is_different: bool | None


@dataclass(frozen=True, slots=True)
class Sameness:
    """A permutation test of one distribution for both. `p_value` None: too few independent parts."""

    p_value: float | None
    distance: float | None
    parts: int
    method: str


def compare_means(first: Sequence[Array], second: Sequence[Array], confidence: float = 0.95) -> Contrast:
    """Of runs, each a series in the order of time."""
    return contrast(means.estimate_mean(first, confidence), means.estimate_mean(second, confidence))


def compare_quantiles(
    first: Sequence[Array], second: Sequence[Array], levels: Sequence[float], confidence: float = 0.95
) -> list[Contrast]:
    """At each level, of runs in the order of time."""
    one, other = (quantiles.estimate_quantiles(runs, levels, confidence) for runs in (first, second))
    return [contrast(*pair) for pair in zip(one, other, strict=True)]


def contrast(first: Estimate, second: Estimate) -> Contrast:
    """Of two independent estimates: intervals are put together by their lengths (Zou and Donner 2008), after they were
    shortened to the degrees of freedom that both have together (with several runs, Welch's)."""
    difference, ratio = _combine(first, second, "difference"), _combine(first, second, "ratio")
    if difference.low is None or difference.high is None:
        return Contrast(first, second, difference, ratio, None)
    return Contrast(first, second, difference, ratio, not difference.low <= 0 <= difference.high)


@dataclass(frozen=True, slots=True)
class _Span:
    value: float
    low: float
    high: float


def _combine(first: Estimate, second: Estimate, what: str) -> Estimate:
    samples, runs = first.samples + second.samples, min(first.runs, second.runs)
    spans = _find_spans(first, second)
    if spans is None or (what == "ratio" and min(spans[0].low, spans[1].low) <= 0):
        missing = max(first.missing or 0, second.missing or 0) or None
        return Estimate(None, None, None, samples, runs, first.confidence, what, missing)
    one, other = (_take_logarithm(span) for span in spans) if what == "ratio" else spans
    middle = one.value - other.value
    low = middle - math.hypot(one.value - one.low, other.high - other.value)
    high = middle + math.hypot(one.high - one.value, other.value - other.low)
    if what == "ratio":
        middle, low, high = math.exp(middle), math.exp(low), math.exp(high)
    return Estimate(middle, low, high, samples, runs, first.confidence, f"{what} by lengths of intervals")


def _find_spans(first: Estimate, second: Estimate) -> tuple[_Span, _Span] | None:
    one, other = _make_span(first), _make_span(second)
    if one is None or other is None:
        return None
    if min(first.runs, second.runs) < 2:
        by = _find_shortening(first.confidence) if first.method == second.method and first.method in _BY_T else 1.0
        return _shorten(one, by), _shorten(other, by)
    reaches = [find_t((1 + first.confidence) / 2, estimate.runs - 1) for estimate in (first, second)]
    errors = [(span.high - span.low) / 2 / reach for span, reach in zip((one, other), reaches, strict=True)]
    together = find_t((1 + first.confidence) / 2, _count_degrees(errors, (first.runs, second.runs)))
    return _shorten(one, together / reaches[0]), _shorten(other, together / reaches[1])


def _find_shortening(confidence: float) -> float:
    """For two series, each of which knows its variance from as many cosines."""
    share = (1 + confidence) / 2
    return find_t(share, 2 * CYCLES) / find_t(share, CYCLES)


def _count_degrees(errors: Sequence[float], runs: Sequence[int]) -> float:
    """Welch and Satterthwaite's."""
    lost = sum(error**4 / (count - 1) for error, count in zip(errors, runs, strict=True))
    return sum(error**2 for error in errors) ** 2 / lost if lost > 0 else float(sum(runs) - 2)


def _make_span(estimate: Estimate) -> _Span | None:
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return None
    is_cut = estimate.method == BETWEEN and estimate.low == 0  # it reaches as far below the value as above
    low = 2 * estimate.value - estimate.high if is_cut else estimate.low
    return _Span(estimate.value, low, estimate.high)


def _shorten(span: _Span, by: float) -> _Span:
    return _Span(span.value, span.value - (span.value - span.low) * by, span.value + (span.high - span.value) * by)


def _take_logarithm(span: _Span) -> _Span:
    return _Span(math.log(span.value), math.log(span.low), math.log(span.high))


def compare_distributions(first: Sequence[Array], second: Sequence[Array], seed: int) -> Sameness:
    """Whether both come from one distribution: the Cramér-von Mises distance, against what it is when parts are dealt
    anew. Parts are runs where each has at least four, else blocks of time several times as long as what correlates."""
    check_runs([*first, *second])
    is_by_run = min(len(first), len(second)) >= _RUNS_MIN
    parts = [list(runs) if is_by_run else _cut(runs) for runs in (first, second)]
    method = "runs dealt anew" if is_by_run else "blocks of time dealt anew"
    if min(len(part) for part in parts) < (_RUNS_MIN if is_by_run else _BLOCKS_MIN):
        return Sameness(None, None, sum(len(part) for part in parts), method)
    counts, sizes = _count_below([*parts[0], *parts[1]])
    labels = np.zeros((_PERMUTATIONS + 1, len(sizes)), dtype=np.bool_)
    labels[:, : len(parts[0])] = True
    labels[1:] = np.random.default_rng(seed).permuted(labels[1:], axis=1)
    distances = _compute_distances(labels, counts, sizes)
    as_far = int((distances[1:] >= distances[0] * (1 - 1e-9)).sum())
    return Sameness((as_far + 1) / (_PERMUTATIONS + 1), float(distances[0]), len(sizes), method)


def _cut(runs: Sequence[Array]) -> list[Array]:
    """Blocks of equal length, as many as their independence allows."""
    blocks: list[Array] = []
    for run in runs:
        time = measure_dependence(_rank(run)).inflation_most if run.size else 1.0
        count = min(_BLOCKS_MAX // len(runs), int(run.size / (_BLOCK_IN_TIMES * time)))
        blocks += [] if count < 1 else np.array_split(run, count)
    return blocks


def _rank(series: Array) -> Array:
    return np.argsort(np.argsort(series)).astype(np.float64)


def _count_below(parts: Sequence[Array]) -> tuple[Array, Array]:
    """(parts, cuts) how many samples lie at or below cuts of all, and the parts' sizes."""
    cuts = np.quantile(np.concatenate(parts), (np.arange(_CUTS) + 0.5) / _CUTS)
    counts = [np.searchsorted(np.sort(part), cuts, side="right") for part in parts]
    return np.array(counts, dtype=np.float64), np.array([part.size for part in parts], dtype=np.float64)


def _compute_distances(labels: NDArray[np.bool_], counts: Array, sizes: Array) -> Array:
    """For each row of labels, the mean square between both distribution functions at the cuts."""
    is_first, is_second = labels.astype(np.float64), (~labels).astype(np.float64)
    gaps = is_first @ counts / (is_first @ sizes)[:, None] - is_second @ counts / (is_second @ sizes)[:, None]
    return np.asarray(np.mean(gaps**2, axis=1))
