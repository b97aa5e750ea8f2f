"""Who may ask for what: the one place that every request passes.

Without a token a caller may read on this machine alone, unless the server was told otherwise. What a caller may not
read is answered as if it were not there.
"""

import base64
import binascii
import functools
import hashlib
import ipaddress
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import time
from typing import Final, TypeAlias

from aiohttp import web

from holdfast.front.hub.addresses import Target
from holdfast.front.hub.answers import answer_error, answer_failure, answer_json
from holdfast.front.hub.limits import BODY_BYTES_MAX, Limits, check_length
from holdfast.front.hub.site import Site
from holdfast.front.hub.tickets import TICKET, check_ticket
from holdfast.front.hub.trace import Trace, get_trace, require
from holdfast.records.access import (
    EVERYTHING,
    TOKEN_SHAPE,
    BadCredentials,
    Caller,
    CallerError,
    Grant,
    NeedsToken,
    NotAllowed,
    Scope,
    TooMany,
)
from holdfast.records.errors import ConfigurationError
from holdfast.workflows.access import Register

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
INVALID: Final = "Invalid credentials in Authorization header"
"""Word for word what the hub says: clients know a wrong token by it, and take any other 401 for a missing model."""
CHALLENGE: Final = 'Basic realm="holdfast", charset="UTF-8"'
OPEN: Final = frozenset({"/healthz", "/readyz", "/api/agent-harnesses", "/v1/telemetry", "/favicon.ico"})
_READING: Final = frozenset({"GET", "HEAD"})
_READING_POSTS: Final = frozenset({"paths-info", "git"})
"""Words after a name where a POST asks only; who answers `git` looks again at what is asked in its body."""
_STREAMED: Final = frozenset({"commit", "git"})
"""Words whose bodies are counted as they come, by who answers."""
_PIECE_BYTES_MAX: Final = 128 << 20
_WRITING_GETS: Final = frozenset({"xet-write-token"})
_FORWARDED: Final = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via")
_EVERYTHING: Final = (Grant(Scope.READ, EVERYTHING),)


@dataclass(frozen=True, slots=True)
class AccessAsked:
    """Who may come without a token: everybody (`anonymous`), or by default whoever is on this machine when the server
    listens there alone. `proxies` are addresses whose word about where a request came from is taken."""

    anonymous: bool = False
    proxies: tuple[Network, ...] = ()
    is_local: bool = True


@dataclass(slots=True)
class Gate:
    """The tokens and tickets of a vault, and the rules for who comes with none."""

    register: Register
    ticket_key: bytes
    asked: AccessAsked
    limits: Limits
    foreign: list[str] = field(default_factory=list[str])
    """Beginnings of paths whose bearer tokens are none of ours: whoever answers there checks them."""

    def is_proxy(self, address: str) -> bool:
        """Whether its word is taken about where requests come from."""
        found = _parse_address(address)
        return found is not None and any(found in network for network in self.asked.proxies)


def check_reachable(host: str, asked: AccessAsked, *, has_tokens: bool) -> None:
    """Raises ConfigurationError for a server that others can reach and nobody may use."""
    if asked.is_local or asked.anonymous or has_tokens:
        return
    raise ConfigurationError(
        "others can reach this address, and there is neither a token nor leave to read without one",
        where=f"--host {host}",
        next_step="Create one first: holdfast token create NAME. Or let everybody who reaches it read: --anonymous.",
    )


@functools.lru_cache(maxsize=1024)
def is_local_host(host: str) -> bool:
    """Whether nobody but this machine reaches what listens there."""
    found = _parse_address(host)
    return host == "localhost" or (found is not None and found.is_loopback)


