"""Several runs of one plan: what differs between them is in no single run, so the runs themselves are the samples."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from holdfast.measure.statistics.distributions import Array, find_t
from holdfast.records.measurement import Estimate

BETWEEN: Final = "Student's t on the runs"
NOTHING: Final = "too few samples"


def check_runs(runs: Sequence[Array]) -> None:
    """ValueError where a number is not finite: what was not seen has no place in a series."""
    for run in runs:
        if not np.isfinite(run).all():
            raise ValueError("a series holds a number that is not finite")


def estimate_between(values: Sequence[float], runs: Sequence[Array], confidence: float) -> Estimate:
    """The mean of the runs' values. With 3 runs the interval reaches 4.30 standard errors, with 5 it reaches 2.78."""
    samples, count = count_samples(runs), len(values)
    if count < 2:
        return lacks(runs, None, confidence)
    middle = float(np.mean(values))
    reach = find_t((1 + confidence) / 2, count - 1) * float(np.std(values, ddof=1)) / math.sqrt(count)
    return Estimate(middle, middle - reach, middle + reach, samples, count, confidence, BETWEEN)


def cut_at_zero(estimate: Estimate) -> Estimate:
    """Of a quantity that cannot be negative: its interval begins at zero at the least, and holds the truth as often."""
    return replace(estimate, low=max(estimate.low, 0.0)) if estimate.low is not None else estimate


def lacks(runs: Sequence[Array], missing: int | None, confidence: float) -> Estimate:
    """No number, and how many samples more would give one."""
    more = None if missing is None else max(1, missing)
    return Estimate(None, None, None, count_samples(runs), len(runs), confidence, NOTHING, more)


def count_samples(runs: Sequence[Array]) -> int:
    """In all runs."""
    return sum(run.size for run in runs)
