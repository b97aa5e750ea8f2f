"""Runs a plan: draws the arrivals, starts the workers, gathers what they saw, and stops when it is told to."""

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from types import FrameType
from typing import Any, Final

import numpy as np

from holdfast.measure.load.address import parse_address
from holdfast.measure.load.driving import INTERRUPTED, Count
from holdfast.measure.load.effort import Effort
from holdfast.measure.load.plans import LoadPlan, LoadResult, Progress
from holdfast.measure.load.prices import Budget
from holdfast.measure.load.schedule import check_load, draw_schedule
from holdfast.measure.load.station import Start
from holdfast.measure.load.turns import SECOND_NS, Share
from holdfast.measure.load.worker import Line
from holdfast.records.errors import ConfigurationError, HoldfastError, InternalError
from holdfast.records.measurement import Arrivals, Phase, Reply, Sample, Window

WORKERS_MAX: Final = 256
_LEAD_NS: Final = 50_000_000  # from the word to the start
_LOOK_S: Final = 0.1
_END_S: Final = 5.0


@dataclass(slots=True)
class _Worker:
    """A process and the line to it."""

    share: Share
    process: "subprocess.Popen[bytes]"
    line: Line
    count: Count = field(default_factory=Count)
    is_done: bool = False


@dataclass(slots=True)
class _Level:
    """What is gathered of one level."""

    number: int
    start_ns: int = 0
    stop_ns: int = 0
    samples: list[Sample] = field(default_factory=list[Sample])
    replies: list[Reply] = field(default_factory=list[Reply])
    efforts: list[Effort] = field(default_factory=list[Effort])
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Watching:
    """Who looks on. `progress` is told how far it is; `stop` says whether to stop; `is_enough` is asked after each
    level but the last whether the others need not be run."""

    progress: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] | None = None
    is_enough: Callable[[int, Sequence[Sample]], bool] | None = None
    budget: Budget | None = None


def run_load(plan: LoadPlan, watching: Watching | None = None) -> LoadResult:
    """Offer a plan's loads to its endpoint. Ctrl-C or `stop` ends it early, with all that was seen until then; a budget
    ends it before it is passed. Raises ConfigurationError or MalformedFile before anything is sent, and
    UnreachableEndpoint when no connection can be made at the beginning of a level."""
    watching = watching or Watching()
    check_plan(plan, watching.budget)
    levels: list[_Level] = []
    with _interruptible() as was_interrupted, _started(plan) as workers:
        run = _Run(plan, workers, watching, was_interrupted)
        for number in range(len(plan.loads)):
            level = run.offer(number)
            levels.append(level)
            if level.stopped or run.is_enough(level):
                break
    return _put_together(plan, levels)


def check_plan(plan: LoadPlan, budget: Budget | None = None) -> None:
    """ConfigurationError where a plan cannot be run."""
    parse_address(plan.endpoint)
    for load in plan.loads:
        check_load(load)
    if not plan.asks or not plan.loads:
        raise _refuse("there is nothing to ask, or no load", "Give prompts and at least one load.")
    if not 1 <= plan.workers <= WORKERS_MAX:
        raise _refuse(
            f"the number of workers is not between 1 and {WORKERS_MAX}", "Use one worker for each core at most."
        )
    if any(0 < load.in_flight_max < plan.workers for load in plan.loads):
        raise _refuse("more workers than requests may be under way", "Use fewer workers.")
    if budget is not None and plan.price is None:
        raise _refuse("a limit on what may be spent needs a price", "Give the endpoint's price per million tokens.")
    if plan.timeout_s <= 0 or plan.connect_s <= 0:
        raise _refuse("a timeout is not above 0", "Give seconds.")


