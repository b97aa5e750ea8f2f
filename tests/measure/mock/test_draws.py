"""What is drawn follows the laws that are named, and depends on nothing but the request."""

import numpy as np
import pytest
from scipy import stats

from holdfast.measure.mock.draws import Draws, Purpose, mix
from holdfast.measure.mock.spec import Distribution, Shape

COUNT = 4000


def draw_many(wanted: Distribution, seed: int = 1) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array([Draws(seed, request, Purpose.GAP).draw(wanted) for request in range(COUNT)])


@pytest.mark.parametrize("cv", [0.1, 0.5, 1.0, 3.0])
def test_log_normal_draws_have_the_mean_and_the_coefficient_of_variation(cv: float) -> None:
    sigma = np.sqrt(np.log1p(cv * cv))
    law = stats.lognorm(s=sigma, scale=0.2 / np.exp(sigma * sigma / 2))
    assert law.mean() == pytest.approx(0.2)
    assert law.std() / law.mean() == pytest.approx(cv)
    drawn = draw_many(Distribution(Shape.LOGNORMAL, mean=0.2, cv=cv))
    assert stats.kstest(drawn, law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("cv", [0.1, 0.5, 1.0, 3.0])
def test_gamma_draws_have_the_mean_and_the_coefficient_of_variation(cv: float) -> None:
    law = stats.gamma(a=1 / cv**2, scale=0.2 * cv**2)
    drawn = draw_many(Distribution(Shape.GAMMA, mean=0.2, cv=cv))
    assert stats.kstest(drawn, law.cdf).pvalue > 1e-3


def test_recorded_values_are_drawn_alike() -> None:
    drawn = draw_many(Distribution(Shape.RECORDED, values=(1.0, 2.0, 5.0)))
    counts = [int((drawn == value).sum()) for value in (1.0, 2.0, 5.0)]
    assert sum(counts) == COUNT
    assert stats.chisquare(counts).pvalue > 1e-3


def test_a_script_is_followed_in_its_order_and_from_the_start_again() -> None:
    draws, script = Draws(1, 2, Purpose.GAP), Distribution(Shape.SCRIPTED, values=(1.0, 2.0, 3.0))
    assert [draws.draw(script) for _ in range(7)] == [1, 2, 3, 1, 2, 3, 1]
    assert Draws(1, 2, Purpose.TTFT).draw(script, first=5) == 3


def test_a_coefficient_of_variation_of_zero_is_a_constant() -> None:
    for shape in (Shape.CONSTANT, Shape.LOGNORMAL, Shape.GAMMA):
        assert Draws(3, 4, Purpose.GAP).draw(Distribution(shape, mean=0.25)) == pytest.approx(0.25)
        assert Draws(3, 4, Purpose.GAP).draw(Distribution(shape)) == 0.0


def test_requests_and_purposes_are_independent_and_repeatable() -> None:
    first = [[Draws(9, request, purpose).draw_share() for request in range(500)] for purpose in Purpose]
    assert first == [[Draws(9, request, purpose).draw_share() for request in range(500)] for purpose in Purpose]
    correlations = np.corrcoef(np.array(first)) - np.eye(len(Purpose))
    assert np.abs(correlations).max() < 4.5 / np.sqrt(500)
    shares = np.array(first).ravel()
    assert stats.kstest(shares, "uniform").pvalue > 1e-3
    assert abs(np.corrcoef(first[0][:-1], first[0][1:])[0, 1]) < 4.5 / np.sqrt(500)


def test_the_finaliser_is_that_of_splitmix64() -> None:
    """The first three numbers of splitmix64 from 0, as its reference implementation prints them."""
    step = 0x9E3779B97F4A7C15
    assert [mix(step * number) for number in (1, 2, 3)] == [
        0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F,
    ]  # fmt: skip
