"""The highest load that meets an objective, and so how much one replica carries. What was not bracketed is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from holdfast.measure.statistics.between_runs import estimate_between, lacks
from holdfast.measure.summary.goodness import is_good
from holdfast.measure.summary.level import LevelSummary
from holdfast.records.measurement import Arrivals, Estimate, Load, Objective, Phase, Sample, Window

NOT_REACHED = "not reached: the highest load meets the objective"
BELOW = "below the least load: none meets the objective"
BRACKETED = "between two loads"
NO_OBJECTIVE = "no objective was stated"


@dataclass(frozen=True, slots=True)
class Knee:
    """An endpoint's knee. `rates_per_s` is, for each run, the rate of requests at the highest load that met the
    objective in it (0: none did), `rate_per_s` their mean with its interval. `level` is the highest that met it over
    all runs, None where none did."""

    endpoint: str
    said: str
    level: int | None
    rates_per_s: tuple[float, ...]
    rate_per_s: Estimate

    @property
    def is_known(self) -> bool:
        """Whether a rate was found that one replica carries."""
        return bool(self.rates_per_s) and max(self.rates_per_s) > 0


def find_knee(
    levels: Sequence[LevelSummary], samples: Sequence[Sample], windows: Sequence[Window], objective: Objective
) -> Knee | None:
    """The knee of one endpoint over its levels; None where no objective was stated."""
    if not levels or levels[0].good is None:
        return None
    ordered = sorted(levels, key=lambda one: weigh(one.load))
    met = [one for one in ordered if _meets(one, objective)]
    rates = _find_rates(ordered, samples, windows, objective)
    series = [np.array([rate]) for rate in rates]
    estimate = _floor(estimate_between(rates, series, 0.95)) if len(rates) > 1 else lacks(series, None, 0.95)
    if not met:
        return Knee(ordered[0].endpoint, BELOW, None, rates, estimate)
    said = NOT_REACHED if met[-1] is ordered[-1] else BRACKETED
    return Knee(ordered[0].endpoint, said, met[-1].level, rates, estimate)


def _floor(estimate: Estimate) -> Estimate:
    """A rate is not below nothing."""
    return replace(estimate, low=max(estimate.low or 0.0, 0.0))


def weigh(load: Load) -> float:
    """What loads of one plan are ordered by."""
    return load.concurrency if load.arrivals is Arrivals.CLOSED else load.rate_per_s or float(len(load.offsets_s))


def _meets(level: LevelSummary, objective: Objective) -> bool:
    return level.good is not None and level.good.value is not None and level.good.value >= objective.share


def _find_rates(
    ordered: Sequence[LevelSummary], samples: Sequence[Sample], windows: Sequence[Window], objective: Objective
) -> tuple[float, ...]:
    """For each run the rate at the highest level that met the objective in it. A level above one that did not meet it
    does not count: what an overloaded server does by chance is no promise."""
    spans = {(one.run, one.level): (one.end_ns - one.steady_ns) / 1e9 for one in windows}
    good = _count(samples, objective)
    rates: list[float] = []
    for run in sorted({one.run for one in windows}):
        rate = 0.0
        for level in ordered:
            right, total = good.get((run, level.level), (0, 0))
            span = spans.get((run, level.level), 0.0)
            if not total or not span or right < objective.share * total:
                break
            rate = total / span
        rates.append(rate)
    return tuple(rates)


def _count(samples: Sequence[Sample], objective: Objective) -> Mapping[tuple[int, int], tuple[int, int]]:
    """Good and all steady requests by run and level."""
    counts: dict[tuple[int, int], tuple[int, int]] = {}
    for one in samples:
        if one.phase is Phase.STEADY:
            right, total = counts.get((one.run, one.level), (0, 0))
            counts[one.run, one.level] = (right + is_good(one, objective), total + 1)
    return counts
