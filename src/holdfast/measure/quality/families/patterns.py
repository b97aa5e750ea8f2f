"""Continuing a series whose rule is told in kind, so that one continuation alone is right."""

from random import Random

from holdfast.measure.quality.checks.numbers import Numeric
from holdfast.measure.quality.checks.texts import OneOf
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for
from holdfast.measure.quality.families.words import COLOURS
from holdfast.measure.quality.findings import Output


def _make(random: Random, level: Level) -> Problem:
    if level is Level.EASY:
        return _make_words(random)
    return _make_sum(random) if level is Level.MEDIUM else _make_product(random)


def _make_sum(random: Random) -> Problem:
    step = _draw_step(random, 12)
    return _ask(_grow(random.randint(1, 40), 1, step), "Each number is the one before plus a fixed number")


def _make_product(random: Random) -> Problem:
    factor, plus = random.choice((2, 3, -2)), _draw_step(random, 9)
    first = random.randint(1, 9)
    while first * factor + plus == first:  # a series that stands still tells nothing
        first += 1
    return _ask(
        _grow(first, factor, plus), "Each number is the one before times p, plus q; p and q are fixed whole numbers"
    )


def _draw_step(random: Random, most: int) -> int:
    return random.choice((-1, 1)) * random.randint(1, most)


def _make_words(random: Random) -> Problem:
    pair = random.sample(COLOURS, 2)
    shown = [pair[number % 2] for number in range(random.choice((5, 6)))]
    right = pair[len(shown) % 2]
    prompt = f"These words alternate: {' '.join(shown)}. What is the next word? Answer with one word."
    return Problem(prompt, (OneOf(values=(right,), among=tuple(pair)),), Output(right))


def _grow(first: int, factor: int, plus: int) -> list[int]:
    series = [first]
    while len(series) < 6:
        series.append(series[-1] * factor + plus)
    return series


def _ask(series: list[int], rule: str) -> Problem:
    *shown, right = series
    prompt = f"{rule}: {', '.join(map(str, shown))}. What is the next number? {ask_for('the number')}"
    return Problem(prompt, (Numeric(value=right),), Output(f"Answer: {right}"))


PATTERNS = Family("patterns", "continue a series of words or numbers", _make, {Level.EASY: 1 / 2})