def parse_network(text: str) -> Network:
    """An address or a network of proxies. Raises ConfigurationError."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ConfigurationError(
            f"{text[:60]!r} is no address and no network",
            where="--proxy",
            next_step="Write it like 10.0.0.7 or 10.0.0.0/24.",
        ) from None


def identify(gate: Gate, request: web.Request) -> None:
    """Find out who asks. Raises BadCredentials, BadTicket or TooMany."""
    trace = get_trace(request)
    ticket = request.query.get(TICKET)
    if ticket is not None:
        found = check_ticket(gate.ticket_key, request.method, request.path, ticket, time())
        trace.caller = Caller(found.subject, (), trace.address, TICKET)
        trace.has_ticket = trace.is_checked = True
        return
    sent = read_credentials(request.headers)
    if sent is None or (request.path.startswith(tuple(gate.foreign)) and not TOKEN_SHAPE.fullmatch(sent)):
        trace.caller = _make_anonymous(gate, request, trace)
        return
    trace.caller = _find_caller(gate, request, trace, sent)


def _find_caller(gate: Gate, request: web.Request, trace: Trace, sent: str) -> Caller:
    token = gate.register.find(sent)
    if token is None:
        trace.refused = "an unknown, expired or revoked token"
        gate.limits.failures.take(trace.address)
        raise BadCredentials(INVALID)
    gate.register.note_use(token.id)
    caller = Caller(token.name, token.grants, trace.address, token.id)
    return caller if _is_bearer(request) or ".git/" in request.path else _only_read(caller)


def _is_bearer(request: web.Request) -> bool:
    return request.headers["Authorization"][:7].lower() == "bearer "


def _only_read(caller: Caller) -> Caller:
    """Who comes with HTTP Basic. A browser sends it by itself, whoever made it ask: no page may write through it."""
    return replace(caller, grants=tuple(Grant(Scope.READ, grant.over) for grant in caller.grants))


def _make_anonymous(gate: Gate, request: web.Request, trace: Trace) -> Caller:
    may_read = gate.asked.anonymous or (gate.asked.is_local and _is_from_here(request, trace.address))
    return Caller("", _EVERYTHING if may_read else (), trace.address)


def _is_from_here(request: web.Request, address: str) -> bool:
    """Whether it comes from this machine, by itself: not through a proxy here, nor from a page that gave a name of its
    own to this address."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    return is_local_host(address) and is_local_host(host.strip("[]"))


def find_address(gate: Gate, request: web.Request) -> str:
    """Where a request comes from: the peer, or what a proxy that is trusted says, from the last such proxy on."""
    address = request.remote or ""
    if not gate.asked.proxies:
        return address
    said = ",".join(request.headers.getall("X-Forwarded-For", ()))
    for hop in reversed([part.strip() for part in said.split(",") if part.strip()][-20:]):
        if not gate.is_proxy(address) or _parse_address(hop) is None:
            break
        address = hop
    return address


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, ipaddress.IPv6Address) else found


def read_credentials(headers: Mapping[str, str]) -> str | None:
    """The token that a request carries, as Bearer or as the password (or name) of Basic; None when it has none.

    Raises BadCredentials for anything else.
    """
    value = headers.get("Authorization")
    if value is None:
        return None
    kind, _, rest = value.partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() == "basic":
        with_name = _decode_basic(rest.strip())
        name, _, password = with_name.partition(":")
        return password if TOKEN_SHAPE.fullmatch(password) else name
    raise BadCredentials(INVALID)


