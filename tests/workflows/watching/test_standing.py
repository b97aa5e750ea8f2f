"""The tolerance follows from the burn-in, unless it was stated."""

import random
from dataclasses import replace

from holdfast.measure.drift.tolerance import choose_epsilon
from holdfast.records.measurement import Endpoint
from holdfast.records.watching import Channel, Monitor, Prompt, Seen, Visit, WatchSettings
from holdfast.workflows.watching.standing import settle_tolerance

PROMPTS = tuple(Prompt(Channel.TOKENS, f"prompt {number}") for number in range(10))
MONITOR = Monitor("it", Endpoint("it", "http://127.0.0.1:1/v1", "m"), WatchSettings(burn_in_days=6), PROMPTS)


def draw_visit(day: int, swing: float) -> Visit:
    """Every prompt forty times; a day leans to one answer or the other by `swing`."""
    chance = random.Random(day)
    share = 0.5 + (swing if day % 2 else -swing)
    seen = [
        Seen(Channel.TOKENS, place, 0, "a" if chance.random() < share else "b")
        for place in range(len(PROMPTS))
        for _ in range(40)
    ]
    return Visit(day + 1, day, day, len(seen), tuple(seen))


def find_epsilon(monitor: Monitor) -> float:
    return dict(monitor.settings.epsilon)[Channel.TOKENS]


def test_restless_days_of_the_burn_in_widen_the_tolerance() -> None:
    quiet = [draw_visit(day, 0.0) for day in range(8)]
    restless = [draw_visit(day, 0.12) for day in range(8)]
    assert find_epsilon(MONITOR) <= find_epsilon(settle_tolerance(MONITOR, quiet)) < 0.08
    widened = settle_tolerance(MONITOR, restless)
    assert find_epsilon(widened) == dict(choose_epsilon(MONITOR, restless))[Channel.TOKENS]
    assert find_epsilon(widened) > 0.12


def test_a_stated_tolerance_stays_and_so_does_one_of_an_unfinished_burn_in() -> None:
    restless = [draw_visit(day, 0.12) for day in range(8)]
    stated = replace(MONITOR, settings=replace(MONITOR.settings, is_tolerance_stated=True))
    assert settle_tolerance(stated, restless) is stated
    assert settle_tolerance(MONITOR, restless[:6]) is MONITOR


def test_what_comes_after_the_burn_in_does_not_move_the_tolerance() -> None:
    quiet = [draw_visit(day, 0.0) for day in range(7)]
    wild = [draw_visit(day, 0.4) for day in range(7, 12)]
    assert settle_tolerance(MONITOR, quiet) == settle_tolerance(MONITOR, [*quiet, *wild])
