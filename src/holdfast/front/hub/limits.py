"""How much one caller may ask for: requests in a window, requests at once, bytes of a request, time to send them.

Numbers count for one process. What is refused here was neither looked up nor read.
"""

import asyncio
import math
import re
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from holdfast.front.hub.site import LOG
from holdfast.records.access import BadRequest, TooLarge, TooMany

WINDOW_S: Final = 300
PATH_MAX: Final = 4096
BODY_BYTES_MAX: Final = 16 << 20
SWEEP_S: Final = 5.0
_BUCKETS_MAX: Final = 20_000
_STRANGE: Final = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True)
class LimitsAsked:
    """`rate` requests in 300 seconds a caller (0: no limit) and `failures` wrong tokens an address; at once `at_once`
    requests a caller and `connections` an address. Who sends a body has `body_wait_s` for every `body_bytes` of it."""

    rate: int = 0
    failures: int = 60
    at_once: int = 128
    connections: int = 512
    body_wait_s: float = 60.0
    body_bytes: int = 64 << 10


class Buckets:
    """A bucket of permits for each caller, that fills up at an even pace. The ones used longest ago are forgotten."""

    def __init__(self, quota: int, name: str, watch: Callable[[], float] = monotonic) -> None:
        self._quota = quota
        self._name = name
        self._watch = watch
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Take a permit. Raises TooMany when there is none."""
        if not self._quota:
            return
        left = self._fill(key)
        if left < 1:
            raise self._refuse(key)
        self._buckets[key] = left - 1, self._watch()
        self._buckets.move_to_end(key)
        if len(self._buckets) > _BUCKETS_MAX:
            self._buckets.popitem(last=False)

    def _fill(self, key: str) -> float:
        left, at = self._buckets.get(key, (float(self._quota), 0.0))
        return min(float(self._quota), left + (self._watch() - at) * self._quota / WINDOW_S)

    def _refuse(self, key: str) -> TooMany:
        wait_s = math.ceil((1 - self._fill(key)) * WINDOW_S / self._quota)
        return TooMany(
            f"more than {self._quota} requests in {WINDOW_S} seconds",
            wait_s=max(1, wait_s),
            policy=(self._name, self._quota, WINDOW_S),
            next_step=f"Try again in {max(1, wait_s)} seconds.",
        )


class Limits:
    """The limits of a server, and what counts towards them just now. `is_shared` says of an address that many clients
    come from it: a proxy."""

    def __init__(self, asked: LimitsAsked, watch: Callable[[], float] = monotonic) -> None:
        self.asked = asked
        self.requests = Buckets(asked.rate, "api", watch)
        self.failures = Buckets(asked.failures, "credentials", watch)
        self.is_shared: Callable[[str], bool] = lambda _address: False
        self._watch = watch
        self._open: Counter[str] = Counter()
        self._receiving: dict[int, tuple[web.Request, float, int]] = {}  # by id: a request has no hash

    def begin(self, key: str) -> None:
        """One more request of a caller is being answered. Raises TooMany; else `end` is called when it is done."""
        if self._open[key] >= self.asked.at_once:
            raise TooMany(
                f"{self.asked.at_once} requests are being answered for this caller already",
                wait_s=2,
                policy=("at once", self.asked.at_once, 1),
                next_step="Wait until some have ended.",
            )
        self._open[key] += 1

    def end(self, key: str) -> None:
        """A request that `begin` let in is done."""
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key]

    def begin_body(self, request: web.Request) -> None:
        """A request whose body is still on its way; it is watched until `end_body`."""
        self._receiving[id(request)] = request, self._watch(), 0

    def end_body(self, request: web.Request) -> None:
        """It was answered."""
        self._receiving.pop(id(request), None)

    def sweep(self, connections: Iterable[web.RequestHandler] = ()) -> None:
        """Cut clients that send too slowly, and connections of an address beyond those that it may have."""
        for request, since, before in list(self._receiving.values()):
            self._sweep_body(request, since, before)
        held: Counter[str] = Counter()
        for connection in connections:
            address = _get_address(connection)
            held[address] += 1
            is_over = held[address] > self.asked.connections and not self.is_shared(address)
            if is_over and connection.transport is not None:
                LOG.warning("%s has more than %d connections; one was cut", address, self.asked.connections)
                connection.transport.abort()

    def _sweep_body(self, request: web.Request, since: float, before: int) -> None:
        if request.content.is_eof() or _is_waiting_for_us(request):
            self._receiving[id(request)] = request, self._watch(), request.content.total_bytes
        elif self._watch() - since >= self.asked.body_wait_s:
            if request.content.total_bytes - before < self.asked.body_bytes and request.transport is not None:
                LOG.warning("%s sends its request too slowly; it was cut", request.remote)
                request.transport.abort()
            self._receiving[id(request)] = request, self._watch(), request.content.total_bytes

    async def run(self, list_connections: Callable[[], Iterable[web.RequestHandler]]) -> None:
        """Sweep for ever."""
        while True:
            await asyncio.sleep(min(SWEEP_S, self.asked.body_wait_s / 2))
            self.sweep(list_connections())


def check_shape(request: web.Request) -> None:
    """Raises BadRequest for an address that could mean another one, TooLarge for a body that nobody takes.

    No address of ours has `.` or `..` for a step, encoded or not, a backslash or a control character. An encoded slash
    is none: it belongs to the step that it stands in.
    """
    path = request.raw_path.partition("?")[0]
    if len(path) > PATH_MAX:
        raise BadRequest(f"the address has {len(path)} characters, and at most {PATH_MAX} are read")
    plain = unquote(path, errors="replace") if "%" in path else path
    if _STRANGE.search(plain):
        raise BadRequest("the address has a character that no path has", next_step="Name the path itself.")
    if not {".", ".."}.isdisjoint(plain.split("/")):
        raise BadRequest("the address has a step that leads elsewhere", next_step="Name the path itself.")
    if len(request.headers.getall("Authorization", ())) > 1:
        raise BadRequest("the request has two sets of credentials")


def check_length(request: web.Request, most: int) -> None:
    """Raises TooLarge when a request says that its body has more bytes."""
    if (request.content_length or 0) > most:
        raise TooLarge(f"the request has {request.content_length} bytes, and at most {most} are taken here")


def _is_waiting_for_us(request: web.Request) -> bool:
    """Whether the client is held up because what it sent was not read yet."""
    return bool(getattr(request.protocol, "_reading_paused", False))


def _get_address(connection: web.RequestHandler) -> str:
    peer = connection.peername
    return str(peer[0]) if isinstance(peer, tuple) else "local"
