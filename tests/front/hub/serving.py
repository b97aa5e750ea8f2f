"""A vault that is served by a thread of this process, and somebody who asks it."""

import asyncio
import base64
import http.client
import json
import ssl
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from holdfast.front.hub.guarding import GuardAsked
from holdfast.front.hub.running import Listening, serve_until
from holdfast.front.hub.site import SiteAsked
from holdfast.records.access import Grant, Scope
from holdfast.workflows.serve import ServeAsked
from holdfast.workflows.token import TokenAsked, run_token_create
from holdfast.workflows.vaults import VaultAsked


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A server, and a client of it that sends `token`."""

    vault: VaultAsked
    address: str
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, /, **headers: str) -> Answer:
        """One request on a connection of its own; `X_Y=…` is the header X-Y."""
        said = dict(self.headers)
        if self.token:
            said["Authorization"] = f"Bearer {self.token}"
        said |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body, said)
            answer = connection.getresponse()
            return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def made(self, token: str) -> "Served":
        """The same, asked by somebody else."""
        return Served(self.vault, self.address, token)

    def create_token(self, *grants: tuple[Scope, str], name: str = "ci", expires: str = "") -> str:
        """A token of this vault, once the server takes it."""
        made = TokenAsked(self.vault, name, tuple(Grant(*one) for one in grants), expires, "Ana")
        secret = run_token_create(made).secret
        wait_until(lambda: self.made(secret).ask("/api/whoami-v2").status == 200)
        return secret


def wait_until(holds: Callable[[], bool], patience_s: float = 30.0) -> None:
    """Raises when it does not come to hold in time."""
    ends = monotonic() + patience_s
    while not holds():
        assert monotonic() < ends, "it did not come to hold"
        sleep(0.1)


def basic(token: str) -> str:
    """What git and browsers send."""
    return f"Basic {base64.b64encode(f'ana:{token}'.encode()).decode()}"


@contextmanager
def serving(
    vault: Path,
    environ: Mapping[str, str],
    guard: GuardAsked | None = None,
    site: SiteAsked | None = None,
    host: str = "127.0.0.1",
    trusted_hours: float = 0.0,
    tls: ssl.SSLContext | None = None,
) -> Generator[Served]:
    """A vault, served for the time of a `with` block. Raises what starting raises."""
    asked = VaultAsked(str(vault), environ)
    told: Queue[str | BaseException] = Queue()
    ends: Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Queue()
    listening = Listening(host, 0, grace_s=20, tls=tls, guard=guard or GuardAsked())

    async def run() -> None:
        ended = asyncio.Event()
        ends.put((asyncio.get_running_loop(), ended))
        try:
            await serve_until(ServeAsked(asked, trusted_hours), site or SiteAsked(), listening, told.put, ended)
        except BaseException as error:
            told.put(error)

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    loop, ended = ends.get(timeout=60)
    try:
        found = told.get(timeout=60)
        if isinstance(found, BaseException):
            raise found
        yield Served(asked, found.replace("0.0.0.0", "127.0.0.1"))
    finally:
        if loop.is_running():
            loop.call_soon_threadsafe(ended.set)
        thread.join(60)
        assert not thread.is_alive()
