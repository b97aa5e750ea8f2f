"""A server that says exactly what a test wants, piece by piece; and exchanges made of bytes, without a server."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from holdfast.measure.load.exchange import Exchange, Turn
from holdfast.measure.load.reading import Labels, read_exchange
from holdfast.measure.load.templates import Template
from holdfast.records.measurement import Api, Ask, Endpoint, Fault, Message, Reply

CLOSE, RESET, HANG = "close", "reset", "hang"
Step = bytes | float | str  # bytes to send, seconds to wait, or what to do with the connection
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True)
class Request:
    """What the server read."""

    number: int  # of all requests
    connection: int
    head: str
    body: bytes


@dataclass
class Scripted:
    """Answers every request by a script: steps in turn. `requests` are those that it read."""

    script: Callable[[Request], Iterable[Step]]
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list[Request])

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._lock, self._connections, self._open = threading.Lock(), 0, list[socket.socket]()
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._open:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    @property
    def url(self) -> str:
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def make_endpoint(self, api: Api = Api.CHAT, **more: object) -> Endpoint:
        return Endpoint("it", self.url, "a-model", api, **more)  # type: ignore[arg-type]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._connections += 1
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock, self._connections), daemon=True).start()

    def _serve(self, sock: socket.socket, connection: int) -> None:
        with contextlib.suppress(OSError), sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = self.tls.wrap_socket(sock, server_side=True) if self.tls else sock
            while (found := self._read(stream)) is not None:
                with self._lock:
                    request = Request(len(self.requests), connection, *found)
                    self.requests.append(request)
                for step in self.script(request):
                    if not _do(stream, step):
                        return

    def _read(self, sock: socket.socket) -> tuple[str, bytes] | None:
        data = b""
        while b"\r\n\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return None
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += sock.recv(65536)
        return head.decode(), body


def _do(sock: socket.socket, step: Step) -> bool:
    """Whether the connection goes on."""
    if isinstance(step, bytes):
        sock.sendall(step)
    elif isinstance(step, float):
        time.sleep(step)
    elif step == RESET:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        return False
    elif step == HANG:
        sock.recv(1)
        return False
    return step != CLOSE


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(data: str) -> bytes:
    """One event."""
    return f"data: {data}\n\n".encode()


def token(text: str, more: str = "") -> bytes:
    """A chat event with text."""
    shown = text.replace('"', '\\"')
    return event(f'{{"id":"c","model":"m","choices":[{{"index":0,"delta":{{"content":"{shown}"}}{more}}}]}}')


def finish(reason: str = "stop", tokens: int = 2) -> bytes:
    """A chat event that ends the answer, with usage."""
    return event(
        f'{{"model":"m","choices":[{{"index":0,"delta":{{}},"finish_reason":"{reason}"}}],'
        f'"usage":{{"prompt_tokens":5,"completion_tokens":{tokens}}}}}'
    )


def stream(*events: bytes) -> Iterator[Step]:
    """A whole streamed answer, each event in a chunk and a segment of its own."""
    yield HEAD
    yield from (chunk(one) for one in events)
    yield b"0\r\n\r\n"


def whole(body: bytes, status: str = "200 OK", headers: str = "Content-Type: application/json\r\n") -> bytes:
    """A whole answer that is not streamed."""
    return f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def make_ask(number: int = 0, text: str = "hello", **more: object) -> Ask:
    return Ask(number, (Message("user", text),), **more)  # type: ignore[arg-type]


def make_exchange(parts: Sequence[bytes], fault: Fault = Fault.NONE) -> Exchange:
    """An exchange that got these parts, at 10, 20, 30 … ns. Raises ValueError as the loop would hear it."""
    exchange = Exchange(Turn(7, 1), Template(make_ask(), "digest", (b"", b"", b"")), b"")
    exchange.sent_ns = 2
    for number, part in enumerate(parts, 1):
        exchange.parts.append(part)
        exchange.stamps.append(10 * number)
        exchange.watch.see(exchange.parts)
    exchange.end(10 * len(parts), fault)
    return exchange


def read(parts: Sequence[bytes], api: Api = Api.CHAT, fault: Fault = Fault.NONE) -> Reply:
    """What such an exchange says."""
    return read_exchange(make_exchange(parts, fault), Labels("it", api))
