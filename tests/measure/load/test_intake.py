"""What comes is put aside, stamped and told the same by the compiled intake and by the one in Python."""

import contextlib
import random
import shutil
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType

import pytest
from tests.measure.load.scripted import (
    CLOSE,
    DONE,
    HEAD,
    RESET,
    Scripted,
    Step,
    chunk,
    event,
    finish,
    make_ask,
    stream,
    token,
    whole,
)

from holdfast.measure.load.address import parse_address, resolve
from holdfast.measure.load.connection import Connection, State
from holdfast.measure.load.engine import Engine, Route
from holdfast.measure.load.exchange import Exchange, Turn
from holdfast.measure.load.intake import Came, Intake, MakeIntake, PlainIntake, make_intake
from holdfast.measure.load.keys import Key
from holdfast.measure.load.native import LIBRARY, Clocks, NativeIntake, find_native_library
from holdfast.measure.load.reading import Labels, read_exchange
from holdfast.measure.load.stamps import Stamper, note_arrivals
from holdfast.measure.load.templates import Template, Wiring, build_template
from holdfast.measure.load.waiting import READABLE, WRITABLE, EpollWaiter, SelectorWaiter, Waiter
from holdfast.records.measurement import Api, Fault, Sample

SECOND_NS = 1_000_000_000
compiled = pytest.mark.skipif(find_native_library() is None, reason="intake.c was not compiled here")


def make_native(waiter: Waiter, connections: Mapping[int, Connection]) -> Intake:
    library = find_native_library()
    assert library is not None
    assert isinstance(waiter, EpollWaiter)
    return NativeIntake(library, waiter.fd, connections)


WAYS = [pytest.param(PlainIntake, id="plain"), pytest.param(make_native, id="native", marks=compiled)]


@dataclass
class Line:
    """A busy connection, and the other end of it."""

    waiter: Waiter
    intake: Intake
    connections: dict[int, Connection]
    connection: Connection
    exchange: Exchange
    far: socket.socket

    def say(self, data: bytes) -> list[Came]:
        """What is told of bytes when they are there."""
        self.far.sendall(data)
        return self.hear()

    def hear(self) -> list[Came]:
        until_ns = time.monotonic_ns() + 20 * SECOND_NS
        while time.monotonic_ns() < until_ns:
            arrivals = self.intake.gather(0, 0)
            if arrivals or self.intake.has_come:
                return [arrival.came for arrival in arrivals]
        raise AssertionError("nothing came")


@contextmanager
def open_line(make: MakeIntake, beside: Line | None = None) -> Generator[Line]:
    """One with an intake of its own, or with that of another."""
    near, far = _connect()
    connection = Connection(near, 0, 0)
    exchange = Exchange(Turn(0, 0), Template(make_ask(), "", (b"", b"", b"")), b"")
    connection.state, connection.exchange = State.BUSY, exchange
    waiter = beside.waiter if beside else EpollWaiter()
    connections = beside.connections if beside else {}
    intake = beside.intake if beside else make(waiter, connections)
    connections[connection.fd] = connection
    waiter.add(connection.fd, intake.events)
    intake.begin(connection)
    try:
        yield Line(waiter, intake, connections, connection, exchange, far)
    finally:
        waiter.remove(connection.fd)
        connection.close()
        far.close()
        if beside is None:
            intake.close()
            waiter.close()


def _connect() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        near = socket.create_connection(listener.getsockname())
        far = listener.accept()[0]
    far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    near.setblocking(False)
    note_arrivals(near)
    return near, far


def cut(data: bytes, seed: int) -> list[bytes]:
    """Into pieces, of which some are as short as can be."""
    draw, pieces = random.Random(seed), list[bytes]()
    while data:
        size = draw.choice((1, 3, 4, 5, 6, draw.randint(7, 400)))
        pieces.append(data[:size])
        data = data[size:]
    return pieces


def run(make: MakeIntake, pieces: list[bytes]) -> tuple[list[list[Came]], Exchange, list[int]]:
    """What was told of each piece, the exchange, and between which moments each piece was there."""
    with open_line(make) as line:
        told, moments = list[list[Came]](), [time.monotonic_ns()]
        for number, piece in enumerate(pieces):
            told.append(line.say(piece))
            moments.append(time.monotonic_ns())
            if number == 0:
                line.intake.settle(line.connection)
                line.exchange.watch.is_open_ended, line.exchange.watch.room = True, 20_000
                line.intake.go_on(line.connection)
        line.intake.settle(line.connection)
        return told, line.exchange, moments


