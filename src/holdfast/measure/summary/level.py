"""One endpoint at one load, over all runs: the figures that are reported, each with its interval."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from holdfast.measure.statistics.between_runs import lacks
from holdfast.measure.statistics.shares import estimate_share
from holdfast.measure.summary.flows import estimate_answers, estimate_input, estimate_output
from holdfast.measure.summary.goodness import Goodness, has_bounds, judge
from holdfast.measure.summary.latencies import Spread, summarise_latencies
from holdfast.measure.summary.sends import estimate_dispersion, estimate_late, find_imbalance, find_lateness
from holdfast.measure.summary.table import Array, Mask, Table, make_stamps, make_table, sort_samples
from holdfast.records.measurement import Estimate, Fault, Load, Objective, Phase, Sample, Window


@dataclass(frozen=True, slots=True)
class LevelSummary:
    """An endpoint at a load. `latencies` are by name: `ttft`, `first_answer` and `end_to_end` from the schedule, the
    same with `_sent` from the sending, `tpot`, `gap`. Rates are per second; shares are of all requests whose end was
    the endpoint's, which `requests` counts: what we stopped is in `faults` alone.

    `good` is None where no objective was stated. `late` is the share that was sent more than 2 ms after it was due,
    `dispersion` that of the sends (1: Poisson). `little` is |L - λW| / L over the runs, and None where that cannot be
    said. `counted_more` is how much more tokens a second tokenizer counts than the endpoint (0.01: one percent).
    """

    endpoint: str
    level: int
    load: Load
    runs: int
    requests: int
    whole: int
    latencies: Mapping[str, Spread]
    requests_per_s: Estimate
    output_tokens_per_s: Estimate
    input_tokens_per_s: Estimate
    errors: Estimate
    good: Estimate | None
    goodput_per_s: Estimate | None
    refusals: Estimate
    cut: Estimate
    cached: float | None
    faults: Mapping[str, int]
    events_per_token: float | None
    lateness_p99_s: float | None
    late: Estimate
    dispersion: Estimate
    little: float | None
    counted_more: float | None
    marks: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, eq=False)
class LevelTable:
    """The samples of an endpoint at a load, as columns: `table`, and the `stamps` of all its events."""

    endpoint: str
    level: int
    load: Load
    windows: Sequence[Window]
    table: Table
    stamps: Array
    faults: Mapping[str, int]


def make_level_table(samples: Sequence[Sample], load: Load, windows: Sequence[Window]) -> LevelTable:
    """Of samples of one endpoint and load, in any order; `windows` are that load's, one a run."""
    ordered = sort_samples(samples)
    steady = Counter(str(one.fault) for one in ordered if one.phase is Phase.STEADY and one.fault is not Fault.NONE)
    return LevelTable(
        ordered[0].endpoint, ordered[0].level, load, windows, make_table(ordered), make_stamps(ordered), dict(steady)
    )


def summarise_level(
    samples: Sequence[Sample], load: Load, windows: Sequence[Window], objective: Objective
) -> LevelSummary:
    """The figures of an endpoint's samples at one load; `windows` are that load's, one a run."""
    return summarise_table(make_level_table(samples, load, windows), objective)


def summarise_table(of: LevelTable, objective: Objective) -> LevelSummary:
    """The figures of columns."""
    table = of.table
    asked = table.keep(table.is_asked)
    goodness = judge(table, objective) if has_bounds(objective) else None
    return LevelSummary(
        endpoint=of.endpoint,
        level=of.level,
        load=of.load,
        runs=np.unique(asked.run).size,
        requests=len(asked),
        whole=int(asked.is_whole.sum()),
        latencies=summarise_latencies(table, of.stamps),
        requests_per_s=estimate_answers(table, of.windows, table.is_whole),
        output_tokens_per_s=estimate_output(table, of.stamps, of.windows),
        input_tokens_per_s=estimate_input(table, of.windows),
        errors=_estimate_share(asked, ~asked.is_whole),
        good=None if goodness is None else _estimate_good(table, goodness),
        goodput_per_s=None if goodness is None else _estimate_goodput(of, goodness),
        refusals=_estimate_share(asked, asked.is_refusal),
        cut=_estimate_share(asked, asked.is_cut),
        cached=_divide(asked.cached, asked.prompt),
        faults=of.faults,
        events_per_token=_divide(np.where(asked.events > 0, asked.events, np.nan), asked.tokens),
        lateness_p99_s=find_lateness(table),
        late=estimate_late(table),
        dispersion=estimate_dispersion(table, of.windows),
        little=find_imbalance(table, of.windows),
        counted_more=_find_more(asked),
    )


def _estimate_share(table: Table, mask: Mask) -> Estimate:
    return estimate_share([mask[table.run == run] for run in np.unique(table.run)])


def _estimate_good(table: Table, goodness: Goodness) -> Estimate:
    """Unknown where it cannot be said of a request whether it was good."""
    asked = table.is_asked
    if (goodness.is_unknown & asked).any():
        return lacks([table.scheduled_ns[asked]], None, 0.95)
    return _estimate_share(table.keep(asked), goodness.is_good[asked])


def _estimate_goodput(of: LevelTable, goodness: Goodness) -> Estimate:
    if (goodness.is_unknown & of.table.is_asked).any():
        return lacks([], None, 0.95)
    return estimate_answers(of.table, of.windows, goodness.is_good)


def _divide(over: Array, under: Array) -> float | None:
    """One sum over another, of the rows that have both numbers."""
    has_both = ~np.isnan(over) & ~np.isnan(under)
    total = float(under[has_both].sum())
    return float(over[has_both].sum()) / total if total else None


def _find_more(table: Table) -> float | None:
    ratio = _divide(table.counted, table.tokens)
    return None if ratio is None else ratio - 1
