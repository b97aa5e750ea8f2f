"""How answers open at sentinels: another model is caught at once, and what is benign is no evidence."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from holdfast.measure.drift.batteries import make_base
from holdfast.measure.drift.forecasting import SWAP, forecast
from holdfast.measure.drift.judging import judge
from holdfast.measure.drift.marking import choose_read, mark_all
from holdfast.measure.drift.sentinels import STARTS, bet_mornings, find_limit
from holdfast.measure.drift.wealth import keep_cash, weigh_start
from holdfast.records.watching import Channel, Likeness, Outcome, Prompt, Seen, Visit
from tests.measure.drift.streams import draw_visit, draw_visits, make_monitor, make_shares

BASE = make_shares(1)
PLAIN = make_monitor()
SENTINELS = tuple(Prompt(Channel.SENTINELS, f"sentinel {number}", tokens_max=12) for number in range(12))
MONITOR = replace(PLAIN, prompts=(*PLAIN.prompts, *SENTINELS))


def open_answers(visit: Visit, answers: int, word: str = "w", new: float = 0.03) -> Visit:
    """A visit that begins with sentinels: five usual openings, and a share of others."""
    generator = np.random.default_rng((9, visit.number))
    prompts: list[int] = generator.integers(0, len(SENTINELS), answers).tolist()
    said = [
        f"new {generator.integers(1 << 40)}" if generator.random() < new else f"{word}{generator.integers(5)}"
        for _ in prompts
    ]
    seen = tuple(Seen(Channel.SENTINELS, prompt, 0, symbol) for prompt, symbol in zip(prompts, said, strict=True))
    return replace(visit, seen=(*seen, *visit.seen), planned=visit.planned + answers)


BURN_IN = [open_answers(visit, 480) for visit in draw_visits([BASE] * 14, 3)]


def watch(days: int, word: str = "w") -> list[Visit]:
    quiet = [open_answers(draw_visit(BASE, 14 + day, 60, 3), 12) for day in range(days)]
    return [*BURN_IN, *quiet, open_answers(draw_visit(BASE, 14 + days, 60, 3), 12, word)]


def test_another_model_is_caught_within_ten_answers_by_how_it_opens_alone() -> None:
    told = judge(MONITOR, watch(20, "other "))
    assert told.outcome is Outcome.CHANGED
    assert told.alarm_answers is not None
    assert told.alarm_answers - 20 * 72 <= 10
    assert dict(told.weights)[Channel.SENTINELS] == pytest.approx(0.5)
    assert told.triage is not None
    assert told.triage.likeness in (Likeness.MODEL, Likeness.PROMPT, Likeness.UNKNOWN)
    moved = {one.channel: one for one in told.triage.moved}[Channel.SENTINELS]
    assert moved.shift == pytest.approx(0.97, abs=0.06)


def test_openings_that_come_as_they_did_are_no_evidence() -> None:
    told = judge(MONITOR, watch(16))
    assert told.outcome is Outcome.SAME, told.why
    own = [one.log_wealth for one in told.evidence if one.channel is Channel.SENTINELS]
    assert max(own) < 3


def test_the_mean_of_what_a_bet_is_multiplied_by_is_at_most_one_at_the_limit() -> None:
    limit = 0.13
    total = np.zeros(2)
    for hits in itertools.product((0, 1), repeat=7):
        chance = math.prod(limit if hit else 1 - limit for hit in hits)
        gains = bet_mornings(np.array([limit]), np.array([hits]))
        total += chance * np.exp(gains[0, :, -1])
    assert total == pytest.approx(np.ones(2), abs=1e-9)


def test_the_stake_of_all_days_is_never_more_than_there_is() -> None:
    spent = sum(weigh_start(day, STARTS) for day in range(1, 3651))
    assert spent + keep_cash(3650, STARTS) == pytest.approx(1)
    assert weigh_start(30, STARTS) > 2 * weigh_start(30)
    assert weigh_start(365, STARTS) > 2 * weigh_start(365)


def test_the_limit_covers_the_share_of_openings_that_the_reference_has_not_seen() -> None:
    making = [Seen(Channel.SENTINELS, prompt, 0, f"w{word}") for prompt in range(12) for word in range(5)]
    read = choose_read(Channel.SENTINELS, making)
    counted = [
        Seen(Channel.SENTINELS, prompt, 0, "unheard" if place % 10 == 0 else "w1")
        for prompt in range(12)
        for place in range(100)
    ]
    base = make_base(mark_all(read, counted), 1e-5)
    assert base is not None
    error = math.sqrt(math.log(2 / 1e-5) / 2 / 1200)  # of Hoeffding, which is the wider
    assert 0.13 < find_limit(base, 0.03) <= 0.13 + error
    assert read(Seen(Channel.SENTINELS, 99, 0, "w1")) is None


def test_a_plan_with_sentinels_forecasts_another_model_within_ten_answers() -> None:
    swap = forecast(MONITOR, ())[-1]
    assert swap.change == SWAP
    assert swap.power == 1
    assert swap.answers is not None
    assert swap.answers <= 10
