"""What answers say of quality: shares of right ones by endpoint, family and use, each with its interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.statistics.shares import estimate_clustered
from holdfast.records.measurement import Answer, Estimate, Verdict

ALL: Final = ""


@dataclass(frozen=True, slots=True)
class Quality:
    """How many answers were right, of an endpoint, in one family or for one use (both empty: of all).

    `right` is among those that were judged; `right_of_all` counts what could not be judged as wrong. `usd_per_answer`
    and `seconds` are means, None where nobody knows."""

    endpoint: str
    suite: str
    family: str
    use: str
    answers: int
    unknown: int
    refusals: int
    cut: int
    right: Estimate
    right_of_all: Estimate
    seconds: float | None
    usd: float | None


def judge_answers(answers: Sequence[Answer], endpoints: Sequence[str]) -> tuple[Quality, ...]:
    """Of every endpoint: all answers of a suite, then its families, then its uses."""
    found: list[Quality] = []
    for endpoint in endpoints:
        own = [one for one in answers if one.endpoint == endpoint]
        for suite in dict.fromkeys(one.suite for one in own):
            part = [one for one in own if one.suite == suite]
            found.append(_judge(part, ALL, ALL))
            found += [_judge(some, family, ALL) for family, some in _group(part, lambda one: one.family)]
            found += [_judge(some, ALL, use) for use, some in _group(part, lambda one: one.use) if use]
    return tuple(found)


def _group(answers: Sequence[Answer], name: Callable[[Answer], str]) -> list[tuple[str, list[Answer]]]:
    groups: dict[str, list[Answer]] = {}
    for one in answers:
        groups.setdefault(name(one), []).append(one)
    return list(groups.items())


def _judge(answers: Sequence[Answer], family: str, use: str) -> Quality:
    judged = [one for one in answers if one.verdict is not Verdict.UNKNOWN]
    return Quality(
        endpoint=answers[0].endpoint,
        suite=answers[0].suite,
        family=family,
        use=use,
        answers=len(answers),
        unknown=len(answers) - len(judged),
        refusals=sum(one.is_refusal for one in answers),
        cut=sum(one.is_cut for one in answers),
        right=_estimate(judged),
        right_of_all=_estimate(answers),
        seconds=_mean([one.seconds for one in answers]),
        usd=_mean([one.cost_usd for one in answers]),
    )


def _estimate(answers: Sequence[Answer]) -> Estimate:
    scores = np.array([one.verdict is Verdict.RIGHT for one in answers], np.float64)
    return estimate_clustered(scores, [one.cluster or one.task for one in answers])


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
