"""The mock in Python: one thread, one loop. It is the oracle of server.c, and runs where that could not be compiled.

It keeps about 10 thousand tokens per second on time. When it is late its log says so.
"""

import contextlib
import heapq
import select
import selectors
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from holdfast.measure.mock.answering import After, Answer, Step
from holdfast.measure.mock.asking import (
    HEAD_BYTES_MAX,
    Asked,
    Fault,
    Head,
    NotUnderstood,
    find_api,
    read_asked,
    read_head,
)
from holdfast.measure.mock.course import Course, count_ns, list_freezes
from holdfast.measure.mock.log import Flag, Table
from holdfast.measure.mock.rendering import Filling
from holdfast.measure.mock.spec import MockSpec, StallOf
from holdfast.measure.mock.wording import (
    APIS,
    list_words,
    write_error,
    write_fault,
    write_models,
    write_refusal,
    write_wording,
)

if sys.platform == "linux":
    from selectors import EpollSelector as _Selector
else:
    from selectors import KqueueSelector as _Selector

READ_BYTES: Final = 256 << 10
OUT_BYTES_MAX: Final = 4 << 20  # that a client does not take: then it is cut off
DUE_AT_ONCE: Final = 16  # steps between two looks at what has arrived
BLOCKS_MAX: Final = 1 << 20
DRAINED_BYTES_MAX: Final = 1 << 30
_RESET: Final = struct.pack("ii", 1, 0)
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(slots=True)
class Row:
    """A row of the table of requests."""

    sample: int
    first_byte_ns: int
    read_ns: int
    started_ns: int = 0
    first_send_ns: int = 0
    end_ns: int = 0
    connection: int = 0
    prompt: int = 0
    cached: int = 0
    planned: int = 0
    tokens: int = 0
    scenario: int = 0
    status: int = 200
    api: int = 0
    streamed: int = 0
    flags: int = 0

    def list_fields(self) -> tuple[int, ...]:
        """In the order of the table."""
        return (
            self.sample, self.first_byte_ns, self.read_ns, self.started_ns, self.first_send_ns, self.end_ns,
            self.connection, self.prompt, self.cached, self.planned, self.tokens, self.scenario, self.status, self.api,
            self.streamed, self.flags, 0,
        )  # fmt: skip


@dataclass(slots=True, eq=False)
class Service:
    """An answer, its row, and the connection that waits for it."""

    connection: "Connection"
    answer: Answer
    row: Row
    number: int
    keeps_alive: bool
    holds_place: bool = False
    is_over: bool = False


@dataclass(slots=True, eq=False)
class Connection:
    """A client. `late` says what to note once so many bytes in all have been given to the kernel."""

    number: int
    socket: socket.socket
    heard: bytearray = field(default_factory=bytearray)
    head: Head | None = None
    first_byte_ns: int = 0
    out: bytearray = field(default_factory=bytearray)
    given: int = 0
    late: deque[tuple[int, Callable[[int, int], None]]] = field(
        default_factory=deque[tuple[int, Callable[[int, int], None]]]
    )
    service: Service | None = None
    closes: bool = False
    drains: bool = False
    drained: int = 0
    is_deaf: bool = False
    watched: int = selectors.EVENT_READ
    is_open: bool = True


@dataclass(slots=True)
class Counts:
    """What `/truth` says besides the moment's."""

    connections: int = 0
    requests: int = 0
    answered: int = 0
    refused: int = 0
    broken_off: int = 0
    aborted: int = 0
    not_understood: int = 0
    events: int = 0
    tokens: int = 0
    deferred: int = 0
    lateness_sum_ns: int = 0
    lateness_max_ns: int = 0


