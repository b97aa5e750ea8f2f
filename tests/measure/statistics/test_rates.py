"""Rates over a window."""

import numpy as np
import pytest

from holdfast.measure.statistics.rates import Flow, estimate_rate


def test_a_poisson_process_has_the_interval_of_its_counts() -> None:
    held = 0
    for seed in range(100):
        times = np.random.default_rng(seed).exponential(0.05, 3000).cumsum()
        found = estimate_rate([Flow(times, 0.0, 100.0)])
        held += found.low is not None and found.high is not None and found.low <= 20 <= found.high
    assert held >= 86


def test_amounts_are_summed_and_what_lies_outside_is_not_counted() -> None:
    times = np.arange(-49.5, 250.0)
    found = estimate_rate([Flow(times, 0.0, 200.0, np.full(300, 3.0))])
    assert found.value == pytest.approx(3.0)
    assert found.samples == 200


def test_a_steady_flow_has_a_narrow_interval() -> None:
    found = estimate_rate([Flow(np.arange(6400.0) / 64 + 1e-6, 0.0, 100.0)])
    assert (found.low, found.high) == pytest.approx((64, 64), abs=0.5)


def test_several_runs_are_samples_themselves() -> None:
    flows = [Flow(np.linspace(0, 9.99, count), 0.0, 10.0) for count in (100, 120, 110)]
    found = estimate_rate(flows)
    assert found.value == pytest.approx(11.0)
    assert found.runs == 3


def test_few_events_and_empty_windows_are_unknown() -> None:
    assert estimate_rate([Flow(np.arange(10.0), 0.0, 10.0)]).missing == 20
    assert estimate_rate([Flow(np.arange(100.0), 5.0, 5.0)]).value is None
    assert estimate_rate([]).value is None
