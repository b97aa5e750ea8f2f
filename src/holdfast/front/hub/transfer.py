"""Large bodies: threads read, check and send them on the connection's own socket, so that the event loop need not.

A thread works for a connection as long as its client takes what it gets; a client that takes nothing for a moment is
waited for without one. Bytes that cannot be had as they were kept are not sent: the connection ends short instead.
"""

import asyncio
import contextlib
import os
import select
import socket
import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import Enum
from time import monotonic
from typing import Final, Protocol, TypeVar

from aiohttp import web

from holdfast.front.hub.trace import note_sent
from holdfast.records.errors import HoldfastError

FIRST_BYTES: Final = 128 << 10  # sent with the head, and more than aiohttp leaves unsent
_TURN_BYTES: Final = 8 << 20  # short, so that those who download the same stay close to each other
_PATIENCE_S: Final = 0.02
_AT_ONCE: Final = struct.pack("ii", 1, 0)  # closing forgets what the client did not take, which may be megabytes
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Pace:
    """A client that takes nothing for `stalled_s`, or less than `window_bytes` in `window_s`, is left."""

    stalled_s: float = 60.0
    window_s: float = 60.0
    window_bytes: int = 256 << 10


class Stretch(Protocol):
    """Bytes of an open file that may be sent as they lie there."""

    @property
    def descriptor(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def length(self) -> int: ...


class Body(Protocol):
    """Where the bytes come from; a piece is good until the next is read."""

    def read_piece(self) -> "memoryview | Stretch | None":
        """The next bytes, None after the last."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class Senders:
    """The threads that send, and how long they bear with a client. `ask` runs something in one of them."""

    def __init__(self, threads: int, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sending")
        self._threads = threads
        self._busy = 0

    @property
    def are_all_busy(self) -> bool:
        """Whether somebody waits for a thread."""
        return self._busy > self._threads

    async def ask(self, work: Callable[[], _T]) -> _T:
        """What `work` gives. It is waited for even when the request is cancelled: it may use the request's socket."""
        self._busy += 1
        future = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            with contextlib.suppress(BaseException):
                await future
            raise
        finally:
            self._busy -= 1

    def close(self) -> None:
        """Wait for what is being done."""
        self._pool.shutdown()


class _State(Enum):
    DONE = 1
    BLOCKED = 2  # the client takes no more just now
    TURN = 3  # others wait


@dataclass(slots=True)
class _Sending:
    """A body on its way into a socket that does not block."""

    body: Body
    socket: socket.socket
    senders: Senders
    rest: "memoryview | Stretch | None"
    begun: int = 0  # bytes of `rest` that were sent
    sent: int = 0

    def push(self) -> _State:
        """Send what the client takes. Raises OSError when it is gone, a HoldfastError when bytes cannot be had."""
        ends = self.sent + _TURN_BYTES
        while True:
            if self.rest is None:
                self.rest, self.begun = self.body.read_piece(), 0
                if self.rest is None:
                    return _State.DONE
            if not self._send():
                if self.senders.are_all_busy or not self._wait():
                    return _State.BLOCKED
            elif self.sent >= ends and self.senders.are_all_busy:
                return _State.TURN

    def _send(self) -> bool:
        """Send of `rest` what the socket takes; False when it takes nothing."""
        rest = self.rest
        assert rest is not None
        try:
            if isinstance(rest, memoryview):
                count, length = self.socket.send(rest[self.begun :]), len(rest)
            else:
                length = rest.length
                count = os.sendfile(
                    self.socket.fileno(), rest.descriptor, rest.offset + self.begun, length - self.begun
                )
                if not count:
                    raise ConnectionAbortedError("the file ends early")
        except BlockingIOError:
            return False
        self.begun += count
        self.sent += count
        if self.begun == length:
            self.rest = None
        return True

    def _wait(self) -> bool:
        poller = select.poll()
        poller.register(self.socket, select.POLLOUT)
        return bool(poller.poll(_PATIENCE_S * 1000))


class Cut(Exception):
    """A body that could not be sent to its end; `error` says why when it was not the client that left. `response` was
    begun, and its connection is closed."""

    def __init__(self, error: HoldfastError | None, response: web.StreamResponse) -> None:
        super().__init__(str(error) if error else "the client is gone, or too slow")
        self.error = error
        self.response = response


class _Unreadable(Exception):
    """Bytes cannot be had as they were kept, and others before them were sent."""

    def __init__(self, why: HoldfastError) -> None:
        super().__init__(str(why))
        self.why = why


async def send_body(request: web.Request, response: web.StreamResponse, body: Body, senders: Senders) -> None:
    """Send a response whose length is known and whose body is large. Raises a HoldfastError before anything was sent,
    Cut after."""
    try:
        first, rest = await senders.ask(lambda: _read_first(body))
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        is_plain = transport.get_extra_info("ssl_object") is None
        if is_plain:
            transport.set_write_buffer_limits(high=0)  # so that what follows waits until all of it is in the socket
        await response.prepare(request)
        try:
            await response.write(first)
            note_sent(request, len(first))
            if is_plain:
                await _send_rest(request, transport, _Sending(body, _dup(transport), senders, rest))
            else:
                await _write_rest(request, response, body, senders, rest)
            await response.write_eof()
        except BaseException:
            transport.abort()
            raise
        transport.set_write_buffer_limits()
    except OSError as error:
        raise Cut(None, response) from error
    except _Unreadable as error:
        raise Cut(error.why, response) from error
    finally:
        await senders.ask(body.close)


def _read_first(body: Body) -> tuple[bytes, "memoryview | Stretch | None"]:
    """Enough bytes to begin with, all of them checked, and what is left of the piece that was read last."""
    parts: list[bytes] = []
    size = 0
    while size < FIRST_BYTES:
        piece = body.read_piece()
        if piece is None:
            break
        if not isinstance(piece, memoryview):
            piece = memoryview(os.pread(piece.descriptor, piece.length, piece.offset))
        taken = piece[: FIRST_BYTES - size]
        parts.append(bytes(taken))
        size += len(taken)
        if len(taken) < len(piece):
            return b"".join(parts), piece[len(taken) :]
    return b"".join(parts), None


def _dup(transport: asyncio.Transport) -> socket.socket:
    """The connection's socket under a descriptor of our own, which stays ours when the transport closes."""
    ours: socket.socket = transport.get_extra_info("socket").dup()
    ours.setblocking(False)
    return ours


async def _send_rest(request: web.Request, transport: asyncio.Transport, sending: _Sending) -> None:
    with sending.socket:
        try:
            await _send_all(transport, sending)
        except TimeoutError:
            sending.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
            raise
        finally:
            note_sent(request, sending.sent)


async def _send_all(transport: asyncio.Transport, sending: _Sending) -> None:
    window, before, pace = monotonic(), 0, sending.senders.pace
    while True:
        state = await _push(sending)
        if state is _State.DONE:
            return
        if state is _State.BLOCKED:
            await _wait_until_writable(sending.socket, pace.stalled_s)
        if transport.is_closing():
            raise ConnectionResetError("the client is gone")
        if monotonic() - window > pace.window_s:
            if sending.sent - before < pace.window_bytes:
                raise TimeoutError("the client is too slow")
            window, before = monotonic(), sending.sent


async def _push(sending: _Sending) -> _State:
    try:
        return await sending.senders.ask(sending.push)
    except HoldfastError as error:
        raise _Unreadable(error) from error


async def _wait_until_writable(waiting: socket.socket, patience_s: float) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_writer(waiting.fileno(), _settle, ready)
    try:
        await asyncio.wait_for(ready, patience_s)
    finally:
        loop.remove_writer(waiting.fileno())


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


async def _write_rest(
    request: web.Request,
    response: web.StreamResponse,
    body: Body,
    senders: Senders,
    rest: "memoryview | Stretch | None",
) -> None:
    """By the event loop, where bytes must be encrypted first."""
    while rest is not None:
        piece = _copy(rest)
        await asyncio.wait_for(response.write(piece), senders.pace.stalled_s)
        note_sent(request, len(piece))
        try:
            rest = await senders.ask(body.read_piece)
        except HoldfastError as error:
            raise _Unreadable(error) from error


def _copy(piece: "memoryview | Stretch") -> bytes:
    if isinstance(piece, memoryview):
        return bytes(piece)
    return os.pread(piece.descriptor, piece.length, piece.offset)
