"""Counts of right answers, in both readings, with intervals that clusters widen."""

from dataclasses import replace

import pytest
from scipy import stats

from holdfast.measure.quality.tallies import GroupBy, compare_endpoints, tally_answers
from holdfast.measure.statistics.answers import Reading
from holdfast.records.measurement import Answer, Fault, Verdict

RIGHT, WRONG, UNKNOWN = Verdict.RIGHT, Verdict.WRONG, Verdict.UNKNOWN
SCORES = {RIGHT: 1.0, WRONG: 0.0, UNKNOWN: None}
PLAIN = Answer("a", "s", "f", "u", "c", "t", 0, RIGHT, 1.0, "exact", "", 1, 1, None, None, "", "")


def make(verdict: Verdict, number: int, **more: object) -> Answer:
    told = {"cluster": f"c{number}", "task": f"t{number}", "verdict": verdict, "score": SCORES[verdict], **more}
    return replace(PLAIN, **told)  # type: ignore[arg-type]


def test_independent_answers_have_jeffreys_interval() -> None:
    answers = [make(RIGHT if number < 30 else WRONG, number) for number in range(40)]
    (tally,) = tally_answers(answers)
    expected = stats.beta(30.5, 10.5)
    assert (tally.asked, tally.right, tally.wrong, tally.unknown) == (40, 30, 10, 0)
    assert tally.judged.value == 0.75
    assert tally.judged.low == pytest.approx(expected.ppf(0.025))
    assert tally.judged.high == pytest.approx(expected.ppf(0.975))
    assert tally.judged == tally.least == tally.score


def test_what_is_unknown_is_in_one_reading_wrong_and_in_the_other_left_out() -> None:
    verdicts = [RIGHT] * 6 + [WRONG] * 2 + [UNKNOWN] * 4
    (tally,) = tally_answers([make(verdict, number) for number, verdict in enumerate(verdicts)])
    assert (tally.judged.value, tally.least.value) == (0.75, 0.5)
    assert (tally.judged.samples, tally.least.samples, tally.unknown) == (8, 12, 4)


def test_what_we_stopped_ourselves_is_in_no_reading() -> None:
    answers = [
        make(RIGHT, 1),
        make(WRONG, 2),
        make(UNKNOWN, 3, fault=Fault.STOPPED),
        make(UNKNOWN, 4, fault=Fault.RESET),
    ]
    (tally,) = tally_answers(answers)
    assert (tally.asked, tally.unknown, tally.stopped) == (3, 1, 1)
    assert tally.least.value == pytest.approx(1 / 3)


def test_attempts_at_one_task_make_the_interval_wider_than_as_many_tasks() -> None:
    tasks = [make(RIGHT if number % 2 else WRONG, number) for number in range(100)]
    repeated = [
        replace(make(RIGHT if number % 2 else WRONG, number), attempt=turn) for number in range(20) for turn in range(5)
    ]
    (many,), (few,) = tally_answers(tasks), tally_answers(repeated)
    assert many.judged.value == few.judged.value == 0.5
    assert many.judged.low is not None
    assert few.judged.low is not None
    assert few.judged.low < many.judged.low - 0.05


def test_marks_are_counted_beside_verdicts() -> None:
    answers = [make(WRONG, 1, is_refusal=True), make(WRONG, 2, is_cut=True), make(RIGHT, 3, is_refusal=True)]
    (tally,) = tally_answers(answers)
    assert (tally.refused, tally.cut, tally.wrong) == (2, 1, 2)


def test_the_mean_score_counts_partly_right_answers() -> None:
    (tally,) = tally_answers([make(RIGHT, 1), make(WRONG, 2, score=0.5), make(WRONG, 3), make(UNKNOWN, 4)])
    assert tally.score.value == pytest.approx(0.5)


def test_answers_are_grouped_as_asked() -> None:
    answers = [
        make(RIGHT, 1, endpoint="a", use="x", family="p/easy"),
        make(WRONG, 2, endpoint="b", use="x", family="p/hard"),
        make(RIGHT, 3, endpoint="a", use="y", family="p/hard"),
    ]
    assert [(one.endpoint, one.use, one.family, one.right) for one in tally_answers(answers)] == [
        ("a", "x", "p/easy", 1),
        ("b", "x", "p/hard", 0),
        ("a", "y", "p/hard", 1),
    ]
    by_endpoint = tally_answers(answers, [GroupBy.ENDPOINT])
    assert [(one.endpoint, one.use, one.suite, one.asked) for one in by_endpoint] == [
        ("a", "", "", 2),
        ("b", "", "", 1),
    ]
    assert [one.asked for one in tally_answers(answers, [])] == [3]
    assert tally_answers([]) == []


def test_where_nothing_was_judged_there_is_no_number() -> None:
    (tally,) = tally_answers([make(UNKNOWN, 1), make(UNKNOWN, 2)])
    assert not tally.judged.is_known
    assert (tally.least.value, tally.unknown) == (0.0, 2)


def test_two_endpoints_are_compared_on_the_tasks_that_both_were_asked() -> None:
    def ask(endpoint: str, right: int, count: int) -> list[Answer]:
        return [make(RIGHT if number < right else WRONG, number, endpoint=endpoint) for number in range(count)]

    stopped = [make(UNKNOWN, number, endpoint="b", fault=Fault.STOPPED) for number in range(30, 40)]
    answers = [*ask("a", 25, 40), *ask("b", 15, 30), *stopped]
    for reading in Reading:
        (compared,) = compare_endpoints(answers, ("a", "b"), seed=1, reading=reading)
        assert (compared.tasks, compared.unpaired) == (30, 10)
        assert compared.difference.value == pytest.approx(10 / 30)
        assert compared.p_value == pytest.approx(stats.binomtest(10, 10).pvalue)


def test_differences_are_told_for_each_use() -> None:
    answers = [
        make(
            RIGHT if endpoint == "a" or use == "x" else WRONG, number, endpoint=endpoint, use=use, task=f"{use}{number}"
        )
        for endpoint in "ab"
        for use in "xy"
        for number in range(10)
    ]
    whole, first, second = compare_endpoints(answers, ("a", "b"), seed=1)
    assert [(one.use, one.difference.value) for one in (whole, first, second)] == [("", 0.5), ("x", 0.0), ("y", 1.0)]
