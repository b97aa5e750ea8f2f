"""Whether sends are a Poisson process: the fault that gaps alone do not show is shown."""

import numpy as np
import pytest
from scipy import stats

from holdfast.measure.statistics.sendings import (
    compute_exponential_distance,
    describe_sendings,
    estimate_correlation,
)
from tests.measure.statistics.series import draw_correlated


def test_poisson_sends_are_called_so_nearly_always() -> None:
    found = [
        describe_sendings(np.random.default_rng(seed).exponential(0.05, 1000).cumsum(), 0, 40) for seed in range(100)
    ]
    assert sum(one.is_poisson is False for one in found) <= 13
    assert np.mean([one.dispersion.value for one in found]) == pytest.approx(1.0, abs=0.1)


def test_draws_that_workers_share_are_found_out_though_their_gaps_seem_exponential() -> None:
    random = np.random.default_rng(1)
    gaps = np.repeat(random.exponential(0.05, 120), 10)  # ten workers use each draw once
    found = describe_sendings(np.cumsum(gaps), 0, float(gaps.sum()))
    assert found.gap_variation == pytest.approx(1.0, abs=0.25)
    assert (found.dispersion.value or 0) > 3
    assert (found.correlation.value or 0) > 0.5
    assert found.is_poisson is False


def test_regular_sends_have_no_dispersion() -> None:
    found = describe_sendings(np.arange(0, 50, 0.05) + 0.01, 0, 50)
    assert (found.dispersion.value or 0) < 0.1
    assert found.is_poisson is False
    assert found.rate_per_s == pytest.approx(20)


def test_the_distance_is_that_of_scipy() -> None:
    gaps = np.random.default_rng(2).exponential(3.0, 400)
    expected = stats.kstest(gaps, stats.expon(scale=gaps.mean()).cdf).statistic
    assert compute_exponential_distance(gaps) == pytest.approx(expected)


def test_the_correlation_of_neighbours_has_an_interval() -> None:
    found = estimate_correlation(draw_correlated(3, 5000, 0.4))
    assert found.value == pytest.approx(0.4, abs=0.05)
    assert found.low is not None
    assert found.low > 0.3


def test_few_sends_are_unknown() -> None:
    found = describe_sendings(np.arange(5.0), 0, 5)
    assert (found.count, found.is_poisson, found.dispersion.missing) == (5, None, 95)


def test_sends_at_one_moment_are_unknown() -> None:
    assert describe_sendings(np.full(100, 1.0), 0, 2).is_poisson is None