ANSWER = b"".join(step for step in stream(*(token("x" * 40) for _ in range(60)), finish(), DONE) if type(step) is bytes)
ENDINGS = [DONE, b"xx\r\n\r\n", b"DONE]\n\n\r\n", b"DONE]\n\n", b"ONE]\n\n\r\n", b"\r\n\r\n", b"a\n", b"\n\r\n"]


@compiled
@pytest.mark.parametrize("pieces", [*(cut(ANSWER, seed) for seed in range(4)), [b"start", *ENDINGS]])
def test_both_put_the_same_parts_aside_and_want_a_look_at_the_same(pieces: list[bytes]) -> None:
    (told, plain, moments), (also_told, native, also_moments) = (
        run(make, pieces) for make in (PlainIntake, make_native)
    )
    assert told == also_told
    assert list(plain.parts) == list(native.parts) == pieces
    assert plain.watch.room == native.watch.room
    for exchange, seen in ((plain, moments), (native, also_moments)):
        slack_ns = 1_000_000  # two clocks are compared
        for stamp_ns, before_ns, after_ns in zip(exchange.stamps, seen, seen[1:], strict=False):
            assert before_ns - slack_ns <= stamp_ns <= after_ns + slack_ns


@compiled
def test_both_look_again_when_more_came_than_may() -> None:
    for make in (PlainIntake, make_native):
        told, exchange, _ = run(make, [b"start", *([b"y" * 5000] * 5)])
        assert [one for each in told for one in each] == [Came.PART, Came.PART]
        assert exchange.watch.room == 20_000 - 25_000


@pytest.mark.parametrize("make", WAYS)
def test_the_end_of_a_connection_and_its_breaking_are_told(make: MakeIntake) -> None:
    with open_line(make) as line:
        line.far.shutdown(socket.SHUT_WR)
        assert line.hear() == [Came.END]
    with open_line(make) as line:
        line.far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.far.close()
        assert line.hear() == [Came.BROKEN]


@pytest.mark.parametrize("make", WAYS)
def test_a_connection_on_which_no_answer_is_to_come_is_not_read(make: MakeIntake) -> None:
    with open_line(make) as line:
        line.connection.state, line.connection.exchange = State.IDLE, None
        line.intake.end(line.connection)
        line.far.sendall(b"unasked")
        while not (arrivals := line.intake.gather(0, 0)):
            pass
        assert [(one.connection, one.came) for one in arrivals] == [(line.connection, Came.UNREAD)]
        assert line.connection.sock.recv(100) == b"unasked"


@pytest.mark.parametrize("make", WAYS)
def test_what_came_on_more_connections_than_are_told_of_at_once_has_the_moment_when_it_came(make: MakeIntake) -> None:
    with open_line(make) as line, contextlib.ExitStack() as kept:
        if not note_arrivals(line.connection.sock):
            pytest.skip("this system notes no arrivals")
        lines = [line, *(kept.enter_context(open_line(make, line)) for _ in range(200))]
        for _ in range(3):  # the intake has waited before
            line.intake.gather(0, 0)
        for one in lines:
            one.far.sendall(b"HTTP/1.1 ")
        time.sleep(0.05)
        late_ns = time.monotonic_ns()
        while not all(one.exchange.parts for one in lines):
            line.intake.gather(0, 0)
            for one in lines:
                line.intake.settle(one.connection)
        assert all(one.exchange.stamps[0] < late_ns for one in lines)


@pytest.mark.parametrize("make", WAYS)
def test_what_a_look_left_unread_is_told_of_again(make: MakeIntake) -> None:
    with open_line(make) as line:
        line.far.sendall(b"y" * 70_000)
        line.far.shutdown(socket.SHUT_WR)
        told: list[Came] = []
        while Came.END not in told:
            told += line.hear()
            line.intake.settle(line.connection)
            line.intake.go_on(line.connection)
        assert line.exchange.parts.size == 70_000
        assert told == [Came.PART] * len(line.exchange.parts) + [Came.END]


@pytest.mark.parametrize("make", WAYS)
def test_an_answer_that_comes_early_does_not_hold_up_its_request(make: MakeIntake) -> None:
    with open_line(make) as line:
        line.connection.start(b"x" * 30_000_000)
        assert line.connection.is_sending
        line.waiter.change(line.connection.fd, READABLE | WRITABLE)
        line.far.sendall(b"y" * 40_000)
        while line.exchange.parts.size < 40_000:
            line.hear()
            line.intake.settle(line.connection)
            line.intake.go_on(line.connection)
        reader = threading.Thread(target=_read_all, args=(line.far, 30_000_000))
        reader.start()
        while line.connection.is_sending:
            arrivals = line.intake.gather(1 << 62, 0)
            assert [one.came for one in arrivals if not one.events & WRITABLE] == []
            line.connection.go_on()
        reader.join()


