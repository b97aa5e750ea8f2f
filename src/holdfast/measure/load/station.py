"""One worker's place: the endpoint's address, the requests as bytes, the connections, over all levels of a plan."""

import resource
import time
from array import array
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.measure.load.address import parse_address, resolve
from holdfast.measure.load.driving import Driven, Driver, Job, Tick
from holdfast.measure.load.engine import Engine, Route
from holdfast.measure.load.keys import read_key
from holdfast.measure.load.plans import LoadPlan
from holdfast.measure.load.prices import Budget
from holdfast.measure.load.reading import Labels
from holdfast.measure.load.templates import Template, Wiring, build_template
from holdfast.measure.load.tls import make_tls
from holdfast.measure.load.tokens import load_counter
from holdfast.measure.load.turns import ClosedTurns, OpenTurns, Share, Turns, deal
from holdfast.measure.load.waiting import make_waiter
from holdfast.records.errors import UnreachableEndpoint
from holdfast.records.measurement import Arrivals, Endpoint, Load

_AHEAD_S: Final = 0.5  # connections are ready for so many seconds of an open loop's arrivals
_SPARE_S: Final = 0.1
_AHEAD_MAX: Final = 1024
_LOOK_NS: Final = 10_000_000
_FILES_BESIDE: Final = 64


@dataclass(frozen=True, slots=True)
class Start:
    """When a level begins, and for an open loop the whole schedule: its offsets, and how many are warm-up and steady.
    `usd` is what the worker may spend (None: there is no limit)."""

    start_ns: int = 0
    offsets_ns: "array[int] | None" = None
    warmup: int = 0
    steady: int = 0
    usd: float | None = None


class Station:
    """Offers one worker's share of each load of a plan."""

    def __init__(self, plan: LoadPlan, share: Share, environ: Mapping[str, str]) -> None:
        self._plan, self._share = plan, share
        address = parse_address(plan.endpoint)
        key = read_key(plan.endpoint, environ)
        count = load_counter(Path(plan.tokenizer_file)) if plan.tokenizer_file else None
        wiring = Wiring(plan.endpoint, address, key, plan.is_ours, not plan.is_cached, count)
        self._wiring = wiring
        self._templates: tuple[Template, ...] = tuple(build_template(wiring, ask) for ask in plan.asks)
        route = make_route(wiring, plan.connect_s, plan.timeout_s)
        self._waiter = make_waiter()
        self._engine = Engine(route, self._waiter)

    def open(self, level: int) -> None:
        """Open the connections that a level begins with. UnreachableEndpoint when there is none to be had."""
        ahead, self._engine.spare = _count_connections(self._plan.loads[level], self._share)
        open_ahead(self._engine, self._plan.endpoint, ahead, self._plan.connect_s)

    def run(self, level: int, start: Start, tick: Tick) -> Driven:
        """Offer a level; all of it is over afterwards."""
        budget = Budget(start.usd) if start.usd is not None else None
        job = Job(self._templates, self._make_labels(level), self._make_salt(level), budget, self._plan.is_urgent)
        turns = self._make_turns(self._plan.loads[level], start)
        time.sleep(max(0.0, (start.start_ns - time.monotonic_ns()) / 1e9 - 0.01))
        driven = Driver(self._engine, turns, job, tick).run()
        driven.spent_usd = budget.spent_usd if budget else 0.0
        return driven

    def close(self) -> None:
        """Close the connections."""
        self._engine.close()
        self._waiter.close()

    def _make_turns(self, load: Load, start: Start) -> Turns:
        if start.offsets_ns is None:
            return ClosedTurns(start.start_ns, load, self._share)
        dealt = deal(start.offsets_ns, start.warmup, start.steady, self._share)
        return OpenTurns(start.start_ns, dealt, self._share.count(load.in_flight_max))

    def _make_labels(self, level: int) -> Labels:
        plan, wiring = self._plan, self._wiring
        return Labels(
            plan.endpoint.name, plan.endpoint.api, plan.run, level, self._share.first, plan.price,
            lambda text: wiring.address.credentials.hide(wiring.key.hide(text)), wiring.count,
        )  # fmt: skip

    def _make_salt(self, level: int) -> str:
        return f"{self._plan.salt}/{self._plan.seed}/{self._plan.run}/{level}"


def make_route(wiring: Wiring, connect_s: float, timeout_s: float) -> Route:
    """The way to an endpoint, its name looked up once."""
    address = wiring.address
    return Route(address, resolve(address), make_tls(wiring.endpoint, address), connect_s, timeout_s)


def open_ahead(engine: Engine, endpoint: Endpoint, count: int, wait_s: float) -> None:
    """Open connections before they are needed. Fewer than asked for are enough; none is UnreachableEndpoint."""
    allow_files(count + _FILES_BESIDE)
    kept, engine.spare = engine.spare, count
    until_ns = time.monotonic_ns() + round(wait_s * 1e9)
    while engine.idle < count and engine.trouble is None:
        now = time.monotonic_ns()
        if engine.idle and now >= until_ns:
            break
        engine.turn(now + _LOOK_NS)
    engine.spare = kept
    if not engine.idle:
        trouble = engine.trouble
        raise UnreachableEndpoint(
            trouble.detail if trouble else "no connection",
            where=f"endpoint {endpoint.name}, {parse_address(endpoint).shown}",
            next_step="Check that the server runs, and the endpoint's URL and certificate.",
        )


def allow_files(count: int) -> None:
    """Raise the process's own limit of open files, as far as the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _count_connections(load: Load, share: Share) -> tuple[int, int]:
    """How many connections a level begins with, and how many are kept ready beyond those in use."""
    if load.arrivals is Arrivals.CLOSED:
        return max(1, share.count(load.concurrency)), 0
    rate = load.rate_per_s if load.arrivals is not Arrivals.REPLAY else _find_rate(load.offsets_s)
    limit = share.count(load.in_flight_max) if load.in_flight_max else _AHEAD_MAX
    ahead = min(limit, _AHEAD_MAX, max(8, round(rate * _AHEAD_S / share.of)))
    return max(1, ahead), min(ahead, max(4, round(rate * _SPARE_S / share.of)))


def _find_rate(offsets_s: tuple[float, ...]) -> float:
    return len(offsets_s) / max(1.0, offsets_s[-1] - offsets_s[0])
