"""`holdfast check`: scan + who + assess, joined into one report. Judges nothing itself and writes nothing."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import holdfast
from holdfast.levers.assessment import assess, combine
from holdfast.levers.party import Actor, compose_party
from holdfast.levers.world import World, make_world
from holdfast.records.finding import Finding
from holdfast.records.model import Kind, ModelName, Pin
from holdfast.records.report import CheckReport, ModelRow, StandIn
from holdfast.records.settings import Settings
from holdfast.records.use import Inventory, LineageClaim, Use
from holdfast.workflows.blast import compute_blast, does_stop
from holdfast.workflows.grouping import group_uses
from holdfast.workflows.knowledge import Knowledge
from holdfast.workflows.models import QUESTIONS, ModelView, view_model, view_unresolved
from holdfast.workflows.policy import judge_policy
from holdfast.workflows.what_if import Assessed, compute_what_ifs


@dataclass(frozen=True)
class CheckRequest:
    """What `check` was asked: a scanned inventory, settings, and the findings that were known before."""

    inventory: Inventory
    settings: Settings
    knowledge: Knowledge
    baseline: frozenset[str] = frozenset()


def check(request: CheckRequest) -> CheckReport:
    """The report of one scanned tree. Raises UnknownName for parties, scenarios and targets that do not exist."""
    settings, knowledge = request.settings, request.knowledge
    actor = compose_party(settings.party, knowledge.book.parties, knowledge.book.vocabulary)
    world = make_settled_world(settings, knowledge)
    assessed = _assess_rows(request, world, actor)
    rows = assessed.rows
    headline_blast = compute_blast(rows, _asks(world), settings.on)
    services = tuple(sorted({service for row in rows for service in row.services}))
    return CheckReport(
        holdfast=holdfast.__version__,
        root=request.inventory.root,
        on=settings.on,
        horizon=knowledge.book.vocabulary.evidence_horizon,
        party=actor.name,
        party_title=knowledge.title_of_party(settings.party),
        scenarios=world.scenarios,
        target=world.target.name if world.target else "",
        headline=headline_blast.headline,
        rows=rows,
        services=services,
        blast=headline_blast,
        what_ifs=compute_what_ifs(assessed, world, knowledge),
        catalogues=request.inventory.catalogues,
        artefacts=request.inventory.artefacts,
        skipped=request.inventory.skipped,
        files_seen=request.inventory.files_seen,
        policy=judge_policy(rows, settings, request.baseline),
        waivers=settings.waivers,
        stand_ins=settings.stand_ins,
        notes=_notes(world, knowledge),
    )


def make_settled_world(settings: Settings, knowledge: Knowledge, on: datetime.date | None = None) -> World:
    """The rules on the settings' date (or another) with the settings' scenarios."""
    return make_world(
        knowledge.book, knowledge.orgs, on or settings.on, scenarios=settings.scenarios, target=settings.target
    )


def _asks(world: World) -> str:
    return " and ".join(world.book.get_scenario(name).asks for name in world.scenarios)


def _notes(world: World, knowledge: Knowledge) -> tuple[str, ...]:
    horizon = knowledge.book.vocabulary.evidence_horizon
    if world.on > horizon:
        return (f"The evidence ends on {horizon}; what happened between then and {world.on} is unknown.",)
    return ()


def _assess_rows(request: CheckRequest, world: World, actor: Actor) -> Assessed:
    groups = group_uses(request.inventory.uses)
    claims = _claims_by_model(request.inventory)
    views = [_view(key, uses, claims, request.knowledge) for key, uses in groups]
    findings = assess_views(world, actor, views)
    rows = tuple(
        _row(number, view, uses, findings.get(view.subject.name, ()), request.settings)
        for number, (view, (_, uses)) in enumerate(zip(views, groups, strict=True), 1)
    )
    return Assessed(actor, tuple(views), rows)


def assess_views(world: World, actor: Actor, views: Sequence[ModelView]) -> dict[str, tuple[Finding, ...]]:
    """Findings by model for the acts that each kind of model implies; a model without a name is not assessed."""
    found: dict[str, list[Finding]] = {}
    for kind, questions in QUESTIONS.items():
        chosen = [view.subject for view in views if view.kind is kind and view.questions]
        for finding in assess(world, actor, chosen, questions):
            found.setdefault(finding.model, []).append(finding)
    return {model: tuple(listed) for model, listed in found.items()}


def _claims_by_model(inventory: Inventory) -> dict[str, tuple[LineageClaim, ...]]:
    claims: dict[str, list[LineageClaim]] = {}
    for artefact in inventory.artefacts:
        if artefact.model is not None:
            claims.setdefault(str(artefact.model), []).extend(artefact.claims)
    return {model: tuple(listed) for model, listed in claims.items()}


def _view(
    key: str, uses: Sequence[Use], claims: Mapping[str, tuple[LineageClaim, ...]], knowledge: Knowledge
) -> ModelView:
    name: ModelName | None = uses[0].model
    if name is None:
        return view_unresolved(key, uses[0].kind)
    endpoints = tuple(dict.fromkeys(use.endpoint for use in uses if use.endpoint))
    return view_model(name, knowledge, claims.get(str(name), ()), endpoints)


def _row(
    number: int, view: ModelView, uses: Sequence[Use], findings: tuple[Finding, ...], settings: Settings
) -> ModelRow:
    reach, effect = combine(findings)
    return ModelRow(
        number=number,
        model=view.subject.name,
        label=view.label,
        kind=view.kind,
        pin=_loosest_pin(uses),
        revisions=tuple(sorted({use.revision.value for use in uses if use.revision.value})),
        uses=tuple(uses),
        services=tuple(sorted({use.service for use in uses if use.service})),
        environments=tuple(sorted({use.environment.value for use in uses})),
        builders=view.builders,
        repackagers=view.repackagers,
        endpoint=view.endpoint,
        families=view.subject.families,
        licences=view.licences,
        lineage=view.lineage,
        claims=view.claims,
        conflicts=view.conflicts,
        findings=findings,
        reach=reach,
        effect=effect,
        stops=does_stop(findings),
        copy="n/a" if view.kind is Kind.HOSTED else "none",
        stand_in=find_stand_in(view.subject.name, settings.stand_ins),
        confidence=view.confidence,
        note=view.note or next((use.note for use in uses if use.note), ""),
    )


def find_stand_in(model: str, stand_ins: Sequence[StandIn]) -> StandIn | None:
    """The stand-in that holdfast.toml approves for a model, by its canonical name or its last part."""
    return next((s for s in stand_ins if s.for_model in (model, model.split("/", 1)[-1])), None)


def _loosest_pin(uses: Sequence[Use]) -> Pin:
    order = (Pin.MOVING, Pin.UNKNOWN, Pin.SNAPSHOT, Pin.EXACT)
    return min((use.revision.pin for use in uses), key=order.index, default=Pin.UNKNOWN)
