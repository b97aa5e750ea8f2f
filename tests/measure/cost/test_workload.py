"""What measurements are turned into before they are priced."""

import itertools

import pytest

from holdfast.measure.cost.workload import Right, count_right, read_lengths
from holdfast.records.measurement import Answer, Phase, Sample, Usage, Verdict


def answer(cluster: str, verdict: Verdict, task: int) -> Answer:
    return Answer(
        endpoint="e",
        suite="s",
        family="f",
        use="u",
        cluster=cluster,
        task=str(task),
        attempt=0,
        verdict=verdict,
        score=None,
        check="exact",
        reason="",
        prompt_tokens=None,
        completion_tokens=None,
        cost_usd=None,
        seconds=None,
        prompt_sha256="",
        output_sha256="",
    )


def answers(*clusters: str) -> list[Answer]:
    numbers = itertools.count()
    verdicts = {"r": Verdict.RIGHT, "w": Verdict.WRONG, "?": Verdict.UNKNOWN}
    return [
        answer(str(name), verdicts[letter], next(numbers))
        for name, letters in enumerate(clusters)
        for letter in letters
    ]


def test_answers_without_clusters_are_worth_nearly_their_number() -> None:
    found = count_right(answers(*"rrrwrrwrww" * 10))
    assert (found.right, found.total, found.unknown) == (60, 100, 0)
    assert found.effective == pytest.approx(99.0)  # n (n-1)/n: the variance's own correction for few clusters


def test_answers_that_agree_within_clusters_are_worth_the_number_of_clusters() -> None:
    found = count_right(answers(*(["rrrrr"] * 12 + ["wwwww"] * 8)))
    assert found.total == 100
    assert found.effective == pytest.approx(19.0)  # 20 clusters, with the same correction


def test_answers_that_could_not_be_judged_are_neither_right_nor_wrong() -> None:
    assert count_right(answers("r", "w", "?", "?")) == Right(1, 2, 1.0, 2)


def test_where_all_are_right_the_clusters_count() -> None:
    assert count_right(answers("rrrr", "rrrr", "rr")).effective == 3.0


def test_no_answers_are_worth_nothing() -> None:
    assert count_right([]) == Right(0, 0)


def test_requests_whose_tokens_nobody_told_are_counted_apart() -> None:
    def sample(usage: Usage) -> Sample:
        return Sample("e", 0, 0, 0, 0, Phase.STEADY, 0, 0, 0, 0, 0, 0, 1, usage=usage)

    lengths = read_lengths([sample(Usage(100, 40, 10, 5)), sample(Usage(50, None, 20)), sample(Usage(prompt=7))])
    assert lengths.input.tolist() == [100, 50]
    assert lengths.cached.tolist() == [40, 0]
    assert lengths.output.tolist() == [10, 20]
    assert lengths.uncounted == 1
