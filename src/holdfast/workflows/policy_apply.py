"""`holdfast policy apply`: freezes the kept copies that levers forbid to hold or to use, after saying which and why.

It never thaws, and what it does not know it lists and leaves alone.
"""

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from holdfast.levers.assessment import assess
from holdfast.levers.judging import Question
from holdfast.levers.party import Actor, compose_party
from holdfast.levers.world import World
from holdfast.records.errors import HoldfastError, UsageError
from holdfast.records.finding import Finding
from holdfast.records.lever import Reach
from holdfast.records.report import Waiver
from holdfast.records.settings import Settings
from holdfast.records.use import LineageClaim
from holdfast.records.vault_log import LogVerb
from holdfast.vault.catalogue.revisions import FROZEN, KEPT, RevisionRow, iterate_revisions
from holdfast.vault.checking import read_revision
from holdfast.vault.opening import Vault
from holdfast.workflows.biting import find_decisive_ground, say_standing
from holdfast.workflows.check import make_settled_world
from holdfast.workflows.configuration import read_settings
from holdfast.workflows.deciding import DecideAsked, Decided, find_last, record
from holdfast.workflows.explaining import cite
from holdfast.workflows.kept_names import find_kept_name
from holdfast.workflows.knowledge import Knowledge, read_knowledge
from holdfast.workflows.models import view_model
from holdfast.workflows.vaults import VaultAsked, holding, open_vault, tell_who

QUESTIONS: Final = (Question("possess", "local-copy"), Question("use", "local-copy"), Question("serve", "local-copy"))
FREEZING: Final = (Reach.FORBIDDEN, Reach.LICENCE_NEEDED, Reach.CONDITIONAL, Reach.CONTESTED)
"""What a team may let freeze; unknown is not among them, and never will be."""


@dataclass(frozen=True, slots=True)
class PolicyAsked:
    """What the user typed, with the day. `reach` are the words that freeze; `dry_run` freezes nothing."""

    vault: VaultAsked
    flags: Mapping[str, object]
    today: datetime.date
    reach: tuple[str, ...] = (Reach.FORBIDDEN.value,)
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class ReasonToFreeze:
    """A lever that reaches a copy, and the acts for which it does, as it is recorded."""

    lever: str
    title: str
    acts: tuple[str, ...]
    status: str
    reach: Reach
    says: str
    source: str
    horizon: datetime.date


