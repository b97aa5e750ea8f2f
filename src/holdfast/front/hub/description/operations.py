"""What is known of a route beside its method and its address: what it takes, and how it may answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from holdfast.front.hub.addresses import KINDS

RouteKey: TypeAlias = tuple[str, str]
"""Method and address, as the table of routes has them; of a route about a repository the word after its name."""
REPOSITORY: Final = "/api/{kind}/{org}/{name}"
PAGE: Final = "/{org}/{name}"
PAGE_OF_KIND: Final = "/{datatype}/{org}/{name}"
OTHER_KINDS: Final = KINDS[1:]
GUARDED: Final = (400, 401, 403, 413, 429, 500, 503)
"""Whatever is asked: an address that cannot be meant, credentials, limits, a vault that does not answer."""
ABOUT: Final = (404, 451)
THROUGH: Final = (502, 507)
"""What is asked for may be pulled from another hub first, which may be gone, or more than the disk holds."""
CHANGED: Final = (404, 409, 422, 451, 501, 507)


class Access(StrEnum):
    """Who may ask."""

    OPEN = "open"
    READ = "read"
    WRITE = "write"
    TICKET = "ticket"
    XET = "xet"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one address. `good` are the answers that are no errors, by status; `errors` those beside what every
    guarded route may answer. `summary` stands for the handler's own docstring; `methods` for the route's, if it takes
    any."""

    path: str
    good: Mapping[int, str] = field(default_factory=dict[int, str])
    errors: tuple[int, ...] = ()
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    body: str = ""
    access: Access = Access.READ
    summary: str = ""
    methods: tuple[str, ...] = ()

    @property
    def statuses(self) -> tuple[int, ...]:
        """Of errors, all of them."""
        guarded = (400,) if self.access is Access.OPEN else GUARDED
        return tuple(sorted({*guarded, *self.errors} - set(self.good)))


Table: TypeAlias = Mapping[RouteKey, tuple[Operation, ...]]


def about(word: str, rest: str = "") -> str:
    """The address of a word after a repository's name."""
    return "/".join(filter(None, (REPOSITORY, word, rest)))
