"""One connection that never blocks: opened, with TLS where the address wants it, used for one request after another."""

import errno
import os
import socket
import ssl
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

from holdfast.measure.load.address import Address, Place
from holdfast.measure.load.exchange import Exchange
from holdfast.measure.load.gathered import tidy
from holdfast.measure.load.waiting import READABLE, WRITABLE
from holdfast.records.errors import MalformedFile, MissingPath, UnreadableFile
from holdfast.records.measurement import Endpoint, Fault

RECEIVE_BYTES: Final = 16384
WANTS: Final = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


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


def make_tls(endpoint: Endpoint, address: Address) -> ssl.SSLContext | None:
    """What a connection to the address is secured with: certificates are always verified, by `ca_file` where one is
    named. Raises MissingPath, UnreadableFile or MalformedFile for that."""
    if not address.is_tls:
        return None
    file = endpoint.ca_file
    if file and not Path(file).is_file():
        raise MissingPath(
            "there is no such file", where=file, next_step="Name the file with the authority's certificate."
        )
    try:
        context = ssl.create_default_context(cafile=file or None)
    except ssl.SSLError:
        raise MalformedFile(
            "it holds no certificate", where=file, next_step="Name a PEM file with the authority's certificate."
        ) from None
    except OSError as error:
        raise UnreadableFile(
            f"it cannot be read: {error.strerror}", where=file, next_step="Check its owner and permissions."
        ) from error
    context.set_alpn_protocols(["http/1.1"])
    return context


class Connection:
    """A socket and what it is doing. `place` is the number of the socket address that it goes to."""

    __slots__ = (
        "_outgoing",
        "deadline_ns",
        "exchange",
        "fd",
        "place",
        "ready_ns",
        "receive",
        "secured",
        "sock",
        "state",
    )

    def __init__(self, sock: socket.socket, place: int, deadline_ns: int) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.receive = sock.recv
        self.place = place
        self.deadline_ns = deadline_ns
        self.state = State.OPENING
        self.exchange: Exchange | None = None
        self.ready_ns = 0  # since when it has been idle
        self._outgoing = memoryview(b"")
        self.secured: ssl.SSLSocket | None = None

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
            self.receive(1)
        except WANTS:
            return True
        except OSError:
            return False
        return False

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """From now on it speaks TLS."""
        self.secured = context.wrap_socket(self.sock, server_hostname=host, do_handshake_on_connect=False)
        self.sock = self.secured
        self.receive = self.secured.recv
        self.state = State.SHAKING

    def shake(self) -> int:
        """A step of the handshake: what to wait for, 0 when it is done. OSError when it fails."""
        assert self.secured is not None
        try:
            self.secured.do_handshake()
        except ssl.SSLWantReadError:
            return READABLE
        except ssl.SSLWantWriteError:
            return WRITABLE
        return 0

    def start(self, request: bytes) -> None:
        """Give the kernel as much of the request as it takes. OSError when it takes none."""
        self._outgoing = memoryview(request)
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
