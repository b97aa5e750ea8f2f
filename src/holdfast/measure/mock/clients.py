"""The connections of the plain mock: bytes in, whole requests out, and what the kernel does not take at once. They do
not know what is answered."""

import contextlib
import select
import selectors
import socket
import struct
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Protocol

from holdfast.measure.mock.asking import HEAD_BYTES_MAX, Fault, Head, NotUnderstood, read_head
from holdfast.measure.mock.course import count_ns
from holdfast.measure.mock.spec import MockSpec, StallOf
from holdfast.measure.mock.wording import write_fault

if sys.platform == "linux":
    from selectors import EpollSelector as _Selector
else:
    from selectors import KqueueSelector as _Selector

READ_BYTES: Final = 256 << 10
OUT_BYTES_MAX: Final = 16 << 20  # that a client does not take: then it is cut off
DRAINED_BYTES_MAX: Final = 1 << 30
_RESET: Final = struct.pack("ii", 1, 0)
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

Note = Callable[[int, int], None]


@dataclass(slots=True, eq=False)
class Connection:
    """A client. `late` says whom to tell when so many bytes in all have been given to the kernel, with the moments just
    before and after the last of them. While it `waits` for an answer nothing more is read."""

    number: int
    socket: socket.socket
    heard: bytearray = field(default_factory=bytearray)
    head: Head | None = None
    first_byte_ns: int = 0
    out: bytearray = field(default_factory=bytearray)
    given: int = 0
    late: deque[tuple[int, Note]] = field(default_factory=deque[tuple[int, Note]])
    waits: bool = False
    closes: bool = False
    drains: bool = False
    drained: int = 0
    is_deaf: bool = False
    is_open: bool = True
    watched: int = selectors.EVENT_READ

    def note_when_out(self, note: Note) -> None:
        """Tell when all that was given here so far has been given to the kernel."""
        self.late.append((self.given + len(self.out), note))


class Desk(Protocol):
    """Who answers."""

    def answer(self, connection: Connection, head: Head, body: bytes) -> None:
        """A request has come whole. May raise NotUnderstood."""
        ...

    def lose(self, connection: Connection) -> None:
        """The client has left before its answer was over, or does not read it."""
        ...


