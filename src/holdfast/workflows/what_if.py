"""Every scenario worked out for one report, so that a page can switch between them with no machine behind it."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from holdfast.levers.assessment import assess, combine
from holdfast.levers.judging import Question
from holdfast.levers.party import Actor
from holdfast.levers.rulebook import find_lists, leaves
from holdfast.levers.world import World, make_world, with_included
from holdfast.records.finding import Finding
from holdfast.records.lever import FactTest, Lever, Scenario, TargetTest
from holdfast.records.report import ModelRow, WhatIf, WhatIfRow
from holdfast.workflows.blast import compute_blast, does_stop
from holdfast.workflows.knowledge import Knowledge
from holdfast.workflows.models import ModelView

TARGETS_MAX = 12


@dataclass(frozen=True)
class Assessed:
    """A party and its rows, with the views they were made from."""

    actor: Actor
    views: tuple[ModelView, ...]
    rows: tuple[ModelRow, ...]


@dataclass(frozen=True, slots=True)
class Asks:
    """What a lever's conditions ask about, so that a scenario that changes nothing of it need not judge it again."""

    facts: frozenset[str]
    lists: frozenset[str]
    target: bool


@dataclass(frozen=True)
class Supposition:
    """A scenario with its target, and what each lever asks about."""

    scenario: Scenario
    target: str
    asks: dict[str, Asks]


def compute_what_ifs(assessed: Assessed, world: World, knowledge: Knowledge) -> tuple[WhatIf, ...]:
    """One what-if a scenario, or one for each target in the report where the scenario needs one."""
    found: list[WhatIf] = []
    asks = {lever.id: compute_asks(lever) for lever in world.levers}
    for scenario in knowledge.book.scenarios.values():
        targets = _targets(scenario, assessed, knowledge) if scenario.needs_target else [""]
        found.extend(_what_if(Supposition(scenario, target, asks), assessed, world, knowledge) for target in targets)
    return tuple(found)


def _targets(scenario: Scenario, assessed: Assessed, knowledge: Knowledge) -> list[str]:
    if "org" in scenario.needs_target:
        orgs = {org: None for view in assessed.views for org in (*view.subject.builders, view.subject.endpoint) if org}
        return [org for org in orgs if knowledge.orgs.get_code(org) >= 0][:TARGETS_MAX]
    if "family" in scenario.needs_target:
        return list({family: None for view in assessed.views for family in view.subject.families})[:TARGETS_MAX]
    return [f"model:{row.model}" for row in assessed.rows if not row.model.startswith("$")][:TARGETS_MAX]


def _what_if(supposition: Supposition, assessed: Assessed, world: World, knowledge: Knowledge) -> WhatIf:
    scenario, target, asks = supposition.scenario, supposition.target, supposition.asks
    supposed = make_world(knowledge.book, knowledge.orgs, world.on, scenarios=[scenario.id], target=target or None)
    changed = _changed(scenario, knowledge)
    affected = [lever for lever in supposed.levers if _may_change(lever, asks[lever.id], supposed, changed)]
    rows = _rows(assessed, supposed, affected)
    blast = compute_blast(rows, _asks(scenario, target, knowledge), world.on)
    return WhatIf(
        id=f"{scenario.id}@{target}" if target else scenario.id,
        scenario=scenario.id,
        target=target,
        title=scenario.title,
        asks=_asks(scenario, target, knowledge),
        blast=blast,
        rows=tuple(_what_if_row(row) for row in rows),
    )


def _asks(scenario: Scenario, target: str, knowledge: Knowledge) -> str:
    return f"{scenario.asks} ({knowledge.name_of(target)})" if target else scenario.asks


def compute_asks(lever: Lever) -> Asks:
    """The facts, lists and targets in a lever's conditions."""
    conditions = (part.when for parts in (lever.rules, lever.exceptions, lever.consequences) for part in parts)
    tests = [leaf for condition in conditions for leaf in leaves(condition)]
    return Asks(
        facts=frozenset(test.fact for test in tests if isinstance(test, FactTest)),
        lists=find_lists(lever),
        target=any(isinstance(test, TargetTest) for test in tests),
    )


@dataclass(frozen=True, slots=True)
class Changed:
    """The facts and lists that a scenario changes."""

    facts: frozenset[str]
    lists: frozenset[str]


def _may_change(lever: Lever, asks: Asks, supposed: World, changed: Changed) -> bool:
    if lever.id in supposed.supposed:
        return True
    return bool(asks.target and supposed.target) or bool(asks.facts & changed.facts or asks.lists & changed.lists)


def _changed(scenario: Scenario, knowledge: Knowledge) -> Changed:
    """What a scenario and those it includes change; a fact that defaults from a changed one changes with it."""
    parts = with_included(scenario, knowledge.book)
    facts = {fact for part in parts for fact in part.facts}
    derived = {name for name, kind in knowledge.book.vocabulary.facts.items() if kind.default_from in facts}
    return Changed(frozenset(facts | derived), frozenset(one.list for part in parts for one in part.listings))


def _rows(assessed: Assessed, world: World, affected: Sequence[Lever]) -> tuple[ModelRow, ...]:
    changed = {lever.id for lever in affected}
    fresh = _assess_again(assessed, world, affected)
    rows: list[ModelRow] = []
    for row in assessed.rows:
        kept = [finding for finding in row.findings if finding.lever not in changed]
        findings = (*kept, *fresh.get(row.model, ()))
        reach, effect = combine(findings)
        rows.append(dataclasses.replace(row, findings=findings, reach=reach, effect=effect, stops=does_stop(findings)))
    return tuple(rows)


def _assess_again(assessed: Assessed, world: World, levers: Sequence[Lever]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for questions, views in _by_questions(assessed.views):
        subjects = [view.subject for view in views]
        for finding in assess(world, assessed.actor, subjects, questions, levers=levers):
            found.setdefault(finding.model, []).append(finding)
    return found


def _by_questions(views: Iterable[ModelView]) -> list[tuple[tuple[Question, ...], list[ModelView]]]:
    groups: dict[tuple[Question, ...], list[ModelView]] = {}
    for view in views:
        groups.setdefault(view.questions, []).append(view)
    return list(groups.items())


def _what_if_row(row: ModelRow) -> WhatIfRow:
    biting = [finding for finding in row.findings if finding.bites]
    says = dict.fromkeys(ground.says for finding in biting for ground in finding.grounds)
    levers = tuple(dict.fromkeys(finding.lever for finding in biting))
    return WhatIfRow(row.number, row.reach, row.effect, row.stops, levers, tuple(says)[:6])
