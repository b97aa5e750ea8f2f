"""A vault that is served and written to, in a thread of the test's process; a client that says what it likes."""

import asyncio
import http.client
import json
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from holdfast.front.hub.access import AccessAsked
from holdfast.front.hub.app import make_site
from holdfast.front.hub.guarding import GuardAsked, guarding
from holdfast.front.hub.pushing import open_desk
from holdfast.front.hub.site import SiteAsked
from holdfast.front.hub.writing import Desk
from holdfast.records.access import Grant, Scope
from holdfast.vault.opening import open_local_vault
from holdfast.workflows.hub_writing.writer import WriteAsked
from holdfast.workflows.serve import ServeAsked, open_service
from holdfast.workflows.token import TokenAsked, run_token_create
from holdfast.workflows.vaults import VaultAsked


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Its body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    """A server on loopback. `token` may do everything, `others` are by their names."""

    address: str
    asked: VaultAsked
    desk: Desk
    token: str
    others: Mapping[str, str]

    @property
    def uploads(self) -> Path:
        """Where what arrives lies."""
        return self.desk.writer.uploads.folder

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. `path` may be an address of this server; JSON is made of what is no bytes; a token of None is
        none."""
        parts = urlsplit(path)
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=60)
        said = dict(headers or {})
        if token is not None:
            said["Authorization"] = f"Bearer {token or self.token}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, f"{parts.path}?{parts.query}" if parts.query else parts.path, data, said)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()


@contextmanager
def serving(
    folder: Path, access: AccessAsked | None = None, others: Mapping[str, Grant] | None = None
) -> Generator[Server]:
    """A new vault in `folder`, served."""
    open_local_vault(folder / "vault").close()
    asked = VaultAsked(str(folder / "vault"))
    token = run_token_create(TokenAsked(asked, "Ana", (Grant(Scope.ADMIN, "*"),))).secret
    made = {name: run_token_create(TokenAsked(asked, name, (grant,))).secret for name, grant in (others or {}).items()}
    loop = asyncio.new_event_loop()
    started: asyncio.Future[tuple[str, Desk]] = loop.create_future()
    ended = asyncio.Event()
    thread = threading.Thread(
        target=loop.run_until_complete, args=(_serve(asked, GuardAsked(access or AccessAsked()), started, ended),)
    )
    thread.start()
    try:
        address, desk = asyncio.run_coroutine_threadsafe(_wait(started), loop).result(60)
        yield Server(address, asked, desk, token, made)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(60)
        assert not thread.is_alive()
        loop.close()


async def _wait(started: "asyncio.Future[tuple[str, Desk]]") -> tuple[str, Desk]:
    return await started


async def _serve(
    asked: VaultAsked, guard_asked: GuardAsked, started: "asyncio.Future[tuple[str, Desk]]", ended: asyncio.Event
) -> None:
    service = open_service(ServeAsked(asked))
    try:
        async with guarding(asked, guard_asked, "127.0.0.1") as guard:
            site = make_site(service, SiteAsked(), guard)
            desk = open_desk(site, guard, WriteAsked(asked))
            runner = web.AppRunner(site.app, access_log=None, shutdown_timeout=10, handle_signals=False)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            started.set_result((f"http://{host}:{port}", desk))
            await ended.wait()
            await runner.cleanup()
            site.close()
    except BaseException as error:
        if not started.done():
            started.set_exception(error)
        raise
    finally:
        service.close()
