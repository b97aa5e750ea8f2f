"""Which requests are good: every bound that is set holds. A request without a whole answer is not."""

from dataclasses import dataclass

import numpy as np

from holdfast.measure.summary.latencies import READERS, compute_tpot
from holdfast.measure.summary.table import Array, Mask, Table, make_table
from holdfast.records.measurement import Objective, Sample


@dataclass(frozen=True, slots=True, eq=False)
class Goodness:
    """For each row whether it is good, and whether that cannot be said, as nobody told what a bound is on."""

    is_good: Mask
    is_unknown: Mask


def has_bounds(objective: Objective) -> bool:
    """Whether the objective says anything."""
    return any(bound is not None for bound in (objective.ttft_s, objective.tpot_s, objective.end_to_end_s))


def judge(table: Table, objective: Objective) -> Goodness:
    """Each request. An answer of one token has no time per token, and meets that bound."""
    tpot = np.where(table.tokens < 2, 0.0, compute_tpot(table))
    bounds = (
        (READERS["ttft"](table), objective.ttft_s),
        (tpot, objective.tpot_s),
        (READERS["end_to_end"](table), objective.end_to_end_s),
    )
    is_missed, is_unseen = np.zeros(len(table), np.bool_), np.zeros(len(table), np.bool_)
    for values, bound in bounds:
        if bound is not None:
            is_missed |= _exceeds(values, bound)
            is_unseen |= np.isnan(values)
    is_unknown = table.is_whole & is_unseen & ~is_missed
    return Goodness(table.is_whole & ~is_missed & ~is_unseen, is_unknown)


def is_good(sample: Sample, objective: Objective) -> bool:
    """Whether one request is good, as far as can be said."""
    return bool(judge(make_table([sample]), objective).is_good[0])


def _exceeds(values: Array, bound: float) -> Mask:
    return np.asarray(np.nan_to_num(values, nan=-np.inf) > bound)
