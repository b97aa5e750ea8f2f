"""Findings: every lever asked about every subject for the acts that its kind implies, with grounds spelled out."""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence

from holdfast.levers.conditions import Frame
from holdfast.levers.judging import EFFECT_ORDER, REACH_ORDER, Grades, JudgedRule, Judgement, Question, judge
from holdfast.levers.party import Actor
from holdfast.levers.rulebook import find_lists
from holdfast.levers.subjects import SubjectTable, make_subject_table
from holdfast.levers.truth import NO, Truths, word
from holdfast.levers.wording import describe
from holdfast.levers.world import World
from holdfast.records.finding import Citation, Finding, Ground, Objection, Standing
from holdfast.records.lever import Consequence, Effect, Exemption, Lever, Reach, Rule
from holdfast.records.subject import Subject


def assess(
    world: World,
    actor: Actor,
    subjects: Sequence[Subject],
    questions: Sequence[Question],
    *,
    levers: Iterable[Lever] | None = None,
    facts: Mapping[str, object] | None = None,
) -> list[Finding]:
    """A finding for each lever × question × subject where some rule's condition is yes or unknown, biting or not."""
    if not subjects:
        return []
    table = make_subject_table(subjects, world.orgs, world.book.vocabulary)
    frame = world.frame(actor, table, dict(facts or {}))
    findings: list[Finding] = []
    for lever in world.levers if levers is None else levers:
        for question in questions:
            judgement = judge(lever, frame, question, world.supposed.get(lever.id))
            if judgement is not None:
                supposed = bool(world.supposed_lists & find_lists(lever))
                found = _findings(judgement, frame, question, table)
                findings.extend(dataclasses.replace(one, supposed=supposed or one.supposed) for one in found)
    return findings


def combine(findings: Iterable[Finding]) -> tuple[Reach, Effect]:
    """The strictest reach and the worst effect over all levers."""
    listed = list(findings)
    reach = max((REACH_ORDER.index(finding.reach) for finding in listed), default=0)
    effect = max((EFFECT_ORDER.index(finding.effect) for finding in listed), default=0)
    return REACH_ORDER[reach], EFFECT_ORDER[effect]


def _findings(judgement: Judgement, frame: Frame, question: Question, table: SubjectTable) -> Iterable[Finding]:
    for row in range(len(table)):
        grounds = tuple(_ground(part, judgement.lever, frame, row) for part in judgement.grounds if _matters(part, row))
        if not grounds:
            continue
        lever, model = judgement.lever, table.names[row]
        standing = _decisive_standing(judgement, row)
        yield Finding(
            id=compute_finding_id(frame.actor.name, question, model, lever.id),
            party=frame.actor.name,
            act=question.act,
            channel=question.channel,
            model=model,
            lever=lever.id,
            lever_title=lever.title,
            on=frame.on,
            reach=REACH_ORDER[_at(judgement.reach, row)],
            effect=EFFECT_ORDER[_at(judgement.effect, row)],
            standing=standing,
            supposed=standing.from_scenario,
            grounds=grounds,
            horizon=lever.evidence_horizon,
        )


def compute_finding_id(party: str, question: Question, model: str, lever: str) -> str:
    """Eight hex digits that stay the same for the same party, act, channel, model and lever."""
    text = "|".join((party, question.act, question.channel, model, lever))
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _decisive_standing(judgement: Judgement, row: int) -> Standing:
    """The standing of the strictest ground: a lever's rules may have dates of their own."""
    live = [ground for ground in judgement.grounds if _matters(ground, row)]
    strictest = max(live, key=lambda ground: (_at(ground.reach, row), _at(ground.effect, row)))
    return strictest.standing


def _matters(ground: JudgedRule, row: int) -> bool:
    return _at(ground.truth, row) != NO


def _at(column: Grades | Truths, row: int) -> int:
    return int(column[row if len(column) > 1 else 0])


def _ground(judged: JudgedRule, lever: Lever, frame: Frame, row: int) -> Ground:
    part = judged.part
    return Ground(
        rule=part.id,
        says=part.says,
        truth=word(_at(judged.truth, row)),
        reach=REACH_ORDER[_at(judged.reach, row)],
        effect=EFFECT_ORDER[_at(judged.effect, row)],
        would_be=part.reach if isinstance(part, Rule) else Reach.OPEN,
        would_effect=part.effect,
        confidence=part.confidence.value,
        citation=_cite(lever, part),
        reasons=describe(part.when, frame, row),
        objections=tuple(_objection(lever, part, _at(truth, row), frame, row) for part, truth in judged.objections),
    )


def _objection(lever: Lever, exemption: Exemption, truth: int, frame: Frame, row: int) -> Objection:
    return Objection(
        id=exemption.id,
        says=exemption.says,
        strength=exemption.strength,
        truth=word(truth),
        citation=_cite(lever, exemption),
        reasons=describe(exemption.when, frame, row),
    )


def _cite(lever: Lever, part: Rule | Exemption | Consequence) -> Citation:
    source = lever.sources[part.source]
    return Citation(source.title, source.mark.value, source.url)
