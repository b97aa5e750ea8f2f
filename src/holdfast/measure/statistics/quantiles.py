"""Quantiles of one or several runs: order statistics, at ranks for the number of samples that the series is worth.

A quantile whose interval would be open, because too few independent samples lie beyond it, gets no number.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.statistics.between_runs import check_runs, count_samples, estimate_between, lacks
from holdfast.measure.statistics.dependence import (
    EFFECTIVE_MIN,
    INFLATION_MIN,
    SAMPLES_MIN,
    Dependence,
    measure_exceedance,
)
from holdfast.measure.statistics.distributions import Array, find_normal, find_rank, find_t
from holdfast.records.measurement import Estimate

WITHIN: Final = "order statistics at the effective number of samples"
_WIDER: Final = (1.0, 2.0, 3.0)
_TAIL_OF_GATE: Final = 0.1
_PULL: Final = 0.7
_TOGETHER: Final = 1.5
_RARITY: Final = 0.4


def estimate_quantiles(runs: Sequence[Array], levels: Sequence[float], confidence: float = 0.95) -> list[Estimate]:
    """Quantiles at `levels` (between 0 and 1) of runs, each a series in the order of time; with several runs, the mean
    of what each run's quantile is. Raises ValueError for numbers that are not finite."""
    check_runs(runs)
    ordered = [_order(run, levels) for run in runs if run.size]
    return [_estimate(ordered, level, confidence) for level in levels]


def count_needed(level: float, confidence: float = 0.95) -> int:
    """How many independent samples give the quantile an interval with two ends: 368 for the 99th percentile."""
    return math.ceil(math.log((1 - confidence) / 2) / math.log(max(level, 1 - level)))


@dataclass(frozen=True, slots=True, eq=False)
class _Ordered:
    """A run in the order of time and in that of size, and what it is worth at levels that are asked for."""

    series: Array
    ascending: Array
    dependence: Mapping[float, Dependence]

    def get_at(self, rank: float) -> float:
        """The order statistic of a rank from 1 to the number of samples, neighbours interpolated."""
        place = min(max(rank - 1, 0.0), self.series.size - 1.0)
        below = int(place)
        above = min(below + 1, self.series.size - 1)
        share = place - below
        return float((1 - share) * self.ascending[below] + share * self.ascending[above])

    def find_value(self, level: float) -> float:
        """The sample's quantile, median-unbiased whatever the distribution (Hyndman and Fan 1996, type 8)."""
        return self.get_at((self.series.size + 1 / 3) * level + 1 / 3)


@dataclass(frozen=True, slots=True)
class _Worth:
    """What a run is worth for one level: inflation and degrees for the interval, and the most that the inflation may
    be, by which it is decided whether there is one."""

    inflation: float
    degrees: float
    inflation_most: float


def _order(series: Array, levels: Sequence[float]) -> _Ordered:
    ascending = np.sort(series)
    bare = _Ordered(series, ascending, {})
    if series.size < SAMPLES_MIN:
        return bare
    cuts = {cut for level in levels for cut in (*_list_cuts(level), *_list_gates(level))}
    found = {cut: measure_exceedance(series, bare.find_value(cut)) for cut in sorted(cuts)}
    return _Ordered(series, ascending, found)


def _list_cuts(level: float) -> list[float]:
    """The level and two that are nearer to the middle: alone, the few samples beyond a far level say too little."""
    tails = {min(0.5, wider * min(level, 1 - level)) for wider in _WIDER}
    return [_place(tail, level) for tail in sorted(tails)]


def _list_gates(level: float) -> list[float]:
    return [_place(max(_TAIL_OF_GATE, min(level, 1 - level)), level)]


def _place(tail: float, level: float) -> float:
    return round(1 - tail if level >= 0.5 else tail, 12)


def _weigh(run: _Ordered, level: float) -> _Worth:
    cuts = [run.dependence[cut] for cut in _list_cuts(level)]
    logarithms = [math.log(max(one.inflation, INFLATION_MIN)) for one in cuts]
    inflation = math.exp(sum(logarithms) / len(logarithms))
    degrees = _count_degrees(run, level, [one.degrees for one in cuts], inflation)
    itself = Dependence(run.series.size, inflation, degrees, 0.0)
    gates = [itself, *(run.dependence[cut] for cut in _list_gates(level))]
    return _Worth(inflation, degrees, max(one.inflation_most for one in gates))


def _count_degrees(run: _Ordered, level: float, each: Sequence[float], inflation: float) -> float:
    """Several cuts together know the inflation better than one does, and few clusters of slow answers worse."""
    tail = min(level, 1 - level)
    clustered = max(1 - 1 / inflation, 0.0) * (1 - 2 * tail)
    lost = _RARITY * clustered * inflation / (run.series.size * tail)
    return 1 / (1 / (min(each) * (_TOGETHER if len(each) > 1 else 1.0)) + lost)


def _estimate(runs: Sequence[_Ordered], level: float, confidence: float) -> Estimate:
    series = [run.series for run in runs]
    samples, needed = count_samples(series), count_needed(level, confidence)
    least = max(needed, SAMPLES_MIN * max(len(runs), 1))
    if not runs or samples < least or min(run.size for run in series) < SAMPLES_MIN:
        return lacks(series, least - samples, confidence)
    worth = [_weigh(run, level) for run in runs]
    inflation = sum(one.inflation_most for one in worth) / len(worth)
    least = needed if len(runs) > 1 else max(needed, EFFECTIVE_MIN)
    if samples / inflation < least:
        return lacks(series, math.ceil(least * inflation) - samples, confidence)
    if len(runs) > 1:
        return estimate_between([run.find_value(level) for run in runs], series, confidence)
    return _estimate_within(runs[0], worth[0], level, confidence)


def _estimate_within(run: _Ordered, worth: _Worth, level: float, confidence: float) -> Estimate:
    """The inflation is estimated low just when slow answers are lacking, so the end in the tail takes a larger one."""
    samples, outer = run.series.size, max(level, 1 - level)
    reach = find_t((1 + confidence) / 2, worth.degrees)
    loss = (find_normal((1 + confidence) / 2) / reach) ** 2
    beyond = samples * (1 - outer) / max(worth.inflation, 1.0)
    pull = _PULL * max(1 - 1 / worth.inflation, 0.0) * (2 * outer - 1) / math.sqrt(beyond)
    ends: list[float] = []
    for share, side in (((1 + confidence) / 2, -1), ((1 - confidence) / 2, 1)):
        effective = samples * loss / (worth.inflation * math.exp(side * pull * reach))
        ends.append(find_rank(share, effective, outer) / (effective + 1) * (samples + 1))
    if ends[1] > samples:
        return lacks([run.series], math.ceil(samples * (ends[1] / samples - 1)), confidence)
    ranks = ends if level >= 0.5 else [samples + 1 - ends[1], samples + 1 - ends[0]]
    low, high = (run.get_at(rank) for rank in ranks)
    return Estimate(run.find_value(level), low, high, samples, 1, confidence, WITHIN)
