"""All endpoints of a run at all their loads, with the knee of each, and marks where a figure is not what it seems."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.statistics.steadiness import estimate_drift
from holdfast.measure.summary.knee import Knee, find_knee
from holdfast.measure.summary.latencies import READERS
from holdfast.measure.summary.level import LevelSummary, LevelTable, make_level_table, summarise_table
from holdfast.records.measurement import Arrivals, Load, Objective, Sample, Window

CLIENT_BOUND: Final = "client-bound: the client could not be believed at this load"
UNCALIBRATED: Final = "the client's own error was not measured"
UNJUDGED: Final = "the client's own error was measured, but whether it is small enough could not be told"
UNSTEADY: Final = "unsteady: latencies rise or fall over the window"
FEW: Final = "too few samples for a 99th percentile"
ONE_RUN: Final = "one run: its intervals say nothing about another run"
BURSTY: Final = "bursty: requests were not sent as the Poisson process that was drawn"
UNEVEN: Final = "Little's law fails: what is under way does not fit rate and latency"
CHUNKED: Final = "events are not tokens: gaps are between events"
UNCOUNTED: Final = "the endpoint does not count its tokens"
STOPPED: Final = "stopped early"
_SURE: Final = 0.99
_MATTERS: Final = 0.1
_LITTLE_MAX: Final = 0.05
_EVENTS: Final = (0.98, 1.02)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run's samples say."""

    levels: tuple[LevelSummary, ...]
    knees: tuple[Knee, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """What a calibration said of the client, by endpoint: True believed, False not, None could not tell. An endpoint
    that is not there had none."""

    believed: Mapping[str, bool | None]
    was_stopped: bool = False


def summarise(
    samples: Sequence[Sample],
    loads: Sequence[Load],
    windows: Mapping[str, Sequence[Window]],
    objective: Objective,
    client: Client,
) -> Summary:
    """Every endpoint that has windows, in their order."""
    by_level: dict[tuple[str, int], list[Sample]] = {}
    for one in samples:
        by_level.setdefault((one.endpoint, one.level), []).append(one)
    levels: list[LevelSummary] = []
    knees: list[Knee] = []
    for endpoint, own_windows in windows.items():
        tables = [
            make_level_table(by_level[endpoint, level], load, [one for one in own_windows if one.level == level])
            for level, load in enumerate(loads)
            if (endpoint, level) in by_level
        ]
        found = [_summarise(table, objective, client) for table in tables]
        levels += found
        knee = find_knee(found, tables, objective)
        if knee is not None:
            knees.append(knee)
    return Summary(tuple(levels), tuple(knees))


def _summarise(table: LevelTable, objective: Objective, client: Client) -> LevelSummary:
    summary = summarise_table(table, objective)
    return dataclasses.replace(summary, marks=tuple(_mark(summary, table, client)))


def _mark(summary: LevelSummary, table: LevelTable, client: Client) -> list[str]:
    is_calibrated, believed = summary.endpoint in client.believed, client.believed.get(summary.endpoint)
    ttft = summary.latencies.get("ttft")
    events = summary.events_per_token
    marks = {
        CLIENT_BOUND: believed is False,
        UNCALIBRATED: not is_calibrated,
        UNJUDGED: is_calibrated and believed is None,
        UNSTEADY: _is_unsteady(table),
        FEW: ttft is not None and ttft.p99.value is None,
        BURSTY: summary.load.arrivals is Arrivals.POISSON and (summary.dispersion.low or 0.0) > 1,
        ONE_RUN: summary.runs == 1,
        UNEVEN: summary.load.arrivals is not Arrivals.CLOSED and (summary.little or 0.0) > _LITTLE_MAX,
        CHUNKED: events is not None and not _EVENTS[0] - _find_silent(table) <= events <= _EVENTS[1],
        UNCOUNTED: summary.whole > 0 and not (table.table.tokens >= 0).any(),
        STOPPED: client.was_stopped,
    }
    return [text for text, holds in marks.items() if holds]


def _find_silent(of: LevelTable) -> float:
    """The share of tokens that may have no event: many servers count the one that ends an answer."""
    counts = of.table.tokens[of.table.is_steady & of.table.is_whole & (of.table.tokens > 0)]
    return counts.size / float(counts.sum()) if counts.size else 0.0


def _is_unsteady(of: LevelTable) -> bool:
    """Whether a run's latencies change by a tenth or more over its window, and not by chance."""
    whole = of.table.keep(of.table.is_steady & of.table.is_whole)
    for run in np.unique(whole.run):
        series = READERS["end_to_end"](whole)[whole.run == run]
        drift = estimate_drift(series, _SURE)
        if drift.low is None or drift.high is None or drift.value is None:
            continue
        if not drift.low <= 0 <= drift.high and abs(drift.value) > _MATTERS * float(series.mean()):
            return True
    return False
