"""A stamp is the moment of arrival, however late it is read and whatever is done to the wall clock."""

import socket
import ssl
import struct
import time
from pathlib import Path

import pytest
from tests.measure.load.certificates import make_server_tls
from tests.measure.load.scripted import DONE, HEAD, Scripted, Step, chunk, finish, make_ask, token

from holdfast.measure.load.address import parse_address, resolve
from holdfast.measure.load.engine import Engine, Route
from holdfast.measure.load.exchange import Exchange, Turn
from holdfast.measure.load.keys import Key
from holdfast.measure.load.stamps import Stamper, note_arrivals
from holdfast.measure.load.templates import Wiring, build_template
from holdfast.measure.load.waiting import EpollWaiter

HOUR_NS = 3_600_000_000_000


def has_notes() -> bool:
    with socket.socket() as sock:
        return note_arrivals(sock)


def note(wall_ns: int) -> list[tuple[int, int, bytes]]:
    return [(1, 35, struct.pack("@ll", *divmod(wall_ns, 1_000_000_000)))]


def wait(stamper: Stamper, seconds: float = 0.0) -> None:
    stamper.sleep()
    time.sleep(seconds)
    stamper.wake()


def test_a_note_is_turned_into_a_moment_of_the_other_clock() -> None:
    stamper = Stamper()
    wait(stamper)
    before_ns, wall_ns, after_ns = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
    wait(stamper, 0.02)
    stamp_ns = stamper.find(note(wall_ns))
    assert before_ns - 1_000 <= stamp_ns <= after_ns + 5_000_000
    assert stamp_ns < time.monotonic_ns() - 10_000_000


@pytest.mark.parametrize("step_ns", [HOUR_NS, -HOUR_NS])
def test_a_note_by_a_clock_that_was_set_is_passed_over(step_ns: int) -> None:
    stamper = Stamper()
    wait(stamper)
    wait(stamper)
    before_ns = time.monotonic_ns()
    assert before_ns <= stamper.find(note(time.time_ns() + step_ns)) <= time.monotonic_ns()


def test_without_a_note_the_stamp_is_the_moment_of_reading() -> None:
    stamper = Stamper()
    before_ns = time.monotonic_ns()
    assert before_ns <= stamper.find([]) <= time.monotonic_ns()


@pytest.mark.skipif(not has_notes(), reason="this system notes no arrivals")
@pytest.mark.parametrize("is_tls", [False, True])
def test_what_came_while_the_client_was_kept_from_reading_has_the_moment_when_it_came(
    tmp_path: Path, is_tls: bool
) -> None:
    server_tls, ca_file = make_server_tls(tmp_path)
    client_tls = ssl.create_default_context(cafile=str(ca_file)) if is_tls else None
    steps: list[Step] = [HEAD, 0.2, chunk(token("a")), chunk(finish()), chunk(DONE), b"0\r\n\r\n"]
    waiter = EpollWaiter()
    with Scripted(lambda _: steps, server_tls if is_tls else None) as server:
        endpoint = server.make_endpoint()
        address = parse_address(endpoint)
        engine = Engine(Route(address, resolve(address), client_tls), waiter)
        template = build_template(Wiring(endpoint, address, Key()), make_ask())
        exchange = Exchange(Turn(0, 0), template, template.render(0, ""))
        engine.send(exchange)
        while not exchange.parts:
            engine.turn(time.monotonic_ns() + 50_000_000)
        time.sleep(1.0)
        late_ns = time.monotonic_ns()
        while not engine.finished:
            engine.turn(late_ns + 5_000_000_000)
        engine.close()
    waiter.close()
    assert exchange.sent_ns is not None
    assert exchange.sent_ns + 200_000_000 < exchange.end_ns < late_ns
