"""What the routes that write share: the vault's writer, the threads, the key of tickets, who writes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import time
from typing import Final, ParamSpec, TypeVar
from urllib.parse import quote

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.receiving import Receivers
from holdfast.front.hub.site import Site
from holdfast.front.hub.tickets import SUBJECT_CHARACTERS_MAX, sign_ticket
from holdfast.front.hub.trace import get_caller
from holdfast.records.access import Caller, Scope
from holdfast.records.hub_writing import WriteTo
from holdfast.workflows.hub_writing.writer import HubWriter

_P = ParamSpec("_P")
_T = TypeVar("_T")
TICKET_S: Final = 24 * 3600  # a file of hundreds of gigabytes takes its time


@dataclass(slots=True)
class Desk:
    """Where what is written arrives. `is_open` says whether everybody who reaches the server may read."""

    site: Site
    writer: HubWriter
    ticket_key: bytes
    is_open: bool = False
    receivers: Receivers = field(default_factory=Receivers)

    def sign(self, request: web.Request, method: str, path: str) -> str:
        """An address that whoever asks may use without a token, for a day; `path` is not quoted."""
        subject = get_caller(request).name[:SUBJECT_CHARACTERS_MAX]
        query = sign_ticket(self.ticket_key, method, path, int(time()) + TICKET_S, subject)
        return f"{self.site.get_url(request)}{quote(path)}?{query}"

    async def change(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Change something in the vault; on return whoever asks is told of it."""
        done = await self.receivers.keep(work, *args, **kwargs)
        await self.site.ask(self.site.service.notice)
        return done

    def close(self) -> None:
        """Let threads end."""
        self.receivers.close()


def get_author(request: web.Request) -> str:
    """Under which name something is recorded."""
    return get_caller(request).name or "anonymous"


def write_to(request: web.Request, target: Target) -> WriteTo:
    """Who writes where: the branch is what the address names as revision."""
    return WriteTo(target.name, target.revision, get_author(request))


def make_may_read(caller: Caller) -> Callable[[str], bool]:
    """Whether whoever asks may read a model."""
    return lambda name: caller.may(Scope.READ, name)


def get_web_path(kind: str, name: str) -> str:
    """A repository's address as people see it, without the host."""
    return f"/{name}" if kind == "models" else f"/{kind}/{name}"