def _decode_basic(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        raise BadCredentials(INVALID) from None


def get_key(caller: Caller) -> str:
    """By what a caller's requests are counted: a token, or an address (of IPv6 the network of 64 bits)."""
    if not caller.is_anonymous:
        return caller.name if caller.token == TICKET else caller.token
    return _get_network(caller.address)


@functools.lru_cache(maxsize=1024)
def _get_network(address: str) -> str:
    found = _parse_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return address


async def check_access(_site: Site, request: web.Request, target: Target | None) -> web.StreamResponse | None:
    """None when the request may go on. Raises NeedsToken, NotAllowed, or UnknownRepository for what may not be read."""
    trace = get_trace(request)
    if target is not None:
        trace.route, trace.model = target.word or "model", target.name
        trace.path, trace.revision = target.path, target.revision
    if request.method != "PUT":
        check_length(request, _get_length_max(target))
    if trace.has_ticket:
        return None
    if target is not None:
        require(request, find_scope(request.method, target), target.name)
    elif request.path not in OPEN:
        check_presence(request)
    return None


def _get_length_max(target: Target | None) -> int:
    if target is None:
        return _PIECE_BYTES_MAX
    return sys.maxsize if target.word in _STREAMED else BODY_BYTES_MAX


def check_presence(request: web.Request) -> None:
    """For an address that is about no one model: who may read anything may ask, and hears of what they may read alone.
    What changes something asks for the right to that itself. Raises NeedsToken or NotAllowed."""
    trace = get_trace(request)
    trace.is_checked = True
    wanted = Scope.READ if request.method in _READING else Scope.WRITE
    if trace.caller.may_anywhere(wanted):
        return
    trace.refused = f"{wanted} anything"
    if trace.caller.is_anonymous:
        raise NeedsToken("this wants a token", next_step="Set HF_TOKEN to one of this vault's: holdfast token create.")
    raise NotAllowed(f"token {trace.caller.name!r} may not {wanted}", next_step="See holdfast token list.")


def find_scope(method: str, target: Target) -> Scope:
    """What a request wants to do to a repository."""
    if target.word == "auth-check" and target.rest[:1] == ("write",):
        return Scope.WRITE
    if method in _READING:
        return Scope.WRITE if target.word in _WRITING_GETS else Scope.READ
    return Scope.READ if method == "POST" and target.word in _READING_POSTS else Scope.WRITE


def answer_refusal(error: CallerError) -> web.Response:
    """A refusal in the form that the hub's clients know."""
    if isinstance(error, BadCredentials):
        return answer_error(401, INVALID, headers={"WWW-Authenticate": CHALLENGE})
    if isinstance(error, NeedsToken):
        message = f"{error.what[:1].upper()}{error.what[1:]}. {error.next_step}"
        return answer_error(401, message, headers={"WWW-Authenticate": CHALLENGE})
    if isinstance(error, TooMany):
        return _answer_too_many(error)
    return answer_failure(error)


def _answer_too_many(error: TooMany) -> web.Response:
    name, quota, window = error.policy
    headers = {
        "Retry-After": str(error.wait_s),
        "RateLimit": f'"{name}";r=0;t={error.wait_s}',
        "RateLimit-Policy": f'"fixed window";"{name}";q={quota};w={window}',
    }
    return answer_error(429, f"{error.what}. {error.next_step}", headers=headers)


async def tell_who(request: web.Request) -> web.StreamResponse:
    """`whoami-v2`: whose token it is, and what it may do at most. Raises NeedsToken without one."""
    caller = get_trace(request).caller
    if caller.is_anonymous:
        raise NeedsToken("nobody is logged in", next_step="Set HF_TOKEN to a token of this vault.")
    over = [grant.over for grant in caller.grants]
    names = sorted({name.removesuffix("/*") for name in over if name.endswith("/*") and name.count("/") == 1})
    orgs = [{"type": "org", "id": _make_id(name), "name": name, "fullname": name} for name in names]
    role = Scope.WRITE if caller.may_anywhere(Scope.WRITE) else Scope.READ
    token = {"displayName": caller.name, "role": role}
    said = {"type": "user", "id": _make_id(caller.token), "name": caller.name, "fullname": caller.name}
    return answer_json({**said, "orgs": orgs, "auth": {"type": "access_token", "accessToken": token}})


def _make_id(name: str) -> str:
    """24 hexadecimal digits, as the hub's ids have."""
    return hashlib.sha256(name.encode()).hexdigest()[:24]
