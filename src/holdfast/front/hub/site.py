"""What all routes of the hub share: the vault that they ask, the threads that answer, the table of who answers what."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final, ParamSpec, Protocol, TypeAlias, TypeVar
from urllib.parse import urlencode

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.transfer import Pace, Senders
from holdfast.records.hub_service import ServedFile, ServedRevision
from holdfast.workflows.pull_through import PullThrough, ThroughAsked
from holdfast.workflows.serve import Service
from holdfast.workflows.xet_serving import FROM_BYTES

_P = ParamSpec("_P")
_T = TypeVar("_T")
Handler: TypeAlias = Callable[[web.Request, Target], Awaitable[web.StreamResponse]]
PlainHandler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
ASKING: Final = 8
SENDING: Final = 8
WAITING: Final = 32
LOG: Final = logging.getLogger("holdfast.hub")


@dataclass(frozen=True, slots=True)
class SiteAsked:
    """How the hub presents itself: `url` is its public address when a proxy stands before it; `streams_max` large
    bodies are sent at once, to clients that keep `pace`; files of `xet_from_bytes` and more are told to be Xet's. What
    the vault does not hold is pulled `through` another hub."""

    url: str = ""
    streams_max: int = 256
    pace: Pace = field(default_factory=Pace)
    xet_from_bytes: int = FROM_BYTES
    through: ThroughAsked | None = None


class XetMarks(Protocol):
    """How files are told to be Xet's."""

    def find_hash(self, file: ServedFile) -> str:
        """The text of a file's Xet hash; empty when it is not told as one of Xet's."""
        ...

    def mark(
        self, request: web.Request, target: Target, revision: ServedRevision, file: ServedFile
    ) -> Mapping[str, str]:
        """The headers by which clients know one of Xet's files; none for others."""
        ...


@dataclass(slots=True)
class Site:
    """A file of routes adds its own with `on` (about a repository), `at` (one address) or to `app` (whatever else)."""

    service: Service
    asked: SiteAsked
    app: web.Application
    routes: dict[tuple[str, bool, str], Handler] = field(default_factory=dict[tuple[str, bool, str], Handler])
    places: dict[str, dict[str, PlainHandler]] = field(default_factory=dict[str, dict[str, PlainHandler]])
    senders: Senders = field(init=False)
    askers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(ASKING, thread_name_prefix="asking"))
    waiters: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(WAITING, thread_name_prefix="upstream")
    )
    streams: int = 0
    xet: XetMarks | None = None
    through: PullThrough | None = None

    def __post_init__(self) -> None:
        self.senders = Senders(SENDING, self.asked.pace)

    def on(self, method: str, word: str, handler: Handler, *, is_api: bool = True) -> None:
        """Who answers for `word` after a repository's name; a GET also answers HEAD unless that has its own."""
        self.routes[method, is_api, word] = handler

    def at(self, method: str, path: str, handler: PlainHandler) -> None:
        """Who answers at one address."""
        self.places.setdefault(path, {})[method] = handler

    async def ask(self, work: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What the vault answers, in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.askers, lambda: work(*args, **kwargs))

    async def find_revision(self, target: Target, asked: str = "") -> ServedRevision:
        """The revision that a request is about. Raises what the service does."""
        revision = asked or target.revision
        known = self.service.find_known(target.name, revision)
        if known is not None:
            return known
        return await self.ask(self.service.find_revision, target.name, revision)

    async def ask_upstream(self, through: PullThrough, target: Target) -> str:
        """What is to be said of the hub behind this one, after what it has of a model was brought. Raises what
        `PullThrough.bring` does."""
        said = through.find_said(target.name, target.revision)
        if said is not None:
            return said
        bring = partial(through.bring, target.name, target.revision)
        return await asyncio.get_running_loop().run_in_executor(self.waiters, bring)

    def get_url(self, request: web.Request) -> str:
        """How clients reach this hub, without a slash at its end."""
        return self.asked.url.rstrip("/") or f"{request.scheme}://{request.host}"

    def link_next(self, request: web.Request, changed: Mapping[str, str], path: str = "") -> str:
        """The header that names the next page: the same address with some of its query changed."""
        kept = [(key, value) for key, value in request.query.items() if key not in changed]
        said = urlencode([*kept, *changed.items()])
        return f'<{self.get_url(request)}{path or request.rel_url.raw_path}?{said}>; rel="next"'

    def close(self) -> None:
        """Let threads end."""
        if self.through is not None:
            self.through.close()
        self.waiters.shutdown(wait=False, cancel_futures=True)
        self.askers.shutdown()
        self.senders.close()
