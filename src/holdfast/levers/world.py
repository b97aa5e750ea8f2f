"""The state of the rules on one day: today's, a past day's, or a what-if with its scenarios and target applied."""

import dataclasses
import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.levers.conditions import Frame, Target
from holdfast.levers.organisations import OrgRow, OrgTable
from holdfast.levers.party import Actor
from holdfast.levers.rulebook import Rulebook
from holdfast.levers.subjects import SubjectTable
from holdfast.records.errors import CoverageError, UnknownName, UsageError
from holdfast.records.evidence import Sureness
from holdfast.records.lever import Facts, Lever, Scenario, Status
from holdfast.records.organisation import Listing, ListingStatus


@dataclass(frozen=True)
class World:
    """Rules and organisations on a date, with what the scenarios suppose."""

    book: Rulebook
    orgs: OrgTable
    on: datetime.date
    scenarios: tuple[str, ...] = ()
    supposed: Mapping[str, Status] = field(default_factory=dict[str, Status])
    target: Target | None = None
    facts: Facts = field(default_factory=dict[str, object])
    known_on: datetime.date | None = None
    supposed_lists: frozenset[str] = frozenset()

    @property
    def levers(self) -> Iterable[Lever]:
        """Every lever of the rulebook."""
        return self.book.levers.values()

    def frame(self, actor: Actor, subjects: SubjectTable, facts: Facts | None = None) -> Frame:
        """What conditions look at, for one party and one table."""
        return Frame(
            vocabulary=self.book.vocabulary,
            orgs=self.orgs,
            subjects=subjects,
            actor=actor,
            on=self.on,
            facts={**self.facts, **(facts or {})},
            target=self.target,
            known_on=self.known_on,
        )


def make_world(
    book: Rulebook,
    orgs: OrgTable,
    on: datetime.date,
    *,
    scenarios: Sequence[str] = (),
    target: str | None = None,
    known_on: datetime.date | None = None,
) -> World:
    """Raises UnknownName (scenario), UsageError (missing or unfit target) or CoverageError (a date before the data)."""
    first = book.vocabulary.covers_from
    if on < first:
        raise CoverageError(
            f"the rule data begins on {first}; {on} is before", next_step=f"Ask about {first} or later."
        )
    chosen = [part for name in scenarios for part in with_included(book.get_scenario(name), book)]
    aimed = _find_target(chosen, target, orgs)
    listings = [(change.org, change.list) for scenario in chosen for change in scenario.listings]
    return World(
        book=book,
        orgs=_apply_listings(orgs, listings, aimed, on),
        on=on,
        scenarios=tuple(scenarios),
        supposed={change.lever: change.status for scenario in chosen for change in scenario.statuses},
        target=aimed,
        facts={name: value for scenario in chosen for name, value in scenario.facts.items()},
        known_on=known_on,
        supposed_lists=frozenset(name for _, name in listings),
    )


def with_included(scenario: Scenario, book: Rulebook) -> list[Scenario]:
    """A scenario after those it includes, each after its own."""
    return [*(part for name in scenario.includes for part in with_included(book.get_scenario(name), book)), scenario]


def parse_target(text: str, orgs: OrgTable) -> Target:
    """`org:alibaba`, `family:qwen3`, `model:api:anthropic/…`. Raises UsageError, or UnknownName for an organisation."""
    kind, _, name = text.partition(":")
    if kind not in ("org", "family", "model") or not name:
        raise UsageError(f"{text!r} is no target", next_step="Write org:NAME, family:NAME or model:NAME.")
    if kind == "org" and orgs.get_code(text) < 0:
        raise UnknownName(f"no organisation is called {text!r}", next_step="Ask `holdfast who NAME` for its id.")
    return Target(kind, name if kind == "model" else text)


def _find_target(scenarios: Sequence[Scenario], asked: str | None, orgs: OrgTable) -> Target | None:
    needed = {kind for scenario in scenarios for kind in scenario.needs_target}
    fallback = next((scenario.default_target for scenario in scenarios if scenario.default_target), None)
    text = asked or fallback
    if text is None:
        if needed:
            names = " and ".join(scenario.id for scenario in scenarios if scenario.needs_target)
            kinds = " or ".join(f"{kind}:NAME" for kind in sorted(needed))
            raise UsageError(f"the scenario {names} needs a target", next_step=f"Add --target {kinds}.")
        return None
    target = parse_target(text, orgs)
    if needed and target.kind not in needed:
        raise UsageError(f"the scenario takes a target of kind {' or '.join(sorted(needed))}, not {target.kind}")
    return target


def _apply_listings(
    orgs: OrgTable, listings: Sequence[tuple[str, str]], target: Target | None, on: datetime.date
) -> OrgTable:
    changed: dict[str, OrgRow] = {}
    for org, name in listings:
        if org == "$target" and (target is None or target.kind != "org"):
            raise UsageError("the scenario lists an organisation", next_step="Add --target org:NAME.")
        identifier = target.name if org == "$target" and target else org
        row = changed.get(identifier) or orgs.rows[orgs.get_code(identifier)]
        entry = Listing(
            list=name, status=ListingStatus.LISTED, from_=on, source="scenario", confidence=Sureness.UNKNOWN
        )
        changed[identifier] = dataclasses.replace(row, lists=(*row.lists, entry))
    return orgs.extend(changed.values()) if changed else orgs
