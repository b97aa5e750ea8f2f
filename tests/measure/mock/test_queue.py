"""Limits, queues and stalls: whose turn comes when, as the deadlines in the log say."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from tests.measure.mock.conftest import Start
from tests.measure.mock.talking import PATHS, ask, connect, hear, read_truth, wait_for, write_request

from holdfast.measure.mock.spec import Distribution, MockSpec, Scenario, Shape, Stall, StallOf
from holdfast.measure.mock.tables import Flag

MS = 1_000_000


def test_the_next_request_takes_the_place_when_the_one_before_was_due_to_end(start: Start) -> None:
    mock = start(MockSpec(ttft_s=Distribution(mean=0.02), gap_s=Distribution(mean=0.01), concurrency=2))
    with ThreadPoolExecutor(6) as pool:
        heard = list(pool.map(lambda number: ask(mock, sample=number, stream=True, max_tokens=3), range(6)))
    assert all(one.status == 200 for one in heard)
    log = mock.read_log()
    ends = [int(log.find_tokens(number)["deadline_ns"][-1]) for number in range(6)]
    assert [end - int(start_ns) for end, start_ns in zip(ends, log.requests["started_ns"], strict=True)] == [
        40 * MS
    ] * 6
    order = np.argsort(log.requests["started_ns"], kind="stable")
    assert order.tolist() == list(range(6)), "first come, first served"
    free = sorted(ends)
    for place in range(2, 6):
        assert log.requests["started_ns"][place] == max(log.requests["read_ns"][place], free[place - 2])
    queued = (log.requests["flags"] & Flag.QUEUED) > 0
    assert queued[log.requests["started_ns"] > log.requests["read_ns"]].all()


def test_a_full_queue_refuses_with_429(start: Start) -> None:
    slow = MockSpec(ttft_s=Distribution(mean=3600), concurrency=1, queue_max=1)
    mock = start(slow)
    with connect(mock) as first, connect(mock) as second, connect(mock) as third:
        for number, connection in enumerate((first, second)):
            connection.sendall(write_request(PATHS["chat"], {"stream": True}, sample=number))
            wait_for(mock, served=1, waiting=number)
        third.sendall(write_request(PATHS["chat"], {"stream": True}))
        assert hear(third).status == 429
        third.sendall(write_request("/v1/models", method="GET"))
        assert hear(third).status == 200
        second.close()
        wait_for(mock, waiting=0, aborted=1)
        first.close()
        wait_for(mock, served=0, aborted=2)
    assert mock.read_log().requests["status"].tolist() == [200, 200, 429]


def test_a_client_that_leaves_gives_its_place_to_the_next(start: Start) -> None:
    spec = MockSpec(ttft_s=Distribution(Shape.SCRIPTED, values=(3600, 0.001)), concurrency=1)
    mock = start(spec)
    with connect(mock) as first, connect(mock) as second:
        first.sendall(write_request(PATHS["chat"], {"max_tokens": 1}, sample=0))
        wait_for(mock, served=1)
        second.sendall(write_request(PATHS["chat"], {"max_tokens": 1}, sample=1))
        wait_for(mock, waiting=1)
        first.close()
        assert hear(second).status == 200
    log = mock.read_log()
    assert log.requests["started_ns"][1] == log.requests["end_ns"][0]


def test_a_server_is_as_fast_as_its_places_allow(start: Start) -> None:
    """Four places of 10 ms each serve 400 requests a second while others wait: by deadlines, not by the clock."""
    mock = start(MockSpec(ttft_s=Distribution(mean=0.01), concurrency=4))

    def ask_often(_: int) -> None:
        with connect(mock) as connection:
            for _ in range(6):
                connection.sendall(write_request(PATHS["chat"], {"max_tokens": 1}))
                assert hear(connection).status == 200

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask_often, range(8)))
    log = mock.read_log()
    started = log.requests["started_ns"].astype(np.int64)
    for moment in started.tolist():
        assert int(((started <= moment) & (moment < started + 10 * MS)).sum()) <= 4
    assert log.requests.size == 48


def test_a_stall_of_all_moves_every_deadline_in_it_and_after_it(start: Start) -> None:
    stalls = (Stall(StallOf.ALL, at_s=0.025, duration_s=0.1),)
    mock = start(MockSpec(ttft_s=Distribution(mean=0.02), gap_s=Distribution(mean=0.01), stalls=stalls))
    ask(mock, sample=0, stream=True, max_tokens=4)
    log = mock.read_log()
    offsets = log.tokens["deadline_ns"] - log.requests["read_ns"][0]
    assert offsets.tolist() == [20 * MS, 130 * MS, 140 * MS, 150 * MS]
    assert (log.compute_lateness_ns() >= 0).all()


def test_a_stall_of_a_stream_leaves_the_others_alone(start: Start) -> None:
    stalls = (Stall(StallOf.STREAM, at_s=0.015, duration_s=0.05, request=7),)
    mock = start(MockSpec(ttft_s=Distribution(mean=0.01), gap_s=Distribution(mean=0.01), stalls=stalls))
    offsets = []
    for number in (6, 7):
        ask(mock, sample=number, stream=True, max_tokens=3)
        log = mock.read_log()
        offsets.append((log.tokens["deadline_ns"][-3:] - log.requests["read_ns"][-1]).tolist())
    assert offsets == [[10 * MS, 20 * MS, 30 * MS], [10 * MS, 70 * MS, 80 * MS]]


def test_a_stall_of_accepting_lets_new_connections_wait(start: Start) -> None:
    stalls = (Stall(StallOf.ACCEPT, at_s=0.0, duration_s=0.4),)
    mock = start(MockSpec(ttft_s=Distribution(mean=0.001), stalls=stalls))
    with connect(mock) as first:
        first.sendall(write_request(PATHS["chat"], {"max_tokens": 1}, sample=0))
        assert hear(first).status == 200
        ask(mock, sample=1, max_tokens=1)
        first.sendall(write_request(PATHS["chat"], {"max_tokens": 1}, sample=2))
        assert hear(first).status == 200
    log = mock.read_log()
    zero = log.requests["read_ns"][log.find_request(0)]
    assert log.requests["first_byte_ns"][log.find_request(1)] >= zero + 400 * MS


def test_prompts_that_begin_alike_are_cached_and_cost_less(start: Start) -> None:
    mock = start(MockSpec(ttft_s=Distribution(), gap_s=Distribution(), cache_block_tokens=4, prefill_s_per_token=0.001))
    words = [f"w{number}" for number in range(12)]
    prompts = [words, words, [*words[:10], "x", "y"], ["z", *words[1:]], words[:3], [*words, "more"]]
    said = [ask(mock, "completions", prompt=" ".join(prompt), max_tokens=1).json["usage"] for prompt in prompts]
    assert [usage["prompt_tokens_details"]["cached_tokens"] for usage in said] == [0, 12, 8, 0, 0, 12]
    log = mock.read_log()
    assert log.requests["cached"].tolist() == [0, 12, 8, 0, 0, 12]
    assert (log.tokens["deadline_ns"] - log.requests["read_ns"]).tolist() == [
        12 * MS, 0, 4 * MS, 12 * MS, 3 * MS, 1 * MS,
    ]  # fmt: skip


def test_the_truth_adds_up(start: Start) -> None:
    mock = start(
        MockSpec(ttft_s=Distribution(), gap_s=Distribution(), scenarios=(Scenario(), Scenario("no", status=503)))
    )
    for number in range(20):
        ask(mock, sample=number, stream=True, max_tokens=3)
    truth, log = read_truth(mock), mock.read_log()
    assert truth["requests"] == 20 == truth["answered"] + truth["refused"]
    assert truth["tokens"] == 3 * truth["answered"] == log.requests["tokens"].sum()
    assert truth["lateness_max_ns"] == log.compute_lateness_ns().max()
    assert truth["lateness_mean_ns"] == int(log.compute_lateness_ns().sum()) // truth["events"]
    assert (truth["served"], truth["waiting"], truth["log_lost"]) == (0, 0, 0)


def test_a_stream_that_was_left_in_the_queue_is_not_served(start: Start) -> None:
    mock = start(MockSpec(ttft_s=Distribution(mean=3600), concurrency=1))
    with connect(mock) as first:
        first.sendall(write_request(PATHS["chat"], {"stream": True}))
        wait_for(mock, served=1)
        with connect(mock) as second:
            second.sendall(write_request(PATHS["chat"], {"stream": True}))
            wait_for(mock, waiting=1)
        wait_for(mock, waiting=0, aborted=1)
