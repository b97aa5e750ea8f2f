"""What `holdfast check` hands to every output: rows by model, findings, blast radius, what-ifs, policy. Plain data."""

import datetime
from dataclasses import dataclass, field

from holdfast.records.finding import Finding
from holdfast.records.lever import Effect, Reach
from holdfast.records.model import Kind, Pin
from holdfast.records.screening import ScreeningSummary
from holdfast.records.use import Artefact, Catalogue, LineageClaim, Skipped, Use


@dataclass(frozen=True, slots=True)
class OrgView:
    """An organisation as a row shows it. Countries are codes; empty when not known."""

    id: str  # `unknown` when it is not known
    name: str
    country: str = ""  # where it is controlled from, else headquartered
    how: str = ""  # developer, base, repackager, endpoint
    confidence: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class LineageEdge:
    """One step from a model or family to what it was built on, as the graph draws it."""

    child: str
    base: str
    relation: str
    confidence: str
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class StandIn:
    """A model approved to replace another, as holdfast.toml says."""

    for_model: str
    model: str
    approved_by: str = ""
    approved_on: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted finding: shown, never hidden; void after `expires`."""

    model: str
    lever: str
    reason: str
    expires: datetime.date
    by: str = ""


@dataclass(frozen=True, slots=True)
class HeldCopy:
    """A revision of a model that the vault holds: `state` is kept, ready (kept, and it ran), frozen or damaged."""

    revision: str
    state: str


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model (or one unresolved expression) with all its uses and everything found about it."""

    number: int
    model: str  # canonical name, or the expression of an unresolved use
    label: str  # what a narrow table shows
    kind: Kind
    pin: Pin
    revisions: tuple[str, ...]
    uses: tuple[Use, ...]
    services: tuple[str, ...]
    environments: tuple[str, ...]
    builders: tuple[OrgView, ...]  # who built the weights, through every base
    repackagers: tuple[OrgView, ...]
    endpoint: OrgView | None  # who runs it; None: it runs here
    families: tuple[str, ...]
    licences: tuple[str, ...]
    lineage: tuple[LineageEdge, ...]
    claims: tuple[LineageClaim, ...]
    conflicts: tuple[str, ...]
    findings: tuple[Finding, ...]  # every lever whose condition is yes or unknown, biting or not
    reach: Reach
    effect: Effect
    stops: bool  # whether its uses stop, at once or at the next cold start
    copy: str = "none"  # `n/a` (hosted), `kept`, `ready`, `frozen`, `damaged`, `other revision` than pinned, `unknown`
    copies: tuple[HeldCopy, ...] = ()  # every revision that the vault holds, the newest first
    copy_says: str = ""  # which revision is held, or why it is not known
    stand_in: StandIn | None = None
    confidence: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Blast:
    """What stops: uses and services, how many of them are covered by an approved stand-in."""

    uses: int
    services: tuple[str, ...]
    covered: int
    at_risk: int
    unknown: int
    headline: str


@dataclass(frozen=True, slots=True)
class WhatIfRow:
    """A row's answer in a what-if: only what a page needs to recolour it."""

    number: int
    reach: Reach
    effect: Effect
    stops: bool
    levers: tuple[str, ...]  # ids of the levers that bite
    says: tuple[str, ...]  # their decisive sentences


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A scenario (with its target) worked out for the whole report."""

    id: str  # scenario, or scenario@target
    scenario: str
    target: str
    title: str
    asks: str
    blast: Blast
    rows: tuple[WhatIfRow, ...]


@dataclass(frozen=True, slots=True)
class PolicyOutcome:
    """What the policy says of the findings. `judged` False: no policy, an inventory only."""

    judged: bool
    failures: tuple[str, ...] = ()  # finding ids that break it and are neither waived nor in the baseline
    waived: tuple[tuple[str, Waiver], ...] = ()
    known: tuple[str, ...] = ()  # broken, but already in the baseline
    reasons: dict[str, str] = field(default_factory=dict[str, str])  # finding id → why it breaks the policy


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Everything one `holdfast check` found. The same report gives the table, the page and every export."""

    holdfast: str  # version
    root: str
    on: datetime.date
    horizon: datetime.date
    party: str
    party_title: str
    scenarios: tuple[str, ...]
    target: str
    headline: str
    rows: tuple[ModelRow, ...]
    services: tuple[str, ...]
    blast: Blast
    what_ifs: tuple[WhatIf, ...]
    catalogues: tuple[Catalogue, ...]
    artefacts: tuple[Artefact, ...]
    skipped: tuple[Skipped, ...]
    files_seen: int
    policy: PolicyOutcome
    waivers: tuple[Waiver, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()
    notes: tuple[str, ...] = ()
    screening: ScreeningSummary | None = None  # None: it was not asked for

    @property
    def use_count(self) -> int:
        """Uses over all rows."""
        return sum(len(row.uses) for row in self.rows)
