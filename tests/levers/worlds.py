"""Small rulebooks and tables, built in memory, for tests of the lever engine."""

import datetime
from collections.abc import Iterable, Mapping

from holdfast.data import data_folder
from holdfast.levers.organisations import OrgRow, make_org_table
from holdfast.levers.party import Actor
from holdfast.levers.rulebook import Rulebook
from holdfast.levers.vocabulary import read_vocabulary
from holdfast.levers.world import World
from holdfast.records.evidence import Mark, Source, Sureness
from holdfast.records.lever import (
    Condition,
    Consequence,
    Effect,
    Exemption,
    Lever,
    LeverFamily,
    Reach,
    Rule,
    Status,
    StatusSpan,
)
from holdfast.records.organisation import Listing, ListingStatus, Owner

DAY = datetime.date(2026, 6, 15)
HORIZON = datetime.date(2026, 10, 6)

ORGS = (
    OrgRow("org:us", "Us Lab", controlled_from="US", headquartered="US", incorporated="US"),
    OrgRow("org:cn", "Cn Lab", controlled_from="CN", headquartered="CN", incorporated="KY"),
    OrgRow("org:nowhere", "Nowhere"),
)


def span(status: Status, start: str, until: str | None = None, after: Status | None = None) -> StatusSpan:
    """A status span with a source."""
    return StatusSpan(
        status=status,
        from_=datetime.date.fromisoformat(start),
        until=datetime.date.fromisoformat(until) if until else None,
        after=after,
        source="s",
        confidence=Sureness.HIGH,
    )


def rule(
    when: Condition | None = None, *, acts: Iterable[str] = ("use",), reach: Reach = Reach.FORBIDDEN, **more: object
) -> Rule:
    """A rule that forbids and closes unless told otherwise."""
    effect = more.pop("effect", Effect.CLOSED)
    fields: dict[str, object] = {"id": "r", "says": "It is so.", "source": "s", "confidence": Sureness.HIGH, **more}
    return Rule(acts=tuple(acts), when=when, reach=reach, effect=effect, **fields)  # type: ignore[arg-type]


def lever(
    *rules: Rule,
    status: Iterable[StatusSpan] = (),
    exceptions: Iterable[Exemption] = (),
    consequences: Iterable[Consequence] = (),
) -> Lever:
    """A lever in force since 2020 unless told otherwise."""
    return Lever(
        id="test-lever",
        title="A lever",
        family=LeverFamily.PROCUREMENT,
        kind="statute",
        jurisdiction="US",
        authority="1 Test 1",
        issued_by="Congress",
        summary="A lever for tests.",
        status=tuple(status) or (span(Status.IN_FORCE, "2020-01-01"),),
        rules=rules,
        exceptions=tuple(exceptions),
        consequences=tuple(consequences),
        sources={"s": Source(title="A source", mark=Mark.PRIMARY)},
        last_checked=HORIZON,
        evidence_horizon=HORIZON,
    )


def world(*levers: Lever, on: datetime.date = DAY, orgs: Iterable[OrgRow] = ORGS) -> World:
    """A world with these levers alone."""
    book = Rulebook(read_vocabulary(data_folder()), {one.id: one for one in levers}, {}, {})
    return World(book, make_org_table(orgs), on)


def actor(facts: Mapping[str, object] | None = None, owners: tuple[Owner, ...] | None = ()) -> Actor:
    """A party with these facts."""
    return Actor("tester", dict(facts or {}), OrgRow("party", "tester", owners=owners))


def owner(who: str, share: float | None, **more: object) -> Owner:
    """A share."""
    return Owner(owner=who, share_percent=share, source="s", **more)  # type: ignore[arg-type]


def listing(name: str, status: ListingStatus, start: str | None, **more: object) -> Listing:
    """A list entry."""
    begin = datetime.date.fromisoformat(start) if start else None
    return Listing(list=name, status=status, from_=begin, source="s", **more)  # type: ignore[arg-type]