def _read_all(sock: socket.socket, size: int) -> None:
    while size:
        size -= len(sock.recv(1 << 20))


@pytest.mark.parametrize("make", WAYS)
def test_signals_are_handled_while_it_waits(make: MakeIntake) -> None:
    with open_line(make) as line:

        def say(number: int, frame: FrameType | None) -> None:
            line.far.sendall(b"HTTP/1.1 200 OK")

        before = signal.signal(signal.SIGUSR1, say)
        here = threading.get_ident()
        threading.Timer(0.05, lambda: signal.pthread_kill(here, signal.SIGUSR1)).start()
        try:
            arrivals = line.intake.gather(1 << 62, 0)
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert [one.came for one in arrivals] == [Came.PART]


@compiled
def test_both_find_the_same_moment_in_a_note() -> None:
    library, draw, stamper = find_native_library(), random.Random(1), Stamper()
    assert library is not None
    stamper.sleep()
    stamper.wake()
    now_ns = time.monotonic_ns()
    since_ns, offset_ns = stamper.since_ns, stamper.offset_ns
    clocks = Clocks(since_ns, 0, stamper.woke_ns, offset_ns)
    edges = [since_ns, since_ns - 1, stamper.woke_ns + SECOND_NS, stamper.woke_ns + SECOND_NS + 1]
    moments = [*edges, *(now_ns + draw.randint(-5 * SECOND_NS, 5 * SECOND_NS) for _ in range(500))]
    for moment_ns in moments:
        seconds, nanoseconds = divmod(moment_ns + offset_ns, SECOND_NS)
        found = stamper.find([(socket.SOL_SOCKET, 35, struct.pack("@ll", seconds, nanoseconds))])
        also = library.holdfast_intake_find(clocks, seconds, nanoseconds)
        is_believed = since_ns <= moment_ns <= stamper.woke_ns + SECOND_NS
        assert also == (moment_ns if is_believed else -1)
        assert (found == moment_ns) is is_believed


JSON_ANSWER = (
    b'{"model":"m","choices":[{"message":{"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}'
)
BARE = HEAD.replace(b"Transfer-Encoding: chunked\r\n", b"")
EVENTS = [token("a"), token("b" * 20_000), token("ü"), token('"quoted"'), finish(), DONE]
IN_ODD_PLACES: list[Step] = [
    *(HEAD[:30], 0.01, HEAD[30:], chunk(EVENTS[0])[:9], 0.01, chunk(EVENTS[0])[9:]),
    *(step for one in EVENTS[1:] for step in (chunk(one), 0.005)),
    *(b"0\r\n", 0.01, b"\r\n"),
]


def begin(head: bytes, first: bytes, *events: bytes) -> list[Step]:
    """A stream whose head comes with its first event."""
    return [head + chunk(first), *(step for one in events for step in (0.005, chunk(one))), b"0\r\n\r\n"]


