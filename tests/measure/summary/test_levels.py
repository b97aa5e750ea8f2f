"""Figures of samples that were made by hand, each worked out another way."""

import dataclasses
import random
import statistics

import pytest

from holdfast.measure.summary.goodness import is_good
from holdfast.measure.summary.knee import BELOW, BRACKETED, NOT_REACHED
from holdfast.measure.summary.level import summarise_level
from holdfast.measure.summary.whole import (
    BURSTY,
    CHUNKED,
    CLIENT_BOUND,
    FEW,
    ONE_RUN,
    STOPPED,
    UNCALIBRATED,
    UNJUDGED,
    UNSTEADY,
    Client,
    Summary,
    summarise,
)
from holdfast.records.measurement import Arrivals, Fault, Load, Objective, Phase, Sample, Usage, Window

S = 1_000_000_000
CLOSED = Load(Arrivals.CLOSED, concurrency=2, duration_s=100)
BELIEVED = Client({"one": True})


def make_sample(number: int, due_s: float, ttft_s: float = 0.1, *, run: int = 0, level: int = 0) -> Sample:
    """An answer of five tokens, 10 ms apart; sent 1 ms late."""
    due = round(due_s * S)
    first = due + round(ttft_s * S)
    chunks = tuple(first + step * S // 100 for step in range(5))
    return Sample(
        "one", run, level, number, 0, Phase.STEADY, due, due + S // 1000, first, first, first, chunks[-1], chunks[-1],
        chunk_ns=chunks, status=200, finish_reason="stop", usage=Usage(10, 4, 5, 0),
    )  # fmt: skip


def make_window(run: int = 0, level: int = 0, end_s: float = 100.0) -> Window:
    return Window(run, level, 0, 0, round(end_s * S), round((end_s + 1) * S))


def make_run(count: int, seed: int, **options: int) -> list[Sample]:
    chance = random.Random(seed)
    return [
        make_sample(number, number * 100 / count, chance.lognormvariate(-2.3, 0.3), **options)
        for number in range(count)
    ]


def test_latencies_are_from_the_schedule_and_from_the_sending() -> None:
    samples = make_run(500, 1)
    level = summarise_level(samples, CLOSED, [make_window()], Objective())
    waits = sorted((one.first_token_ns or 0) - one.scheduled_ns for one in samples)
    ttft = level.latencies["ttft"]
    assert ttft.mean.value == pytest.approx(statistics.fmean(waits) / S)
    assert ttft.p50.value == pytest.approx(statistics.median(waits) / S, rel=1e-3)
    assert level.latencies["ttft_sent"].mean.value == pytest.approx((ttft.mean.value or 0) - 0.001)
    assert level.latencies["tpot"].mean.value == pytest.approx(0.01)
    assert level.latencies["gap"].p99.value == pytest.approx(0.01)
    assert level.latencies["end_to_end"].mean.value == pytest.approx((ttft.mean.value or 0) + 0.04)


def test_rates_are_over_the_steady_window() -> None:
    samples = make_run(500, 2)
    level = summarise_level(samples, CLOSED, [make_window()], Objective())
    ended = sum(one.end_ns < 100 * S for one in samples)
    assert level.requests_per_s.value == pytest.approx(ended / 100)
    assert level.output_tokens_per_s.value == pytest.approx(5 * ended / 100)
    assert level.input_tokens_per_s.value == pytest.approx(10 * ended / 100)
    assert level.cached == pytest.approx(0.4)
    assert level.events_per_token == 1


def test_several_runs_are_compared_as_runs() -> None:
    samples = [one for run in range(3) for one in make_run(200, 10 + run, run=run)]
    level = summarise_level(samples, CLOSED, [make_window(run) for run in range(3)], Objective())
    means = [
        statistics.fmean((one.first_token_ns or 0) - one.scheduled_ns for one in samples if one.run == run) / S
        for run in range(3)
    ]
    mean = level.latencies["ttft"].mean
    assert mean.runs == 3
    assert mean.value == pytest.approx(statistics.fmean(means))
    half = 4.302653 * statistics.stdev(means) / 3**0.5  # Student's t with two degrees of freedom
    assert mean.high == pytest.approx(statistics.fmean(means) + half, rel=1e-5)


def test_failures_are_counted_by_class_and_have_no_latency() -> None:
    samples = make_run(100, 3)
    samples[7] = dataclasses.replace(samples[7], fault=Fault.RESET, usage=Usage())
    samples[8] = dataclasses.replace(samples[8], fault=Fault.LIMITED, usage=Usage())
    level = summarise_level(samples, CLOSED, [make_window()], Objective(ttft_s=100))
    assert (level.requests, level.whole) == (100, 98)
    assert level.faults == {"reset": 1, "limited": 1}
    assert level.latencies["ttft"].mean.samples == 98
    assert level.errors.value == pytest.approx(0.02)
    assert level.good is not None
    assert level.good.value == pytest.approx(0.98)


def test_a_request_is_good_when_every_bound_that_is_set_holds() -> None:
    one = make_sample(0, 0, 0.1)
    assert is_good(one, Objective(ttft_s=0.1, tpot_s=0.01, end_to_end_s=0.14))
    assert not is_good(one, Objective(ttft_s=0.09))
    assert not is_good(one, Objective(tpot_s=0.009))
    assert not is_good(one, Objective(end_to_end_s=0.13))
    assert not is_good(dataclasses.replace(one, fault=Fault.TIMEOUT), Objective())
    assert is_good(dataclasses.replace(one, usage=Usage(10, 0, 1, 0)), Objective(tpot_s=0.001))
    assert not is_good(dataclasses.replace(one, usage=Usage()), Objective(tpot_s=1.0))


def test_nothing_is_good_or_bad_without_an_objective() -> None:
    level = summarise_level(make_run(100, 4), CLOSED, [make_window()], Objective())
    assert level.good is None
    assert level.goodput_per_s is None


def summarise_loads(slow_from: int) -> Summary:
    """Three loads of 100, 200 and 400 requests in three runs; from one on all answers are slow."""
    loads = [dataclasses.replace(CLOSED, concurrency=count) for count in (1, 2, 4)]
    samples = [
        make_sample(number, number * 100 / count, 0.1 if level < slow_from else 2.0, run=run, level=level)
        for run in range(3)
        for level, count in enumerate((100, 200, 400))
        for number in range(count)
    ]
    windows = {"one": [make_window(run, level) for run in range(3) for level in range(3)]}
    return summarise(samples, loads, windows, Objective(ttft_s=0.5, share=0.95), BELIEVED)


@pytest.mark.parametrize(
    ("slow_from", "said", "level", "rate"), [(3, NOT_REACHED, 2, 4.0), (2, BRACKETED, 1, 2.0), (0, BELOW, None, 0.0)]
)
def test_the_knee_is_the_highest_load_that_meets_the_objective(
    slow_from: int, said: str, level: int | None, rate: float
) -> None:
    (knee,) = summarise_loads(slow_from).knees
    assert (knee.said, knee.level) == (said, level)
    assert knee.rates_per_s == pytest.approx((rate, rate, rate))
    assert knee.is_known == (rate > 0)


def find_marks(samples: list[Sample], load: Load = CLOSED, client: Client = BELIEVED) -> tuple[str, ...]:
    windows = {"one": [make_window(run) for run in sorted({one.run for one in samples})]}
    return summarise(samples, [load], windows, Objective(), client).levels[0].marks


def test_marks_say_where_a_figure_is_not_what_it_seems() -> None:
    calm = [one for run in range(3) for one in make_run(400, 20 + run, run=run)]
    assert find_marks(calm) == ()
    assert find_marks(calm, client=Client({"one": False})) == (CLIENT_BOUND,)
    assert find_marks(calm, client=Client({})) == (UNCALIBRATED,)
    assert find_marks(calm, client=Client({"one": None})) == (UNJUDGED,)
    assert find_marks(calm, client=Client({"one": True}, was_stopped=True)) == (STOPPED,)
    assert set(find_marks(make_run(60, 1))) >= {FEW, ONE_RUN}
    joined = [dataclasses.replace(one, chunk_ns=one.chunk_ns[:3]) for one in calm]
    assert find_marks(joined) == (CHUNKED,)
    unspoken = [dataclasses.replace(one, chunk_ns=one.chunk_ns[:4]) for one in calm]  # the last token ends the answer
    assert find_marks(unspoken) == ()


def test_latencies_that_rise_over_the_window_are_marked() -> None:
    chance = random.Random(5)
    rising = [
        make_sample(number, number / 5, 0.1 + number / 5000 + chance.random() / 100, run=run)
        for run in range(3)
        for number in range(500)
    ]
    assert UNSTEADY in find_marks(rising)


def test_arrivals_in_bursts_are_no_poisson_process() -> None:
    load = Load(Arrivals.POISSON, rate_per_s=5, duration_s=100)
    chance = random.Random(6)
    poisson = [make_sample(number, chance.uniform(0, 100)) for number in range(500)]
    bursts = [make_sample(number, number // 10 * 2.0) for number in range(500)]
    assert BURSTY not in find_marks(poisson, load)
    assert BURSTY in find_marks(bursts, load)
