"""The mock in Python: one thread, one loop. It is the oracle of server.c, and runs where that could not be compiled.

It keeps about 10 thousand tokens per second on time. When it is late its log says so.
"""

import heapq
import os
import socket
import time
from dataclasses import dataclass
from typing import Final

from holdfast.measure.mock.answering import After, Answer, Part, Step
from holdfast.measure.mock.asking import Asked, Fault, Head, NotUnderstood, find_api, read_asked
from holdfast.measure.mock.clients import Clients, Connection
from holdfast.measure.mock.course import Course, list_freezes
from holdfast.measure.mock.rendering import Filling
from holdfast.measure.mock.spec import MockSpec
from holdfast.measure.mock.tables import Flag, Table
from holdfast.measure.mock.wording import APIS, list_words, write_error, write_models, write_refusal, write_wording

DUE_AT_ONCE: Final = 16  # steps between two looks at what has arrived
BLOCKS_MAX: Final = 1 << 20
_NO_ROW: Final = (1 << 32) - 1  # what stands for a row that found no room


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

    connection: Connection
    answer: Answer
    row: Row
    number: int
    keeps_alive: bool
    holds_place: bool = False
    is_over: bool = False


@dataclass(slots=True)
class Counts:
    """What `/truth` says besides the moment's."""

    requests: int = 0
    answered: int = 0
    refused: int = 0
    broken_off: int = 0
    aborted: int = 0
    events: int = 0
    tokens: int = 0
    deferred: int = 0
    lateness_sum_ns: int = 0
    lateness_max_ns: int = 0


