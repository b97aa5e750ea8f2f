"""Judged answers of two endpoints on the same tasks."""

from dataclasses import replace

import pytest
from scipy import stats

from holdfast.measure.statistics.answers import Reading, compare_answers, compare_by_use, estimate_right
from holdfast.records.measurement import Answer, Verdict

RIGHT, WRONG, UNKNOWN = Verdict.RIGHT, Verdict.WRONG, Verdict.UNKNOWN


def answer(task: int, verdict: Verdict, *, use: str = "chat", cluster: str = "", attempt: int = 0) -> Answer:
    return Answer(
        "endpoint", "suite", "family", use, cluster, f"task {task}", attempt, verdict, None, "exact", "",
        None, None, None, None, "", "",
    )  # fmt: skip


def answers(verdicts: str, *, use: str = "chat", clusters_of: int = 0) -> list[Answer]:
    kinds = {"r": RIGHT, "w": WRONG, "u": UNKNOWN}
    return [
        answer(number, kinds[letter], use=use, cluster=str(number // clusters_of) if clusters_of else "")
        for number, letter in enumerate(verdicts)
    ]


def test_single_answers_are_compared_by_the_exact_mcnemar_test() -> None:
    found = compare_answers(answers("r" * 30 + "w" * 10), answers("r" * 20 + "w" * 20), 1)
    assert found.method == "exact McNemar"
    assert found.p_value == pytest.approx(stats.binomtest(10, 10).pvalue)
    assert (found.first, found.second, found.difference.value) == (0.75, 0.5, 0.25)
    assert found.is_different
    assert found.difference.low is not None
    assert found.difference.low > 0


def test_tasks_in_clusters_are_not_counted_as_independent() -> None:
    first, second = "r" * 30 + "w" * 10, "r" * 20 + "w" * 20
    alone = compare_answers(answers(first), answers(second), 1)
    together = compare_answers(answers(first, clusters_of=5), answers(second, clusters_of=5), 1)
    assert (together.clusters, together.method) == (8, "signs of clusters flipped")
    assert together.p_value is not None
    assert alone.p_value is not None
    assert together.p_value > alone.p_value


def test_attempts_at_a_task_are_averaged() -> None:
    first = [answer(task, RIGHT, attempt=attempt) for task in range(10) for attempt in range(4)]
    second = [answer(task, WRONG if attempt else RIGHT, attempt=attempt) for task in range(10) for attempt in range(4)]
    found = compare_answers(first, second, 1)
    assert (found.tasks, found.first, found.second) == (10, 1.0, 0.25)
    assert found.difference.value == pytest.approx(0.75)


def test_an_unknown_verdict_leaves_the_pair_out_or_counts_as_wrong() -> None:
    first, second = answers("rrrrrrrruu"), answers("rrrrwwwwrr")
    judged, whole = (compare_answers(first, second, 1, reading) for reading in Reading)
    assert (judged.tasks, judged.unpaired, judged.difference.value) == (8, 2, 0.5)
    assert (whole.tasks, whole.unpaired) == (10, 0)
    assert whole.difference.value == pytest.approx(0.2)


def test_uses_are_compared_apart_and_their_probabilities_adjusted() -> None:
    code = [replace(one, task=f"code {one.task}") for one in answers("r" * 12, use="code")]
    first, second = answers("r" * 12) + code, answers("w" * 12) + code
    found = compare_by_use(first, second, 1)
    assert [one.use for one in found] == ["", "chat", "code"]
    assert found[1].p_value == pytest.approx(2 / 2**12)
    assert found[1].p_adjusted == pytest.approx(4 / 2**12)
    assert (found[2].p_value, found[2].is_different) == (1.0, False)


def test_tasks_that_only_one_has_are_told_and_left_out() -> None:
    found = compare_answers(answers("rrrr"), answers("rrrrrr"), 1)
    assert (found.tasks, found.unpaired) == (4, 2)


def test_nothing_in_common_is_unknown() -> None:
    found = compare_answers(answers("r"), [replace(one, task="other") for one in answers("r")], 1)
    assert (found.is_different, found.difference.value, found.tasks) == (None, None, 0)


def test_five_clusters_are_too_few_and_one_more_would_do() -> None:
    found = compare_answers(answers("r" * 20, clusters_of=4), answers("rw" * 10, clusters_of=4), 1)
    assert (found.is_different, found.method, found.difference.missing) == (None, "too few clusters", 1)


def test_clusters_without_a_difference_leave_room_for_one() -> None:
    found = compare_answers(answers("r" * 40, clusters_of=4), answers("r" * 40, clusters_of=4), 1)
    assert found.p_value == 1.0
    assert found.difference.low is not None
    assert found.difference.low < -0.1


def test_the_share_right_has_both_readings() -> None:
    given = answers("rrrwuu")
    assert estimate_right(given, Reading.JUDGED).value == pytest.approx(0.75)
    assert estimate_right(given, Reading.WHOLE).value == pytest.approx(0.5)
    assert estimate_right([], Reading.JUDGED).value is None


def test_the_same_seed_gives_the_same_comparison() -> None:
    first, second = answers("rw" * 40, clusters_of=2), answers("rrww" * 20, clusters_of=2)
    assert compare_answers(first, second, 5) == compare_answers(first, second, 5)
