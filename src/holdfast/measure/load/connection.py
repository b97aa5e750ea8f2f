"""One connection that never blocks: opened, with TLS where the address wants it, used for one request after another."""

import errno
import os
import socket
import ssl
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from holdfast.measure.load.address import Place
from holdfast.measure.load.exchange import Exchange
from holdfast.measure.load.gathered import tidy
from holdfast.measure.load.stamps import note_arrivals
from holdfast.measure.load.tls import Receive, Tls
from holdfast.records.measurement import Fault

RECEIVE_BYTES: Final = 16384
WANTS: Final = (BlockingIOError, InterruptedError)


class State(IntEnum):
    """How far a connection is."""

    OPENING = 0
    SHAKING = 1  # TLS
    IDLE = 2
    BUSY = 3
    CLOSED = 4


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong with a connection."""

    fault: Fault
    detail: str


class Connection:
    """A socket and what it is doing. `place` is the number of the socket address that it goes to. `receive` is as
    `recvmsg`, and gives what was said without what secures it."""

    __slots__ = ("_outgoing", "_tls", "deadline_ns", "exchange", "fd", "place", "ready_ns", "receive", "sock", "state")

    def __init__(self, sock: socket.socket, place: int, deadline_ns: int) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.receive: Receive = sock.recvmsg
        self.place = place
        self.deadline_ns = deadline_ns
        self.state = State.OPENING
        self.exchange: Exchange | None = None
        self.ready_ns = 0  # since when it has been idle
        self._outgoing = memoryview(b"")
        self._tls: Tls | None = None

    @property
    def is_sending(self) -> bool:
        """Whether part of the request is still to be given to the kernel."""
        return len(self._outgoing) > 0

    def find_error(self) -> int:
        """The system's error number, 0 for none."""
        return self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def is_quiet(self) -> bool:
        """Whether an idle connection is still of use: nothing came on it, not even its end."""
        try:
            self.receive(RECEIVE_BYTES, 0)
        except WANTS:
            return True
        except OSError:
            return False
        return False

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """From now on it speaks TLS."""
        self._tls = Tls(self.sock, context, host)
        self.receive = self._tls.receive
        self.state = State.SHAKING

    def shake(self) -> int:
        """A step of the handshake: what to wait for, 0 when it is done. OSError when it fails."""
        assert self._tls is not None
        return self._tls.shake()

    def start(self, request: bytes) -> None:
        """Give the kernel as much of the request as it takes. OSError when it takes none."""
        self._outgoing = memoryview(request if self._tls is None else self._tls.wrap(request))
        self.go_on()

    def go_on(self) -> None:
        """Give it more."""
        try:
            while self._outgoing:
                self._outgoing = self._outgoing[self.sock.send(self._outgoing) :]
        except WANTS:
            return

    def close(self) -> None:
        """It is gone."""
        self.state = State.CLOSED
        self._outgoing = memoryview(b"")
        self.sock.close()


def open_socket(place: Place) -> socket.socket:
    """A socket on its way to a place. OSError when there is none."""
    family, target = place
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        note_arrivals(sock)
        code = sock.connect_ex(target)
        if code not in (0, errno.EINPROGRESS, errno.EWOULDBLOCK):
            raise OSError(code, os.strerror(code))
    except BaseException:
        sock.close()
        raise
    return sock


def explain(error: OSError, when: State) -> Trouble:
    """Which fault an error of a socket is."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Trouble(Fault.TLS, f"the certificate does not hold: {tidy(error.verify_message)}")
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return Trouble(Fault.TLS, f"TLS failed: {tidy(str(error.reason or error))}")
    words = (
        os.strerror(error.errno).lower() if error.errno and not isinstance(error, ssl.SSLError) else "it was broken off"
    )
    if when is State.SHAKING:
        return Trouble(Fault.TLS, f"the connection broke while TLS began: {words}")
    if when is State.OPENING:
        return Trouble(Fault.CONNECT, f"no connection: {words}")
    return Trouble(Fault.RESET, f"the connection broke: {words}")
