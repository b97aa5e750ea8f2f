"""Draws against the distributions of scipy and against closed forms."""

import math

import numpy as np
import pytest
from scipy import stats

from holdfast.measure.cost.draws import GROUPS_MAX, Draws, compute_estimate
from holdfast.measure.cost.workload import Capacity, Right
from holdfast.records.measurement import Estimate, Range

DRAWS = Draws(seed=7, count=20_000)
SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
P_MIN = 1e-4  # seeds are fixed: a test that passes once passes always


@pytest.mark.parametrize("of", [Range(1, 2, 5), Range(1, 1, 5), Range(1, 5, 5)], ids=["inside", "at low", "at high"])
def test_ranges_are_drawn_from_the_triangular_distribution(of: Range) -> None:
    law = stats.triang((of.mode - of.low) / (of.high - of.low), of.low, of.high - of.low)
    assert stats.kstest(DRAWS.draw_range("any", of), law.cdf).pvalue > P_MIN


def test_a_range_without_width_is_that_number_exactly() -> None:
    assert set(DRAWS.draw_range("any", Range(0.1, 0.1, 0.1)).tolist()) == {0.1}


def test_shares_of_right_answers_follow_jeffreys_beta() -> None:
    drawn = DRAWS.draw_share("any", Right(7, 10))
    assert stats.kstest(drawn, stats.beta(7.5, 3.5).cdf).pvalue > P_MIN


def test_answers_in_clusters_are_worth_fewer_and_the_share_is_less_sure() -> None:
    drawn = DRAWS.draw_share("any", Right(70, 100, effective=20.0))
    assert stats.kstest(drawn, stats.beta(14.5, 6.5).cdf).pvalue > P_MIN


def test_the_next_run_is_predicted_by_students_t_on_the_logarithm() -> None:
    runs = (4.0, 4.4, 3.9, 4.2)
    logs = np.log(runs)
    scale = logs.std(ddof=1) * math.sqrt(1 + 1 / 4)
    drawn = np.log(DRAWS.draw_capacity("any", Capacity(runs)))
    assert stats.kstest(drawn, stats.t(3, logs.mean(), scale).cdf).pvalue > P_MIN


def test_one_run_is_taken_as_it_is() -> None:
    assert set(DRAWS.draw_capacity("any", Capacity((3.5,))).tolist()) == {3.5}


@pytest.mark.parametrize("low", [3.0, -1.0], ids=["on the logarithm", "on the number"])
def test_an_estimates_interval_is_that_of_its_draws(low: float) -> None:
    drawn = DRAWS.draw_capacity("any", Capacity(estimate=Estimate(4.0, low, 7.0, 500, confidence=0.95)))
    found = np.quantile(drawn, (0.025, 0.5, 0.975))
    assert found == pytest.approx((max(low, 0.0), 4.0, 7.0), rel=0.03)


@pytest.mark.parametrize("count", [50, 40 * GROUPS_MAX], ids=["each request", "in groups"])
def test_the_means_of_draws_spread_as_means_of_so_many_requests_do(count: int) -> None:
    """The standard deviation of a mean is s/√n, whether requests are weighted each or in groups."""
    rows = np.random.default_rng(3).exponential(100.0, (count, 1))
    means = DRAWS.draw_means("any", rows)[:, 0]
    assert means.mean() == pytest.approx(rows.mean(), rel=0.01)
    assert means.std() == pytest.approx(rows.std() / math.sqrt(count), rel=0.15)


def test_columns_of_a_request_are_drawn_together() -> None:
    rows = np.random.default_rng(3).exponential(100.0, (40, 1))
    means = DRAWS.draw_means("any", np.hstack([rows, 2 * rows]))
    assert means[:, 1] == pytest.approx(2 * means[:, 0])


def test_the_same_name_gives_the_same_draws_and_another_name_others() -> None:
    of = Range(1, 2, 3)
    first, again = DRAWS.draw_range("a", of), Draws(7, 20_000).draw_range("a", of)
    other = DRAWS.draw_range("b", of)
    assert np.array_equal(first, again)
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.03


def test_an_end_that_is_not_finite_is_not_a_number() -> None:
    drawn = np.concatenate([np.ones(80), np.full(20, np.inf)])
    found = compute_estimate(drawn, 0.9)
    assert (found.value, found.low, found.high) == (1.0, 1.0, None)
    assert not found.is_known
