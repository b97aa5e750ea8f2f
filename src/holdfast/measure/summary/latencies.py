"""Latencies of whole answers, in seconds: from the schedule, and from the sending; and the gaps between events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.statistics.between_runs import cut_at_zero
from holdfast.measure.statistics.means import estimate_mean
from holdfast.measure.statistics.quantiles import estimate_quantiles
from holdfast.measure.summary.table import Array, Mask, Table, compute_seconds
from holdfast.records.measurement import Estimate

LEVELS: Final = (0.5, 0.9, 0.95, 0.99)
Reader = Callable[[Table], Array]


@dataclass(frozen=True, slots=True)
class Spread:
    """A latency in seconds: its mean and its quantiles."""

    mean: Estimate
    p50: Estimate
    p90: Estimate
    p95: Estimate
    p99: Estimate


def compute_tpot(table: Table) -> Array:
    """Time per output token after the first, by the endpoint's own count; NaN for answers of one token."""
    after = np.where(table.tokens > 1, table.tokens - 1, np.nan)
    return compute_seconds(table.first_token_ns, table.last_token_ns) / after


READERS: Final[Mapping[str, Reader]] = {
    "ttft": lambda table: compute_seconds(table.scheduled_ns, table.first_token_ns),
    "ttft_sent": lambda table: compute_seconds(table.sent_ns, table.first_token_ns),
    "first_answer": lambda table: compute_seconds(table.scheduled_ns, table.first_answer_ns),
    "first_answer_sent": lambda table: compute_seconds(table.sent_ns, table.first_answer_ns),
    "tpot": compute_tpot,
    "end_to_end": lambda table: compute_seconds(table.scheduled_ns, table.end_ns),
    "end_to_end_sent": lambda table: compute_seconds(table.sent_ns, table.end_ns),
}


def summarise_latencies(table: Table, stamps: Array) -> dict[str, Spread]:
    """Every latency that some answer has, by name; `stamps` are of the table's events. Failures have none."""
    is_answered = table.is_steady & table.is_whole
    whole = table.keep(is_answered)
    series = {name: _split(read(whole), whole) for name, read in READERS.items()}
    series["gap"] = make_gaps(table, stamps, is_answered)
    return {name: _spread(runs) for name, runs in series.items() if runs}


def make_gaps(table: Table, stamps: Array, rows: Mask) -> list[Array]:
    """For each run the times between an event with text and the next one of the same answer, of the rows that are to
    be counted, in the order in which they ended: what holds up all streams at once is then seen at once."""
    owners = np.repeat(np.arange(len(table)), table.events)
    is_kept = (owners[1:] == owners[:-1]) & rows[owners[1:]]
    gaps = compute_seconds(stamps[:-1], stamps[1:])[is_kept]
    ends, runs = stamps[1:][is_kept], table.run[owners[1:]][is_kept]
    order = np.lexsort((ends, runs))
    marks = np.flatnonzero(np.diff(runs[order])) + 1
    return [part for part in np.split(gaps[order], marks) if part.size]


def _split(values: Array, table: Table) -> list[Array]:
    """One series a run, of the rows that have such a number."""
    is_seen = ~np.isnan(values)
    found = [values[is_seen & (table.run == run)] for run in np.unique(table.run)]
    return [series for series in found if series.size]


def _spread(runs: Sequence[Array]) -> Spread:
    return Spread(*map(cut_at_zero, (estimate_mean(runs), *estimate_quantiles(runs, LEVELS))))