@dataclass(frozen=True, slots=True)
class JudgedCopy:
    """A copy and what the levers say of it. `verdict` is freeze, frozen, waived, unknown or leave."""

    model: str
    revision: str
    verdict: str
    reasons: tuple[ReasonToFreeze, ...]
    unknown: tuple[ReasonToFreeze, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class PolicyPlan:
    """What the policy says of every kept copy, for whom and when; said before anything is done."""

    party: str
    on: datetime.date
    horizon: datetime.date
    scenarios: tuple[str, ...]
    copies: tuple[JudgedCopy, ...]

    def choose(self, verdict: str) -> list[JudgedCopy]:
        """The copies with this verdict."""
        return [copy for copy in self.copies if copy.verdict == verdict]


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """The plan, and what was frozen by it."""

    plan: PolicyPlan
    dry_run: bool
    frozen: tuple[Decided, ...]


def run_policy_apply(asked: PolicyAsked, confirm: Callable[[PolicyPlan], bool]) -> PolicyAnswer:
    """Judge every copy, say so through `confirm`, and freeze what is to be frozen when it agrees."""
    reach = parse_reach(asked.reach)
    settings = read_settings(Path(), asked.vault.environ, asked.flags, asked.today)
    knowledge = read_knowledge(Path(settings.data) if settings.data else None, settings.on)
    judge = _Judge(settings, knowledge, reach)
    with open_vault(asked.vault) as vault:
        plan = judge.plan(vault)
        if not confirm(plan) or asked.dry_run:
            return PolicyAnswer(plan, dry_run=True, frozen=())
        with holding(vault, "journal"):
            frozen = tuple(_freeze_all(vault, asked, plan))
    return PolicyAnswer(plan, dry_run=False, frozen=frozen)


def parse_reach(words: Sequence[str]) -> frozenset[Reach]:
    """The words that freeze. Raises UsageError for one that may not."""
    allowed = [reach.value for reach in FREEZING]
    for word in words:
        if word not in allowed:
            raise UsageError(f"{word!r} does not freeze", where="--reach", next_step=f"Choose of {', '.join(allowed)}.")
    return frozenset(Reach(word) for word in words)


def _freeze_all(vault: Vault, asked: PolicyAsked, plan: PolicyPlan) -> Iterator[Decided]:
    """Only what the plan said, and only what is still kept. The caller holds the journal."""
    supposing = f", supposing {' and '.join(plan.scenarios)}" if plan.scenarios else ""
    by = f"{tell_who(asked.vault.environ)}, by policy for {plan.party} on {plan.on}{supposing}"
    for copy in plan.choose("freeze"):
        row = next(iterate_revisions(vault.database, copy.model, copy.revision), None)
        if row is None or row.state != KEPT:
            continue
        why = "; ".join(map(say_reason, copy.reasons))
        yield record(vault, DecideAsked(asked.vault, row.model, by, why), row, LogVerb.FREEZE)


def say_reason(reason: ReasonToFreeze) -> str:
    """A reason as one sentence: lever, act, reach, status, rule, source and horizon."""
    what = f"{reason.lever} ({reason.status}): to {' or '.join(reason.acts)} is {reason.reach.value}."
    return f"{what} {reason.says} Source: {reason.source}; evidence to {reason.horizon}"


class _Judge:
    """The levers of one day for one party, asked about copies."""

    def __init__(self, settings: Settings, knowledge: Knowledge, reach: frozenset[Reach]) -> None:
        self._settings = settings
        self._knowledge = knowledge
        self._reach = reach
        self._actor: Actor = compose_party(settings.party, knowledge.book.parties, knowledge.book.vocabulary)
        self._world: World = make_settled_world(settings, knowledge)

    def plan(self, vault: Vault) -> PolicyPlan:
        rows = [row for row in iterate_revisions(vault.database) if row.state in (KEPT, FROZEN)]
        return PolicyPlan(
            party=self._actor.name,
            on=self._settings.on,
            horizon=self._knowledge.book.vocabulary.evidence_horizon,
            scenarios=self._world.scenarios,
            copies=tuple(self._judge(vault, row) for row in rows),
        )

    def _judge(self, vault: Vault, row: RevisionRow) -> JudgedCopy:
        blank = JudgedCopy(row.name, row.revision, "leave", (), ())
        model = find_kept_name(row.name)
        if model is None:
            return replace(blank, verdict="unknown", note="its name is no model's name, so no lever was asked")
        claims, note = _read_claims(vault, row)
        view = view_model(model, self._knowledge, claims)
        found = assess(self._world, self._actor, [view.subject], QUESTIONS)
        waivers = {
            one.lever: waiver for one in found if (waiver := find_waiver(self._settings.waivers, str(model), one.lever))
        }
        waived = [one for one in found if one.lever in waivers and one.reach in self._reach]
        biting = [one for one in found if one.reach in self._reach and one.lever not in waivers]
        unknown = [one for one in found if one.reach is Reach.UNKNOWN and one.lever not in waivers]
        judged = replace(blank, reasons=tell_reasons(biting), unknown=tell_reasons(unknown), note=note)
        return self._decide(vault, row, judged, [waivers[one.lever] for one in waived])

    def _decide(self, vault: Vault, row: RevisionRow, judged: JudgedCopy, waived: list[Waiver]) -> JudgedCopy:
        if row.state == FROZEN:
            last = find_last(vault, row.model, LogVerb.FREEZE)
            return replace(judged, verdict="frozen", note=f"by {last.by}: {last.why}" if last else judged.note)
        if judged.reasons:
            thawed = find_last(vault, row.model, LogVerb.THAW)
            note = f"thawed by {thawed.by} at {thawed.at}: {thawed.why}" if thawed else judged.note
            return replace(judged, verdict="freeze", note=note)
        if waived:
            said = (f"{one.lever} until {one.expires}: {one.reason}" for one in dict.fromkeys(waived))
            return replace(judged, verdict="waived", note="; ".join(said))
        return replace(judged, verdict="unknown") if judged.unknown else judged


def find_waiver(waivers: Sequence[Waiver], model: str, lever: str) -> Waiver | None:
    """The waiver of a lever for a model, by its canonical name or its last part; None when there is none."""
    names = (model, model.split("/", 1)[-1], "*")
    return next((one for one in waivers if one.model in names and one.lever in (lever, "*")), None)


def _read_claims(vault: Vault, row: RevisionRow) -> tuple[tuple[LineageClaim, ...], str]:
    """What the copy declares to be built on, as it was written down when it was kept; and what could not be read."""
    try:
        bases = read_revision(vault, row.manifest).bases
    except HoldfastError as error:
        return (), f"its declared bases are unknown: {error.what}"
    return tuple(LineageClaim(row.name, base, "unknown", "card", row.manifest) for base in bases), ""


def tell_reasons(findings: Sequence[Finding]) -> tuple[ReasonToFreeze, ...]:
    """One reason a lever and rule, with all its acts, in the order that they were found."""
    acts: dict[ReasonToFreeze, list[str]] = {}
    for finding in findings:
        acts.setdefault(_tell_one(finding), []).append(finding.act)
    return tuple(replace(reason, acts=tuple(dict.fromkeys(asked))) for reason, asked in acts.items())


def _tell_one(finding: Finding) -> ReasonToFreeze:
    ground = find_decisive_ground(finding)
    return ReasonToFreeze(
        lever=finding.lever,
        title=finding.lever_title,
        acts=(),
        status=say_standing(finding),
        reach=finding.reach,
        says=ground.says if ground else finding.lever_title,
        source=cite(ground.citation if ground else finding.standing.citation),
        horizon=finding.horizon,
    )
