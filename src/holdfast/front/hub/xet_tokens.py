"""Xet's own bearer tokens: for one repository at one commit, to read or to write, for an hour. Nothing is stored."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Final, cast

from holdfast.front.hub.tickets import TICKET, check_ticket, sign_ticket
from holdfast.records.access import BadCredentials, BadTicket, NotAllowed, Scope

LASTS_S: Final = 3600
_METHOD: Final = "XET"
_NEXT: Final = "Ask the hub for a new one: api/models/NAME/xet-read-token/REVISION, or xet-write-token."
_CHARACTERS_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class XetGrant:
    """What a token lets its bearer do: `scope` is read or write, `commit` empty for who writes."""

    scope: Scope
    name: str
    commit: str
    subject: str


def make_token(key: bytes, grant: XetGrant, expires_at: int) -> str:
    """The token, good until then (seconds since 1970)."""
    told = json.dumps([grant.scope, grant.name, grant.commit]).encode()
    about = base64.urlsafe_b64encode(told).rstrip(b"=").decode()
    ticket = sign_ticket(key, _METHOD, about, expires_at, grant.subject)
    return f"{about}.{ticket.removeprefix(f'{TICKET}=')}"


def read_token(key: bytes, token: str, now: float) -> XetGrant:
    """What a token allows. Raises BadCredentials, at which clients ask for a new one."""
    about, _, ticket = token.partition(".")
    try:
        if len(token) > _CHARACTERS_MAX:
            raise BadTicket("too long")
        found = check_ticket(key, _METHOD, about, ticket, now)
    except BadTicket:
        raise BadCredentials("the Xet token is none of this server's, or has expired", next_step=_NEXT) from None
    scope, name, commit = cast("list[Any]", json.loads(base64.urlsafe_b64decode(about + "=" * (-len(about) % 4))))
    return XetGrant(Scope(scope), name, commit, found.subject)


def check_grant(grant: XetGrant, wanted: Scope) -> XetGrant:
    """The grant, when it covers this. Raises NotAllowed."""
    if not grant.scope.covers(wanted):
        raise NotAllowed(f"this Xet token may only {grant.scope} {grant.name}", next_step=_NEXT)
    return grant