class PlainServer:
    """Serves until it is told to stop. All times are of `time.monotonic_ns`."""

    version = "plain"

    def __init__(self, spec: MockSpec, listener: socket.socket, tables: tuple[Table, Table]) -> None:
        self._spec = spec
        self._clients = Clients(spec, listener, self)
        self._requests, self._tokens = tables
        self._wordings = [[write_wording(spec, scenario, api) for api in APIS] for scenario in spec.scenarios]
        self._words = [list_words(spec, scenario) for scenario in spec.scenarios]
        self._names = {scenario.name: number for number, scenario in enumerate(spec.scenarios)}
        self._models, self._full = write_models(spec), write_refusal(429)
        self._due: list[tuple[int, int, Service]] = []
        self._services = dict[Connection, Service]()
        self._waiting = dict[Service, None]()  # in the order of their arrival
        self._served = self._order = 0
        self._blocks = set[int]()
        self._counts = Counts()

    def serve(self, control: int, said: int) -> None:
        """Until what the descriptor `control` reads from ends; a file's is not looked at. For each byte that comes
        there one goes to `said`, once all that was done is in the log."""
        self._clients.watch_control(control)
        try:
            while self._turn(said):
                pass
        finally:
            self._clients.close()
            self._requests.close()
            self._tokens.close()

    def _turn(self, said: int) -> bool:
        """Wait for what comes first, answer what is due, hear what has arrived. False when it is time to end."""
        ready = self._clients.wait(self._due[0][0] if self._due else None)
        now_ns = time.monotonic_ns()
        for _ in range(DUE_AT_ONCE):
            if not self._take_due():
                break
        for key, events in ready:
            if key.data is not None:
                self._clients.meet(key, events, now_ns)
            elif not _hear_control(key.fd, said):
                return False
        return True

    def answer(self, connection: Connection, head: Head, body: bytes) -> None:
        """A request has come whole. Raises NotUnderstood."""
        path, api = head.path.removeprefix("/v1"), find_api(head.path)
        if path == "/models" and head.method == "GET":
            self._clients.reply(connection, self._models, keeps_alive=head.keeps_alive)
        elif path == "/truth" and head.method == "GET":
            self._clients.reply(connection, write_error(200, self._describe()), keeps_alive=head.keeps_alive)
        elif api is None:
            raise NotUnderstood(Fault.NO_PATH)
        elif head.method != "POST":
            raise NotUnderstood(Fault.NO_METHOD)
        else:
            self._begin(connection, head, api, read_asked(body, self._spec.cache_block_tokens))

    def lose(self, connection: Connection) -> None:
        """The client has left before its answer was over, or does not read it."""
        now_ns, service = time.monotonic_ns(), self._services[connection]
        service.row.flags |= Flag.ABORTED
        service.row.end_ns = now_ns
        self._counts.aborted += 1
        self._note(service)
        self._leave(service, now_ns)

    def _begin(self, connection: Connection, head: Head, api: int, asked: Asked) -> None:
        read_ns = time.monotonic_ns()
        course = Course(self._spec, head.sample if head.sample >= 0 else self._counts.requests)
        scenario = self._find_scenario(head.scenario, course)
        self._counts.requests += 1
        self._clients.zero_ns = self._clients.zero_ns or read_ns
        row = Row(head.sample, connection.first_byte_ns, read_ns, connection=connection.number)
        row.scenario, row.api = scenario, api
        answer = self._make_answer(row, course, asked)
        service = Service(connection, answer, row, self._requests.add(*row.list_fields()), head.keeps_alive)
        self._services[connection], connection.waits = service, True
        self._admit(service)

    def _admit(self, service: Service) -> None:
        """Start it, let it wait for its turn, or refuse it."""
        read_ns = service.row.read_ns
        if service.answer.scenario.status >= 400:
            self._start(service, read_ns)
        elif not self._spec.concurrency or self._served < self._spec.concurrency:
            self._take_place(service, read_ns)
        elif self._spec.queue_max is not None and len(self._waiting) >= self._spec.queue_max:
            service.row.started_ns = read_ns
            self._end(service, Step(self._full, read_ns, After.DONE, status=429))
        else:
            service.row.flags |= Flag.QUEUED
            self._waiting[service] = None
            self._note(service)

    def _find_scenario(self, name: str, course: Course) -> int:
        if not name:
            return course.choose_scenario()
        if name not in self._names:
            raise NotUnderstood(Fault.NO_SCENARIO)
        return self._names[name]

    def _make_answer(self, row: Row, course: Course, asked: Asked) -> Answer:
        scenario, wording = self._spec.scenarios[row.scenario], self._wordings[row.scenario][row.api]
        is_embedding = row.api == len(APIS) - 1
        planned, is_cut = (0, False) if is_embedding else course.count_tokens(asked)
        row.prompt, row.cached, row.planned = asked.prompt, self._find_cached(asked), planned
        row.streamed = int(asked.streams and not is_embedding)
        filling = Filling(
            course,
            self._words[row.scenario],
            wording.item,
            row.prompt,
            row.cached,
            planned,
            reasoning=min(scenario.reasoning_tokens, planned),
            inputs=asked.inputs,
        )
        freezes = list_freezes(self._spec.stalls, self._clients.zero_ns, course.key, row.read_ns)
        return Answer(scenario, wording, course, filling, freezes, bool(row.streamed), is_cut, asked.wants_usage)

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
        self._note(service)
        self._put(service)

    def _put(self, service: Service) -> None:
        self._order += 1
        heapq.heappush(self._due, (service.answer.due_ns, self._order, service))

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
        if not step.data:
            return
        before_ns = time.monotonic_ns()
        is_late = not self._clients.send(service.connection, step.data)
        after_ns = time.monotonic_ns()
        if not service.connection.is_open or not step.parts:
            return
        for part in step.parts:
            self._note_part(service, part, (step.due_ns, before_ns, after_ns), is_late=is_late)
        service.row.first_send_ns = service.row.first_send_ns or before_ns
        self._count(step, before_ns - step.due_ns, is_late=is_late)
        self._note(service)

    def _note_part(self, service: Service, part: Part, stamps: tuple[int, int, int], *, is_late: bool) -> None:
        row, flags = service.row, (Flag.REASONING if part.is_reasoning else 0) | (Flag.DEFERRED if is_late else 0)
        rest = (service.number & _NO_ROW, part.index, part.count, flags)
        number = self._tokens.add(*stamps, *rest)
        row.tokens += part.count
        is_first = row.first_send_ns == 0

        def note(before_ns: int, after_ns: int) -> None:
            self._tokens.change(number, stamps[0], before_ns, after_ns, *rest)
            if is_first:
                row.first_send_ns = before_ns
                self._note(service)

        if is_late:
            row.flags |= Flag.DEFERRED
            service.connection.note_when_out(note)

    def _count(self, step: Step, lateness_ns: int, *, is_late: bool) -> None:
        counts = self._counts
        counts.events += len(step.parts)
        counts.tokens += sum(part.count for part in step.parts)
        counts.deferred += len(step.parts) if is_late else 0
        counts.lateness_sum_ns += lateness_ns * len(step.parts)
        counts.lateness_max_ns = max(counts.lateness_max_ns, lateness_ns)

    def _end(self, service: Service, step: Step) -> None:
        """Send the last bytes of an answer, and let the next request have its place."""
        connection = service.connection
        service.row.status = step.status
        self._give(service, step)
        self._note(service)
        if not connection.is_open or step.after is After.HANG:
            return
        self._count_end(service.row, step)

        def note(_before_ns: int, after_ns: int) -> None:
            service.row.end_ns = after_ns
            self._note(service)

        if connection.out:
            connection.note_when_out(note)
        else:
            note(0, time.monotonic_ns())
        self._leave(service, step.due_ns)
        if step.after is After.RESET:
            self._clients.reset(connection)
        else:
            self._clients.let_go(connection, keeps_alive=service.keeps_alive and step.after is After.DONE)

    def _count_end(self, row: Row, step: Step) -> None:
        if step.status >= 400:
            self._counts.refused += 1
        elif step.after is After.DONE or (step.after is After.CLOSE and row.tokens == row.planned):
            self._counts.answered += 1
        else:
            self._counts.broken_off += 1

    def _leave(self, service: Service, freed_ns: int) -> None:
        """It is over: the next that waits takes its place."""
        service.is_over = True
        del self._services[service.connection]
        self._waiting.pop(service, None)
        if not service.holds_place:
            return
        self._served -= 1
        if self._waiting:
            following = next(iter(self._waiting))
            del self._waiting[following]
            self._take_place(following, max(following.row.read_ns, freed_ns))

    def _note(self, service: Service) -> None:
        self._requests.change(service.number, *service.row.list_fields())

    def _describe(self) -> dict[str, object]:
        counts = self._counts
        return {
            "version": self.version, "connections": self._clients.count, "requests": counts.requests,
            "served": self._served, "waiting": len(self._waiting), "answered": counts.answered,
            "refused": counts.refused, "broken_off": counts.broken_off, "aborted": counts.aborted,
            "not_understood": self._clients.not_understood, "events": counts.events, "tokens": counts.tokens,
            "deferred": counts.deferred, "lateness_mean_ns": counts.lateness_sum_ns // max(counts.events, 1),
            "lateness_max_ns": counts.lateness_max_ns, "log_lost": self._requests.lost + self._tokens.lost,
        }  # fmt: skip


def _hear_control(control: int, said: int) -> bool:
    got = os.read(control, 64)
    return bool(got) and os.write(said, got) == len(got)
