"""Levers, parties, scenarios and episodes: rules as data. docs/rule-data.md describes the language of conditions."""

import datetime
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from holdfast.records.evidence import Source, Strict, Sureness
from holdfast.records.organisation import Listing, Organisation, Owner


class Reach(StrEnum):
    """What the law, licence or policy says of the act."""

    FORBIDDEN = "forbidden"
    LICENCE_NEEDED = "licence-needed"
    CONDITIONAL = "conditional"
    CONTESTED = "contested"
    UNKNOWN = "unknown"
    OPEN = "open"


class Effect(StrEnum):
    """What happens to the channel in practice."""

    CLOSED = "closed"
    DEGRADED = "degraded"
    AT_RISK = "at-risk"
    UNKNOWN = "unknown"
    OPEN = "open"


class Status(StrEnum):
    """A lever's dated states."""

    IN_FORCE = "in-force"
    ENJOINED_IN_PART = "enjoined-in-part"
    ENJOINED = "enjoined"
    STAYED = "stayed"
    PROPOSED = "proposed"
    PUBLISHED_THEN_WITHDRAWN = "published-then-withdrawn"
    APPROVED_UNPUBLISHED = "approved-unpublished"
    IN_TEXT_UNENFORCED = "in-text-unenforced"
    CONDITIONAL_ON_GUIDANCE = "conditional-on-guidance"
    LAPSED = "lapsed"
    RESCINDED = "rescinded"
    HYPOTHETICAL = "hypothetical"


class LeverFamily(StrEnum):
    """Where a lever comes from: the sections of the legal reference."""

    SANCTIONS = "sanctions"
    ICTS = "icts"
    EXPORT_CONTROLS = "export-controls"
    PROCUREMENT = "procurement"
    BILLS = "bills"
    STATE_LAW = "state-law"
    POSSESSION = "possession"
    CARRIER = "carrier"
    HOST = "host"
    FOREIGN = "foreign"
    PRC = "prc"
    LICENCE = "licence"
    PROVIDER_POLICY = "provider-policy"
    SUPPLY = "supply"


class Strength(StrEnum):
    """Whether an exception (or rule) is settled law or an argument."""

    SETTLED = "settled"
    ARGUED = "argued"


class Truth(StrEnum):
    """Three values: unknown never becomes no."""

    YES = "yes"
    UNKNOWN = "unknown"
    NO = "no"


