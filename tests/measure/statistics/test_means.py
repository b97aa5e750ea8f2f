"""Means with intervals: against scipy where samples are independent, and against simulation where they are not."""

import numpy as np
import pytest
from scipy import stats

from holdfast.measure.statistics.means import estimate_mean
from tests.measure.statistics.series import draw_correlated, draw_latencies


def test_the_interval_of_independent_samples_is_nearly_that_of_students_t() -> None:
    series = np.random.default_rng(1).normal(10, 2, 5000)
    found = estimate_mean([series])
    low, high = stats.t.interval(0.95, series.size - 1, series.mean(), stats.sem(series))
    assert found.value == pytest.approx(series.mean())
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / (high - low) == pytest.approx(1, abs=0.4)


@pytest.mark.parametrize("correlation", [0.0, 0.8])
def test_intervals_hold_the_truth_about_as_often_as_they_say(correlation: float) -> None:
    truth = float(np.exp(0.125))
    found = [estimate_mean([draw_latencies(seed, 1000, correlation)]) for seed in range(150)]
    held = sum(one.low is not None and one.high is not None and one.low <= truth <= one.high for one in found)
    assert 133 <= held <= 150  # 95 % of 150 are 142.5; 133 or fewer come once in a thousand times


def test_a_long_tail_reaches_further_on_its_own_side() -> None:
    found = estimate_mean([draw_latencies(2, 200, 0.0, 1.5)])
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.value > found.value - found.low


def test_the_mean_moves_and_scales_with_its_samples() -> None:
    series = draw_latencies(3, 500, 0.5)
    plain, moved = estimate_mean([series]), estimate_mean([series * 3 + 7])
    for before, after in ((plain.low, moved.low), (plain.value, moved.value), (plain.high, moved.high)):
        assert before is not None
        assert after == pytest.approx(before * 3 + 7)


def test_several_runs_are_samples_themselves() -> None:
    runs = [draw_latencies(seed, 50) for seed in range(4)]
    means = [run.mean() for run in runs]
    found = estimate_mean(runs)
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 3, np.mean(means), stats.sem(means)))
    assert (found.runs, found.samples) == (4, 200)


def test_too_few_samples_give_no_number_and_say_how_many_are_missing() -> None:
    found = estimate_mean([draw_latencies(1, 12)])
    assert (found.value, found.low, found.high, found.missing) == (None, None, None, 18)
    assert not found.is_known


def test_many_samples_that_are_all_alike_in_a_row_give_no_number() -> None:
    found = estimate_mean([draw_correlated(6, 300, 0.97)])
    assert found.value is None
    assert found.missing is not None
    assert found.missing > 300


def test_no_samples_at_all_are_unknown() -> None:
    assert estimate_mean([]).value is None
    assert estimate_mean([np.zeros(0)]).missing == 30


def test_what_was_not_seen_has_no_place_in_a_series() -> None:
    with pytest.raises(ValueError, match="not finite"):
        estimate_mean([np.array([1.0, np.nan])])


def test_the_same_samples_give_the_same_interval() -> None:
    series = draw_latencies(9, 2000, 0.6)
    assert estimate_mean([series]) == estimate_mean([series.copy()])
