"""The loop sends, stamps and waits the same with either of the system's ways to wait."""

import time
from collections.abc import Callable

import pytest
from tests.measure.load.scripted import DONE, HANG, Scripted, finish, make_ask, make_exchange, stream, token

from holdfast.measure.load.address import parse_address, resolve
from holdfast.measure.load.driving import Backlog, Job
from holdfast.measure.load.engine import Engine, Route
from holdfast.measure.load.exchange import Exchange, Turn
from holdfast.measure.load.keys import Key
from holdfast.measure.load.reading import Labels, read_exchange
from holdfast.measure.load.templates import Wiring, build_template
from holdfast.measure.load.waiting import EpollWaiter, SelectorWaiter, Waiter
from holdfast.records.measurement import Api, Fault

WAYS = [EpollWaiter, SelectorWaiter]
LABELS = Labels("it", Api.CHAT)


def make_engine(server: Scripted, waiter: Waiter, timeout_s: float = 5.0) -> tuple[Engine, Callable[[int], Exchange]]:
    wiring = Wiring(server.make_endpoint(), parse_address(server.make_endpoint()), Key())
    template = build_template(wiring, make_ask())
    engine = Engine(Route(wiring.address, resolve(wiring.address), timeout_s=timeout_s), waiter)
    return engine, lambda number: Exchange(Turn(number, time.monotonic_ns()), template, template.render(number, ""))


def run_until(engine: Engine, count: int) -> list[Exchange]:
    until_ns = time.monotonic_ns() + 20_000_000_000
    found: list[Exchange] = []
    while len(found) < count and time.monotonic_ns() < until_ns:
        engine.turn(until_ns)
        found, engine.finished = [*found, *engine.finished], []
    return found


@pytest.mark.parametrize("way", WAYS)
def test_answers_are_stamped_as_they_come(way: type[Waiter]) -> None:
    steps = [*stream(token("a"), token("b"), finish(), DONE)]
    steps[2:2] = [0.05]
    waiter = way()
    with Scripted(lambda _: steps) as server:
        engine, make = make_engine(server, waiter)
        for number in range(3):
            engine.send(make(number))
        exchanges = run_until(engine, 3)
        engine.close()
    waiter.close()
    for exchange in exchanges:
        sample = read_exchange(exchange, LABELS).sample
        assert sample.fault is Fault.NONE
        assert list(sample.chunk_ns) == sorted(sample.chunk_ns)
        assert sample.chunk_ns[1] - sample.chunk_ns[0] > 45_000_000
        assert (sample.sent_ns or 0) < sample.chunk_ns[0] < sample.chunk_ns[1] <= sample.end_ns


@pytest.mark.parametrize("way", WAYS)
def test_a_wait_ends_at_its_moment_and_not_before(way: type[Waiter]) -> None:
    waiter = way()
    with Scripted(lambda _: [HANG]) as server:
        engine, make = make_engine(server, waiter, timeout_s=0.3)
        until_ns = time.monotonic_ns() + 20_000_000
        assert not engine.turn(until_ns)
        assert time.monotonic_ns() >= until_ns
        sent_ns = time.monotonic_ns()
        engine.send(make(0))
        (exchange,) = run_until(engine, 1)
        assert exchange.fault is Fault.TIMEOUT
        assert exchange.end_ns - sent_ns >= 300_000_000
        engine.close()
    waiter.close()


def test_spare_connections_are_opened_before_they_are_needed() -> None:
    waiter = EpollWaiter()
    with Scripted(lambda _: list(stream(token("a"), finish(), DONE))) as server:
        engine, make = make_engine(server, waiter)
        engine.spare = 5
        until_ns = time.monotonic_ns() + 5_000_000_000
        while engine.idle < 5 and time.monotonic_ns() < until_ns:
            engine.turn(time.monotonic_ns() + 1_000_000)
        engine.send(make(0))
        run_until(engine, 1)
        assert engine.open_or_opening >= 5
        engine.close()
        assert engine.open_or_opening == 0
    waiter.close()


def test_what_is_cut_is_stopped_by_us() -> None:
    waiter = EpollWaiter()
    with Scripted(lambda _: [HANG]) as server:
        engine, make = make_engine(server, waiter)
        for number in range(2):
            engine.send(make(number))
        engine.turn(time.monotonic_ns() + 50_000_000)
        engine.cut("enough")
        samples = [read_exchange(exchange, LABELS).sample for exchange in engine.finished]
        assert [(sample.fault, sample.fault_detail) for sample in samples] == [(Fault.STOPPED, "enough")] * 2
        assert engine.in_flight == 0
        engine.close()
    waiter.close()


def test_answers_are_read_while_the_load_goes_on_when_too_many_are_held() -> None:
    parts = [part for part in stream(*(token("x") for _ in range(30)), finish(), DONE) if isinstance(part, bytes)]
    job = Job((), LABELS, held_bytes_max=1000)
    backlog = Backlog(job)
    for _ in range(3):
        backlog.add(make_exchange(parts))
    assert backlog.is_full
    steps = 0
    while backlog.is_pressing:
        backlog.read_some(8)
        steps += 1
    assert steps == 3 * 5  # of 34 parts each
    assert [reply.text for reply in backlog.read_all()] == ["x" * 30] * 3
