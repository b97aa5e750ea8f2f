"""What the routes of Xet share: where they are, who may use them, and how a request shows it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import time
from typing import Final, TypeAlias

from aiohttp import web

from holdfast.front.hub.answers import answer_error, answer_json
from holdfast.front.hub.receiving import read_some
from holdfast.front.hub.site import Site
from holdfast.front.hub.tickets import SUBJECT_CHARACTERS_MAX
from holdfast.front.hub.trace import get_trace
from holdfast.front.hub.xet_tokens import LASTS_S, XetGrant, check_grant, make_token, read_token
from holdfast.records.access import BadCredentials, Caller, Grant, Scope
from holdfast.records.errors import HoldfastError

PLACE: Final = "/xet"
"""Where the content-addressed store begins. Bearer tokens below it are Xet's own."""
TELEMETRY: Final = "/v1/telemetry"
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class XetSite:
    """The routes' common ground. `ticket_key` signs tokens and addresses."""

    site: Site
    ticket_key: bytes

    def on(self, method: str, path: str, handler: Handler) -> None:
        """Who answers at a path below PLACE, written as aiohttp writes them."""
        self.site.app.router.add_route(method, f"{PLACE}{path}", handler)

    def answer_token(self, request: web.Request, grant: XetGrant, place: str = PLACE) -> web.Response:
        """A token for the store that begins at `place`, in headers and in the body."""
        expires_at = int(time()) + LASTS_S
        token = make_token(self.ticket_key, grant, expires_at)
        url = f"{self.site.get_url(request)}{place}"
        headers = {
            "X-Xet-Cas-Url": url,
            "X-Xet-Access-Token": token,
            "X-Xet-Token-Expiration": str(expires_at),
            "Cache-Control": "no-store",
        }
        return answer_json({"casUrl": url, "accessToken": token, "exp": expires_at}, headers=headers)

    def require(self, request: web.Request, wanted: Scope) -> XetGrant:
        """What the request's token allows. Raises BadCredentials or NotAllowed."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            raise BadCredentials("this wants a Xet token", next_step="Ask the hub for one.")
        grant = check_grant(read_token(self.ticket_key, token.strip(), time()), wanted)
        trace = get_trace(request)
        trace.caller = Caller(grant.subject, (Grant(grant.scope, grant.name),), trace.address, "xet")
        trace.model, trace.is_checked = grant.name, True
        return grant


async def answer_absent(request: web.Request) -> web.StreamResponse:
    """404, which clients take for: not offered, go on with what is."""
    await drain(request)
    return answer_error(404, "This is not offered here.")


async def answer_telemetry(request: web.Request) -> web.StreamResponse:
    """200: nothing of it is read, and nothing kept."""
    await drain(request)
    return answer_json({})


async def drain(request: web.Request, bytes_max: int = 1 << 20) -> None:
    """Read a small body that is not wanted, so that the connection can be used on."""
    left = bytes_max
    while left > 0 and (piece := await read_some(request)):
        left -= len(piece)


def say(error: HoldfastError, status: int) -> web.Response:
    """An error in a status that Xet's clients understand."""
    where = f"{error.where}: " if error.where else ""
    return answer_error(status, f"{where}{error.what}. {error.next_step}".strip())


def get_subject(request: web.Request) -> str:
    """In whose name a token is made."""
    return get_trace(request).caller.name[:SUBJECT_CHARACTERS_MAX]
