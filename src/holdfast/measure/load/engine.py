"""The loop: connections to one endpoint, requests sent on them, and a stamp for each part that comes back.

A stamp says when the kernel had the bytes; they are then put aside. What they say is read elsewhere, later.
"""

import ssl
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

from holdfast.measure.load.address import Address, Place
from holdfast.measure.load.connection import Connection, State, Trouble, explain, open_socket
from holdfast.measure.load.exchange import Exchange
from holdfast.measure.load.framing import Seen
from holdfast.measure.load.intake import Arrival, Came, MakeIntake, PlainIntake, make_intake
from holdfast.measure.load.waiting import READABLE, WRITABLE, Waiter
from holdfast.records.measurement import Fault

_AT_ONCE_MAX: Final = 32  # connections being opened ahead at a time
_PAUSE_NS: Final = 1_000_000_000  # after one that could not be
_STALE_NS: Final = 1_000_000_000  # an idle connection may have been closed by the server without our knowing
_DONE_GRACE_NS: Final = 1_000_000_000  # for a body to end after its stream said [DONE]
_REST_NS_MAX: Final = 1_000_000
_REST_PARTS: Final = 500  # of a typical request's duration, of which half is lost on average
_MEMORY: Final = 16  # requests over which the duration is averaged
_NEVER: Final = 1 << 62


@dataclass(frozen=True, slots=True)
class Route:
    """Where connections go, and how long things may take."""

    address: Address
    places: tuple[Place, ...]
    tls: ssl.SSLContext | None = None
    connect_s: float = 30.0
    timeout_s: float = 600.0


