"""Wealth that starts anew every day is the sum over all start days, whatever way it is computed."""

import itertools

import numpy as np
import pytest

from holdfast.measure.drift.batteries import Base, Mark, follow_battery, make_base
from holdfast.measure.drift.rests import bet_day_on_rests, start_tally
from holdfast.measure.drift.wealth import close_day, follow_day, keep_cash, mix, open_purse, weigh_start


def test_what_is_staked_on_start_days_adds_up_to_one() -> None:
    days = np.arange(1, 2_000_001, dtype=np.float64)
    rest = 5 * 2_000_000**-0.2 * weigh_start(1)  # the integral of what lies beyond
    assert float((days**-1.2).sum()) * weigh_start(1) + rest == pytest.approx(1, abs=1e-6)


def test_wealth_is_the_sum_over_start_days_of_stakes_and_what_became_of_them() -> None:
    gains = np.random.default_rng(1).normal(0, 1, 12)
    purse = open_purse(1, 1)
    for day, gain in enumerate(gains, 1):
        path = follow_day(purse, np.array([[[gain]]]))
        purse = close_day(purse, np.array([[gain]]))
        bets = sum(weigh_start(start) * np.exp(gains[start - 1 : day].sum()) for start in range(1, day + 1))
        assert path[0, 0, 0] == pytest.approx(np.log(bets + keep_cash(day)))


def test_the_second_rule_sums_a_bet_of_one_from_every_day() -> None:
    gains = np.random.default_rng(2).normal(0, 1, 9)
    purse = open_purse(1, 1)
    for gain in gains:
        purse = close_day(purse, np.array([[gain]]))
    assert purse.suspicion[0, 0] == pytest.approx(np.log(sum(np.exp(gains[start:].sum()) for start in range(9))))


def test_mixed_wealth_is_the_weighted_mean() -> None:
    wealths = np.log(np.array([[2.0, 8.0]]))
    assert mix(wealths, np.array([0.25, 0.75]))[0] == pytest.approx(np.log(6.5))


@pytest.mark.parametrize("limit", [0.05, 0.3])
def test_a_bet_on_rests_is_worth_at_most_its_stake_at_the_limit(limit: float) -> None:
    """By every course that ten answers may take."""
    courses = np.array(list(itertools.product((0, 1), repeat=10)))
    chances = np.where(courses == 1, limit, 1 - limit).prod(axis=1)
    gains = bet_day_on_rests(np.full(len(courses), limit), start_tally(len(courses)), courses)
    for place in range(10):
        assert (chances @ np.exp(gains[:, :, place]) <= 1 + 1e-9).all()


def test_ten_unknown_answers_are_worth_more_than_a_thousand() -> None:
    gains = bet_day_on_rests(np.array([0.06]), start_tally(1), np.ones((1, 10), dtype=np.int64))
    assert gains[0, :, -1].max() > np.log(1e6)


def test_a_battery_is_worth_at_most_its_stake_while_its_excess_is_within_the_slack() -> None:
    """By every course that two days of three prompts may take, with chances that differ by prompt."""
    base, epsilon = Base({0: 0.1, 1: 0.5, 2: 0.3}, 0.02, 0.02, 300), 0.1
    chances = (0.3, 0.5, 0.44)  # a mean excess of 0.1133, and the slack is 0.12
    total = 0.0
    for course in itertools.product((0, 1), repeat=6):
        chance = np.prod(
            [chances[place % 3] if value else 1 - chances[place % 3] for place, value in enumerate(course)]
        )
        days = [[Mark(place, course[day * 3 + place]) for place in range(3)] for day in range(2)]
        total += float(chance) * np.exp(list(follow_battery(base, epsilon, days))[-1][0])
    assert total <= 1 + 1e-9


def test_a_battery_that_turns_over_is_seen_within_two_days() -> None:
    marks = [Mark(prompt, 0) for prompt in range(16) for _ in range(8)]
    base = make_base(marks, 1e-5)
    assert base is not None
    changed = [[Mark(prompt, 1) for prompt in range(16)]] * 2
    assert list(follow_battery(base, 0.1, changed))[-1][0] > np.log(2000)


def test_prompts_with_one_answer_make_no_base() -> None:
    assert make_base([Mark(prompt, 0) for prompt in range(9)], 0.01) is None
