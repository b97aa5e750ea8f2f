"""A load is offered as planned, to a server that logs what it really did; stopped, it keeps what it saw."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from tests.measure.load.scripted import (
    CLOSE,
    DONE,
    HANG,
    Request,
    Scripted,
    Step,
    finish,
    make_ask,
    stream,
    token,
    whole,
)

from holdfast.measure.load.overhead import find_errors
from holdfast.measure.load.plans import LoadPlan, LoadResult, Progress
from holdfast.measure.load.prices import Budget
from holdfast.measure.load.running import Watching, run_load
from holdfast.measure.mock.spec import Distribution, MockSpec, Stall, StallOf
from holdfast.measure.mock.starting import Mock, start_mock
from holdfast.records.errors import ConfigurationError, MalformedFile, UnreachableEndpoint
from holdfast.records.measurement import Api, Arrivals, Endpoint, Fault, Load, Phase, TokenPrice

QUICK = MockSpec(Distribution(mean=0.01), Distribution(mean=0.001), tokens_default=5)
ASKS = tuple(make_ask(number, f"prompt {number}", tokens_max=5) for number in range(3))


@pytest.fixture(scope="module")
def mock() -> Iterator[Mock]:
    with start_mock(QUICK) as started:
        yield started


def plan(url: str, *loads: Load, api: Api = Api.CHAT, **more: object) -> LoadPlan:
    more = {"salt": os.urandom(4).hex(), "is_ours": True, "is_urgent": False} | more
    return LoadPlan(Endpoint("it", url, "m", api), ASKS, loads, **more)  # type: ignore[arg-type]


def poisson(rate: float, requests: int, **more: float) -> Load:
    return Load(Arrivals.POISSON, rate_per_s=rate, requests=requests, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("api", [Api.CHAT, Api.COMPLETIONS, Api.RESPONSES])
@pytest.mark.parametrize("workers", [1, 2])
def test_what_the_client_saw_is_what_the_server_sent(mock: Mock, api: Api, workers: int) -> None:
    result = run_load(plan(mock.url, poisson(150, 60), api=api, workers=workers))
    log = mock.read_log()
    assert [sample.fault for sample in result.samples] == [Fault.NONE] * 60
    assert sorted(sample.number for sample in result.samples) == list(range(60))
    assert {sample.worker for sample in result.samples} == set(range(workers))
    assert all(len(sample.chunk_ns) == 5 == sample.usage.completion for sample in result.samples)
    errors = find_errors(result.samples, log)
    assert (errors.ttft.size, errors.unmatched) == (60, 0)
    assert (errors.receive >= 0).all()  # nothing is seen before it was sent
    assert (errors.late >= 0).all()


def test_samples_are_in_the_order_in_which_they_were_due(mock: Mock) -> None:
    load = poisson(100, 30, warmup_s=0.1)
    result = run_load(plan(mock.url, load, load, workers=2))
    keys = [(sample.level, sample.scheduled_ns) for sample in result.samples]
    assert keys == sorted(keys)
    assert [window.level for window in result.windows] == [0, 1]
    for sample in result.samples:
        window = result.windows[sample.level]
        assert (sample.phase is Phase.WARMUP) == (sample.scheduled_ns < window.steady_ns)
        assert window.start_ns <= sample.scheduled_ns <= sample.end_ns <= window.done_ns


def test_a_closed_loop_has_as_many_under_way_as_it_should(mock: Mock) -> None:
    result = run_load(plan(mock.url, Load(Arrivals.CLOSED, 6, duration_s=0.4, warmup_s=0.1)))
    window = result.windows[0]
    assert window.end_ns - window.steady_ns == 400_000_000
    for moment in range(window.steady_ns + 20_000_000, window.end_ns, 50_000_000):
        assert sum(sample.scheduled_ns <= moment < sample.end_ns for sample in result.samples) == 6


def test_every_prompt_is_new_unless_it_is_to_be_cached() -> None:
    spec = MockSpec(Distribution(mean=0.002), Distribution(mean=0.001), cache_block_tokens=1)
    with start_mock(spec) as caching:
        load = Load(Arrivals.CLOSED, 1, requests=6)
        fresh = run_load(plan(caching.url, load)).samples
        assert all((sample.usage.cached or 0) <= 1 for sample in fresh)
        known = run_load(plan(caching.url, load, is_cached=True)).samples
        assert all((sample.usage.cached or 0) > 1 for sample in known[3:])
    assert [sample.prompt_sha256 for sample in fresh] == [sample.prompt_sha256 for sample in known]


def test_texts_are_kept_only_when_asked(mock: Mock) -> None:
    load = Load(Arrivals.CLOSED, 1, requests=3)
    assert run_load(plan(mock.url, load)).replies == ()
    kept = run_load(plan(mock.url, load, keeps_replies=True))
    assert [reply.sample for reply in kept.replies] == list(kept.samples)
    assert all(reply.text for reply in kept.replies)


def test_a_stall_shows_in_latency_from_the_schedule_and_hides_in_latency_from_sending() -> None:
    spec = MockSpec(Distribution(mean=0.01), Distribution(mean=0.001), stalls=(Stall(StallOf.ALL, 0.5, 1.0),))
    load = Load(Arrivals.CONSTANT, rate_per_s=100, duration_s=2, in_flight_max=2)
    with start_mock(spec) as stalling:
        samples = run_load(plan(stalling.url, load)).samples
    from_schedule = np.array([sample.end_ns - sample.scheduled_ns for sample in samples]) / 1e9
    from_sending = np.array([sample.end_ns - (sample.sent_ns or 0) for sample in samples]) / 1e9
    assert len(samples) == 199
    assert np.sum(from_sending > 0.5) < 10
    assert np.sum(from_schedule > 0.5) > 40


def hanging() -> Scripted:
    """One that answers the first five requests and none after."""
    answer = list(stream(token("a"), finish(tokens=1), DONE))
    return Scripted(lambda request: answer if request.number < 5 else [HANG])


def check_stopped(result: LoadResult) -> None:
    assert result.was_stopped
    faults = [sample.fault for sample in result.samples]
    assert (faults.count(Fault.NONE), faults.count(Fault.STOPPED)) == (5, 2)


def test_a_run_that_is_stopped_keeps_what_it_saw() -> None:
    asked = threading.Event()

    def note(progress: Progress) -> None:
        if progress.ended >= 5:
            asked.set()

    with hanging() as server:
        more = Load(Arrivals.CLOSED, 2, duration_s=60)
        result = run_load(plan(server.url, more, more), Watching(note, asked.is_set))
    check_stopped(result)
    assert [window.level for window in result.windows] == [0]
    assert result.windows[0].end_ns <= time.monotonic_ns()


INTERRUPTED = """
import pickle, sys
from holdfast.measure.load.running import Watching, run_load
def tell(progress):
    if progress.ended >= 5: print("now", flush=True)