SCRIPTS: dict[str, list[Step]] = {
    "a stream": [*stream(*EVENTS)],
    "a stream in one segment": [b"".join(step for step in stream(*EVENTS) if isinstance(step, bytes))],
    "a stream with pauses in odd places": IN_ODD_PLACES,
    "a stream whose first event comes with its head": begin(HEAD, *EVENTS),
    "one that is broken off": [*begin(HEAD, *EVENTS[:2])[:-1], 0.02, RESET],
    "one that ends early": [*begin(HEAD, *EVENTS[:2])[:-1], 0.02, CLOSE],
    "one whose second chunk is none": [HEAD + chunk(EVENTS[0]) + b"zz\r\n"],
    "one whose second chunk is long in coming": [HEAD + chunk(EVENTS[0]) + b"5", 0.02, b"\r\n: hi\n\r\n", 0.02, CLOSE],
    "one whose chunks are none": [HEAD + b"5 apples\r\n" + EVENTS[0], 0.02, CLOSE],
    "one that speaks of its end": [HEAD + chunk(token("[DONE]")), 0.02, chunk(b"\r\n"), *begin(b"", finish(), DONE)],
    "one of other letters": begin(HEAD.replace(b"Transfer-Encoding: c", b"TRANSFER-ENCODING: C"), *EVENTS),
    "one of two minds": [HEAD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: none\r\n\r\n") + EVENTS[0], 0.02, CLOSE],
    "a stream of other line ends": [*stream(*(one.replace(b"\n", b"\r\n") for one in EVENTS))],
    "a stream that the connection ends": [BARE, *EVENTS, CLOSE],
    "a stream that is broken off": [HEAD, chunk(EVENTS[0]), 0.02, RESET],
    "a stream that ends early": [HEAD, chunk(EVENTS[0]), 0.02, CLOSE],
    "a stream that stops after saying so": [BARE, *EVENTS, 1.5],
    "an answer of known length": [whole(JSON_ANSWER)],
    "an answer in pieces": [whole(JSON_ANSWER)[:50], 0.01, whole(JSON_ANSWER)[50:90], 0.01, whole(JSON_ANSWER)[90:]],
    "more than was stated": [whole(JSON_ANSWER) + b"more", 0.1],
    "more after the end": [HEAD + chunk(EVENTS[0]) + chunk(DONE) + b"0\r\n\r\nmore"],
    "a refusal": [whole(b'{"error":{"message":"no"}}', "429 Too Many Requests", "Retry-After: 1\r\n")],
    "an event that is an error": [*stream(token("a"), event('{"error":{"message":"out of memory"}}'))],
    "no HTTP": [b"SSH-2.0-other\r\n\r\n", 0.1],
    "no JSON": [*stream(token("a"), event("{broken"))],
    "nothing": [CLOSE],
}


def ask(server: Scripted, make: MakeIntake, count: int) -> list[Sample]:
    """Samples of requests that are sent together, without their moments."""
    endpoint, waiter = server.make_endpoint(), EpollWaiter()
    address = parse_address(endpoint)
    template = build_template(Wiring(endpoint, address, Key()), make_ask())
    engine = Engine(Route(address, resolve(address), timeout_s=10), waiter, make)
    ended: list[Exchange] = []
    for number in range(count):
        engine.send(Exchange(Turn(number, time.monotonic_ns()), template, template.render(number, "")))
    while len(ended) < count:
        engine.turn(time.monotonic_ns() + SECOND_NS)
        ended, engine.finished = [*ended, *engine.finished], []
    engine.close()
    waiter.close()
    samples = [read_exchange(one, Labels("it", Api.CHAT)).sample for one in ended]
    for sample in samples:
        stamps = [sample.sent_ns or 0, sample.first_byte_ns or sample.end_ns, *sample.chunk_ns, sample.end_ns]
        assert stamps == sorted(stamps)
    return [_forget_moments(one) for one in sorted(samples, key=lambda one: one.number)]


def _forget_moments(sample: Sample) -> Sample:
    whether = [
        None if moment_ns is None else 0
        for moment_ns in (sample.sent_ns, sample.first_byte_ns, sample.first_token_ns, sample.first_answer_ns)
    ]
    return replace(
        sample,
        scheduled_ns=0,
        sent_ns=whether[0],
        first_byte_ns=whether[1],
        first_token_ns=whether[2],
        first_answer_ns=whether[3],
        last_token_ns=whether[2],
        end_ns=0,
        chunk_ns=(0,) * len(sample.chunk_ns),
    )


@compiled
@pytest.mark.parametrize("name", SCRIPTS)
def test_both_make_the_same_samples_of_the_same_bytes(name: str) -> None:
    found: list[list[Sample]] = []
    for make in (PlainIntake, make_native):
        with Scripted(lambda _: SCRIPTS[name]) as server:
            found.append(ask(server, make, 3))
    assert found[0] == found[1]
    assert found[0][0].fault is not Fault.TIMEOUT


@compiled
def test_the_compiled_one_is_chosen_unless_it_is_ruled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    choices: list[tuple[Callable[[], Waiter], str, type[Intake]]] = [
        (EpollWaiter, "", NativeIntake),
        (EpollWaiter, "plain", PlainIntake),
        (SelectorWaiter, "", PlainIntake),
    ]
    for make_waiter, choice, kind in choices:
        monkeypatch.setenv("HOLDFAST_KERNEL", choice)
        waiter = make_waiter()
        intake = make_intake(waiter, {})
        assert isinstance(intake, kind)
        intake.close()
        waiter.close()


@compiled
def test_one_that_is_not_there_or_is_another_is_not_taken(tmp_path: Path) -> None:
    assert find_native_library(tmp_path / "libintake.so") is None
    (tmp_path / "broken.so").write_bytes(b"no library")
    assert find_native_library(tmp_path / "broken.so") is None
    other = LIBRARY.parents[1] / "mock/libserver.so"
    if other.exists():
        assert find_native_library(Path(shutil.copy(other, tmp_path / "other.so"))) is None


@pytest.mark.parametrize("make", WAYS)
def test_an_intake_that_is_closed_has_nothing_and_does_nothing(make: MakeIntake) -> None:
    with open_line(make) as line:
        line.far.sendall(b"late")
        line.intake.close()
        line.intake.settle(line.connection)
        line.intake.end(line.connection)
        line.intake.close()
        assert not line.exchange.parts
        assert not line.intake.has_come
        with contextlib.suppress(OSError):
            line.intake.begin(line.connection)
