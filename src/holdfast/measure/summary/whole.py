"""All endpoints of a run at all their loads, with the knee of each, and marks where a figure is not what it seems."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.statistics.sendings import describe_sendings
from holdfast.measure.statistics.steadiness import estimate_drift
from holdfast.measure.summary.knee import Knee, find_knee
from holdfast.measure.summary.level import LevelSummary, summarise_level
from holdfast.measure.summary.series import is_whole, read_end_to_end
from holdfast.records.measurement import Arrivals, Load, Objective, Phase, Sample, Window

CLIENT_BOUND: Final = "client-bound: the client could not be believed at this load"
UNCALIBRATED: Final = "the client's own error was not measured"
UNSTEADY: Final = "unsteady: latencies rise or fall over the window"
FEW: Final = "too few samples for a 99th percentile"
ONE_RUN: Final = "one run: its intervals say nothing about another run"
BURSTY: Final = "bursty: requests were not sent as the Poisson process that was drawn"
UNEVEN: Final = "Little's law fails: what is under way does not fit rate and latency"
CHUNKED: Final = "events are not tokens: gaps are between events"
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
    """What a calibration said of the client, by endpoint: True believed, False not, None could not tell."""

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
    levels: list[LevelSummary] = []
    knees: list[Knee] = []
    for endpoint, own_windows in windows.items():
        own = [one for one in samples if one.endpoint == endpoint]
        found = [
            _summarise(own, level, load, own_windows, objective, client)
            for level, load in enumerate(loads)
            if any(one.level == level for one in own)
        ]
        levels += found
        knee = find_knee(found, own, own_windows, objective)
        if knee is not None:
            knees.append(knee)
    return Summary(tuple(levels), tuple(knees))


def _summarise(
    samples: Sequence[Sample],
    level: int,
    load: Load,
    windows: Sequence[Window],
    objective: Objective,
    client: Client,
) -> LevelSummary:
    own = [one for one in samples if one.level == level]
    own_windows = [one for one in windows if one.level == level]
    summary = summarise_level(own, load, own_windows, objective)
    return dataclasses.replace(summary, marks=tuple(_mark(summary, own, own_windows, client)))


def _mark(summary: LevelSummary, samples: Sequence[Sample], windows: Sequence[Window], client: Client) -> list[str]:
    believed = client.believed.get(summary.endpoint, None)
    ttft = summary.latencies.get("ttft")
    events = summary.events_per_token
    marks = {
        CLIENT_BOUND: believed is False,
        UNCALIBRATED: believed is None,
        UNSTEADY: _is_unsteady(samples),
        FEW: ttft is not None and ttft.p99.value is None,
        BURSTY: _is_bursty(samples, summary.load, windows),
        ONE_RUN: summary.runs == 1,
        UNEVEN: summary.load.arrivals is not Arrivals.CLOSED and (summary.little or 0.0) > _LITTLE_MAX,
        CHUNKED: events is not None and not _EVENTS[0] <= events <= _EVENTS[1],
        STOPPED: client.was_stopped,
    }
    return [text for text, holds in marks.items() if holds]


def _is_unsteady(samples: Sequence[Sample]) -> bool:
    """Whether a run's latencies change by a tenth or more over its window, and not by chance."""
    for run in {one.run for one in samples}:
        own = sorted((one for one in samples if one.run == run), key=lambda one: one.scheduled_ns)
        values = [read_end_to_end(one) for one in own if one.phase is Phase.STEADY and is_whole(one)]
        series = np.array([value for value in values if value is not None], np.float64)
        drift = estimate_drift(series, _SURE)
        if drift.low is None or drift.high is None or drift.value is None:
            continue
        if not drift.low <= 0 <= drift.high and abs(drift.value) > _MATTERS * float(series.mean()):
            return True
    return False


def _is_bursty(samples: Sequence[Sample], load: Load, windows: Sequence[Window]) -> bool:
    """Whether what was meant to be a Poisson process was sent as something else."""
    if load.arrivals is not Arrivals.POISSON:
        return False
    for window in windows:
        sent = [one.sent_ns / 1e9 for one in samples if one.run == window.run and one.sent_ns is not None]
        found = describe_sendings(np.array(sent, np.float64), window.steady_ns / 1e9, window.end_ns / 1e9)
        if found.dispersion.low is not None and found.dispersion.low > 1:
            return True
    return False