result = run_load(pickle.load(sys.stdin.buffer), Watching(tell))
sys.stdout.flush()
pickle.dump(result, sys.stdout.buffer)
"""


def test_ctrl_c_keeps_what_was_seen() -> None:
    import pickle

    with hanging() as server:
        process = subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(pickle.dumps(plan(server.url, Load(Arrivals.CLOSED, 2, duration_s=60))))
        process.stdin.close()
        assert process.stdout.readline() == b"now\n"
        process.send_signal(signal.SIGINT)
        said = process.stdout.read()
        assert process.wait() == 0
    check_stopped(pickle.loads(said[said.index(b"\x80") :]))


def test_a_budget_ends_a_run_before_it_is_passed() -> None:
    answer = list(stream(token("a"), finish(tokens=2), DONE))
    budget = Budget(20.0)
    with Scripted(lambda _: answer) as server:
        asked = plan(server.url, Load(Arrivals.CLOSED, 2, requests=50), price=TokenPrice(0.0, 1e6))
        result = run_load(asked, Watching(budget=budget))
        sent = len(server.requests)
    assert result.stopped == "the budget is reached"
    assert [sample.fault for sample in result.samples] == [Fault.NONE] * sent
    assert budget.spent_usd == 2.0 * sent
    assert 12 <= budget.spent_usd <= 20
    with pytest.raises(ConfigurationError, match="needs a price"):
        run_load(plan("http://127.0.0.1:1/v1", Load(Arrivals.CLOSED, 1, requests=1)), Watching(budget=budget))


def test_a_sweep_ends_when_it_is_enough(mock: Mock) -> None:
    def is_enough(level: int, samples: object) -> bool:
        return level == 1

    loads = [Load(Arrivals.CLOSED, number, requests=4) for number in (1, 2, 3, 4)]
    result = run_load(plan(mock.url, *loads), Watching(is_enough=is_enough))
    assert {sample.level for sample in result.samples} == {0, 1}
    assert not result.was_stopped


def test_a_server_that_fails_now_and_then_is_measured_with_its_failures() -> None:
    answer = list(stream(token("a"), finish(tokens=1), DONE))
    with Scripted(lambda request: [CLOSE] if request.number % 4 == 3 else answer) as server:
        samples = run_load(plan(server.url, Load(Arrivals.CLOSED, 2, requests=40))).samples
    faults = [sample.fault for sample in samples]
    assert (faults.count(Fault.RESET), faults.count(Fault.NONE)) == (10, 30)


def test_a_connection_that_the_server_closed_while_idle_is_no_fault_of_the_server() -> None:
    answered: dict[int, float] = {}

    def answer(request: Request) -> list[Step]:
        idle_s = time.monotonic() - answered.get(request.connection, time.monotonic())
        answered[request.connection] = time.monotonic()
        return [CLOSE] if idle_s > 0.9 else list(stream(token("a"), finish(tokens=1), DONE))

    with Scripted(answer) as server:
        samples = run_load(plan(server.url, Load(Arrivals.REPLAY, offsets_s=(0.0, 1.3)))).samples
        assert len(server.requests) == 3
    assert [sample.fault for sample in samples] == [Fault.NONE] * 2
    assert [sample.retries for sample in samples] == [0, 1]


def test_a_run_in_which_every_request_fails_ends_early_and_floods_nobody() -> None:
    refused = whole(b'{"error":"wrong key"}', "401 Unauthorized")
    with Scripted(lambda _: [refused]) as server:
        result = run_load(plan(server.url, Load(Arrivals.CLOSED, 20, duration_s=30)))
        assert 100 <= len(server.requests) <= 200
    assert result.stopped == "each of the first 100 requests failed"
    assert {sample.fault_detail for sample in result.samples if sample.fault is Fault.STATUS} == {
        "HTTP status 401: wrong key"
    }
    window = result.windows[0]
    assert window.end_ns - window.start_ns > 400_000_000


def test_what_cannot_be_run_is_refused_before_it_is() -> None:
    load = Load(Arrivals.CLOSED, 1, requests=1)
    crowded = plan("http://127.0.0.1:1/v1", poisson(1, 1, in_flight_max=1), workers=2)
    with pytest.raises(UnreachableEndpoint, match="refused"):
        run_load(plan("http://127.0.0.1:1/v1", load))
    for broken in (plan("http://127.0.0.1:1/v1"), plan("http://127.0.0.1:1/v1", load, workers=0), crowded):
        with pytest.raises(ConfigurationError):
            run_load(broken)
    asked = plan("http://127.0.0.1:1/v1", load)
    with pytest.raises(MalformedFile, match="prompt 0"):
        run_load(LoadPlan(asked.endpoint, (make_ask(extra="["),), (load,), "salt"))


def test_the_client_tells_what_it_cost_itself(mock: Mock) -> None:
    (effort,) = run_load(plan(mock.url, Load(Arrivals.CLOSED, 2, requests=10))).efforts
    assert effort.requests == 10
    assert effort.parts >= 10
    assert 0 < effort.cpu_ns < effort.wall_ns
    assert effort.waited_ns is None or effort.waited_ns >= 0