class Clients:
    """All connections. `zero_ns` is when the first request came, from which stalls count; 0: none has."""

    def __init__(self, spec: MockSpec, listener: socket.socket, desk: Desk) -> None:
        self._spec, self._listener, self._desk = spec, listener, desk
        self._selector = _Selector()
        self._open = dict[int, Connection]()
        self._accepts = False
        self.zero_ns = self.count = self.not_understood = 0
        listener.setblocking(False)

    def watch_control(self, control: int) -> None:
        """From now on `wait` tells, with data None, when this descriptor can be read. A file's cannot be waited for."""
        with contextlib.suppress(PermissionError):
            self._selector.register(control, selectors.EVENT_READ, None)

    def wait(self, until_ns: int | None) -> list[tuple[selectors.SelectorKey, int]]:
        """What has arrived, as soon as something has, or at that moment. `select` on the selector itself knows
        microseconds, epoll only milliseconds."""
        now_ns = time.monotonic_ns()
        self._watch_listener(now_ns)
        ends = [end for end in (until_ns, self._find_next_watch(now_ns)) if end is not None]
        select.select([self._selector.fileno()], [], [], max(0.0, (min(ends) - now_ns) / 1e9) if ends else None)
        return self._selector.select(0)

    def meet(self, key: selectors.SelectorKey, events: int, now_ns: int) -> None:
        """Hear what has arrived, or send what waits."""
        if key.data is self:
            self._accept()
        elif isinstance(key.data, Connection) and key.data.is_open:
            if events & selectors.EVENT_WRITE:
                self._flush(key.data)
            else:
                self._hear(key.data, now_ns)

    def send(self, connection: Connection, data: bytes) -> bool:
        """Whether the kernel took all of it."""
        sent = 0
        if not connection.is_open:
            return True
        if not connection.out:
            try:
                sent = connection.socket.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self._lose(connection)
                return True
            connection.given += sent
        if sent == len(data):
            return True
        connection.out += data[sent:]
        if len(connection.out) > OUT_BYTES_MAX:
            self._lose(connection)
        else:
            self._watch(connection)
        return False

    def reply(self, connection: Connection, data: bytes, *, keeps_alive: bool) -> None:
        """Send a whole answer."""
        self.send(connection, data)
        self.let_go(connection, keeps_alive=keeps_alive)

    def let_go(self, connection: Connection, *, keeps_alive: bool) -> None:
        """An answer is over: close, or go on to what the client has sent since."""
        connection.waits = connection.is_deaf = False
        if not connection.is_open:
            return
        if not keeps_alive:
            connection.closes = True
            if connection.out:
                self._watch(connection)
            else:
                self._drop(connection)
            return
        self._watch(connection)
        if connection.heard:
            connection.first_byte_ns = time.monotonic_ns()
            self._read_request(connection)

    def reset(self, connection: Connection) -> None:
        """Break the connection, so that the client is told of an error."""
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._drop(connection)

    def close(self) -> None:
        """Every connection, and the listener."""
        for connection in list(self._open.values()):
            self._drop(connection)
        self._listener.close()
        self._selector.close()

    def _accept(self) -> None:
        while len(self._open) < self._spec.connections_max:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(self.count, client)
            self._open[connection.number] = connection
            self.count += 1
            self._selector.register(client, selectors.EVENT_READ, connection)

    def _watch_listener(self, now_ns: int) -> None:
        """New connections are let wait in the kernel while a stall says so, or when there are too many."""
        is_shut = any(begin <= now_ns < end for begin, end in self._list_closures())
        wanted = len(self._open) < self._spec.connections_max and not is_shut
        if wanted == self._accepts:
            return
        self._accepts = wanted
        if wanted:
            self._selector.register(self._listener, selectors.EVENT_READ, self)
        else:
            self._selector.unregister(self._listener)

    def _list_closures(self) -> list[tuple[int, int]]:
        stalls = [stall for stall in self._spec.stalls if stall.of is StallOf.ACCEPT and self.zero_ns]
        begins = [(self.zero_ns + count_ns(stall.at_s), count_ns(stall.duration_s)) for stall in stalls]
        return [(begin, begin + duration) for begin, duration in begins]

    def _find_next_watch(self, now_ns: int) -> int | None:
        return min((at for pair in self._list_closures() for at in pair if at > now_ns), default=None)

    def _hear(self, connection: Connection, now_ns: int) -> None:
        if connection.waits:
            self._look_for_end(connection)
            return
        data = _receive(connection.socket, READ_BYTES, 0)
        if data is None:
            return
        connection.drained += len(data)
        if not data or (connection.drains and connection.drained > DRAINED_BYTES_MAX):
            self._drop(connection)
        elif not connection.drains:
            if not connection.heard and connection.head is None:
                connection.first_byte_ns = now_ns
            connection.heard += data
            self._read_request(connection)

    def _look_for_end(self, connection: Connection) -> None:
        """A client that is being answered has left, or has sent the next request already, which is let wait."""
        data = _receive(connection.socket, 1, socket.MSG_PEEK)
        if data:
            connection.is_deaf = True
            self._watch(connection)
        elif data is not None:
            self._lose(connection)

    def _read_request(self, connection: Connection) -> None:
        try:
            head = connection.head or self._take_head(connection)
            if head is None or len(connection.heard) < head.body_bytes:
                return
            body = bytes(connection.heard[: head.body_bytes])
            del connection.heard[: head.body_bytes]
            connection.head = None
            self._desk.answer(connection, head, body)
        except NotUnderstood as error:
            self.not_understood += 1
            self._reply_fault(connection, error.fault)

    def _take_head(self, connection: Connection) -> Head | None:
        end = connection.heard.find(b"\r\n\r\n", 0, HEAD_BYTES_MAX)
        if end < 0:
            if len(connection.heard) >= HEAD_BYTES_MAX:
                raise NotUnderstood(Fault.HEAD_LONG)
            return None
        head = connection.head = read_head(bytes(connection.heard[:end]))
        del connection.heard[: end + 4]
        if head.body_bytes > self._spec.body_bytes_max:
            raise NotUnderstood(Fault.BODY_LONG)
        if head.waits and len(connection.heard) < head.body_bytes:
            self.send(connection, _CONTINUE)
        return head

    def _reply_fault(self, connection: Connection, fault: Fault) -> None:
        """What the client still sends is read and thrown away: a connection that is closed with something unread in it
        is reset, and the answer with it."""
        connection.closes = connection.drains = True
        connection.heard.clear()
        self.send(connection, write_fault(*fault.value))
        if not connection.out:
            self._shut(connection)

    def _shut(self, connection: Connection) -> None:
        if connection.is_open:
            with contextlib.suppress(OSError):
                connection.socket.shutdown(socket.SHUT_WR)
            self._watch(connection)

    def _flush(self, connection: Connection) -> None:
        before_ns = time.monotonic_ns()
        try:
            sent = connection.socket.send(connection.out)
        except BlockingIOError:
            return
        except OSError:
            self._lose(connection)
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

    def _lose(self, connection: Connection) -> None:
        self._drop(connection)
        if connection.waits:
            connection.waits = False
            self._desk.lose(connection)

    def _drop(self, connection: Connection) -> None:
        if connection.is_open:
            connection.is_open = False
            if connection.watched:
                self._selector.unregister(connection.socket)
            connection.socket.close()
            del self._open[connection.number]


def _receive(client: socket.socket, size: int, flags: int) -> bytes | None:
    """None: nothing has come yet. Empty: the client has left, in whichever way."""
    try:
        return client.recv(size, flags)
    except BlockingIOError:
        return None
    except OSError:
        return b""
