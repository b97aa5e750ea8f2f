"""A receiver of alerts on loopback: it answers what it is told to, and keeps what came."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import cast

LIMIT_BYTES = 1 << 20


@dataclass
class Receiver:
    """`answers` are the statuses to give, the last one for ever after; 0 ends the connection without an answer."""

    url: str = ""
    answers: Sequence[int] = (204,)
    bodies: list[bytes] = field(default_factory=list[bytes])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    methods: list[str] = field(default_factory=list[str])


@contextmanager
def receiving(*answers: int) -> Generator[Receiver]:
    """A receiver for the time of a `with` block."""
    receiver = Receiver(answers=answers or (204,))

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = min(int(self.headers.get("Content-Length") or 0), LIMIT_BYTES)
            receiver.bodies.append(self.rfile.read(length))
            receiver.headers.append(dict(self.headers.items()))
            receiver.methods.append(self.command)
            status = receiver.answers[min(len(receiver.bodies), len(receiver.answers)) - 1]
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", receiver.url + "elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = handle_any  # noqa: N815 - names of http.server

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{cast('tuple[str, int]', server.server_address)[1]}/hook/secret-path"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