def _refuse(what: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(what, where="load", next_step=next_step)


class _Run:
    """One plan as it is run."""

    def __init__(
        self, plan: LoadPlan, workers: list[_Worker], watching: Watching, was_interrupted: threading.Event
    ) -> None:
        self._plan, self._workers, self._watching, self._interrupted = plan, workers, watching, was_interrupted

    def offer(self, number: int) -> _Level:
        """One level on all workers."""
        level = _Level(number)
        begun = self._prepare(number)
        for worker in self._workers:
            worker.is_done, worker.count = False, Count()
            worker.line.send(("open", number))
        self._gather(level, "ready")
        if level.stopped:
            return level
        level.start_ns = time.monotonic_ns() + _LEAD_NS
        for worker in self._workers:
            worker.is_done = False
            worker.line.send(("go", (number, replace(begun, start_ns=level.start_ns))))
        self._gather(level, "done")
        return level

    def is_enough(self, level: _Level) -> bool:
        """Whether the others need not be run."""
        ask = self._watching.is_enough
        return ask is not None and level.number + 1 < len(self._plan.loads) and ask(level.number, tuple(level.samples))

    def _prepare(self, number: int) -> Start:
        """A level's schedule, and each worker's share of what is left to spend."""
        load, budget = self._plan.loads[number], self._watching.budget
        usd = budget.left_usd / len(self._workers) if budget is not None else None
        if load.arrivals is Arrivals.CLOSED:
            return Start(usd=usd)
        schedule = draw_schedule(load, np.random.default_rng([self._plan.seed, self._plan.run, number]))
        return Start(0, array("q", schedule.offsets_ns.tobytes()), schedule.warmup, schedule.steady, usd)

    def _gather(self, level: _Level, last: str) -> None:
        """Hear the workers until all have said the last word."""
        while waiting := [worker for worker in self._workers if not worker.is_done]:
            for line in wait([worker.line for worker in waiting], _LOOK_S):
                worker = next(one for one in waiting if one.line is line)
                self._hear(level, worker, last)
            if not level.stopped and self._should_stop():
                level.stopped, level.stop_ns = INTERRUPTED, time.monotonic_ns()
                if last == "ready":
                    return
                for worker in self._workers:
                    worker.line.send(("stop", None))

    def _should_stop(self) -> bool:
        return self._interrupted.is_set() or (self._watching.stop is not None and self._watching.stop())

    def _hear(self, level: _Level, worker: _Worker, last: str) -> None:
        word, value = _receive(worker)
        if word == "failed":
            raise value if isinstance(value, HoldfastError) else InternalError("a worker failed")
        if word == "samples":
            level.samples.extend(value)
        elif word == "replies":
            level.replies.extend(value)
            level.samples.extend(reply.sample for reply in value)
        elif word == "count":
            worker.count = value
            self._tell(level.number)
        elif word == last:
            worker.is_done = True
            if word == "done":
                self._book(level, *value)

    def _book(self, level: _Level, stopped: str, effort: Effort, spent_usd: float) -> None:
        level.efforts.append(effort)
        level.stopped = level.stopped or stopped
        if stopped and not level.stop_ns:
            level.stop_ns = time.monotonic_ns()
        if self._watching.budget is not None:
            self._watching.budget.spent_usd += spent_usd

    def _tell(self, number: int) -> None:
        if self._watching.progress is None:
            return
        counts = [worker.count for worker in self._workers]
        spent = self._watching.budget.spent_usd if self._watching.budget is not None else 0.0
        sent, ended, failed = (
            sum(values) for values in zip(*((c.sent, c.ended, c.failed) for c in counts), strict=True)
        )
        self._watching.progress(Progress(number, len(self._plan.loads), sent, ended, failed, spent))


@contextmanager
def _started(plan: LoadPlan) -> Generator[list[_Worker]]:
    """Worker processes that have the plan. They end with this, well or not."""
    workers: list[_Worker] = []
    try:
        for number in range(plan.workers):
            worker = _start(Share(number, plan.workers))
            workers.append(worker)
            worker.line.send(("plan", (plan, worker.share)))
        yield workers
    finally:
        for worker in workers:
            _end(worker)


def _start(share: Share) -> _Worker:
    """In a session of its own: Ctrl-C is for the parent, who tells it."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "holdfast.measure.load.worker", str(theirs.fileno())],
            pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    return _Worker(share, process, Connection(ours.detach()))


def _end(worker: _Worker) -> None:
    with contextlib.suppress(OSError):
        worker.line.send(("end", None))
    worker.line.close()
    try:
        worker.process.wait(_END_S)
    except subprocess.TimeoutExpired:
        worker.process.kill()
        worker.process.wait()


def _receive(worker: _Worker) -> tuple[str, Any]:
    try:
        word, value = worker.line.recv()
    except (EOFError, OSError):
        code = worker.process.wait(_END_S)
        raise InternalError(
            f"a worker ended with {code} before its work did", next_step="Look for a lack of memory on this machine."
        ) from None
    return str(word), value


@contextmanager
def _interruptible() -> Generator[threading.Event]:
    """Ctrl-C sets the event; a second one is what it always is."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event
        return
    before = signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        if event.is_set() and callable(before):
            before(number, frame)
        event.set()

    signal.signal(signal.SIGINT, note)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)


def _put_together(plan: LoadPlan, levels: list[_Level]) -> LoadResult:
    samples = [sample for level in levels for sample in level.samples]
    replies = [reply for level in levels for reply in level.replies]
    return LoadResult(
        samples=tuple(sorted(samples, key=lambda one: (one.level, one.scheduled_ns, one.number))),
        replies=tuple(sorted(replies, key=lambda one: (one.sample.level, one.sample.scheduled_ns, one.number))),
        windows=tuple(_find_window(plan, level) for level in levels if level.start_ns),
        efforts=tuple(effort for level in levels for effort in level.efforts),
        stopped=next((level.stopped for level in levels if level.stopped), ""),
    )


def _find_window(plan: LoadPlan, level: _Level) -> Window:
    """When a level was offered. One that ends by a number of requests ends when the last of them was due."""
    load = plan.loads[level.number]
    steady_ns = level.start_ns + round(load.warmup_s * SECOND_NS)
    done_ns = max([level.start_ns, *(sample.end_ns for sample in level.samples)])
    due = [sample.scheduled_ns for sample in level.samples if sample.phase is Phase.STEADY]
    ends = [done_ns]
    if load.duration_s:
        ends.append(steady_ns + round(load.duration_s * SECOND_NS))
    if due and (not load.duration_s or len(due) == load.requests) and max(due) > steady_ns:
        ends.append(max(due))
    if level.stop_ns:
        ends.append(level.stop_ns)
    return Window(plan.run, level.number, level.start_ns, steady_ns, max(steady_ns, min(ends)), done_ns)