class Engine:
    """Sends exchanges and fills them in. Those that are over are in `finished`, in the order in which they ended.
    `spare` connections are kept ready beyond those in use."""

    def __init__(self, route: Route, waiter: Waiter, make: MakeIntake = make_intake) -> None:
        self._route, self._waiter, self._clock = route, waiter, time.monotonic_ns
        self._connections: dict[int, Connection] = {}
        self._idle: list[Connection] = []
        self._queue: deque[Exchange] = deque()
        self._opening = 0
        self._place = 0
        self._nearest_ns = _NEVER
        self._pause_until_ns = 0
        self._timeout_ns = int(route.timeout_s * 1e9)
        self._intake = (make if route.tls is None else PlainIntake)(waiter, self._connections)
        self._typical_ns = 0
        self.in_flight = 0
        self.spare = 0
        self.finished: list[Exchange] = []
        self.trouble: Trouble | None = None

    @property
    def idle(self) -> int:
        """Connections that wait for a request."""
        return len(self._idle)

    @property
    def open_or_opening(self) -> int:
        """Connections of any state."""
        return len(self._connections)

    def send(self, exchange: Exchange) -> None:
        """Send it at once on a connection that is ready, else as soon as one is."""
        self.in_flight += 1
        exchange.deadline_ns = self._clock() + self._timeout_ns
        self._nearest_ns = min(self._nearest_ns, exchange.deadline_ns)
        if self._idle:
            self._start(self._idle.pop(), exchange)
        else:
            self._queue.append(exchange)
            if len(self._queue) > self._opening:
                self._open()
        self._open_spares()

    def turn(self, until_ns: int) -> bool:
        """Handle events until an exchange has ended or the moment has come (0: only those that are there already);
        whether there were any."""
        handled, wait_ns = False, 0 if self.finished else until_ns
        while True:
            moment_ns = min(wait_ns, self._nearest_ns)
            if wait_ns:
                self._waiter.arm(moment_ns)
            rest_ns = min(_REST_NS_MAX, self._typical_ns // _REST_PARTS)
            arrivals = self._intake.gather(moment_ns if wait_ns else 0, rest_ns)
            handled |= self._intake.has_come
            is_time = not arrivals
            for arrival in arrivals:
                if arrival.connection is None:
                    is_time = True
                else:
                    handled = True
                    self._attend(arrival.connection, arrival)
            if is_time:
                self._check_time()
            if is_time or self.finished or not wait_ns:
                return handled

    def _check_time(self) -> None:
        if self._nearest_ns <= self._clock():
            self._check_deadlines()
        self._open_spares()

    def cut(self, detail: str) -> None:
        """End everything that is under way: by us, not by the endpoint."""
        now = self._clock()
        while self._queue:
            self._finish(self._queue.popleft(), now, Trouble(Fault.STOPPED, detail))
        for connection in list(self._connections.values()):
            if connection.exchange is not None:
                self._drop(connection, Trouble(Fault.STOPPED, detail))

    def close(self) -> None:
        """Close all connections; what is under way is cut."""
        self.spare = 0
        self.cut("the client closed")
        for connection in list(self._connections.values()):
            self._forget(connection)
        self._intake.close()

    def _open_spares(self) -> None:
        while (
            len(self._idle) + self._opening - len(self._queue) < self.spare
            and self._opening < _AT_ONCE_MAX
            and self._clock() >= self._pause_until_ns
        ):
            self._open()

    def _open(self, place: int | None = None) -> None:
        """Begin a connection, to each of the host's addresses in turn until one works."""
        number = self._place if place is None else place
        try:
            sock = open_socket(self._route.places[number])
        except OSError as error:
            self._fail_opening(number, explain(error, State.OPENING))
            return
        deadline_ns = self._clock() + int(self._route.connect_s * 1e9)
        connection = Connection(sock, number, deadline_ns)
        self._connections[connection.fd] = connection
        self._nearest_ns = min(self._nearest_ns, deadline_ns)
        self._opening += 1
        self._waiter.add(connection.fd, WRITABLE)

    def _fail_opening(self, place: int, trouble: Trouble) -> None:
        following = (place + 1) % len(self._route.places)
        if following != self._place:
            self._open(following)
            return
        self.trouble = trouble
        self._pause_until_ns = self._clock() + _PAUSE_NS
        if len(self._queue) > self._opening:
            self._finish(self._queue.popleft(), self._clock(), trouble)

    def _attend(self, connection: Connection, arrival: Arrival) -> None:
        if connection.state is State.OPENING:
            self._see_opened(connection)
        elif connection.state is State.SHAKING:
            self._shake(connection)
        elif connection.state is State.IDLE:
            if not connection.is_quiet():
                self._forget(connection)
        elif connection.state is State.BUSY:
            self._attend_answer(connection, arrival)
            if arrival.events & WRITABLE and connection.state is State.BUSY:
                self._go_on_sending(connection)

    def _attend_answer(self, connection: Connection, arrival: Arrival) -> None:
        exchange = connection.exchange
        assert exchange is not None
        if arrival.came is Came.PART:
            self._look(connection, exchange)
        elif arrival.came is Came.END:
            self._end_of_bytes(connection, exchange, self._clock())
        elif arrival.error is not None:
            self._break(connection, explain(arrival.error, State.BUSY))

    def _see_opened(self, connection: Connection) -> None:
        code = connection.find_error()
        if code:
            self._fail(connection, explain(OSError(code, ""), State.OPENING))
        elif self._route.tls is None:
            self._be_ready(connection)
        else:
            connection.secure(self._route.tls, self._route.address.host)
            self._shake(connection)

    def _shake(self, connection: Connection) -> None:
        try:
            wanted = connection.shake()
        except OSError as error:
            self._fail(connection, explain(error, State.SHAKING))
            return
        if wanted:
            self._waiter.change(connection.fd, wanted)
        else:
            self._be_ready(connection)

    def _fail(self, connection: Connection, trouble: Trouble) -> None:
        """A connection that never became one."""
        place = connection.place
        self._forget(connection)
        self._fail_opening(place, trouble)

    def _be_ready(self, connection: Connection) -> None:
        """For the next request."""
        if connection.state is not State.BUSY:
            self._opening -= 1
            self._place = connection.place
            self.trouble = None
            self._waiter.change(connection.fd, self._intake.events)
        self._intake.end(connection)
        connection.state = State.IDLE
        connection.ready_ns = self._clock()
        if self._queue:
            self._start(connection, self._queue.popleft())
        else:
            self._idle.append(connection)

    def _start(self, connection: Connection, exchange: Exchange) -> None:
        connection.state, connection.exchange = State.BUSY, exchange
        exchange.sent_ns = self._clock()
        try:
            self._intake.begin(connection)
            connection.start(exchange.request)
        except OSError as error:
            self._break(connection, explain(error, State.BUSY))
            return
        if connection.is_sending:
            self._waiter.change(connection.fd, READABLE | WRITABLE)

    def _go_on_sending(self, connection: Connection) -> None:
        try:
            connection.go_on()
        except OSError as error:
            self._break(connection, explain(error, State.BUSY))
            return
        if not connection.is_sending:
            self._waiter.change(connection.fd, self._intake.events)

    def _look(self, connection: Connection, exchange: Exchange) -> None:
        """At the part that came last: whether the exchange is over with it."""
        self._intake.settle(connection)
        try:
            seen = exchange.watch.see(exchange.parts)
        except ValueError as error:
            self._drop(connection, Trouble(Fault.MALFORMED, str(error)))
            return
        if seen:
            self._see(connection, exchange, seen)
        if connection.exchange is exchange:
            self._intake.go_on(connection)

    def _see(self, connection: Connection, exchange: Exchange, seen: Seen) -> None:
        if seen is Seen.SAYS_DONE:
            exchange.done_ns = exchange.stamps[-1]
            self._nearest_ns = min(self._nearest_ns, exchange.done_ns + _DONE_GRACE_NS)
            return
        head = exchange.watch.head
        assert head is not None
        connection.exchange = None
        self._finish(exchange, exchange.stamps[-1])
        if head.is_last or connection.is_sending:
            self._forget(connection)
        else:
            self._be_ready(connection)

    def _end_of_bytes(self, connection: Connection, exchange: Exchange, stamp_ns: int) -> None:
        """The server closed: the end of some bodies, and of others before their time."""
        trouble = self._catch_up(connection)
        if trouble is not None:
            self._drop(connection, trouble)
        elif exchange.watch.ends_with_connection:
            connection.exchange = None
            is_done = exchange.done_ns == exchange.stamps[-1]
            self._finish(exchange, exchange.done_ns if is_done else stamp_ns)
            self._forget(connection)
        else:
            self._break(connection, Trouble(Fault.RESET, "the server closed before the answer was whole"))

    def _break(self, connection: Connection, trouble: Trouble) -> None:
        """A connection broke under a request. One that was closed while it was idle was only noticed now: another is
        tried, once, as if this one had never been."""
        trouble = self._catch_up(connection) or trouble
        exchange = connection.exchange
        if exchange is None or not _is_stale(connection, exchange):
            self._drop(connection, trouble)
            return
        connection.exchange = None
        self._forget(connection)
        exchange.sent_ns, exchange.is_second_try = None, True
        exchange.retries += 1
        self._queue.append(exchange)
        self._open()

    def _drop(self, connection: Connection, trouble: Trouble) -> None:
        """End the request and the connection."""
        trouble = self._catch_up(connection) or trouble
        exchange, connection.exchange = connection.exchange, None
        if exchange is not None:
            self._finish(exchange, self._clock(), trouble)
        self._forget(connection)

    def _catch_up(self, connection: Connection) -> Trouble | None:
        """All that came is in the exchange, and its head was looked at: what is wrong with it, if that had not been
        seen before."""
        self._intake.settle(connection)
        exchange = connection.exchange
        if exchange is not None and exchange.watch.head is None and exchange.parts:
            try:
                exchange.watch.see(exchange.parts)
            except ValueError as error:
                return Trouble(Fault.MALFORMED, str(error))
        return None

    def _finish(self, exchange: Exchange, end_ns: int, trouble: Trouble | None = None) -> None:
        self.in_flight -= 1
        if trouble is None and exchange.sent_ns is not None:
            self._typical_ns += (end_ns - exchange.sent_ns - self._typical_ns) // _MEMORY
        if trouble is None:
            exchange.end(end_ns)
        else:
            exchange.end(end_ns, trouble.fault, trouble.detail)
        self.finished.append(exchange)

    def _forget(self, connection: Connection) -> None:
        if connection.state in (State.OPENING, State.SHAKING):
            self._opening -= 1
        elif connection.state is State.IDLE:
            self._idle.remove(connection)
        self._intake.end(connection)
        self._waiter.remove(connection.fd)
        self._connections.pop(connection.fd, None)
        connection.close()

    def _check_deadlines(self) -> None:
        """End what took too long, and find the next that may."""
        now, nearest = self._clock(), _NEVER
        for exchange in [one for one in self._queue if one.deadline_ns <= now]:
            self._queue.remove(exchange)
            self._finish(exchange, now, Trouble(Fault.TIMEOUT, f"no connection within {self._route.timeout_s:g} s"))
        for connection in list(self._connections.values()):
            nearest = min(nearest, self._check_deadline(connection, now))
        self._nearest_ns = min([nearest, *(exchange.deadline_ns for exchange in self._queue)])

    def _check_deadline(self, connection: Connection, now: int) -> int:
        """The moment when this connection's time is over, if that is not now."""
        exchange = connection.exchange
        if connection.state is State.IDLE:
            return _NEVER
        if exchange is None:
            if connection.deadline_ns > now:
                return connection.deadline_ns
            self._fail(connection, self._explain_delay(connection))
        elif exchange.done_ns:
            return self._check_done(connection, exchange, now)
        elif exchange.deadline_ns > now:
            return exchange.deadline_ns
        else:
            late = f"the answer was not whole within {self._route.timeout_s:g} s"
            self._drop(connection, Trouble(Fault.TIMEOUT, late))
        return _NEVER

    def _explain_delay(self, connection: Connection) -> Trouble:
        within = f"within {self._route.connect_s:g} s"
        if connection.state is State.SHAKING:
            return Trouble(Fault.TLS, f"the server did not speak TLS {within}")
        return Trouble(Fault.CONNECT, f"no connection {within}")

    def _check_done(self, connection: Connection, exchange: Exchange, now: int) -> int:
        """A stream said [DONE] and the body did not end: it is over, unless more came after."""
        self._intake.settle(connection)
        if exchange.stamps[-1] != exchange.done_ns:
            exchange.done_ns = 0
            return exchange.deadline_ns
        if exchange.done_ns + _DONE_GRACE_NS > now:
            return exchange.done_ns + _DONE_GRACE_NS
        connection.exchange = None
        self._finish(exchange, exchange.done_ns)
        self._forget(connection)
        return _NEVER


def _is_stale(connection: Connection, exchange: Exchange) -> bool:
    """Whether the server may have closed the connection before the request was sent on it."""
    if exchange.parts or exchange.is_second_try or exchange.sent_ns is None:
        return False
    return exchange.sent_ns - connection.ready_ns >= _STALE_NS
