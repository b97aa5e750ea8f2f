"""The highest load that meets an objective, and so how much one replica carries. What was not bracketed is said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from holdfast.measure.statistics.between_runs import estimate_between, lacks
from holdfast.measure.summary.goodness import judge
from holdfast.measure.summary.level import LevelSummary, LevelTable
from holdfast.measure.summary.table import NS, Array
from holdfast.records.measurement import Arrivals, Estimate, Load, Objective

NOT_REACHED: Final = "not reached: the highest load meets the objective"
BELOW: Final = "below the least load: none meets the objective"
BRACKETED: Final = "between two loads"
UNTOLD: Final = "unknown: it cannot be said which requests were good"
_SURE: Final = "the highest load that surely meets the objective, to the least that surely does not"


@dataclass(frozen=True, slots=True)
class Knee:
    """An endpoint's knee. `rates_per_s` is, for each run, the rate of requests at the highest load that met the
    objective in it (0: none did). `rate_per_s` is their mean with its interval; with one run, the rate there, between
    those at loads of which it is sure that they meet the objective and that they do not. `level` is the highest that
    met it over all runs, as all lower ones did; None where none did."""

    endpoint: str
    said: str
    level: int | None
    rates_per_s: tuple[float, ...]
    rate_per_s: Estimate

    @property
    def is_known(self) -> bool:
        """Whether a rate was found that one replica carries."""
        return bool(self.rates_per_s) and max(self.rates_per_s) > 0


def find_knee(levels: Sequence[LevelSummary], tables: Sequence[LevelTable], objective: Objective) -> Knee | None:
    """The knee of one endpoint over its levels and their tables; None where no objective was stated."""
    if not levels or levels[0].good is None:
        return None
    pairs = sorted(zip(levels, tables, strict=True), key=lambda pair: weigh(pair[0].load))
    pairs = [pair for pair in pairs if pair[0].good is not None and pair[0].good.value is not None]
    if not pairs:
        return Knee(levels[0].endpoint, UNTOLD, None, (), lacks([], _find_missing(levels), 0.95))
    ordered = [level for level, _ in pairs]
    seen = [_Seen(level, table, objective) for level, table in pairs]
    met = _count_leading([_get_value(level.good) >= objective.share for level in ordered])
    rates = tuple(_find_rate(seen, run, objective.share) for run in seen[0].list_runs())
    estimate = _estimate_rate(seen, met, rates, objective.share)
    if not met:
        return Knee(ordered[0].endpoint, BELOW, None, rates, estimate)
    said = NOT_REACHED if met == len(ordered) else BRACKETED
    return Knee(ordered[0].endpoint, said, ordered[met - 1].level, rates, estimate)


def weigh(load: Load) -> float:
    """What loads of one plan are ordered by."""
    return load.concurrency if load.arrivals is Arrivals.CLOSED else load.rate_per_s or float(len(load.offsets_s))


class _Seen:
    """What one load showed: requests per second, and the share of good ones, by run."""

    def __init__(self, level: LevelSummary, table: LevelTable, objective: Objective) -> None:
        self.good = level.good
        self._windows = {window.run: (window.end_ns - window.steady_ns) / NS for window in table.windows}
        asked = table.table.is_asked
        self._runs = table.table.run[asked]
        self._good: Array = judge(table.table, objective).is_good[asked].astype(np.float64)

    def list_runs(self) -> list[int]:
        """In their order."""
        return sorted(self._windows)

    def get_share(self, run: int) -> float:
        """Of good requests in a run; 0 where there were none."""
        own = self._good[self._runs == run]
        return float(own.mean()) if own.size else 0.0

    def get_rate(self, run: int) -> float:
        """Requests per second in a run."""
        span = self._windows.get(run, 0.0)
        return float((self._runs == run).sum()) / span if span > 0 else 0.0

    def get_mean_rate(self) -> float:
        """Over all runs."""
        return float(np.mean([self.get_rate(run) for run in self.list_runs()]))


def _find_rate(seen: Sequence[_Seen], run: int, share: float) -> float:
    """The rate at the highest load that met the objective in a run. A load above one that did not meet it does not
    count: what an overloaded server does by chance is no promise."""
    met = _count_leading([one.get_share(run) >= share and one.get_rate(run) > 0 for one in seen])
    return seen[met - 1].get_rate(run) if met else 0.0


def _estimate_rate(seen: Sequence[_Seen], met: int, rates: Sequence[float], share: float) -> Estimate:
    if len(rates) > 1:
        between = estimate_between(rates, [np.array([rate]) for rate in rates], 0.95)
        return replace(between, low=max(between.low or 0.0, 0.0))
    sure = _count_leading([_get_low(one.good) >= share for one in seen])
    misses = [place for place, one in enumerate(seen) if place >= met and _get_high(one.good) < share]
    samples = sum(one.good.samples for one in seen if one.good is not None)
    if not misses or not rates:
        return Estimate(None, None, None, samples, len(rates), method=_SURE, missing=None)
    low = seen[sure - 1].get_mean_rate() if sure else 0.0
    high = max(seen[misses[0]].get_mean_rate(), rates[0])
    return Estimate(rates[0], min(low, rates[0]), high, samples, 1, method=_SURE)


def _count_leading(holds: Sequence[bool]) -> int:
    """How many hold before the first that does not."""
    return next((place for place, one in enumerate(holds) if not one), len(holds))


def _find_missing(levels: Sequence[LevelSummary]) -> int | None:
    missing = [level.good.missing for level in levels if level.good is not None]
    known = [one for one in missing if one is not None]
    return max(known) if len(known) == len(missing) else None


def _get_value(good: Estimate | None) -> float:
    assert good is not None
    assert good.value is not None
    return good.value


def _get_low(good: Estimate | None) -> float:
    return 0.0 if good is None or good.low is None else good.low


def _get_high(good: Estimate | None) -> float:
    return 1.0 if good is None or good.high is None else good.high
