"""Rates over the steady window: of all that happened within it, whenever the requests were due."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from holdfast.measure.statistics.between_runs import cut_at_zero, lacks
from holdfast.measure.statistics.rates import Flow, estimate_rate
from holdfast.measure.summary.table import NS, Array, Mask, Numbers, Table
from holdfast.records.measurement import Estimate, Window

_UNCOUNTED_MAX: Final = 0.01  # of answers


def estimate_answers(table: Table, windows: Sequence[Window], is_counted: Mask) -> Estimate:
    """Whole answers per second, of those that are to be counted."""
    ended = table.keep(table.is_whole & is_counted)
    return _estimate(ended.run, ended.end_ns, None, windows)


def estimate_input(table: Table, windows: Sequence[Window]) -> Estimate:
    """Input tokens per second, each at the moment of its answer's first token."""
    whole = table.keep(table.is_whole)
    if not _are_counted(whole.prompt):
        return lacks([], None, 0.95)
    times = np.where(np.isnan(whole.first_token_ns), whole.end_ns, whole.first_token_ns)
    return _estimate(whole.run, times, np.nan_to_num(whole.prompt), windows)


def estimate_output(table: Table, stamps: Array, windows: Sequence[Window]) -> Estimate:
    """Output tokens per second, by the endpoint's count: an answer's tokens come with its events, in equal parts.
    Unknown where more than one answer in a hundred has no count."""
    if not _are_counted(table.tokens[table.is_whole]):
        return lacks([], None, 0.95)
    tokens = np.where(table.is_whole, np.nan_to_num(table.tokens), 0.0)
    at_end = table.events == 0
    owners = np.repeat(np.arange(len(table)), table.events)
    shares = tokens / np.maximum(table.events, 1)
    runs = np.concatenate([table.run[owners], table.run[at_end]])
    times = np.concatenate([stamps, table.end_ns[at_end]])
    return _estimate(runs, times, np.concatenate([shares[owners], tokens[at_end]]), windows)


def _are_counted(numbers: Array) -> bool:
    return bool(numbers.size) and float(np.isnan(numbers).mean()) <= _UNCOUNTED_MAX


def _estimate(runs: Numbers, times: Array, amounts: Array | None, windows: Sequence[Window]) -> Estimate:
    flows: list[Flow] = []
    for window in windows:
        own = runs == window.run
        start, end = window.steady_ns / NS, window.end_ns / NS
        flows.append(Flow(times[own] / NS, start, end, None if amounts is None else amounts[own]))
    return cut_at_zero(estimate_rate(flows)) if flows else lacks([], None, 0.95)
