"""How many answers were right: counted, with intervals, in both readings of what was not judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from holdfast.measure.statistics.answers import PairedComparison, Reading, compare_by_use, estimate_right
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


def tally_answers(answers: Sequence[Answer], by: Sequence[GroupBy] = EACH) -> list[Tally]:
    """A tally for every group, in the order in which the groups come first. Intervals are at 95 %."""
    groups: dict[tuple[str, ...], list[Answer]] = {}
    for answer in answers:
        groups.setdefault(tuple(str(getattr(answer, name)) if name in by else "" for name in EACH), []).append(answer)
    return [_tally(key, group) for key, group in groups.items()]


def compare_endpoints(
    answers: Sequence[Answer], endpoints: tuple[str, str], seed: int, reading: Reading = Reading.JUDGED
) -> list[PairedComparison]:
    """The first of two endpoints against the second on the tasks that both were asked: all uses together, then each."""
    asked = [answer for answer in answers if answer.fault is not Fault.STOPPED]
    first, second = ([answer for answer in asked if answer.endpoint == name] for name in endpoints)
    return compare_by_use(first, second, seed, reading)


def _tally(key: tuple[str, ...], answers: Sequence[Answer]) -> Tally:
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
        judged=estimate_right(asked, Reading.JUDGED),
        least=estimate_right(asked, Reading.WHOLE),
        score=_estimate_score(judged),
    )


def _estimate_score(answers: Sequence[Answer]) -> Estimate:
    scores = np.asarray([answer.score or 0.0 for answer in answers], dtype=np.float64)
    return estimate_clustered(scores, [f"{answer.suite}\0{answer.cluster}" for answer in answers])
