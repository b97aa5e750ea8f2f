"""Two endpoints' latencies."""

import numpy as np
import pytest
from scipy import stats

from holdfast.measure.statistics.between_runs import cut_at_zero, estimate_between
from holdfast.measure.statistics.contrasts import (
    compare_distributions,
    compare_means,
    compare_quantiles,
    contrast,
)
from holdfast.measure.statistics.means import estimate_mean
from holdfast.measure.statistics.shares import Interval, compute_share
from holdfast.records.measurement import Estimate
from tests.measure.statistics.series import draw_latencies


def test_the_interval_of_runs_is_welchs() -> None:
    first = [draw_latencies(seed, 100) for seed in range(4)]
    second = [draw_latencies(seed, 100, 0.0, 0.8) for seed in range(10, 16)]
    found = compare_means(first, second).difference
    means = [[run.mean() for run in runs] for runs in (first, second)]
    expected = stats.ttest_ind(*means, equal_var=False).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_the_same_endpoint_seldom_differs_from_itself() -> None:
    pairs = [([draw_latencies(seed, 800, 0.5)], [draw_latencies(seed + 1000, 800, 0.5)]) for seed in range(100)]
    found = [compare_quantiles(*pair, [0.95])[0].is_different for pair in pairs]
    assert sum(one is True for one in found) <= 13  # five of a hundred; fourteen or more come once in a thousand times


def test_an_endpoint_that_takes_twice_as_long_is_found_out() -> None:
    first = draw_latencies(1, 2000, 0.5)
    found = compare_means([first * 2], [draw_latencies(2, 2000, 0.5)])
    assert found.is_different
    assert found.ratio.low is not None
    assert found.ratio.high is not None
    assert found.ratio.low < 2 < found.ratio.high


def test_both_ways_round_are_each_others_mirror() -> None:
    first, second = [draw_latencies(3, 900, 0.3)], [draw_latencies(4, 900, 0.3)]
    one, other = compare_means(first, second), compare_means(second, first)
    assert one.difference.low == pytest.approx(-(other.difference.high or 0))
    assert one.ratio.low == pytest.approx(1 / (other.ratio.high or 1))


def test_nothing_is_said_where_one_side_is_unknown() -> None:
    known, unknown = estimate_mean([draw_latencies(1, 500)]), estimate_mean([draw_latencies(1, 10)])
    found = contrast(known, unknown)
    assert (found.is_different, found.difference.value, found.difference.missing) == (None, None, 20)


def test_shares_are_put_together_at_their_whole_length() -> None:
    """Newcombe's hybrid interval (1998): 56 of 70 less 48 of 80."""
    first, second = (
        Estimate(right / total, *compute_share(right, total, Interval.WILSON), total, method="Wilson")
        for right, total in ((56, 70), (48, 80))
    )
    found = contrast(first, second).difference
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_ratio_to_what_may_be_zero_is_unknown() -> None:
    found = contrast(Estimate(1.0, 0.5, 1.5, 100), Estimate(0.1, -0.1, 0.3, 100))
    assert found.difference.is_known
    assert not found.ratio.is_known


def test_distributions_that_differ_only_in_width_are_told_apart() -> None:
    first, second = draw_latencies(5, 3000, 0.3, 0.4), draw_latencies(6, 3000, 0.3, 0.6)
    assert (compare_distributions([first], [second], 1).p_value or 1) < 0.01


def test_one_distribution_is_seldom_called_two() -> None:
    pairs = [(draw_latencies(seed, 1000, 0.5), draw_latencies(seed + 500, 1000, 0.5)) for seed in range(60)]
    p_values = [compare_distributions([one], [other], 1).p_value for one, other in pairs]
    assert sum(p is not None and p <= 0.05 for p in p_values) <= 10


def test_runs_are_dealt_anew_where_there_are_enough() -> None:
    runs = [draw_latencies(seed, 200) * (1.5 if seed < 4 else 1.0) for seed in range(8)]
    found = compare_distributions(runs[:4], runs[4:], 1)
    assert (found.method, found.parts) == ("runs dealt anew", 8)
    assert found.p_value == pytest.approx(2 / 70, abs=0.01)  # of 70 ways to deal eight runs, two are as far apart


def test_too_few_independent_parts_are_no_test() -> None:
    assert compare_distributions([np.ones(10)], [np.ones(10)], 1).p_value is None


def test_an_interval_cut_at_zero_is_contrasted_as_it_was() -> None:
    runs = [np.array([1.0]), np.array([2.0]), np.array([9.0])]
    whole = estimate_between([1.0, 2.0, 9.0], runs, 0.95)
    other = estimate_between([4.0, 5.0, 6.0], runs, 0.95)
    cut = cut_at_zero(whole)
    assert (whole.low or 0) < 0
    assert (cut.low, cut.high) == (0, whole.high)
    assert contrast(cut, other).difference == contrast(whole, other).difference
