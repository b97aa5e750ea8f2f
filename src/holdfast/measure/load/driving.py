"""One load on one engine: takes turns, sends what is due, and reads answers while nothing else is to be done."""

import gc
import os
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from holdfast.measure.load.effort import Effort, Meter, read_meter
from holdfast.measure.load.engine import Engine
from holdfast.measure.load.exchange import Exchange
from holdfast.measure.load.prices import Purse, compute_worst_case, settle
from holdfast.measure.load.reading import Labels, Reading
from holdfast.measure.load.templates import Template
from holdfast.measure.load.turns import NEVER, Turns
from holdfast.records.measurement import Reply

TICK_NS: Final = 100_000_000
_SLICE_PARTS: Final = 8  # read between two looks at the sockets
HELD_BYTES_MAX: Final = 128 << 20  # of answers that are read after the load, when nothing can be held up by it
_FULL: Final = 4
_STOPPED_GRACE_NS: Final = 300_000_000
OVER_BUDGET: Final = "the budget is reached"
INTERRUPTED: Final = "interrupted"
HOPELESS: Final = 100
ALL_FAILED: Final = f"each of the first {HOPELESS} requests failed"


@dataclass(frozen=True, slots=True)
class Job:
    """What is sent in a load: templates in turn, each with a nonce that follows from the salt. A purse, where there is
    one, is asked before each."""

    templates: tuple[Template, ...]
    labels: Labels
    salt: str = ""
    purse: Purse | None = None
    is_urgent: bool = False
    held_bytes_max: int = HELD_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Count:
    """How far a load is."""

    sent: int = 0
    ended: int = 0
    failed: int = 0
    parts: int = 0


@dataclass(slots=True)
class Driven:
    """What came of a load on one engine."""

    replies: list[Reply] = field(default_factory=list[Reply])
    stopped: str = ""  # why, when it ended before its time
    effort: Effort | None = None
    spent_usd: float = 0.0


Tick = Callable[[Count], bool]  # called ten times a second; whether to stop


class Driver:
    """Drives one load. `tick` is told how far it is, and may stop it."""

    def __init__(self, engine: Engine, turns: Turns, job: Job, tick: Tick) -> None:
        self._engine, self._turns, self._job, self._tick = engine, turns, job, tick
        self._backlog = Backlog(job)
        self._sent = self._ended = self._failed = self._parts = 0
        self._next_tick_ns = 0
        self._stopped = ""
        self._was_urgent = False

    def run(self) -> Driven:
        """The whole load; then all answers are read."""
        with _without_collector():
            with _urgent(wanted=self._job.is_urgent) as self._was_urgent:
                before = read_meter()
                self._offer()
                after = read_meter()
            replies = self._backlog.read_all()
        return Driven(replies, self._stopped, self._count_effort(before, after))

    def _offer(self) -> None:
        while not self._stopped and not self._is_over():
            self._step()
        if self._stopped:
            self._drain()

    def _is_over(self) -> bool:
        return not self._engine.in_flight and self._turns.due_ns == NEVER and not self._engine.finished

    def _step(self) -> None:
        """Send what is due, then wait for what comes first: the next turn, an event, the next tick."""
        now = time.monotonic_ns()
        while self._turns.due_ns <= now and not self._stopped:
            self._send()
        if now >= self._next_tick_ns:
            self._look_around(now)
        is_reading = self._backlog.is_pressing
        events = self._engine.turn(0 if is_reading else min(self._turns.due_ns, self._next_tick_ns))
        if self._engine.finished:
            self._collect()
        elif is_reading and (not events or self._backlog.is_full):
            self._backlog.read_some(_SLICE_PARTS)

    def _send(self) -> None:
        turn = self._turns.take()
        template = self._job.templates[turn.number % len(self._job.templates)]
        exchange = Exchange(turn, template, template.render(turn.number, self._job.salt))
        if not self._reserve(exchange):
            self._stopped = OVER_BUDGET
            return
        self._engine.send(exchange)
        self._sent += 1

    def _reserve(self, exchange: Exchange) -> bool:
        purse, price = self._job.purse, self._job.labels.price
        if purse is None or price is None:
            return True
        exchange.reserved_usd = compute_worst_case(exchange.template.ask, price)
        if purse.reserve(exchange.reserved_usd):
            return True
        self._backlog.read_held()
        return purse.reserve(exchange.reserved_usd)

    def _collect(self) -> None:
        finished, self._engine.finished = self._engine.finished, []
        for exchange in finished:
            self._turns.end(exchange)
            self._ended += 1
            self._failed += exchange.has_failed
            self._parts += len(exchange.parts)
            self._backlog.add(exchange)

    def _look_around(self, now: int) -> None:
        self._next_tick_ns = now + TICK_NS
        if self._tick(Count(self._sent, self._ended, self._failed, self._parts)):
            self._stopped = INTERRUPTED
        elif self._failed == self._ended >= HOPELESS:
            self._stopped = ALL_FAILED

    def _drain(self) -> None:
        """What is about to end may, and all that was paid for; the rest is cut, and its sample says so."""
        is_paid = self._stopped == OVER_BUDGET
        until = NEVER if is_paid else time.monotonic_ns() + _STOPPED_GRACE_NS
        while self._engine.in_flight and (now := time.monotonic_ns()) < until:
            self._engine.turn(min(until, now + TICK_NS))
            if is_paid and self._tick(Count(self._sent, self._ended, self._failed, self._parts)):
                until, is_paid = now + _STOPPED_GRACE_NS, False
        self._engine.cut(self._stopped)
        self._collect()

    def _count_effort(self, before: Meter, after: Meter) -> Effort:
        read_ns = time.process_time_ns() - after.cpu_ns
        is_known = before.waited_ns is not None and after.waited_ns is not None
        return Effort(
            worker=self._job.labels.worker,
            level=self._job.labels.level,
            wall_ns=after.at_ns - before.at_ns,
            cpu_ns=after.cpu_ns - before.cpu_ns,
            reading_ns=read_ns,
            waited_ns=(after.waited_ns or 0) - (before.waited_ns or 0) if is_known else None,
            forced_switches=after.forced_switches - before.forced_switches,
            requests=self._ended,
            parts=self._parts,
            was_urgent=self._was_urgent,
        )


