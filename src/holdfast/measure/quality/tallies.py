"""How many answers were right: counted, with intervals, in both readings of what was not judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from holdfast.measure.statistics.shares import estimate_clustered
from holdfast.records.measurement import Answer, Estimate, Fault, Verdict


class GroupBy(StrEnum):
    """By what answers can be told apart."""

    ENDPOINT = "endpoint"
    SUITE = "suite"
    USE = "use"
    FAMILY = "family"


EACH = tuple(GroupBy)


@dataclass(frozen=True, slots=True)
class Tally:
    """The answers of one group; a member by which they are not told apart is empty.

    `asked` are those that we did not stop ourselves; of them `right`, `wrong` and `unknown`. `judged` is the share of
    right ones among right and wrong ones, `least` among all asked, as if every unknown one were wrong; `score` the mean
    score of those judged. All three count a cluster of tasks, and the attempts at one task, as not independent.
    """

    endpoint: str
    suite: str
    use: str
    family: str
    asked: int
    right: int
    wrong: int
    unknown: int
    stopped: int
    refused: int
    cut: int
    judged: Estimate
    least: Estimate
    score: Estimate


def tally_answers(answers: Sequence[Answer], by: Sequence[GroupBy] = EACH, confidence: float = 0.95) -> list[Tally]:
    """A tally for every group, in the order in which the groups come first."""
    groups: dict[tuple[str, ...], list[Answer]] = {}
    for answer in answers:
        groups.setdefault(tuple(str(getattr(answer, name)) if name in by else "" for name in EACH), []).append(answer)
    return [_tally(key, group, confidence) for key, group in groups.items()]


def _tally(key: tuple[str, ...], answers: Sequence[Answer], confidence: float) -> Tally:
    asked = [answer for answer in answers if answer.fault is not Fault.STOPPED]
    judged = [answer for answer in asked if answer.verdict is not Verdict.UNKNOWN]
    right = sum(answer.verdict is Verdict.RIGHT for answer in asked)
    endpoint, suite, use, family = key
    return Tally(
        endpoint=endpoint,
        suite=suite,
        use=use,
        family=family,
        asked=len(asked),
        right=right,
        wrong=len(judged) - right,
        unknown=len(asked) - len(judged),
        stopped=len(answers) - len(asked),
        refused=sum(answer.is_refusal for answer in asked),
        cut=sum(answer.is_cut for answer in asked),
        judged=_estimate(judged, [_is_right(answer) for answer in judged], confidence),
        least=_estimate(asked, [_is_right(answer) for answer in asked], confidence),
        score=_estimate(judged, [answer.score or 0.0 for answer in judged], confidence),
    )


def _is_right(answer: Answer) -> float:
    return float(answer.verdict is Verdict.RIGHT)


def _estimate(answers: Sequence[Answer], scores: Sequence[float], confidence: float) -> Estimate:
    clusters = [f"{answer.suite}\0{answer.cluster}" for answer in answers]
    return estimate_clustered(np.asarray(scores, dtype=np.float64), clusters, confidence=confidence)
