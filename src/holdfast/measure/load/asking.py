"""Asks until there is an answer: for whoever wants what is said, not how fast. Tries again where that may help.

Requests run in a thread, so that answers are stamped when they come, whatever is done with those before them.
"""

import heapq
import itertools
import os
import queue
import random
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdfast.measure.load.address import parse_address
from holdfast.measure.load.driving import INTERRUPTED, OVER_BUDGET
from holdfast.measure.load.engine import Engine
from holdfast.measure.load.exchange import Exchange, Turn
from holdfast.measure.load.keys import read_key
from holdfast.measure.load.patience import Patience
from holdfast.measure.load.prices import Purse, compute_worst_case, settle
from holdfast.measure.load.reading import Labels, read_exchange
from holdfast.measure.load.station import make_route, open_ahead
from holdfast.measure.load.templates import Template, Wiring, build_template
from holdfast.measure.load.tokens import load_counter
from holdfast.measure.load.waiting import make_waiter
from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import Ask, Endpoint, Fault, Reply, TokenPrice

CONCURRENCY_MAX: Final = 4096
_TICK_NS: Final = 50_000_000
_PAUSE_NS: Final = 1_000_000
_Item = Reply | BaseException | None


@dataclass(frozen=True, slots=True)
class Manner:
    """How to ask. A purse needs a price, and is asked before each request. Keys are in `environ`; where it is None, in
    the environment of the process. Where `unheard_max` is not 0, no more are sent while so many replies wait to be
    heard, or while as many as may be under way wait for another try."""

    patience: Patience = field(default_factory=Patience)
    timeout_s: float = 600.0
    connect_s: float = 30.0
    run: int = 0
    seed: int = 0
    price: TokenPrice | None = None
    purse: Purse | None = None
    tokenizer_file: str = ""
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    unheard_max: int = 0


def ask_all(
    endpoint: Endpoint, asks: Sequence[Ask], concurrency: int = 8, manner: Manner | None = None
) -> Iterator[Reply]:
    """One reply for each ask, as they come: the last of several tries, whose number its sample has. What there was no
    money left for is STOPPED. Raises ConfigurationError or MalformedFile before anything is sent, and, with the first
    reply, UnreachableEndpoint when there is no connection at all. Closing the iterator ends what is under way."""
    manner = manner or Manner()
    if not 1 <= concurrency <= CONCURRENCY_MAX:
        raise ConfigurationError(
            f"the concurrency is not between 1 and {CONCURRENCY_MAX}", next_step="Choose another one."
        )
    if manner.purse is not None and manner.price is None:
        raise ConfigurationError(
            "a limit on what may be spent needs a price", next_step="Give the endpoint's price per million tokens."
        )
    asker = _Asker(endpoint, concurrency, manner, os.environ if manner.environ is None else manner.environ)
    asker.take(asks)
    return _iterate(asker)


