"""Columns of samples: order, edges of the window, what is nobody's error, and what cannot be said."""

import random
from dataclasses import replace

import numpy as np
import pytest

from holdfast.measure.statistics.quantiles import estimate_quantiles
from holdfast.measure.summary.knee import BELOW, BRACKETED, NOT_REACHED, UNTOLD, Knee
from holdfast.measure.summary.level import LevelSummary, summarise_level
from holdfast.measure.summary.whole import UNCOUNTED, UNEVEN, Client, summarise
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.measurement import Arrivals, Fault, Load, Objective, Phase, Sample, Usage, Window

S = 1_000_000_000
POISSON = Load(Arrivals.POISSON, rate_per_s=5, duration_s=100)
WINDOW = Window(0, 0, 0, 0, 100 * S, 101 * S)


def make_sample(number: int, due_s: float, gaps_s: tuple[float, ...] = (0.1, 0.01, 0.01), **more: int) -> Sample:
    """An answer whose events come after gaps, the first of them from the schedule; one token an event."""
    due = round(due_s * S)
    stamps = tuple(due + round(sum(gaps_s[: place + 1]) * S) for place in range(len(gaps_s)))
    run, level, sent_ns = more.get("run", 0), more.get("level", 0), more.get("sent_ns", due)
    return Sample(
        "one", run, level, number, 0, Phase.STEADY, due, sent_ns, stamps[0], stamps[0], stamps[0], stamps[-1],
        stamps[-1], chunk_ns=stamps, status=200, finish_reason="stop", usage=Usage(10, 0, len(gaps_s), 0),
    )  # fmt: skip


def make_calm(count: int = 500, seed: int = 1, **more: int) -> list[Sample]:
    chance = random.Random(seed)
    return [
        make_sample(number, chance.uniform(0, 100), (chance.lognormvariate(-2.3, 0.3), 0.01, 0.01), **more)
        for number in range(count)
    ]


def look(samples: list[Sample], objective: Objective | None = None, load: Load = POISSON) -> LevelSummary:
    return summarise_level(samples, load, [WINDOW], objective or Objective())


def test_samples_in_any_order_give_the_same_figures() -> None:
    samples = make_calm()
    shuffled = random.Random(2).sample(samples, len(samples))
    assert encode_canonical(look(samples)) == encode_canonical(look(shuffled))


def test_gaps_are_a_series_in_the_order_in_which_they_ended() -> None:
    """Two streams at once, each of which is slow for half of the time: by answers, nothing would seem to last."""
    samples = [make_sample(number, number * 10.0, (0.1, *[0.01 + 0.01 * (number % 2)] * 200)) for number in range(8)]
    together = look(samples).latencies["gap"].p50
    stamps = sorted((b, (b - a) / S) for one in samples for a, b in zip(one.chunk_ns, one.chunk_ns[1:], strict=False))
    expected = estimate_quantiles([np.array([gap for _, gap in stamps])], [0.5])[0]
    assert together == expected


def test_an_answer_has_gaps_with_no_other_answer() -> None:
    found = look([make_sample(number, number / 5, (0.1, 0.02)) for number in range(500)]).latencies["gap"]
    assert found.mean.samples == 500
    assert found.mean.value == pytest.approx(0.02)


def test_tokens_count_when_they_came_and_not_when_their_answer_ended() -> None:
    """One answer of 2,000 tokens that ends long after the window has its share within it."""
    samples = [make_sample(number, number / 10, (0.05,)) for number in range(1000)]
    long = make_sample(1000, 50.0, tuple([0.1] * 2000))
    assert look([*samples, long]).output_tokens_per_s.value == pytest.approx((1000 + 499) / 100, abs=0.02)


def test_requests_before_and_after_the_steady_part_make_tokens_and_no_latencies() -> None:
    warm = [replace(one, phase=Phase.WARMUP) for one in make_calm(200, 3)]
    level = look([*make_calm(500), *warm])
    assert (level.requests, level.latencies["ttft"].mean.samples) == (500, 500)
    assert (level.output_tokens_per_s.value or 0) == pytest.approx(21, rel=0.02)


def test_what_we_stopped_is_nobodys_error() -> None:
    samples = make_calm()
    samples[3] = replace(samples[3], fault=Fault.STOPPED)
    level = look(samples, Objective(ttft_s=10))
    assert (level.requests, level.errors.value) == (499, 0.0)
    assert level.faults == {"stopped": 1}
    assert level.good is not None
    assert level.good.value == 1.0


def test_a_bound_on_what_nobody_told_is_unknown_and_not_missed() -> None:
    untold = [replace(one, usage=Usage()) for one in make_calm()]
    level = look(untold, Objective(tpot_s=1.0))
    assert level.good is not None
    assert level.good.value is None
    assert level.goodput_per_s is not None
    assert level.goodput_per_s.value is None
    assert look(untold, Objective(ttft_s=10.0)).good != level.good


