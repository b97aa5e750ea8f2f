"""Who may do what with what the vault serves: scopes, tokens, callers, and the errors of a caller who may not."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from holdfast.records.errors import HoldfastError, UsageError

EVERYTHING: Final = "*"
TICKET: Final = "ticket"
TOKEN_SHAPE: Final = re.compile(r"hf_[A-Za-z0-9]{34,253}")
"""What the hub's clients take for a token: one of another shape is not sent by all of them."""


class Scope(StrEnum):
    """What a grant allows; each of them what stands before it too."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"

    def covers(self, wanted: "Scope") -> bool:
        """Whether who has this scope has `wanted`."""
        order = list(Scope)
        return order.index(self) >= order.index(wanted)


@dataclass(frozen=True, slots=True)
class Grant:
    """A scope over one model (`org/name`), over an organisation (`org/*`) or over everything (`*`)."""

    scope: Scope
    over: str

    def allows(self, wanted: Scope, model: str) -> bool:
        """Whether `wanted` may be done to a model; an empty one means the server as a whole."""
        return self.scope.covers(wanted) and self._reaches(model)

    def _reaches(self, model: str) -> bool:
        if self.over == EVERYTHING:
            return True
        if self.over.endswith("/*"):
            return model.startswith(self.over[:-1])
        return model == self.over


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is stored: `id` are the first 8 characters after `hf_`, `digest` the SHA-256 of all of it in
    hexadecimal; times are ISO 8601 in UTC, `expires_at` None for never."""

    id: str
    name: str
    digest: str
    grants: tuple[Grant, ...]
    created_at: str
    created_by: str
    expires_at: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: somebody with a token (`token` is its id, `name` its name), with a ticket that was given to somebody of
    this name (`token` is TICKET), or with neither (both empty).

    `address` is where the request came from, as text.
    """

    name: str
    grants: tuple[Grant, ...]
    address: str = ""
    token: str = ""

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody vouches for it."""
        return not self.token

    @property
    def label(self) -> str:
        """Who it is, as logs say it."""
        if self.is_anonymous:
            return f"anonymous at {self.address}" if self.address else "anonymous"
        return f"{self.name} (ticket)" if self.token == TICKET else f"{self.name} (token {self.token})"

    def may(self, wanted: Scope, model: str = "") -> bool:
        """Whether it may do this to a model; without one, to the server as a whole."""
        return any(grant.allows(wanted, model) for grant in self.grants)

    def may_anywhere(self, wanted: Scope) -> bool:
        """Whether there is anything that it may do this to."""
        return any(grant.scope.covers(wanted) for grant in self.grants)


class CallerError(UsageError):
    """The server does not do for this caller what it was asked."""

    http_status: ClassVar[int] = 403
    sentence: ClassVar[str] = "The server does not do for this caller what it was asked."


class BadCredentials(CallerError):
    """The token is none of this server's, or has expired."""

    http_status: ClassVar[int] = 401
    sentence: ClassVar[str] = "The token is none of this server's, or has expired."


class NeedsToken(CallerError):
    """Without a token the server does not say whether there is such a thing."""

    http_status: ClassVar[int] = 401
    sentence: ClassVar[str] = "Without a token the server does not say whether there is such a thing."


class NotAllowed(CallerError):
    """The token's scope is too narrow."""

    sentence: ClassVar[str] = "The token's scope is too narrow."


class BadTicket(CallerError):
    """A signed URL has expired, was made for something else, or was changed."""

    sentence: ClassVar[str] = "A signed URL has expired, was made for something else, or was changed."


class BadRequest(CallerError):
    """The request cannot be meant."""

    http_status: ClassVar[int] = 400
    sentence: ClassVar[str] = "The request cannot be meant."


class TooLarge(CallerError):
    """The request has more bytes than the server takes."""

    http_status: ClassVar[int] = 413
    sentence: ClassVar[str] = "The request has more bytes than the server takes."


class TooMany(CallerError):
    """The caller asks more often, or for more at once, than the server gives one caller.

    `wait_s` says when to try again, in whole seconds; `policy` which limit it was: name, quota, window in seconds.
    """

    http_status: ClassVar[int] = 429
    sentence: ClassVar[str] = "The caller asks more often, or for more at once, than the server gives one caller."

    def __init__(self, what: str, *, wait_s: int, policy: tuple[str, int, int], next_step: str = "") -> None:
        super().__init__(what, next_step=next_step)
        self.wait_s = wait_s
        self.policy = policy


class Overloaded(HoldfastError):
    """The server does as much as it can at once; try again shortly."""

    http_status: ClassVar[int] = 503
    sentence: ClassVar[str] = "The server does as much as it can at once; try again shortly."
