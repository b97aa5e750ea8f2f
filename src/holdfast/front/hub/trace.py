"""What is known of a request while it is answered: its id, who asks, what it is about, what became of it.

Whoever answers may say more: `note_download` names what was given out, `require` refuses who may not.
"""

import re
import secrets
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from aiohttp import web

from holdfast.front.hub.answers import make_request_id
from holdfast.records.access import Caller, NeedsToken, NotAllowed, Scope
from holdfast.records.errors import HoldfastError, UnknownRepository

_GIVEN_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
NOBODY: Final = Caller("", ())


@dataclass(slots=True)
class Trace:
    """A request's own notes. `route` is a short word for metrics, `model`, `revision` and `path` what it is about.

    `sent` are the bytes that were counted as they went out; `refused` says why it was refused, when it was; `upstream`
    what is wrong with the hub behind this one; `failed` is the error behind its answer.
    """

    id: str
    address: str = ""
    began: float = field(default_factory=monotonic)
    caller: Caller = NOBODY
    route: str = "other"
    model: str = ""
    revision: str = ""
    path: str = ""
    sent: int = 0
    is_download: bool = False
    is_checked: bool = False
    has_ticket: bool = False
    refused: str = ""
    upstream: str = ""
    failed: HoldfastError | None = None


TRACE: Final = web.RequestKey("trace", Trace)


def get_trace(request: web.Request) -> Trace:
    """The notes of a request; begun when it has none yet. An id that the client gave is kept, if it is a plain one."""
    found = request.get(TRACE)
    if found is None:
        given = request.headers.get("X-Request-Id", "")
        name = f"{given}.{secrets.token_hex(3)}" if _GIVEN_ID.fullmatch(given) else make_request_id()
        found = request[TRACE] = Trace(name, request.remote or "")
    return found


def get_caller(request: web.Request) -> Caller:
    """Who asks."""
    return get_trace(request).caller


def note_download(request: web.Request, model: str, revision: str, path: str) -> None:
    """Say what is given out: a model, its commit and a path in it. Of `resolve` and `raw` that is known."""
    trace = get_trace(request)
    trace.model, trace.revision, trace.path, trace.is_download = model, revision, path, True


def note_sent(request: web.Request, size: int) -> None:
    """Say how many bytes went into the socket beside the response's own way."""
    get_trace(request).sent += size


def require(request: web.Request, scope: Scope, model: str = "") -> Caller:
    """Who asks, when they may do this to a model; without one, to everything. A ticket was checked for its own address
    and needs no more. Raises UnknownRepository, NeedsToken or NotAllowed."""
    trace = get_trace(request)
    trace.is_checked = True
    caller = trace.caller
    if trace.has_ticket or caller.may(scope, model):
        return caller
    trace.refused = f"{scope} {model or 'everything'}"
    if caller.is_anonymous:
        raise NeedsToken("this wants a token", next_step="Set HF_TOKEN to one of this vault's: holdfast token create.")
    if model and scope is not Scope.READ and caller.may(Scope.READ, model):
        raise NotAllowed(f"token {caller.name!r} may not {scope} {model}", next_step=_next_step(scope, model))
    if model:
        raise UnknownRepository(f"the vault holds no {model}", next_step="See what is listed at /api/models.")
    raise NotAllowed(f"token {caller.name!r} may not {scope} everything", next_step=_next_step(scope, "*"))


def _next_step(scope: Scope, over: str) -> str:
    return f"Whoever runs the vault can give one that may: holdfast token create NAME --{scope} '{over}'"