def test_tokens_that_the_endpoint_does_not_count_have_no_rate() -> None:
    untold = [replace(one, usage=Usage()) for one in make_calm()]
    level = look(untold)
    assert (level.output_tokens_per_s.value, level.input_tokens_per_s.value) == (None, None)
    assert level.events_per_token is None
    marks = summarise(untold, [POISSON], {"one": [WINDOW]}, Objective(), Client({"one": True})).levels[0].marks
    assert UNCOUNTED in marks


def test_answers_that_do_not_stream_have_no_first_token() -> None:
    whole = [
        replace(one, chunk_ns=(), first_token_ns=None, first_answer_ns=None, last_token_ns=None) for one in make_calm()
    ]
    level = look(whole)
    assert set(level.latencies) == {"end_to_end", "end_to_end_sent"}
    assert (level.output_tokens_per_s.value or 0) == pytest.approx(15, rel=0.02)


def test_late_sends_are_counted_and_sends_that_are_poisson_have_a_dispersion_of_one() -> None:
    samples = make_calm(1000)
    late = [replace(one, sent_ns=one.scheduled_ns + (S // 100 if one.number < 100 else 0)) for one in samples]
    level = look(late)
    assert level.late.value == pytest.approx(0.1)
    assert level.lateness_p99_s == pytest.approx(0.01)
    assert level.dispersion.low is not None
    assert level.dispersion.high is not None
    assert level.dispersion.low < 1 < level.dispersion.high


def test_littles_law_fails_where_the_ends_of_requests_are_wrong() -> None:
    wrong = [replace(one, end_ns=one.end_ns + (400 * S if one.number % 9 == 0 else 0)) for one in make_calm()]
    marks = summarise(wrong, [POISSON], {"one": [WINDOW]}, Objective(), Client({"one": True})).levels[0].marks
    assert UNEVEN in marks
    assert (look(make_calm()).little or 0) < 0.02


def find_knee(slow_by_level: tuple[float, ...], runs: int = 1, requests: int = 600) -> Knee:
    """Loads of 6, 12, 18… a second, of which a share is slow."""
    samples = [
        make_sample(
            number, number * 100 / (requests * (level + 1)),
            (2.0 if number % 100 < 100 * slow else 0.1, 0.01), run=run, level=level,
        )
        for run in range(runs)
        for level, slow in enumerate(slow_by_level)
        for number in range(requests * (level + 1))
    ]  # fmt: skip
    loads = [replace(POISSON, rate_per_s=6.0 * (level + 1)) for level in range(len(slow_by_level))]
    windows = [Window(run, level, 0, 0, 100 * S, 101 * S) for run in range(runs) for level in range(len(slow_by_level))]
    client = Client({"one": True})
    return summarise(samples, loads, {"one": windows}, Objective(ttft_s=0.5, share=0.95), client).knees[0]


def test_a_knee_of_one_run_lies_between_what_surely_meets_and_what_surely_does_not() -> None:
    found = find_knee((0.0, 0.04, 0.3, 0.9))
    assert (found.said, found.level) == (BRACKETED, 1)
    assert found.rate_per_s.value == pytest.approx(12)
    assert found.rate_per_s.low == pytest.approx(6)  # 4 % slow of 1,200 may be 5 %
    assert found.rate_per_s.high == pytest.approx(18)


def test_a_knee_that_was_not_reached_has_no_upper_end() -> None:
    found = find_knee((0.0, 0.0))
    assert (found.said, found.level) == (NOT_REACHED, 1)
    assert found.rates_per_s == pytest.approx((12,))
    assert not found.rate_per_s.is_known


def test_a_knee_below_the_least_load_is_between_nothing_and_that_load() -> None:
    found = find_knee((0.5, 0.9))
    assert (found.said, found.level) == (BELOW, None)
    assert found.rate_per_s.low == 0.0
    assert found.rate_per_s.high == pytest.approx(6)


def test_a_load_that_meets_the_objective_above_one_that_does_not_is_no_knee() -> None:
    assert find_knee((0.0, 0.5, 0.0)).level == 0


def test_knees_of_several_runs_have_an_interval_between_runs() -> None:
    found = find_knee((0.0, 0.5), runs=3)
    assert (found.rate_per_s.runs, found.rate_per_s.low, found.rate_per_s.high) == (3, 6.0, 6.0)


def test_a_knee_of_too_few_requests_is_unknown() -> None:
    found = find_knee((0.0,), requests=10)
    assert (found.said, found.level, found.rate_per_s.missing) == (UNTOLD, None, 20)


def test_a_load_that_nobody_answered_has_figures_that_are_unknown() -> None:
    dead = [
        replace(one, fault=Fault.CONNECT, sent_ns=None, chunk_ns=(), first_token_ns=None, usage=Usage())
        for one in make_calm()
    ]
    level = look(dead, Objective(ttft_s=1.0))
    assert level.errors.value == 1.0
    assert level.latencies == {}
    assert (level.requests_per_s.value, level.little, level.lateness_p99_s) == (None, None, None)
    assert level.good is not None
    assert level.good.value == 0.0
