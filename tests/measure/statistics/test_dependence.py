"""How much correlated samples are worth, against closed forms."""

import numpy as np
import pytest

from holdfast.measure.statistics import dependence
from holdfast.measure.statistics.dependence import measure_dependence, measure_exceedance
from tests.measure.statistics.series import draw_correlated


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8, -0.4])
def test_the_inflation_of_an_autoregression_is_one_plus_rho_over_one_minus_rho(correlation: float) -> None:
    found = [measure_dependence(draw_correlated(seed, 4000, correlation)).inflation for seed in range(40)]
    assert np.mean(found) == pytest.approx((1 + correlation) / (1 - correlation), rel=0.15)


def test_the_correlation_of_neighbours_is_told_without_bias() -> None:
    found = [measure_dependence(draw_correlated(seed, 100, 0.8)).correlation for seed in range(300)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.02)


def test_a_series_that_was_summed_in_bins_is_worth_what_it_is_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    series = draw_correlated(1, 5000, 0.7)
    binned = measure_dependence(series)
    dependence._make_cosines.cache_clear()
    monkeypatch.setattr(dependence, "_BINS", 100_000)
    plain = measure_dependence(series)
    dependence._make_cosines.cache_clear()
    assert binned.inflation == pytest.approx(plain.inflation, rel=5e-3)


def test_a_block_that_is_repeated_is_worth_its_number_of_blocks() -> None:
    blocks = np.repeat(np.random.default_rng(3).standard_normal(400), 25)
    assert measure_dependence(blocks).effective == pytest.approx(400, rel=0.6)


def test_exceedances_are_less_correlated_than_their_series() -> None:
    series = draw_correlated(4, 100_000, 0.8)
    far = measure_exceedance(series, float(np.quantile(series, 0.99)))
    assert 1.5 < far.inflation < measure_dependence(series).inflation


def test_a_constant_series_counts_as_independent() -> None:
    found = measure_dependence(np.full(100, 0.1))
    assert (found.inflation, found.effective) == (1.0, 100)


def test_what_the_inflation_stays_below_is_above_it() -> None:
    found = measure_dependence(draw_correlated(5, 1000, 0.5))
    assert found.inflation_most > found.inflation