class Backlog:
    """Answers that are to be read. With a purse they are read as soon as can be, because it wants to know; otherwise
    when more are held than memory is for, or at the end."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._held: deque[Exchange] = deque()
        self._held_bytes = 0
        self._reading: Reading | None = None
        self._replies: list[Reply] = []

    @property
    def is_pressing(self) -> bool:
        """Whether reading should not wait for the end."""
        if self._job.purse is not None:
            return bool(self._held) or self._reading is not None
        return self._held_bytes > self._job.held_bytes_max or self._reading is not None

    @property
    def is_full(self) -> bool:
        """Whether reading cannot even wait for a quiet moment."""
        return self._held_bytes > _FULL * self._job.held_bytes_max

    def add(self, exchange: Exchange) -> None:
        """An exchange that is over."""
        self._held.append(exchange)
        self._held_bytes += exchange.parts.size

    def read_some(self, parts: int) -> None:
        """A little of the oldest."""
        if self._reading is None:
            self._reading = Reading(self._held.popleft(), self._job.labels)
        if self._reading.advance(parts):
            self._take(self._reading.finish(), self._reading.exchange)
            self._held_bytes -= self._reading.exchange.parts.size
            self._reading = None

    def read_held(self) -> None:
        """All that has come until now."""
        while self._held or self._reading is not None:
            self.read_some(1 << 30)

    def read_all(self) -> list[Reply]:
        """All that is left; the replies of all that there was."""
        self.read_held()
        replies, self._replies = self._replies, []
        return replies

    def _take(self, reply: Reply, exchange: Exchange) -> None:
        if self._job.purse is not None and exchange.reserved_usd:
            settle(self._job.purse, exchange.reserved_usd, reply.sample)
        self._replies.append(reply)


@contextmanager
def _without_collector() -> Generator[None]:
    """Without the garbage collector: what is there stays, and a load makes no cycles."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_enabled:
            gc.enable()


@contextmanager
def _urgent(*, wanted: bool) -> Generator[bool]:
    """Before all ordinary work, where the system allows it: a server that has every processor to itself would else
    be measured late. Whether it does."""
    before = os.sched_getscheduler(0) if wanted and hasattr(os, "sched_setscheduler") else None
    try:
        if before is not None:
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        before = None
    try:
        yield before is not None
    finally:
        if before is not None:
            os.sched_setscheduler(0, before, os.sched_param(0))
