"""Signed, short-lived tickets in URLs that clients fetch without their token: one method, one path, one subject.

A ticket is no secret kept anywhere: who has the key can make it. It refuses whatever it was not made for.
"""

import base64
import hmac
from dataclasses import dataclass
from typing import Final

from holdfast.records.access import BadTicket

TICKET: Final = "ticket"
"""The name of the query parameter."""
TICKET_CHARACTERS_MAX: Final = 1024
SUBJECT_CHARACTERS_MAX: Final = 300
_PURPOSE: Final = b"holdfast ticket 1"
_NEXT: Final = "Ask the server for a new address; tickets are good for a short time and for one thing."


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket that held: who it was given to, and until when (in seconds since 1970)."""

    subject: str
    expires_at: int


def sign_ticket(key: bytes, method: str, path: str, expires_at: int, subject: str) -> str:
    """The query string that lets anybody do `method` on `path` (decoded) until then, in the name of `subject`."""
    assert len(subject) <= SUBJECT_CHARACTERS_MAX, "a subject is a short name"
    stamp = _compute_stamp(key, (_unify(method), path, str(expires_at), subject))
    return f"{TICKET}={expires_at}.{_to_text(subject.encode())}.{_to_text(stamp)}"


def check_ticket(key: bytes, method: str, path: str, ticket: str, now: float) -> Ticket:
    """The ticket, when it was signed by this key for this method and path, and has not expired.

    `ticket` is the value of the query parameter. A ticket to GET is one to HEAD too. Raises BadTicket.
    """
    expires_text, subject, stamp = _split(ticket)
    expected = _compute_stamp(key, (_unify(method), path, expires_text, subject))
    if not hmac.compare_digest(stamp, expected):
        raise BadTicket("the ticket in this address was not made here for this", next_step=_NEXT)
    if int(expires_text) <= now:
        raise BadTicket("the ticket in this address has expired", next_step=_NEXT)
    return Ticket(subject, int(expires_text))


def _unify(method: str) -> str:
    return "GET" if method == "HEAD" else method


def _compute_stamp(key: bytes, parts: tuple[str, ...]) -> bytes:
    # Lengths before the parts: no two tickets have one text.
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    text = b"".join(len(part).to_bytes(4, "little") + part for part in (_PURPOSE, *encoded))
    return hmac.digest(key, text, "sha256")


def _split(ticket: str) -> tuple[str, str, bytes]:
    """Expiry as text, subject and stamp; BadTicket when it is not written as tickets are."""
    try:
        if len(ticket) > TICKET_CHARACTERS_MAX:
            raise ValueError("too long")
        expires_text, subject, stamp = ticket.split(".")
        if not (expires_text.isascii() and expires_text.isdigit() and len(expires_text) <= 12):
            raise ValueError("no time")
        return expires_text, _to_bytes(subject).decode(), _to_bytes(stamp)
    except ValueError:
        raise BadTicket("the ticket in this address is none", next_step=_NEXT) from None


def _to_text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _to_bytes(text: str) -> bytes:
    data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    if _to_text(data) != text:
        raise ValueError("not the canonical spelling")
    return data
