"""Developers, hosts and providers: names, places, owners and list memberships, each value with its source."""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum

from holdfast.records.evidence import Source, Sourced, Strict, Sureness


class OrganisationKind(StrEnum):
    """What sort of body it is."""

    COMPANY = "company"
    LAB = "lab"
    UNIVERSITY = "university"
    NONPROFIT = "nonprofit"
    COMMUNITY = "community"
    INDIVIDUAL = "individual"
    GOVERNMENT = "government"


class Role(StrEnum):
    """What it does in the life of a model."""

    DEVELOPER = "developer"
    PROVIDER = "provider"
    HOST = "host"
    REPACKAGER = "repackager"
    OWNER = "owner"
    PUBLISHER = "publisher"


class NameKind(StrEnum):
    """What sort of name it is."""

    LEGAL = "legal"
    FORMER = "former"
    TRADE = "trade"
    LOCAL = "local"
    ALIAS = "alias"
    LISTED = "listed"
    BILLER = "biller"


class ListingStatus(StrEnum):
    """The state of a list entry from a date on."""

    LISTED = "listed"
    REMOVED = "removed"
    PUBLISHED_THEN_WITHDRAWN = "published-then-withdrawn"
    APPROVED_UNPUBLISHED = "approved-unpublished"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherName(Strict):
    """A name other than the legal one."""

    name: str
    kind: NameKind
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner(Strict):
    """A share held by another organisation (`org:…`) or by someone named in words; None: share unknown."""

    owner: str
    share_percent: float | None = None
    since: datetime.date | None = None
    until: datetime.date | None = None
    source: str
    confidence: Sureness = Sureness.UNKNOWN
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Strict):
    """Membership of an official list. `from_`: None when the day is not known; `known_from`: when it was published."""

    list: str
    status: ListingStatus
    from_: datetime.date | None = None
    until: datetime.date | None = None
    known_from: datetime.date | None = None
    listed_as: str | None = None
    source: str
    confidence: Sureness = Sureness.UNKNOWN
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation(Strict):
    """One file of data/organisations. Countries are ISO 3166-1 alpha-2 codes, or `unknown`."""

    id: str
    name: str
    short: str
    kind: OrganisationKind
    roles: tuple[Role, ...]
    names: tuple[OtherName, ...] = ()
    hub: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    api: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    incorporated: Sourced[str] | None = None
    headquartered: Sourced[str] | None = None
    controlled_from: Sourced[str] | None = None
    parent: str | None = None
    owners: tuple[Owner, ...] = ()
    lists: tuple[Listing, ...] = ()
    sources: dict[str, Source]
    note: str | None = None
    last_checked: datetime.date
    evidence_horizon: datetime.date
