"""Quantiles with intervals: sample sizes in closed form, ranks against the exact binomial, and the unknown."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from holdfast.measure.statistics.distributions import find_rank
from holdfast.measure.statistics.quantiles import count_needed, estimate_quantiles
from tests.measure.statistics.series import draw_latencies


@pytest.mark.parametrize(("level", "needed"), [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368), (0.999, 3688)])
def test_so_many_independent_samples_close_an_interval(level: float, needed: int) -> None:
    assert count_needed(level) == count_needed(1 - level) == needed
    assert level**needed <= 0.025 < level ** (needed - 1)


def test_ranks_lie_within_those_of_the_exact_binomial() -> None:
    for samples, level in ((50, 0.5), (1000, 0.9), (2000, 0.99)):
        exact = stats.binom(samples, level)
        for share in (0.025, 0.975):
            rank = find_rank(share, samples, level)
            assert abs(rank - (exact.ppf(1 - share) + 0.5)) <= 1


@settings(deadline=None, max_examples=30)
@given(st.floats(20, 3000), st.floats(0.05, 0.95))
def test_a_rank_is_below_the_quantile_as_often_as_it_was_asked_to_be(samples: float, level: float) -> None:
    rank = find_rank(0.975, samples, level)
    assert stats.beta.cdf(level, rank, samples + 1 - rank) == pytest.approx(0.975, abs=1e-6)


def test_the_interval_of_independent_samples_is_nearly_the_exact_one() -> None:
    series = draw_latencies(1, 20_000)
    found = estimate_quantiles([series], [0.99])[0]
    ranks = stats.binom(series.size, 0.99).ppf([0.025, 0.975]).astype(int)
    low, high = np.sort(series)[ranks - 1]
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / (high - low) == pytest.approx(1, abs=0.5)


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_intervals_hold_the_truth_about_as_often_as_they_say(level: float) -> None:
    truth = float(np.exp(0.5 * stats.norm.ppf(level)))
    found = [estimate_quantiles([draw_latencies(seed, 1000, 0.7)], [level])[0] for seed in range(150)]
    held = sum(one.low is not None and one.high is not None and one.low <= truth <= one.high for one in found)
    assert 133 <= held <= 150


def test_a_quantile_of_logarithms_is_the_logarithm_of_the_quantile() -> None:
    series = draw_latencies(3, 5000, 0.5)
    plain, logs = (estimate_quantiles([one], [0.95])[0] for one in (series, np.log(series)))
    for before, after in ((plain.low, logs.low), (plain.value, logs.value), (plain.high, logs.high)):
        assert before is not None
        assert after == pytest.approx(np.log(before), abs=1e-3)


def test_low_quantiles_mirror_high_ones() -> None:
    series = draw_latencies(4, 3000, 0.5)
    high, low = estimate_quantiles([series], [0.95])[0], estimate_quantiles([-series], [0.05])[0]
    assert (low.value, low.low, low.high) == pytest.approx((-(high.value or 0), -(high.high or 0), -(high.low or 0)))


def test_a_p99_of_too_few_samples_has_no_number() -> None:
    found = estimate_quantiles([draw_latencies(1, 300)], [0.5, 0.99])
    assert found[0].is_known
    assert (found[1].value, found[1].missing) == (None, 68)


def test_correlated_samples_are_too_few_sooner() -> None:
    alone, together = (estimate_quantiles([draw_latencies(2, 1000, rho)], [0.99])[0] for rho in (0.0, 0.95))
    assert alone.is_known
    assert not together.is_known
    assert together.missing is not None
    assert together.missing > 368


def test_latencies_that_are_all_the_same_have_an_interval_without_width() -> None:
    found = estimate_quantiles([np.full(1000, 0.25)], [0.5, 0.95])
    assert [(one.low, one.value, one.high) for one in found] == [(0.25, 0.25, 0.25)] * 2


def test_several_runs_are_samples_themselves() -> None:
    runs = [draw_latencies(seed, 800) * factor for seed, factor in enumerate((1.0, 1.2, 0.9))]
    found = estimate_quantiles(runs, [0.95])[0]
    values = [np.quantile(run, 0.95, method="median_unbiased") for run in runs]
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 2, np.mean(values), stats.sem(values)))
    assert found.runs == 3


def test_quantiles_of_nothing_are_unknown() -> None:
    assert [one.is_known for one in estimate_quantiles([], [0.5, 0.99])] == [False, False]
    assert estimate_quantiles([np.zeros(0)], [0.5])[0].missing == 30


def test_quantiles_rise_with_their_level() -> None:
    found = estimate_quantiles([draw_latencies(7, 4000, 0.3)], [0.5, 0.9, 0.95, 0.99])
    values = [one.value for one in found if one.value is not None]
    assert values == sorted(values)
    assert len(values) == 4
