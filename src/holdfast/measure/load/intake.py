"""What comes on connections: waited for, read, stamped and put aside, until something needs a look.

Compiled (intake.c, by native.py) where it could be and the connection is not secured, else the same in Python.
"""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol

from holdfast.measure.load.connection import RECEIVE_BYTES, WANTS, Connection, State
from holdfast.measure.load.framing import HINTS, SHORT
from holdfast.measure.load.stamps import NOTE_BYTES, Stamper
from holdfast.measure.load.waiting import EVENTS_MAX, READABLE, WRITABLE, EpollWaiter, Waiter

CHOICE: Final = "HOLDFAST_KERNEL"  # `plain` rules the compiled one out
_REST_NS_MIN: Final = 50_000
_BUSY: Final = State.BUSY


class Came(IntEnum):
    """What came on a connection that an answer is to come on; UNREAD: it is another, and was not read."""

    UNREAD = 0
    NOTHING = 1
    PART = 2  # it is put aside, and has to be looked at
    END = 3
    BROKEN = 4
    ASIDE = 5


@dataclass(frozen=True, slots=True)
class Arrival:
    """What needs a look. Without a connection: the moment has come. `events` are what the system said."""

    connection: Connection | None
    events: int
    came: Came = Came.UNREAD
    error: OSError | None = None


class Intake(Protocol):
    """Fills in the exchanges of busy connections. `events`: what a connection is watched for, once it is open."""

    events: int

    @property
    def has_come(self) -> bool:
        """Whether anything came the last time."""
        ...

    def gather(self, until_ns: int, rest_ns: int) -> list[Arrival]:
        """Wait for what needs a look (0: see what is there), and put aside what does not. Where events come so fast
        that each would wake this process it rests between two waits: the kernel notes when each came."""
        ...

    def begin(self, connection: Connection) -> None:
        """An answer is to come on it. OSError when there is no memory for one."""
        ...

    def settle(self, connection: Connection) -> None:
        """What was put aside is in the exchange."""
        ...

    def go_on(self, connection: Connection) -> None:
        """It was looked at, and the answer goes on."""
        ...

    def end(self, connection: Connection) -> None:
        """No answer is to come on it any more."""
        ...

    def close(self) -> None:
        """Give back the memory."""
        ...


MakeIntake = Callable[[Waiter, Mapping[int, Connection]], Intake]


def make_intake(waiter: Waiter, connections: Mapping[int, Connection]) -> Intake:
    """The fastest there is here for connections that are not secured; HOLDFAST_KERNEL=plain forces the one in
    Python."""
    if isinstance(waiter, EpollWaiter) and os.environ.get(CHOICE) != "plain":
        from holdfast.measure.load.native import NativeIntake, find_native_library

        library = find_native_library()
        if library is not None:
            return NativeIntake(library, waiter.fd, connections)
    return PlainIntake(waiter, connections)


class PlainIntake:
    """In Python, for any connection and any way to wait."""

    events = READABLE

    def __init__(self, waiter: Waiter, connections: Mapping[int, Connection]) -> None:
        self._waiter, self._connections = waiter, connections
        self._stamper = Stamper()
        self._has_notes = False
        self._is_behind = False  # there may be more than the last wait told of
        self.has_come = False

    def gather(self, until_ns: int, rest_ns: int) -> list[Arrival]:
        """As Intake has it."""
        wait, stamper = self._waiter.wait if until_ns else self._waiter.look, self._stamper
        self.has_come = False
        while True:
            (stamper.sleep_again if self._is_behind else stamper.sleep)()
            ready = wait()
            stamper.wake()
            self._is_behind = len(ready) >= EVENTS_MAX
            found = self._read(ready)
            if found or not until_ns:
                return found
            self._rest(until_ns, rest_ns)

    def begin(self, connection: Connection) -> None:
        """Nothing: connections say themselves whether they are busy."""

    def settle(self, connection: Connection) -> None:
        """Nothing: it is there already."""

    def go_on(self, connection: Connection) -> None:
        """Nothing: the exchange is asked."""

    def end(self, connection: Connection) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""

    def _read(self, ready: list[tuple[int, int]]) -> list[Arrival]:
        found: list[Arrival] = []
        find = self._connections.get
        for fd, events in ready:
            connection = find(fd)
            if connection is None or connection.state is not _BUSY or not events & ~WRITABLE:
                found.append(Arrival(connection, events))
                continue
            self.has_come = True
            came, error = self._receive(connection)
            is_done = came is Came.ASIDE or came is Came.NOTHING
            if not is_done or events & WRITABLE:
                found.append(Arrival(connection, events, came, error))
        return found

    def _receive(self, connection: Connection) -> tuple[Came, OSError | None]:
        exchange = connection.exchange
        assert exchange is not None
        try:
            data, notes, _, _ = connection.receive(RECEIVE_BYTES, NOTE_BYTES)
        except WANTS:
            return Came.NOTHING, None
        except OSError as error:
            return Came.BROKEN, error
        if not data:
            return Came.END, None
        self._has_notes = bool(notes)
        exchange.stamps.append(self._stamper.find(notes))
        exchange.parts.append(data)
        watch, size = exchange.watch, len(data)
        watch.room -= size
        is_plain = watch.is_open_ended and size >= SHORT and watch.room >= 0 and not data.endswith(HINTS)
        return (Came.ASIDE if is_plain else Came.PART), None

    def _rest(self, until_ns: int, rest_ns: int) -> None:
        stamper = self._stamper
        is_soon = until_ns - stamper.woke_ns < 2 * rest_ns
        if self._has_notes and rest_ns > _REST_NS_MIN and not is_soon and stamper.waited_ns < rest_ns:
            time.sleep(rest_ns / 1e9)
