"""Margins hold with the chance that they state, and are not much wider than they need be."""

import numpy as np
import pytest
from scipy import stats

from holdfast.measure.drift.margins import bound_distance, bound_share, tabulate_excesses


@pytest.mark.parametrize(("hits", "answers"), [(0, 70), (1, 70), (7, 300), (150, 300), (300, 300)])
def test_a_share_s_bound_is_never_below_the_exact_one_of_equal_coins(hits: int, answers: int) -> None:
    exact = 1.0 if hits == answers else float(stats.beta.ppf(1 - 1e-4, hits + 1, answers - hits))
    assert exact - 1e-12 <= bound_share(hits, answers, 1e-4) <= exact + 0.02


def test_no_answers_say_nothing_of_a_share() -> None:
    assert bound_share(0, 0, 0.01) == 1.0


def test_the_mean_distance_of_frequencies_stays_below_its_bound() -> None:
    shares = np.array([0.5, 0.43, 0.05, 0.02])
    drawn = np.random.default_rng(1).multinomial(200, shares, size=(20_000, 20)) / 200
    distances = np.abs(drawn - shares).sum(axis=2).mean(axis=1) / 2
    table = tabulate_excesses(200, 20)
    for risk in (0.01, 0.001):
        bound = bound_distance(table, shares, risk)
        assert float((distances > bound).mean()) <= risk
        assert bound < 1.5 * float(np.quantile(distances, 1 - risk))


def test_an_excess_grows_as_the_binomial_distribution_says() -> None:
    table = tabulate_excesses(60, 4)
    places = np.arange(61)
    for row, tilt in enumerate(table.tilts[:4]):
        for column in (10, 64, 128):
            share = table.shares[column]
            excess = np.maximum(places / 60 - share, 0)
            exact = np.log(stats.binom.pmf(places, 60, share) @ np.exp(tilt / 4 * excess))
            assert exact - 1e-9 <= table.growths[row, column] <= exact * 1.2 + 1e-6


def test_growths_are_concave_in_the_share_and_never_fall() -> None:
    growths = tabulate_excesses(60, 4).growths
    assert (np.diff(growths, axis=1) >= -1e-12).all()
    assert (np.diff(growths, n=2, axis=1) <= 1e-9).all()
