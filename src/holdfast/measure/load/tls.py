"""TLS over a socket that never blocks, and apart from it, so that the kernel's notes on arrivals are not lost."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from holdfast.measure.load.address import Address
from holdfast.measure.load.waiting import READABLE
from holdfast.records.errors import MalformedFile, MissingPath, UnreadableFile
from holdfast.records.measurement import Endpoint

Receive = Callable[[int, int], tuple[bytes, list[tuple[int, int, bytes]], int, Any]]
_READ_BYTES: Final = 65536


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


class Tls:
    """One connection's."""

    __slots__ = ("_incoming", "_object", "_outgoing", "_sock")

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, host: str) -> None:
        self._sock = sock
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    def shake(self) -> int:
        """A step of the handshake: what to wait for, 0 when it is done. OSError when it fails."""
        while True:
            try:
                self._object.do_handshake()
            except ssl.SSLWantReadError:
                self._flush()
            except ssl.SSLError:
                self._flush()
                raise
            else:
                self._flush()
                return 0
            try:
                data = self._sock.recv(_READ_BYTES)
            except BlockingIOError:
                return READABLE
            if not data:
                raise ConnectionResetError
            self._incoming.write(data)

    def wrap(self, data: bytes) -> bytes:
        """What to send in its place."""
        self._object.write(data)
        return self._outgoing.read()

    def receive(self, size: int, note_bytes: int) -> tuple[bytes, list[tuple[int, int, bytes]], int, Any]:
        """What was said, and the kernel's notes on the bytes that said it. BlockingIOError when that was nothing."""
        data, notes, flags, sender = self._sock.recvmsg(size, note_bytes)
        if not data:
            return data, notes, flags, sender
        self._incoming.write(data)
        said = self._read()
        if self._outgoing.pending:
            self._flush()
        if not said:
            raise BlockingIOError
        return said, notes, flags, sender

    def _read(self) -> bytes:
        """All that is whole. Empty, too, where the other side says that it is done: its connection will end."""
        pieces: list[bytes] = []
        try:
            while piece := self._object.read(_READ_BYTES):
                pieces.append(piece)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        return b"".join(pieces)

    def _flush(self) -> None:
        """Handshakes are short: they fit, or the connection is of no use."""
        data = self._outgoing.read()
        if data and self._sock.send(data) < len(data):
            raise ConnectionResetError
