"""What the client did: how late it sent, whether its sends were the process that was drawn, and Little's law."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from holdfast.measure.statistics.between_runs import estimate_between, lacks
from holdfast.measure.statistics.sendings import describe_sendings
from holdfast.measure.statistics.shares import estimate_share
from holdfast.measure.statistics.steadiness import check_little
from holdfast.measure.summary.table import NS, Array, Table, compute_seconds
from holdfast.records.measurement import Estimate, Window

LATE_S: Final = 0.002


def compute_lateness(table: Table) -> Array:
    """Seconds from when steady requests were due until they were sent; those that were not have none."""
    late = compute_seconds(table.scheduled_ns, table.sent_ns)[table.is_steady]
    return late[~np.isnan(late)]


def find_lateness(table: Table) -> float | None:
    """Its 99th percentile, of what was seen: a fact about this run, and no estimate of another."""
    late = compute_lateness(table)
    return float(np.quantile(late, 0.99)) if late.size else None


def estimate_late(table: Table) -> Estimate:
    """The share of steady requests that were sent more than two milliseconds after they were due."""
    steady = table.keep(table.is_steady & ~np.isnan(table.sent_ns))
    is_late = compute_seconds(steady.scheduled_ns, steady.sent_ns) > LATE_S
    return estimate_share([is_late[steady.run == run] for run in np.unique(steady.run)])


def estimate_dispersion(table: Table, windows: Sequence[Window]) -> Estimate:
    """The dispersion of real sends: variance over mean of their counts in equal parts of the window, 1 for Poisson."""
    found = [
        describe_sendings(
            _select(table, window.run, table.sent_ns), window.steady_ns / NS, window.end_ns / NS
        ).dispersion
        for window in windows
    ]
    known = [one.value for one in found if one.value is not None]
    if len(found) == 1:
        return found[0]
    return estimate_between(known, [table.sent_ns], 0.95) if len(known) > 1 else lacks([], None, 0.95)


def find_imbalance(table: Table, windows: Sequence[Window]) -> float | None:
    """|L - λW| / L over all runs, from sending to end."""
    was_sent = table.keep(~np.isnan(table.sent_ns))
    under_way = product = 0.0
    for window in windows:
        if window.end_ns <= window.steady_ns:
            continue
        sent, end = _select(was_sent, window.run, was_sent.sent_ns), _select(was_sent, window.run, was_sent.end_ns)
        found = check_little(sent, end, window.steady_ns / NS, window.end_ns / NS)
        seconds = (window.end_ns - window.steady_ns) / NS
        under_way += found.in_flight * seconds
        product += found.rate_per_s * found.stay_s * seconds
    return abs(under_way - product) / under_way if under_way else None


def _select(table: Table, run: int, values: Array) -> Array:
    """A run's moments that were seen, as seconds."""
    return np.asarray(values[(table.run == run) & ~np.isnan(values)], np.float64) / NS
