"""What a plan would find is known before anything is spent."""

from dataclasses import replace

import numpy as np
import pytest

from holdfast.measure.drift.evidence import make_tokens
from holdfast.measure.drift.forecasting import SWAP, Plan, assume_reference, find_shift, forecast, plant_shift
from holdfast.measure.drift.tolerance import choose_epsilon
from holdfast.records.watching import Channel, Forecast, WatchSettings
from tests.measure.drift.streams import draw_visit, draw_visits, make_monitor, make_shares, normalise

SETTINGS = WatchSettings(rounds=6, burn_in_rounds=60)


@pytest.fixture(scope="module")
def rows() -> tuple[Forecast, ...]:
    return forecast(make_monitor(SETTINGS, 10), ())


def test_larger_changes_are_found_with_more_power(rows: tuple[Forecast, ...]) -> None:
    powers = [row.power for row in rows if row.shift is not None]
    assert powers == sorted(powers)
    assert powers[0] == 0
    assert all(row.low <= row.power <= row.high for row in rows)


def test_another_model_is_found_at_once(rows: tuple[Forecast, ...]) -> None:
    swap = rows[-1]
    assert (swap.change, swap.power, swap.days) == (SWAP, 1, 1)
    assert swap.answers is not None
    assert swap.answers <= 10


def test_a_shift_that_is_planted_has_the_size_that_is_asked_for() -> None:
    shares = make_shares(1)
    planted = plant_shift(shares, 0.2, np.random.default_rng(1))
    assert np.abs(planted - shares).sum(axis=2).mean() / 2 == pytest.approx(0.2, abs=1e-6)


def test_more_answers_find_smaller_shifts() -> None:
    monitor = make_monitor(SETTINGS, 10)
    tokens = make_tokens(assume_reference(monitor), 0.05)
    few, many = (find_shift(tokens, Plan(answers, 6, 0, 1.0, 7.8, 20), 1) for answers in (10, 120))
    assert many is not None
    assert few is None or many < few


def test_a_monitor_without_border_prompts_has_no_forecast() -> None:
    assert forecast(make_monitor(prompts=0), ()) == ()


def test_a_steady_endpoint_gets_the_least_tolerance() -> None:
    shares = make_shares(1)
    assert dict(choose_epsilon(make_monitor(), draw_visits([shares] * 14, 5)))[Channel.TOKENS] == pytest.approx(
        0.05, abs=0.012
    )


def test_a_restless_endpoint_gets_a_tolerance_that_covers_its_days() -> None:
    shares, generator = make_shares(1), np.random.default_rng(2)
    days = [normalise(np.log(shares) + 0.6 * generator.normal(size=shares.shape)) for _ in range(14)]
    distances = [float(np.abs(day - np.mean(days, axis=0)).sum(axis=1).mean() / 2) for day in days]
    visits = [draw_visit(day, number, 900, 5) for number, day in enumerate(days)]
    chosen = dict(choose_epsilon(make_monitor(), visits))[Channel.TOKENS]
    assert max(distances) <= chosen <= 2.5 * max(distances)


def test_the_days_of_a_plan_follow_from_its_answers_a_day() -> None:
    plan = Plan(60, 10, 0, 1.0, 7.8)
    assert replace(plan, days=2).answers * 2 == 120
