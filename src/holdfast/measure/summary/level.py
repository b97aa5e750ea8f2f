"""One endpoint at one load, over all runs: the figures that are reported, each with its interval."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.statistics.between_runs import lacks
from holdfast.measure.statistics.means import estimate_mean
from holdfast.measure.statistics.quantiles import estimate_quantiles
from holdfast.measure.statistics.rates import Flow, estimate_rate
from holdfast.measure.statistics.shares import estimate_share
from holdfast.measure.summary.goodness import has_bounds, is_good
from holdfast.measure.summary.series import LATENCIES, Array, is_whole, make_gaps, make_series
from holdfast.records.measurement import Estimate, Load, Objective, Phase, Sample, Window

LEVELS: Final = (0.5, 0.9, 0.95, 0.99)
_CUT: Final = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
_NS: Final = 1e9
Amount = Callable[[Sample], float | None]
Holds = Callable[[Sample], bool]


@dataclass(frozen=True, slots=True)
class Spread:
    """A latency in seconds: its mean and its quantiles."""

    mean: Estimate
    p50: Estimate
    p90: Estimate
    p95: Estimate
    p99: Estimate


@dataclass(frozen=True, slots=True)
class LevelSummary:
    """An endpoint at a load. `latencies` are by name: `ttft`, `first_answer` and `end_to_end` from the schedule,
    `ttft_sent` and `end_to_end_sent` from the sending, `tpot`, `gap`. Rates are per second, shares of all requests.

    `good` is None where no objective was stated. `little` is |L - λW| / L over the runs, and None where that cannot be
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
    little: float | None
    counted_more: float | None
    marks: tuple[str, ...] = field(default=())


def summarise_level(
    samples: Sequence[Sample], load: Load, windows: Sequence[Window], objective: Objective
) -> LevelSummary:
    """The figures of an endpoint's samples at one load; `windows` are that load's, one a run."""
    steady = [one for one in samples if one.phase is Phase.STEADY]
    runs = _split(steady, windows)
    whole = [[one for one in run if is_whole(one)] for run in runs]
    flat = [one for run in runs for one in run]
    good = _find_good(runs, objective)
    return LevelSummary(
        endpoint=samples[0].endpoint,
        level=samples[0].level,
        load=load,
        runs=len(runs),
        requests=len(flat),
        whole=sum(map(len, whole)),
        latencies=_summarise_latencies(whole),
        requests_per_s=_estimate_flow(samples, windows, lambda _: 1.0),
        output_tokens_per_s=_estimate_flow(samples, windows, lambda one: one.usage.completion),
        input_tokens_per_s=_estimate_flow(samples, windows, lambda one: one.usage.prompt),
        errors=estimate_share([_mask(run, lambda one: not is_whole(one)) for run in runs]),
        good=None if good is None else estimate_share(good),
        goodput_per_s=None
        if good is None
        else _estimate_flow(samples, windows, lambda one: float(is_good(one, objective))),
        refusals=estimate_share([_mask(run, lambda one: one.is_refusal) for run in runs]),
        cut=estimate_share([_mask(run, lambda one: one.finish_reason in _CUT) for run in runs]),
        cached=_divide(flat, lambda one: one.usage.cached, lambda one: one.usage.prompt),
        faults=dict(Counter(str(one.fault) for one in flat if not is_whole(one))),
        events_per_token=_divide(flat, lambda one: len(one.chunk_ns) or None, lambda one: one.usage.completion),
        lateness_p99_s=_find_lateness(flat),
        little=_check_little(samples, windows),
        counted_more=_find_more(flat),
    )


def _split(samples: Sequence[Sample], windows: Sequence[Window]) -> list[list[Sample]]:
    """By run, each in the order in which requests were due."""
    runs: dict[int, list[Sample]] = {window.run: [] for window in windows}
    for one in sorted(samples, key=lambda one: (one.run, one.scheduled_ns, one.number)):
        runs.setdefault(one.run, []).append(one)
    return [run for run in runs.values() if run]


def _summarise_latencies(whole: Sequence[Sequence[Sample]]) -> dict[str, Spread]:
    series = {name: make_series(whole, read) for name, read in LATENCIES.items()}
    series["gap"] = make_gaps(whole)
    return {name: _spread(runs) for name, runs in series.items() if runs}


def _spread(runs: Sequence[Array]) -> Spread:
    return Spread(estimate_mean(runs), *estimate_quantiles(runs, LEVELS))


def _estimate_flow(samples: Sequence[Sample], windows: Sequence[Window], amount: Amount) -> Estimate:
    """Of what ended within each run's steady window, whenever it was due."""
    flows: list[Flow] = []
    for window in windows:
        ended = [
            (one.end_ns, value)
            for one in samples
            if one.run == window.run and is_whole(one) and (value := amount(one)) is not None
        ]
        if not ended:
            continue
        times = np.array([end for end, _ in ended], np.float64) / _NS
        order = np.argsort(times)
        amounts = np.array([value for _, value in ended], np.float64)[order]
        flows.append(Flow(times[order], window.steady_ns / _NS, window.end_ns / _NS, amounts))
    return estimate_rate(flows) if flows else lacks([], None, 0.95)


def _find_good(runs: Sequence[Sequence[Sample]], objective: Objective) -> list[NDArray[np.bool_]] | None:
    if not has_bounds(objective):
        return None
    return [_mask(run, lambda one: is_good(one, objective)) for run in runs]


def _mask(run: Sequence[Sample], holds: Holds) -> NDArray[np.bool_]:
    return np.array([holds(one) for one in run], np.bool_)


def _divide(samples: Sequence[Sample], over: Amount, under: Amount) -> float | None:
    """One sum over another, of the samples that have both numbers."""
    pairs = [(above, below) for one in samples if (above := over(one)) is not None and (below := under(one))]
    total = sum(below for _, below in pairs)
    return sum(above for above, _ in pairs) / total if total else None


def _find_lateness(samples: Sequence[Sample]) -> float | None:
    late = [one.sent_ns - one.scheduled_ns for one in samples if one.sent_ns is not None]
    return float(np.quantile(np.array(late, np.float64), 0.99)) / _NS if late else None


def _check_little(samples: Sequence[Sample], windows: Sequence[Window]) -> float | None:
    """The mean number under way, from begin and end clipped to the window, beside rate times mean time."""
    under_way = product = 0.0
    for window in windows:
        length = (window.end_ns - window.steady_ns) / _NS
        own = [one for one in samples if one.run == window.run and one.sent_ns is not None]
        if length <= 0 or not own:
            continue
        begin = np.array([one.sent_ns for one in own], np.float64)
        end = np.array([one.end_ns for one in own], np.float64)
        inside = np.clip(end, window.steady_ns, window.end_ns) - np.clip(begin, window.steady_ns, window.end_ns)
        under_way += float(inside.sum()) / _NS
        came = (begin >= window.steady_ns) & (begin < window.end_ns)
        product += float((end - begin)[came].sum()) / _NS
    return abs(under_way - product) / under_way if under_way else None


def _find_more(samples: Sequence[Sample]) -> float | None:
    ratio = _divide(samples, lambda one: one.counted_completion, lambda one: one.usage.completion)
    return None if ratio is None else ratio - 1
