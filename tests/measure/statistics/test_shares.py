"""Shares: against scipy's intervals, and what dependence takes from them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from holdfast.measure.statistics.shares import Interval, compute_share, estimate_clustered, estimate_share


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 500), st.data())
def test_intervals_are_those_of_scipy(total: int, data: st.DataObject) -> None:
    right = data.draw(st.integers(0, total))
    expected = stats.binomtest(right, total).proportion_ci(0.95, "wilson")
    assert compute_share(right, total, Interval.WILSON) == pytest.approx(expected, abs=1e-9)
    expected = stats.binomtest(right, total).proportion_ci(0.95, "exact")
    assert compute_share(right, total, Interval.EXACT) == pytest.approx(expected, abs=1e-9)


def test_jeffreys_is_the_posterior_of_his_prior() -> None:
    expected = stats.beta(7.5, 3.5).ppf([0.025, 0.975])
    assert compute_share(7, 10, Interval.JEFFREYS) == pytest.approx(expected)
    assert compute_share(0, 10, Interval.JEFFREYS)[0] == 0.0
    assert compute_share(10, 10, Interval.JEFFREYS)[1] == 1.0


def test_single_answers_are_worth_what_they_are() -> None:
    scores = np.array([1.0] * 7 + [0.0] * 3)
    found = estimate_clustered(scores, [str(number) for number in range(10)])
    assert (found.low, found.high) == pytest.approx(compute_share(7, 10, Interval.JEFFREYS))


def test_copies_of_answers_in_clusters_add_nothing() -> None:
    scores = np.array([1.0] * 14 + [0.0] * 6)
    alone = estimate_clustered(scores, [str(number) for number in range(20)])
    copied = estimate_clustered(np.repeat(scores, 10), [str(number // 10) for number in range(200)])
    assert copied.value == alone.value
    assert copied.low is not None
    assert alone.low is not None
    assert copied.low <= alone.low + 0.01


def test_clusters_that_all_agree_are_worth_one_answer_each() -> None:
    found = estimate_clustered(np.ones(60), [str(number // 10) for number in range(60)])
    assert found.low == pytest.approx(compute_share(6, 6, Interval.JEFFREYS)[0])


def test_one_cluster_says_nothing_about_another() -> None:
    found = estimate_clustered(np.array([1.0, 0.0, 1.0]), ["a", "a", "a"])
    assert (found.value, found.missing) == (None, None)


def test_no_scores_are_unknown() -> None:
    assert estimate_clustered(np.zeros(0), []).missing == 1


def test_correlated_samples_widen_a_share() -> None:
    runs = np.repeat(np.random.default_rng(1).random(300) < 0.9, 20)
    widths = [
        (found.high or 0) - (found.low or 0)
        for found in (estimate_share([runs]), estimate_share([np.random.default_rng(2).permutation(runs)]))
    ]
    assert widths[0] > 3 * widths[1]


def test_runs_that_differ_widen_a_share() -> None:
    random = np.random.default_rng(3)
    alike = [random.random(1000) < 0.9 for _ in range(4)]
    apart = [random.random(1000) < share for share in (0.8, 0.95, 0.99, 0.86)]
    widths = [(one.high or 0) - (one.low or 0) for one in (estimate_share(alike), estimate_share(apart))]
    assert widths[1] > 2 * widths[0]


def test_a_share_stays_within_its_bounds_when_nothing_failed() -> None:
    found = estimate_share([np.ones(400, np.bool_)])
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low is not None
    assert 0.98 < found.low < 1.0


def test_a_share_of_few_is_unknown() -> None:
    assert estimate_share([np.ones(10, np.bool_)]).missing == 20
    assert estimate_share([]).value is None