Word = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AllOf(Strict):
    """Every part holds."""

    all: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf(Strict):
    """At least one part holds."""

    any: tuple["Condition", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotThat(Strict):
    """The part does not hold."""

    not_: "Condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactTest(Strict):
    """One test of one fact of data/vocabulary.yaml. `is`: equals one of these (a set fact: holds one of these)."""

    fact: str
    is_: tuple[Word, ...] | Word | None = None
    at_least: float | None = None
    more_than: float | None = None
    before: datetime.date | None = None
    from_: datetime.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedBy(Strict):
    """Held by a named organisation, directly or through others, by at least this share."""

    org: str
    at_least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedByListed(Strict):
    """Held in the aggregate, directly or indirectly, by parties on any of these lists."""

    lists: tuple[str, ...]
    at_least: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedFrom(Strict):
    """Held by owners controlled from these countries (or country groups)."""

    countries: tuple[str, ...]
    at_least: float | None = None
    more_than: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgTest(Strict):
    """One test of an organisation in a role.

    Roles: `builder` (anyone who built the weights, through every base), `developer` (the named developer alone),
    `endpoint` (who runs the API), `host` (where the files are fetched), `counterparty` (the other side of the act),
    `party` (the acting party itself). A role that several hold is satisfied by any of them.
    """

    org: Literal["builder", "developer", "endpoint", "host", "counterparty", "party"]
    is_: tuple[str, ...] | str | None = None
    on_list: tuple[str, ...] | str | None = None
    controlled_from: tuple[str, ...] | str | None = None
    incorporated: tuple[str, ...] | str | None = None
    located: tuple[str, ...] | str | None = None  # incorporated, headquartered or controlled there
    owned_by: OwnedBy | None = None
    owned_by_listed: OwnedByListed | None = None
    owned_from: OwnedFrom | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetTest(Strict):
    """The scenario's `--target` is met by an organisation in this role, by the family, by the model, or by `any`."""

    target: Literal["builder", "developer", "endpoint", "host", "counterparty", "family", "model", "any"]


Condition = AllOf | AnyOf | NotThat | FactTest | OrgTest | TargetTest


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceConflict(Strict):
    """Another source that says otherwise: stored, never smoothed."""

    says: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusSpan(Strict):
    """A lever's status from a day on (with `rules`, of those alone); `until` is the first day it no longer holds."""

    status: Status
    from_: datetime.date
    until: datetime.date | None = None
    after: Status | None = None  # what the text says follows `until`
    rules: tuple[str, ...] = ()
    source: str
    confidence: Sureness
    note: str | None = None
    conflicts: tuple[SourceConflict, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Strict):
    """These acts through these channels, when the condition holds, have this reach and this effect."""

    id: str
    acts: tuple[str, ...]
    channels: tuple[str, ...] = ()  # none named: any
    when: Condition | None = None
    reach: Reach
    effect: Effect
    effect_if_unknown: Effect = Effect.UNKNOWN
    from_: datetime.date | None = None
    until: datetime.date | None = None
    strength: Strength = Strength.SETTLED
    says: str
    source: str
    confidence: Sureness


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption(Strict):
    """Defeats rules: settled ones open the act, argued ones make it contested. `defeats` empty: every rule."""

    id: str
    defeats: tuple[str, ...] = ()
    acts: tuple[str, ...] = ()  # none named: any
    channels: tuple[str, ...] = ()
    when: Condition | None = None
    from_: datetime.date | None = None
    until: datetime.date | None = None
    strength: Strength
    leaves: Reach | None = None  # another reach than open / contested
    effect: Effect | None = None  # settled: open; argued: the rule's own
    says: str
    source: str
    confidence: Sureness


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence(Strict):
    """What someone does because of the lever, beyond what it demands: an effect without reach."""

    id: str
    acts: tuple[str, ...]
    channels: tuple[str, ...] = ()
    when: Condition | None = None
    effect: Effect
    from_: datetime.date
    until: datetime.date | None = None
    says: str
    source: str
    confidence: Sureness


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation(Strict):
    """What must come out; several values mean that any of them is right."""

    reach: tuple[Reach, ...] | Reach | None = None
    effect: tuple[Effect, ...] | Effect | None = None


Facts = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrgFacts(Strict):
    """An organisation described in place, for parties and episodes. Places left out are unknown, owners none found."""

    name: str
    controlled_from: str | None = None
    incorporated: str | None = None
    headquartered: str | None = None
    owners: tuple[Owner, ...] | Literal["unknown", "none"] = "none"  # `unknown` says that ownership is in question
    lists: tuple[Listing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyFacts(Strict):
    """Who acts. `like` starts from a ready party. What a party does not say of itself is taken as not so."""

    like: str | None = None
    facts: Facts = field(default_factory=dict[str, object])
    owners: tuple[Owner, ...] | Literal["unknown", "none"] | None = None
    lists: tuple[Listing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation(Strict):
    """Facts in: party, act, channel, and what the act concerns."""

    party: str | PartyFacts | None = None
    act: str | None = None
    channel: str | None = None
    model: str | None = None  # a model name, resolved by the registry
    builders: tuple[str, ...] | Literal["unknown"] | None = None  # org ids, the developer first; instead of `model`
    endpoint: str | OrgFacts | None = None
    host: str | OrgFacts | None = None
    counterparty: str | OrgFacts | None = None
    facts: Facts = field(default_factory=dict[str, object])
    scenario: tuple[str, ...] | str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Strict):
    """A test inside a lever's file: a situation on a date, judged by that lever alone."""

    title: str
    given: Situation
    on: datetime.date
    expect: Expectation


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever(Strict):
    """One file of data/levers."""

    id: str
    title: str
    family: LeverFamily
    kind: str  # statute, regulation, order, list, letter, licence, host-policy, provider-policy, bill, case, draft
    jurisdiction: str  # whose lever: a country code, `private`, or `EU`
    authority: str  # the citation
    issued_by: str
    analogy: bool = False  # shows what a rule of this shape looks like; it reaches no model
    power_only: bool = False  # an authority in force under which nothing has been done
    summary: str
    status: tuple[StatusSpan, ...]
    rules: tuple[Rule, ...] = ()
    exceptions: tuple[Exemption, ...] = ()
    consequences: tuple[Consequence, ...] = ()
    conflicts: tuple[SourceConflict, ...] = ()
    related: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    sources: dict[str, Source]
    note: str | None = None
    last_checked: datetime.date
    evidence_horizon: datetime.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Party(Strict):
    """One file of data/parties: a ready party."""

    id: str
    title: str
    summary: str
    facts: Facts
    owners: tuple[Owner, ...] | Literal["unknown", "none"] = "none"
    lists: tuple[Listing, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange(Strict):
    """In the scenario this lever has this status from the scenario's date on."""

    lever: str
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class ListChange(Strict):
    """In the scenario this organisation (or `$target`) stands on this list."""

    org: str
    list: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario(Strict):
    """One file of data/scenarios: a named set of lever changes."""

    id: str
    title: str
    summary: str
    asks: str  # the headline's words: "US hosts drop PRC-origin repositories"
    needs_target: tuple[str, ...] = ()  # org, family, model: what --target may be; none: it takes no target
    default_target: str | None = None
    statuses: tuple[StatusChange, ...] = ()
    listings: tuple[ListChange, ...] = ()
    includes: tuple[str, ...] = ()
    facts: Facts = field(default_factory=dict[str, object])
    grounds: str  # why this is imaginable: the text or the precedent it follows
    sources: dict[str, Source] = field(default_factory=dict[str, Source])


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Strict):
    """One dated question of an episode; what it names replaces the episode's own facts."""

    on: datetime.date
    given: Situation = field(default_factory=Situation)
    expect: Expectation
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode(Strict):
    """One past event as a test: facts in, expected reach and effect out."""

    id: str
    title: str
    what_happened: str
    source: str
    levers: tuple[str, ...] = ()  # judged by these alone; none named: by every lever
    given: Situation
    organisations: tuple[Organisation, ...] = ()
    extra_levers: tuple[Lever, ...] = ()
    checks: tuple[Check, ...]
