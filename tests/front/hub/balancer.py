"""What stands before several servers: it hands each connection to one that takes it, in turn."""

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_PIECE: Final = 64 << 10


@dataclass
class Balancer:
    """`passed` counts the bytes that each server sent; `watch` is told after every piece, before it is passed on."""

    backends: Sequence[tuple[str, int]]
    watch: Callable[[int, int], None] = lambda _backend, _passed: None
    passed: dict[int, int] = field(default_factory=dict[int, int])
    address: str = ""
    turns: "itertools.count[int]" = field(default_factory=itertools.count)

    def handle(self, client: socket.socket) -> None:
        """One connection, to whichever server takes it."""
        first = next(self.turns)
        for step in range(len(self.backends)):
            number = (first + step) % len(self.backends)
            with contextlib.suppress(OSError):
                server = socket.create_connection(self.backends[number], timeout=60)
                break
        else:
            client.close()
            return
        threading.Thread(target=self._pass_on, args=(client, server, None), daemon=True).start()
        self._pass_on(server, client, number)

    def _pass_on(self, source: socket.socket, target: socket.socket, backend: int | None) -> None:
        try:
            while piece := source.recv(_PIECE):
                if backend is not None:
                    self.passed[backend] = self.passed.get(backend, 0) + len(piece)
                    self.watch(backend, self.passed[backend])
                target.sendall(piece)
        except OSError:
            pass
        finally:
            for one in (source, target):
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


@contextmanager
def balancing(addresses: Sequence[str], watch: Callable[[int, int], None]) -> Generator[Balancer]:
    """A balancer for servers at these addresses."""
    places = [(str(urlsplit(one).hostname), int(urlsplit(one).port or 0)) for one in addresses]
    balancer = Balancer(places, watch)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        balancer.address = f"http://127.0.0.1:{listener.getsockname()[1]}"

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=balancer.handle, args=(client,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield balancer
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)
