"""Judged answers as numbers: the share right of an endpoint, and two endpoints on the same tasks, by use.

No answer is one thing and a wrong answer another: every figure says which of both readings of the unknown it takes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from holdfast.measure.statistics.distributions import Array, find_t
from holdfast.measure.statistics.exact_pairs import (
    Discordance,
    compute_difference,
    compute_mcnemar,
    find_detectable,
)
from holdfast.measure.statistics.shares import Interval, estimate_clustered
from holdfast.measure.statistics.sign_flips import Flipped, flip_signs
from holdfast.records.measurement import Answer, Estimate, Verdict

ALL_USES = ""


class Reading(StrEnum):
    """What an unknown verdict counts as: nothing, or wrong."""

    JUDGED = "judged"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class PairedComparison:
    """The first endpoint against the second on the tasks that both have, for one use ("" for all of them).

    `difference` is of the shares right. `detectable` is the smallest true difference that so many tasks show with a
    probability of 80 % at a level of 5 % (None: not even the largest, or it cannot be said). `p_adjusted` is Holm's for
    all uses that are compared at once. `unpaired` tasks have no verdict on one side."""

    use: str
    reading: Reading
    tasks: int
    clusters: int
    unpaired: int
    first: float | None
    second: float | None
    difference: Estimate
    p_value: float | None
    p_adjusted: float | None
    detectable: float | None
    method: str

    @property
    def is_different(self) -> bool | None:
        """Whether the test rejects at 5 %; None where there is none."""
        return None if self.p_value is None else self.p_value <= 0.05


def estimate_right(
    answers: Sequence[Answer], reading: Reading = Reading.JUDGED, interval: Interval = Interval.JEFFREYS
) -> Estimate:
    """The share of answers that are right. Attempts at one task, and tasks of one cluster, are not independent."""
    kept = [answer for answer in answers if _score(answer, reading) is not None]
    scores = np.array([float(answer.verdict is Verdict.RIGHT) for answer in kept])
    return estimate_clustered(scores, [_name_cluster(answer) for answer in kept], interval)


def compare_by_use(
    first: Sequence[Answer], second: Sequence[Answer], seed: int, reading: Reading = Reading.JUDGED
) -> list[PairedComparison]:
    """All uses together, then each use by name where there are several."""
    uses = sorted({answer.use for answer in (*first, *second)})
    whole = replace(compare_answers(first, second, seed, reading), use=ALL_USES)
    if len(uses) < 2:
        return [whole]
    apart = [replace(compare_answers(_keep(first, use), _keep(second, use), seed, reading), use=use) for use in uses]
    return [whole, *_adjust(apart)]


def compare_answers(
    first: Sequence[Answer], second: Sequence[Answer], seed: int, reading: Reading = Reading.JUDGED
) -> PairedComparison:
    """The difference on the tasks that both endpoints have a verdict on. Exact McNemar where each is one right or wrong
    answer by itself; else signs of whole clusters are flipped."""
    one, other = _collect(first, reading), _collect(second, reading)
    shared = sorted(one.keys() & other.keys())
    unpaired = len(_name_tasks([*first, *second])) - len(shared)
    pairs = [_Pair(one[key].cluster, one[key].mean, other[key].mean) for key in shared]
    bare = PairedComparison(
        ALL_USES, reading, len(pairs), len({pair.cluster for pair in pairs}), unpaired, None, None,
        _make_unknown(len(pairs)), None, None, None, "no task that both have",
    )  # fmt: skip
    if not pairs:
        return bare
    first_mean = sum(pair.first for pair in pairs) / len(pairs)
    told = replace(bare, first=first_mean, second=sum(pair.second for pair in pairs) / len(pairs))
    if bare.clusters == len(pairs) and all(pair.is_single for pair in pairs):
        return _compare_exactly(told, pairs)
    return _compare_clusters(told, pairs, seed)


@dataclass(frozen=True, slots=True)
class _Task:
    cluster: str
    right: float
    attempts: int

    @property
    def mean(self) -> float:
        return self.right / self.attempts


@dataclass(frozen=True, slots=True)
class _Pair:
    cluster: str
    first: float
    second: float

    @property
    def is_single(self) -> bool:
        return self.first in (0.0, 1.0) and self.second in (0.0, 1.0)


def _score(answer: Answer, reading: Reading) -> float | None:
    if answer.verdict is Verdict.UNKNOWN:
        return None if reading is Reading.JUDGED else 0.0
    return float(answer.verdict is Verdict.RIGHT)


def _name_cluster(answer: Answer) -> str:
    return f"{answer.suite}\0{answer.cluster or answer.task}"


def _name_tasks(answers: Iterable[Answer]) -> set[tuple[str, str]]:
    return {(answer.suite, answer.task) for answer in answers}


def _keep(answers: Iterable[Answer], use: str) -> list[Answer]:
    return [answer for answer in answers if answer.use == use]


def _collect(answers: Iterable[Answer], reading: Reading) -> dict[tuple[str, str], _Task]:
    tasks: dict[tuple[str, str], _Task] = {}
    for answer in answers:
        score = _score(answer, reading)
        if score is not None:
            before = tasks.get((answer.suite, answer.task), _Task(_name_cluster(answer), 0.0, 0))
            tasks[answer.suite, answer.task] = _Task(before.cluster, before.right + score, before.attempts + 1)
    return tasks


def _make_unknown(samples: int, missing: int | None = 1) -> Estimate:
    return Estimate(None, None, None, samples, missing=missing)


def _compare_exactly(told: PairedComparison, pairs: Sequence[_Pair]) -> PairedComparison:
    seen = Discordance(
        len(pairs), sum(pair.first > pair.second for pair in pairs), sum(pair.first < pair.second for pair in pairs)
    )
    low, high = compute_difference(seen)
    value = (seen.only_first - seen.only_second) / seen.tasks
    p_value = compute_mcnemar(seen)
    return replace(
        told,
        difference=Estimate(value, low, high, seen.tasks, method="melded exact intervals"),
        p_value=p_value,
        p_adjusted=p_value,
        detectable=find_detectable(seen.tasks, (seen.discordant + 0.5) / (seen.tasks + 1)),
        method="exact McNemar",
    )


def _compare_clusters(told: PairedComparison, pairs: Sequence[_Pair], seed: int) -> PairedComparison:
    names, places = np.unique([pair.cluster for pair in pairs], return_inverse=True)
    differences = np.array([pair.first - pair.second for pair in pairs])
    sums: Array = np.bincount(places, differences).astype(np.float64)
    sizes: Array = np.bincount(places).astype(np.float64)
    flipped = _flip(sums, sizes, seed)
    if flipped.low is None:
        few = _make_unknown(len(pairs), None if names.size >= 6 else 6 - names.size)
        return replace(told, difference=few, method="too few clusters")
    return replace(
        told,
        difference=Estimate(
            float(differences.mean()), flipped.low, flipped.high, len(pairs), method="signs of clusters flipped"
        ),
        p_value=flipped.p_value,
        p_adjusted=flipped.p_value,
        detectable=_find_detectable_in_clusters(sums, sizes),
        method="signs of clusters flipped",
    )


def _flip(sums: Array, sizes: Array, seed: int) -> Flipped:
    """Where no cluster differs at all, flips tell nothing, and a cluster counts as one task that does not differ."""
    if sums.any():
        return flip_signs(sums, sizes, seed)
    return Flipped(1.0, *compute_difference(Discordance(sums.size, 0, 0)))


def _find_detectable_in_clusters(sums: Array, sizes: Array) -> float | None:
    """From the clustered standard error; None where nothing varies."""
    mean = float(sums.sum() / sizes.sum())
    spread = float(np.sum((sums - mean * sizes) ** 2)) * sums.size / (sums.size - 1)
    error = spread**0.5 / float(sizes.sum())
    return error * (find_t(0.975, sums.size - 1) + find_t(0.8, sums.size - 1)) if error > 0 else None


def _adjust(comparisons: Sequence[PairedComparison]) -> list[PairedComparison]:
    """Holm's: the smallest probability times the number of tests, the next times one fewer, never falling."""
    known = sorted(one.p_value for one in comparisons if one.p_value is not None)
    adjusted: dict[float, float] = {}
    highest = 0.0
    for place, p_value in enumerate(known):
        highest = max(highest, min(1.0, p_value * (len(known) - place)))
        adjusted.setdefault(p_value, highest)
    return [one if one.p_value is None else replace(one, p_adjusted=adjusted[one.p_value]) for one in comparisons]
