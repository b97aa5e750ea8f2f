"""One lever applied to a table of subjects for one act: reach and effect as columns, ground by ground."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdfast.levers.conditions import Frame, evaluate
from holdfast.levers.standing import assume_standing, effect_under, find_standing, reach_under
from holdfast.levers.truth import UNKNOWN, YES, Truths
from holdfast.records.finding import Standing
from holdfast.records.lever import Consequence, Effect, Exemption, Lever, Reach, Rule, Status, Strength

REACH_ORDER = (Reach.OPEN, Reach.UNKNOWN, Reach.CONTESTED, Reach.CONDITIONAL, Reach.LICENCE_NEEDED, Reach.FORBIDDEN)
EFFECT_ORDER = (Effect.OPEN, Effect.UNKNOWN, Effect.AT_RISK, Effect.DEGRADED, Effect.CLOSED)
REACH_CODE = {reach: code for code, reach in enumerate(REACH_ORDER)}
EFFECT_CODE = {effect: code for code, effect in enumerate(EFFECT_ORDER)}

Grades = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Question:
    """An act through a channel. An empty channel asks about the act however it is done."""

    act: str
    channel: str = ""


@dataclass(frozen=True)
class JudgedRule:
    """A rule or consequence with its answers, row by row (or one for all)."""

    part: Rule | Consequence
    standing: Standing
    truth: Truths
    reach: Grades
    effect: Grades
    objections: tuple[tuple[Exemption, Truths], ...] = ()


@dataclass(frozen=True)
class Judgement:
    """A lever's answer: the strictest of its grounds, row by row (or one for all)."""

    lever: Lever
    standing: Standing
    grounds: tuple[JudgedRule, ...]
    reach: Grades
    effect: Grades


def judge(lever: Lever, frame: Frame, question: Question, supposed: Status | None = None) -> Judgement | None:
    """The lever's answer; None when it does not exist yet or says nothing about the act and channel."""
    standing = assume_standing(supposed, frame.on) if supposed else find_standing(lever, frame.on)
    rules = [rule for rule in lever.rules if _concerns(rule, question) and _covers(rule, frame)]
    grounds = [ground for rule in rules if (ground := _judge_rule(lever, rule, frame, question, standing))]
    consequences = [part for part in lever.consequences if _concerns(part, question) and _covers(part, frame)]
    if standing is None or not (grounds or consequences):
        return None
    grounds.extend(_judge_consequence(part, frame, standing) for part in consequences)
    reach = strictest(ground.reach for ground in grounds)
    return Judgement(lever, standing, tuple(grounds), reach, strictest(ground.effect for ground in grounds))


def strictest(grades: Iterable[Grades]) -> Grades:
    """Row by row, the highest grade; of nothing: open."""
    result = np.zeros(1, dtype=np.uint8)
    for grade in grades:
        result = np.maximum(result, grade)
    return result


def covers_act(named: Sequence[str], asked: str) -> bool:
    """`contribute` covers `contribute.engage`, not the other way round; `*` covers every act."""
    return any(name in ("*", asked) or asked.startswith(name + ".") for name in named)


def _concerns(part: Rule | Exemption | Consequence, question: Question) -> bool:
    acts = not part.acts or covers_act(part.acts, question.act)
    return acts and (not part.channels or not question.channel or question.channel in part.channels)


def _covers(part: Rule | Exemption | Consequence, frame: Frame) -> bool:
    begun = part.from_ is None or part.from_ <= frame.on
    return begun and (part.until is None or frame.on < part.until)


def _judge_rule(
    lever: Lever, rule: Rule, frame: Frame, question: Question, standing: Standing | None
) -> JudgedRule | None:
    own = standing if standing and standing.from_scenario else find_standing(lever, frame.on, rule.id)
    if own is None:
        return None
    truth = evaluate(rule.when, frame)
    reach, effect = _grade(rule, own, truth)
    objections: list[tuple[Exemption, Truths]] = []
    for exemption in lever.exceptions:
        applies = not exemption.defeats or rule.id in exemption.defeats
        if applies and _concerns(exemption, question) and _covers(exemption, frame):
            against = evaluate(exemption.when, frame)
            reach, effect = _object(exemption, against, reach, effect)
            objections.append((exemption, against))
    return JudgedRule(rule, own, truth, reach, effect, tuple(objections))


def _grade(rule: Rule, standing: Standing, truth: Truths) -> tuple[Grades, Grades]:
    reach = REACH_CODE[reach_under(standing, rule.reach)]
    effect = EFFECT_CODE[effect_under(standing, rule.effect)]
    reach_if_unknown = REACH_CODE[Reach.UNKNOWN] if reach else 0
    effect_if_unknown = EFFECT_CODE[effect_under(standing, rule.effect_if_unknown)] if effect else 0
    return _pick(truth, reach, reach_if_unknown), _pick(truth, effect, effect_if_unknown)


def _pick(truth: Truths, if_yes: int, if_unknown: int) -> Grades:
    return np.array([0, if_unknown, if_yes], dtype=np.uint8)[truth]


def _object(exemption: Exemption, against: Truths, reach: Grades, effect: Grades) -> tuple[Grades, Grades]:
    """Apply one exception. A settled one whose condition is unknown leaves what was reached unknown."""
    settled = exemption.strength is Strength.SETTLED
    ceiling = REACH_CODE[exemption.leaves or (Reach.OPEN if settled else Reach.CONTESTED)]
    left = np.where(against == YES, np.minimum(reach, ceiling), reach)
    if settled:
        doubtful = (against == UNKNOWN) & (reach > max(ceiling, REACH_CODE[Reach.UNKNOWN]))
        left = np.where(doubtful, REACH_CODE[Reach.UNKNOWN], left)
    remaining = exemption.effect or (Effect.OPEN if settled else None)
    if remaining is None:
        return left.astype(np.uint8), effect
    lowered = np.where(against == YES, np.minimum(effect, EFFECT_CODE[remaining]), effect)
    return left.astype(np.uint8), lowered.astype(np.uint8)


def _judge_consequence(part: Consequence, frame: Frame, standing: Standing) -> JudgedRule:
    truth = evaluate(part.when, frame)
    effect = _pick(truth, EFFECT_CODE[part.effect], EFFECT_CODE[Effect.UNKNOWN])
    return JudgedRule(part, standing, truth, np.zeros(1, dtype=np.uint8), effect)
