"""Steady states, drifts and Little's law."""

import numpy as np
import pytest

from holdfast.measure.statistics.steadiness import check_little, estimate_drift, find_warmup
from tests.measure.statistics.series import draw_latencies


def test_a_warmup_is_found_where_it_ends() -> None:
    series = draw_latencies(1, 2000, 0.3)
    series[:200] += np.linspace(5, 0, 200)
    assert 100 <= (find_warmup(series) or 0) <= 230


def test_a_run_that_never_settles_has_no_warmup_that_ends() -> None:
    assert find_warmup(np.exp(-np.arange(500) / 400)) is None
    assert find_warmup(np.ones(10)) is None


def test_a_drift_is_seen_and_its_size_told() -> None:
    series = draw_latencies(2, 3000, 0.5) + np.linspace(0, 1, 3000)
    found = estimate_drift(series)
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < 1 < found.high


def test_a_steady_run_seldom_seems_to_drift() -> None:
    found = [estimate_drift(draw_latencies(seed, 600, 0.7)) for seed in range(100)]
    drifting = sum(one.low is not None and one.high is not None and not one.low <= 0 <= one.high for one in found)
    assert drifting <= 13


def test_few_samples_show_no_drift() -> None:
    assert estimate_drift(np.ones(10)).missing == 20


def test_littles_law_holds_for_a_queue() -> None:
    random = np.random.default_rng(3)
    arrivals = random.exponential(0.01, 20_000).cumsum()
    found = check_little(arrivals, arrivals + random.exponential(0.3, 20_000), 20.0, 180.0)
    assert found.rate_per_s == pytest.approx(100, rel=0.05)
    assert found.in_flight == pytest.approx(30, rel=0.05)
    assert found.error is not None
    assert found.error < 0.02


def test_littles_law_shows_requests_that_are_missing() -> None:
    arrivals = np.arange(0, 100, 0.1)
    stay = np.full(arrivals.size, 2.0)
    stay[::2] = 0.0
    whole = check_little(arrivals, arrivals + stay, 10, 90)
    lost = check_little(arrivals, np.where(stay > 0, arrivals + stay, 200.0), 10, 90)
    assert whole.error == pytest.approx(0, abs=0.02)
    assert (lost.error or 0) > 0.1


def test_littles_law_of_nothing_is_unknown() -> None:
    assert check_little(np.zeros(0), np.zeros(0), 0, 1).error is None