def _iterate(asker: "_Asker") -> Iterator[Reply]:
    thread = threading.Thread(target=asker.run, name="asking", daemon=True)
    thread.start()
    try:
        while (item := asker.items.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        asker.is_stopped.set()
        thread.join()


class _Asker:
    """What runs in the thread. It puts replies into `items`, then None, or the error that ended it."""

    def __init__(self, endpoint: Endpoint, concurrency: int, manner: Manner, environ: Mapping[str, str]) -> None:
        self._endpoint, self._concurrency, self._manner = endpoint, concurrency, manner
        address, key = parse_address(endpoint), read_key(endpoint, environ)
        count = load_counter(Path(manner.tokenizer_file)) if manner.tokenizer_file else None
        self._wiring = Wiring(endpoint, address, key, count=count)
        self._labels = Labels(
            endpoint.name, endpoint.api, manner.run, price=manner.price, count=count,
            hide=lambda text: address.credentials.hide(key.hide(text)),
        )  # fmt: skip
        self._chance = random.Random(manner.seed)  # noqa: S311 - for waits
        self._waiting: deque[Template] = deque()
        self._again: list[tuple[int, int, Exchange]] = []
        self._order = itertools.count()
        self.items: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self.is_stopped = threading.Event()

    def take(self, asks: Sequence[Ask]) -> None:
        """Make the requests. MalformedFile when one cannot be made."""
        self._waiting.extend(build_template(self._wiring, ask) for ask in asks)

    def run(self) -> None:
        """All of them, or until it is stopped."""
        try:
            self._run()
            self.items.put(None)
        except BaseException as error:
            self.items.put(error)

    def _run(self) -> None:
        manner, waiter = self._manner, make_waiter()
        engine = Engine(make_route(self._wiring, manner.connect_s, manner.timeout_s), waiter)
        try:
            if self._waiting:
                open_ahead(engine, self._endpoint, 1, manner.connect_s)
            while self._waiting or self._again or engine.in_flight:
                if self.is_stopped.is_set():
                    engine.cut(INTERRUPTED)
                    return
                self._step(engine)
        finally:
            engine.close()
            waiter.close()

    def _step(self, engine: Engine) -> None:
        now = time.monotonic_ns()
        while self._has_room(engine, now) and (exchange := self._take_next(now)) is not None:
            if self._reserve(exchange):
                engine.send(exchange)
            elif self._put_back(exchange, engine):
                break
        due_ns = self._again[0][0] if self._again else now + _TICK_NS
        tick_ns = _TICK_NS if self._is_heard() else _PAUSE_NS
        engine.turn(min(now + tick_ns, max(due_ns, now + 1)))
        finished, engine.finished = engine.finished, []
        for exchange in finished:
            self._end(exchange)

    def _has_room(self, engine: Engine, now: int) -> bool:
        is_due = bool(self._again) and self._again[0][0] <= now
        waiting = len(self._again) if self._manner.unheard_max and not is_due else 0
        return engine.in_flight + waiting < self._concurrency and self._is_heard()

    def _is_heard(self) -> bool:
        return not self._manner.unheard_max or self.items.qsize() < self._manner.unheard_max

    def _take_next(self, now: int) -> Exchange | None:
        """One that is to be tried again now, or else a new one."""
        if self._again and self._again[0][0] <= now:
            return heapq.heappop(self._again)[2]
        if not self._waiting:
            return None
        template = self._waiting.popleft()
        return _make_exchange(template, now, 0)

    def _reserve(self, exchange: Exchange) -> bool:
        purse, price = self._manner.purse, self._manner.price
        if purse is None or price is None:
            return True
        exchange.reserved_usd = compute_worst_case(exchange.template.ask, price)
        return purse.reserve(exchange.reserved_usd)

    def _put_back(self, exchange: Exchange, engine: Engine) -> bool:
        """There is not money enough for it now. There may be when others have cost less than they could have: whether
        that is to be waited for."""
        if engine.in_flight:
            self._push(time.monotonic_ns() + _TICK_NS, exchange)
            return True
        exchange.reserved_usd = 0.0
        exchange.end(time.monotonic_ns(), Fault.STOPPED, OVER_BUDGET)
        self.items.put(read_exchange(exchange, self._labels))
        return False

    def _end(self, exchange: Exchange) -> None:
        reply = read_exchange(exchange, self._labels)
        if self._manner.purse is not None:
            settle(self._manner.purse, exchange.reserved_usd, reply.sample)
        wait_s = self._manner.patience.find_wait(reply.sample, self._chance)
        if wait_s is None:
            self.items.put(reply)
            return
        due_ns = time.monotonic_ns() + round(wait_s * 1e9)
        self._push(due_ns, _make_exchange(exchange.template, due_ns, reply.sample.retries + 1))

    def _push(self, due_ns: int, exchange: Exchange) -> None:
        heapq.heappush(self._again, (due_ns, next(self._order), exchange))


def _make_exchange(template: Template, due_ns: int, retries: int) -> Exchange:
    number = template.ask.number
    exchange = Exchange(Turn(number, due_ns), template, template.render(number, ""))
    exchange.retries = retries
    return exchange
