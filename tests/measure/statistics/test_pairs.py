"""Paired answers: exact tests against scipy, intervals against enumeration, power against the closed form."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from holdfast.measure.statistics.distributions import Array
from holdfast.measure.statistics.exact_pairs import (
    Discordance,
    compute_difference,
    compute_mcnemar,
    compute_power,
    find_detectable,
)
from holdfast.measure.statistics.sign_flips import flip_signs


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial_test(only_first: int, only_second: int) -> None:
    seen = Discordance(200, only_first, only_second)
    trials = only_first + only_second
    expected = stats.binomtest(only_first, trials).pvalue if trials else 1.0
    assert compute_mcnemar(seen) == pytest.approx(expected)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 25), st.integers(0, 25), st.integers(0, 40))
def test_an_interval_leaves_out_zero_only_where_the_test_rejects(first: int, second: int, alike: int) -> None:
    seen = Discordance(first + second + alike, first, second)
    if not seen.tasks:
        return
    low, high = compute_difference(seen)
    assert -1 <= low <= (first - second) / seen.tasks + 1e-9
    assert (first - second) / seen.tasks - 1e-9 <= high <= 1
    if compute_mcnemar(seen) > 0.05:
        assert low <= 0 <= high


def test_exact_intervals_cover_at_least_as_often_as_they_say() -> None:
    tasks = 8
    outcomes = [(a, b) for a in range(tasks + 1) for b in range(tasks + 1 - a)]
    ends = [compute_difference(Discordance(tasks, *outcome)) for outcome in outcomes]
    counts = np.array([(a, b, tasks - a - b) for a, b in outcomes])
    for first, second in itertools.product((0.02, 0.2, 0.4), (0.05, 0.3, 0.5)):
        weights = stats.multinomial.pmf(counts, tasks, [first, second, 1 - first - second])
        holds = [low - 1e-9 <= first - second <= high + 1e-9 for low, high in ends]
        assert weights[np.array(holds)].sum() >= 0.95


def test_the_power_is_what_enumeration_gives() -> None:
    tasks, discordance, difference = 12, 0.6, 0.45
    wins = (1 + difference / discordance) / 2
    expected = 0.0
    for a, b in itertools.product(range(tasks + 1), repeat=2):
        if a + b <= tasks and a + b and stats.binomtest(a, a + b).pvalue <= 0.05:
            chances = [discordance * wins, discordance * (1 - wins), 1 - discordance]
            expected += stats.multinomial.pmf([a, b, tasks - a - b], tasks, chances)
    assert compute_power(tasks, discordance, difference) == pytest.approx(expected)


def test_no_difference_is_rejected_at_most_at_the_level() -> None:
    assert all(compute_power(tasks, 0.3, 0.0) <= 0.05 for tasks in (5, 20, 100, 500))


@pytest.mark.parametrize(("discordance", "points"), [(0.1, 2.8), (0.2, 3.9), (0.3, 4.8)])
def test_a_thousand_tasks_show_what_the_closed_form_says(discordance: float, points: float) -> None:
    assert 100 * (find_detectable(1001, discordance) or 0) == pytest.approx(points, abs=0.06)
    assert 100 * (find_detectable(1000, discordance) or 0) == pytest.approx(points, abs=0.2)


def test_a_hundred_tasks_show_only_large_differences_and_five_none() -> None:
    assert 0.08 < (find_detectable(100, 0.1) or 0) < 0.1
    assert find_detectable(5, 0.5) is None
    assert find_detectable(0, 0.5) is None


def take_mean(values: Array) -> float:
    return float(values.mean())


def test_flipped_signs_are_the_permutation_test_of_scipy() -> None:
    differences = np.random.default_rng(2).normal(0.4, 1, 10)
    expected = stats.permutation_test((differences,), take_mean, permutation_type="samples", n_resamples=10_000)
    assert flip_signs(differences, np.ones(10), 1).p_value == pytest.approx(expected.pvalue)


def test_a_difference_at_the_end_of_the_interval_is_on_the_verge_of_rejection() -> None:
    random = np.random.default_rng(3)
    sizes = random.integers(1, 6, 12).astype(np.float64)
    sums = random.normal(0.3, 1, 12) * sizes
    found = flip_signs(sums, sizes, 1)
    assert found.low is not None
    assert found.high is not None
    for end, outward in ((found.low, -1e-6), (found.high, 1e-6)):
        assert flip_signs(sums - (end - outward) * sizes, sizes, 1).p_value > 0.05
        assert flip_signs(sums - (end + outward) * sizes, sizes, 1).p_value <= 0.05


def test_many_clusters_are_sampled_and_near_students_t() -> None:
    differences = np.random.default_rng(4).normal(0.2, 1, 80)
    found = flip_signs(differences, np.ones(80), 7)
    low, high = stats.t.interval(0.95, 79, differences.mean(), stats.sem(differences))
    assert (found.low, found.high) == pytest.approx((low, high), abs=0.02)
    assert found == flip_signs(differences, np.ones(80), 7)


def test_five_clusters_reject_nothing() -> None:
    found = flip_signs(np.full(5, 1.0), np.ones(5), 1)
    assert (found.p_value, found.low, found.high) == (2 / 32, None, None)


def test_flips_reject_no_difference_at_most_at_their_level() -> None:
    random = np.random.default_rng(5)
    rejected = sum(flip_signs(random.normal(0, 1, 9), np.ones(9), 1).p_value <= 0.05 for _ in range(300))
    assert rejected <= 15 + 4 * math.sqrt(15)