class PlainServer:
    """Serves until `stop` can be read. All times are of `time.monotonic_ns`."""

    version = "plain"

    def __init__(self, spec: MockSpec, listener: socket.socket, tables: tuple[Table, Table]) -> None:
        self._spec, self._listener = spec, listener
        self._requests, self._tokens = tables
        self._wordings = [[write_wording(spec, scenario, api) for api in APIS] for scenario in spec.scenarios]
        self._words = [list_words(spec, scenario) for scenario in spec.scenarios]
        self._names = {scenario.name: number for number, scenario in enumerate(spec.scenarios)}
        self._models, self._full = write_models(spec), write_refusal(429)
        self._selector = _Selector()
        self._poll = self._selector.fileno()
        self._due: list[tuple[int, int, Service]] = []
        self._waiting = deque[Service]()
        self._served, self._zero_ns, self._order = 0, 0, 0
        self._blocks = set[int]()
        self._counts = Counts()
        self._open = dict[int, Connection]()
        self._accepts = False

    def serve(self, stop: int) -> None:
        """Until the descriptor `stop` can be read, or its other end is closed; a file's never can."""
        self._listener.setblocking(False)
        with contextlib.suppress(PermissionError):
            self._selector.register(stop, selectors.EVENT_READ, None)
        try:
            while self._turn():
                pass
        finally:
            self._close()

    def _turn(self) -> bool:
        self._watch_listener(time.monotonic_ns())
        self._wait(self._find_wait_s())
        ready = self._selector.select(0)
        now_ns = time.monotonic_ns()
        for _ in range(DUE_AT_ONCE):
            if not self._take_due():
                break
        for key, events in ready:
            if key.data is None:
                return False
            if key.data is self:
                self._accept()
            elif events & selectors.EVENT_WRITE:
                self._flush(key.data)
            else:
                self._hear(key.data, now_ns)
        return True

    def _wait(self, wait_s: float | None) -> None:
        """Until something has arrived: `select` on the selector itself knows microseconds, epoll only milliseconds."""
        select.select([self._poll], [], [], wait_s)

    def _find_wait_s(self) -> float | None:
        ends = [self._due[0][0]] if self._due else []
        ends += [end for end in (self._find_next_watch(time.monotonic_ns()),) if end]
        return max(0.0, (min(ends) - time.monotonic_ns()) / 1e9) if ends else None

    # What clients send

    def _accept(self) -> None:
        while self._accepts and len(self._open) < self._spec.connections_max:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self._counts.connections, client)
            self._open[connection.number] = connection
            self._counts.connections += 1
            self._selector.register(client, selectors.EVENT_READ, connection)

    def _watch_listener(self, now_ns: int) -> None:
        """New connections are let wait in the kernel while a stall says so, or when there are too many."""
        wanted = len(self._open) < self._spec.connections_max and not self._is_closed(now_ns)
        if wanted != self._accepts:
            self._accepts = wanted
            if wanted:
                self._selector.register(self._listener, selectors.EVENT_READ, self)
            else:
                self._selector.unregister(self._listener)

    def _list_closures(self) -> list[tuple[int, int]]:
        stalls = [stall for stall in self._spec.stalls if stall.of is StallOf.ACCEPT and self._zero_ns]
        begins = [(self._zero_ns + count_ns(stall.at_s), count_ns(stall.duration_s)) for stall in stalls]
        return [(begin, begin + duration) for begin, duration in begins]

    def _is_closed(self, now_ns: int) -> bool:
        return any(begin <= now_ns < end for begin, end in self._list_closures())

    def _find_next_watch(self, now_ns: int) -> int | None:
        return min((at for pair in self._list_closures() for at in pair if at > now_ns), default=None)

    def _hear(self, connection: Connection, now_ns: int) -> None:
        if not connection.is_open:
            return
        if connection.service is not None:
            self._look_for_end(connection)
            return
        if connection.drains:
            self._drain(connection)
            return
        try:
            data = connection.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(connection)
            return
        if not connection.heard and connection.head is None:
            connection.first_byte_ns = now_ns
        connection.heard += data
        self._read_request(connection)

    def _look_for_end(self, connection: Connection) -> None:
        """A client that is being answered has left, or has sent the next request already, which is let wait."""
        try:
            has_left = not connection.socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return
        except OSError:
            has_left = True
        if has_left:
            self._abort(connection)
        else:
            connection.is_deaf = True
            self._watch(connection)

    def _drain(self, connection: Connection) -> None:
        """Throw away what a client still sends that was not understood."""
        try:
            data = connection.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        connection.drained += len(data)
        if not data or connection.drained > DRAINED_BYTES_MAX:
            self._drop(connection)

    def _read_request(self, connection: Connection) -> None:
        try:
            if connection.head is None and not self._take_head(connection):
                return
            head = connection.head
            assert head is not None
            if len(connection.heard) < head.body_bytes:
                return
            body = bytes(connection.heard[: head.body_bytes])
            del connection.heard[: head.body_bytes]
            connection.head = None
            self._answer(connection, head, body)
        except NotUnderstood as error:
            self._counts.not_understood += 1
            self._reply_fault(connection, error.fault)

    def _take_head(self, connection: Connection) -> bool:
        end = connection.heard.find(b"\r\n\r\n", 0, HEAD_BYTES_MAX)
        if end < 0:
            if len(connection.heard) >= HEAD_BYTES_MAX:
                raise NotUnderstood(Fault.HEAD_LONG)
            return False
        head = read_head(bytes(connection.heard[:end]))
        del connection.heard[: end + 4]
        if head.body_bytes > self._spec.body_bytes_max:
            raise NotUnderstood(Fault.BODY_LONG)
        connection.head = head
        if head.waits and len(connection.heard) < head.body_bytes:
            self._send(connection, _CONTINUE)
        return True

    def _answer(self, connection: Connection, head: Head, body: bytes) -> None:
        path = head.path.removeprefix("/v1")
        if path == "/models" and head.method == "GET":
            self._reply(connection, self._models, keeps_alive=head.keeps_alive)
        elif path == "/truth" and head.method == "GET":
            self._reply(connection, write_error(200, self._describe()), keeps_alive=head.keeps_alive)
        elif (api := find_api(head.path)) is None:
            raise NotUnderstood(Fault.NO_PATH)
        elif head.method != "POST":
            raise NotUnderstood(Fault.NO_METHOD)
        else:
            self._begin(connection, head, api, read_asked(body, self._spec.cache_block_tokens))

    # Requests

    def _begin(self, connection: Connection, head: Head, api: int, asked: Asked) -> None:
        read_ns = time.monotonic_ns()
        course = Course(self._spec, head.sample if head.sample >= 0 else self._counts.requests)
        number = self._find_scenario(head.scenario, course)
        self._counts.requests += 1
        self._zero_ns = self._zero_ns or read_ns
        service = self._make_service(connection, course, number, api, asked, read_ns, head)
        connection.service = service
        if service.answer.scenario.status >= 400:
            self._start(service, read_ns)
        elif not self._spec.concurrency or self._served < self._spec.concurrency:
            self._take_place(service, read_ns)
        elif self._spec.queue_max is not None and len(self._waiting) >= self._spec.queue_max:
            self._refuse(service)
        else:
            service.row.flags |= Flag.QUEUED
            self._waiting.append(service)
            self._requests.change(service.number, *service.row.list_fields())

    def _find_scenario(self, name: str, course: Course) -> int:
        if not name:
            return course.choose_scenario()
        if name not in self._names:
            raise NotUnderstood(Fault.NO_SCENARIO)
        return self._names[name]

    def _make_service(
        self, connection: Connection, course: Course, number: int, api: int, asked: Asked, read_ns: int, head: Head
    ) -> Service:
        scenario, wording = self._spec.scenarios[number], self._wordings[number][api]
        is_embedding = api == len(APIS) - 1
        planned, is_cut = (0, False) if is_embedding else course.count_tokens(asked)
        cached = self._find_cached(asked)
        reasoning = min(scenario.reasoning_tokens, planned)
        filling = Filling(
            course, self._words[number], wording.item, asked.prompt, cached, planned, reasoning, asked.inputs
        )
        freezes = list_freezes(self._spec.stalls, self._zero_ns, course.key, read_ns)
        streams = asked.streams and not is_embedding
        answer = Answer(scenario, wording, course, filling, freezes, streams, is_cut, asked.wants_usage)
        row = Row(
            head.sample, connection.first_byte_ns, read_ns, connection=connection.number, scenario=number, api=api
        )
        row.prompt, row.cached, row.planned, row.streamed = asked.prompt, cached, planned, int(streams)
        return Service(connection, answer, row, self._requests.add(*row.list_fields()), head.keeps_alive)

    def _find_cached(self, asked: Asked) -> int:
        """How many tokens the prompt begins with that an earlier one began with too, in whole blocks."""
        found = next((at for at, block in enumerate(asked.blocks) if block not in self._blocks), len(asked.blocks))
        for block in asked.blocks[found:]:
            if len(self._blocks) < BLOCKS_MAX:
                self._blocks.add(block)
        return found * self._spec.cache_block_tokens

    def _take_place(self, service: Service, started_ns: int) -> None:
        self._served += 1
        service.holds_place = True
        self._start(service, started_ns)

    def _start(self, service: Service, started_ns: int) -> None:
        service.row.started_ns = started_ns
        service.answer.begin(started_ns, self._served)
        self._requests.change(service.number, *service.row.list_fields())
        self._put(service)

    def _put(self, service: Service) -> None:
        self._order += 1
        heapq.heappush(self._due, (service.answer.due_ns, self._order, service))

    def _refuse(self, service: Service) -> None:
        service.row.started_ns = service.row.read_ns
        self._end(service, Step(self._full, service.row.read_ns, After.DONE, status=429))

    def _take_due(self) -> bool:
        """Take the step that is due first, unless that is in the future."""
        while self._due and self._due[0][2].is_over:
            heapq.heappop(self._due)
        if not self._due or self._due[0][0] > time.monotonic_ns():
            return False
        service = heapq.heappop(self._due)[2]
        step = service.answer.take_step(self._served)
        if step.after is After.NEXT:
            self._put(service)
            self._give(service, step)
        else:
            self._end(service, step)
        return True

    def _give(self, service: Service, step: Step) -> None:
        """Send a step's bytes and note its events."""
        connection, row = service.connection, service.row
        if not step.data:
            return
        before_ns = time.monotonic_ns()
        is_late = not self._send(connection, step.data)
        after_ns = time.monotonic_ns()
        if not connection.is_open:
            return
        for part in step.parts:
            flags = (Flag.REASONING if part.is_reasoning else 0) | (Flag.DEFERRED if is_late else 0)
            rest = (service.number, part.index, part.count, flags)
            number = self._tokens.add(step.due_ns, before_ns, after_ns, *rest)
            row.tokens += part.count
            if is_late:
                self._note_late(service, number, step.due_ns, rest)
        if step.parts:
            row.first_send_ns = row.first_send_ns or before_ns
            self._count(step, before_ns - step.due_ns, is_late=is_late)
        self._requests.change(service.number, *row.list_fields())

    def _note_late(self, service: Service, number: int, due_ns: int, rest: tuple[int, ...]) -> None:
        connection, row = service.connection, service.row
        row.flags |= Flag.DEFERRED
        is_first = row.first_send_ns == 0

        def note(before_ns: int, after_ns: int) -> None:
            self._tokens.change(number, due_ns, before_ns, after_ns, *rest)
            if is_first:
                row.first_send_ns = before_ns
                self._requests.change(service.number, *row.list_fields())

        connection.late.append((connection.given + len(connection.out), note))

    def _count(self, step: Step, lateness_ns: int, *, is_late: bool) -> None:
        counts = self._counts
        counts.events += len(step.parts)
        counts.tokens += sum(part.count for part in step.parts)
        counts.deferred += len(step.parts) if is_late else 0
        counts.lateness_sum_ns += lateness_ns * len(step.parts)
        counts.lateness_max_ns = max(counts.lateness_max_ns, lateness_ns)

    def _end(self, service: Service, step: Step) -> None:
        """Send the last bytes of an answer, and let the next request have its place."""
        connection, row = service.connection, service.row
        row.status = step.status
        self._give(service, step)
        self._requests.change(service.number, *row.list_fields())
        if not connection.is_open or step.after is After.HANG:
            return
        self._finish(service, step.due_ns)
        if step.status >= 400:
            self._counts.refused += 1
        elif step.after is After.DONE or (step.after is After.CLOSE and row.tokens == row.planned):
            self._counts.answered += 1
        else:
            self._counts.broken_off += 1
        if step.after is After.RESET:
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._drop(connection)
        elif connection.is_open:
            self._let_go(connection, keeps_alive=service.keeps_alive and step.after is After.DONE)

    def _finish(self, service: Service, freed_ns: int) -> None:
        row, number = service.row, service.number

        def note(_before_ns: int, after_ns: int) -> None:
            row.end_ns = after_ns
            self._requests.change(number, *row.list_fields())

        if service.connection.out:
            service.connection.late.append((service.connection.given + len(service.connection.out), note))
        else:
            note(0, time.monotonic_ns())
        self._leave(service, freed_ns)

    def _leave(self, service: Service, freed_ns: int) -> None:
        service.is_over = True
        service.connection.service = None
        if not service.holds_place:
            return
        self._served -= 1
        while self._waiting:
            following = self._waiting.popleft()
            if not following.is_over:
                self._take_place(following, max(following.row.read_ns, freed_ns))
                return

    # Connections

    def _reply(self, connection: Connection, data: bytes, *, keeps_alive: bool) -> None:
        self._send(connection, data)
        self._let_go(connection, keeps_alive=keeps_alive)

    def _let_go(self, connection: Connection, *, keeps_alive: bool) -> None:
        """An answer is given: close, or go on to what the client has sent since."""
        if not keeps_alive:
            connection.closes = True
            if not connection.out:
                self._drop(connection)
            return
        connection.is_deaf = False
        self._watch(connection)
        if connection.heard:
            connection.first_byte_ns = time.monotonic_ns()
            self._read_request(connection)

    def _reply_fault(self, connection: Connection, fault: Fault) -> None:
        """What the client still sends is read and thrown away: a connection that is closed with something unread in it
        is reset, and the answer with it."""
        connection.closes = connection.drains = True
        connection.heard.clear()
        self._send(connection, write_fault(*fault.value))
        if not connection.out:
            self._shut(connection)

    def _shut(self, connection: Connection) -> None:
        if connection.is_open:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_WR)
            self._watch(connection)

    def _send(self, connection: Connection, data: bytes) -> bool:
        """Whether the kernel took all of it."""
        if not connection.is_open:
            return True
        sent = 0
        if not connection.out:
            try:
                sent = connection.socket.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._abort(connection)
                return True
            connection.given += sent
        if sent == len(data):
            return True
        connection.out += data[sent:]
        if len(connection.out) > OUT_BYTES_MAX:
            self._abort(connection)
        else:
            self._watch(connection)
        return False

    def _flush(self, connection: Connection) -> None:
        if not connection.is_open:
            return
        before_ns = time.monotonic_ns()
        try:
            sent = connection.socket.send(connection.out)
        except BlockingIOError:
            return
        except OSError:
            self._abort(connection)
            return
        after_ns = time.monotonic_ns()
        del connection.out[:sent]
        connection.given += sent
        while connection.late and connection.late[0][0] <= connection.given:
            connection.late.popleft()[1](before_ns, after_ns)
        if connection.out or not connection.closes:
            self._watch(connection)
        elif connection.drains:
            self._shut(connection)
        else:
            self._drop(connection)

    def _watch(self, connection: Connection) -> None:
        wanted = selectors.EVENT_WRITE if connection.out else 0
        if connection.drains or not (connection.closes or connection.is_deaf):
            wanted |= selectors.EVENT_READ
        if not connection.is_open or wanted == connection.watched:
            return
        if not connection.watched:
            self._selector.register(connection.socket, wanted, connection)
        elif not wanted:
            self._selector.unregister(connection.socket)
        else:
            self._selector.modify(connection.socket, wanted, connection)
        connection.watched = wanted

    def _abort(self, connection: Connection) -> None:
        """The client has left, or does not read."""
        now_ns, service = time.monotonic_ns(), connection.service
        self._drop(connection)
        if service is not None and not service.is_over:
            service.row.flags |= Flag.ABORTED
            service.row.end_ns = now_ns
            self._requests.change(service.number, *service.row.list_fields())
            self._counts.aborted += 1
            self._leave(service, now_ns)

    def _drop(self, connection: Connection) -> None:
        if connection.is_open:
            connection.is_open = False
            if connection.watched:
                self._selector.unregister(connection.socket)
            connection.socket.close()
            del self._open[connection.number]

    def _close(self) -> None:
        for connection in list(self._open.values()):
            self._drop(connection)
        self._listener.close()
        self._selector.close()
        self._requests.close()
        self._tokens.close()

    def _describe(self) -> dict[str, object]:
        counts = self._counts
        return {
            "version": "plain", "connections": counts.connections, "requests": counts.requests,
            "served": self._served, "waiting": sum(not service.is_over for service in self._waiting),
            "answered": counts.answered, "refused": counts.refused, "broken_off": counts.broken_off,
            "aborted": counts.aborted, "not_understood": counts.not_understood, "events": counts.events,
            "tokens": counts.tokens, "deferred": counts.deferred,
            "lateness_mean_ns": counts.lateness_sum_ns // max(counts.events, 1),
            "lateness_max_ns": counts.lateness_max_ns, "log_lost": self._requests.lost + self._tokens.lost,
        }  # fmt: skip
