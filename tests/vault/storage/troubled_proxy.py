"""A proxy on loopback that refuses requests and cuts connections, then lets everything through."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["refuse", "cut the answer", "cut the request", "say nothing"]
HOP = {"connection", "transfer-encoding", "keep-alive"}


@dataclass(slots=True)
class Trouble:
    """What happens to the next `times` requests of a method (any, when empty) whose path and query hold `holding`."""

    kind: Kind
    times: int
    method: str = ""
    holding: str = ""
    status: int = 503


@dataclass(slots=True)
class Proxy:
    """Where it listens, what it still has in store, and the requests that it saw."""

    port: int
    troubles: list[Trouble] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def next_trouble(self, method: str, path: str) -> Trouble | None:
        with self.lock:
            self.seen.append(f"{method} {path}")
            for trouble in self.troubles:
                if trouble.times and trouble.method in ("", method) and trouble.holding in path:
                    trouble.times -= 1
                    return trouble
        return None


@contextlib.contextmanager
def standing_before(server_port: int) -> Iterator[Proxy]:
    """A proxy before a server, for as long as the block lasts."""
    listener = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    listener.daemon_threads = True
    proxy = Proxy(listener.server_address[1])
    listener.RequestHandlerClass = _handler_of(proxy, server_port)
    thread = threading.Thread(target=listener.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        listener.shutdown()
        listener.server_close()


def _handler_of(proxy: Proxy, server_port: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            trouble = proxy.next_trouble(self.command, self.path)
            length = int(self.headers.get("Content-Length", 0))
            if trouble is not None and trouble.kind == "cut the request":
                self.rfile.read(length // 2)
                self._cut()
                return
            body = self.rfile.read(length)
            match trouble.kind if trouble else "":
                case "refuse":
                    self._answer(trouble.status if trouble else 0, {}, b"<Error><Code>SlowDown</Code></Error>")
                case "say nothing":
                    self._cut()
                case "cut the answer":
                    self._pass_on(body, cut=True)
                case _:
                    self._pass_on(body, cut=False)

        def _pass_on(self, body: bytes, *, cut: bool) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", server_port, timeout=60)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP}
            self._answer(answer.status, kept, content, sent=len(content) // 2 if cut else None)

        def _answer(self, status: int, headers: dict[str, str], content: bytes, sent: int | None = None) -> None:
            self.send_response(status)
            if self.command != "HEAD":
                headers = {name: value for name, value in headers.items() if name.lower() != "content-length"}
                headers["Content-Length"] = str(len(content))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[:sent])
            if sent is not None:
                self._cut()

        def _cut(self) -> None:
            self.wfile.flush()
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_any  # noqa: N815 (names that the library asks for)

    return Handler
