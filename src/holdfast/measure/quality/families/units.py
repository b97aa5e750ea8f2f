"""Converting units: one step, two steps with a rounded result, and a chain of invented units."""

from random import Random
from typing import Final

from holdfast.measure.quality.checks.numbers import Numeric
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for
from holdfast.measure.quality.families.words import invent_many
from holdfast.measure.quality.findings import Output

_SIMPLE: Final = (
    ("minutes", "hours", 60),
    ("seconds", "minutes", 60),
    ("hours", "days", 24),
    ("days", "weeks", 7),
    ("metres", "kilometres", 1000),
    ("grams", "kilograms", 1000),
)
_RATES: Final = (
    ("kilometres per hour", "metres per second", 5, 18),
    ("metres per second", "kilometres per hour", 18, 5),
)


def _make(random: Random, level: Level) -> Problem:
    if level is Level.EASY:
        small, large, factor = random.choice(_SIMPLE)
        count = random.randint(2, 9)
        return _ask(f"How many {small} are {count} {large}? Answer with the number only.", count * factor)
    return _make_rate(random) if level is Level.MEDIUM else _make_chain(random)


def _make_rate(random: Random) -> Problem:
    given, asked, times, by = random.choice(_RATES)
    number = random.randint(11, 199)
    value = round(number * times / by, 2)
    prompt = f"How many {asked} are {number} {given}? {ask_for('the number, rounded to two decimals')}"
    return Problem(prompt, (Numeric(value=value, absolute=0.0101),), Output(f"Answer: {value:.2f}"))


def _make_chain(random: Random) -> Problem:
    """`1 bafo = 7 duri`, and so on; asked is how many of the least there are in some of several of them."""
    names = invent_many(random, 5, 2)
    factors = [random.randint(2, 12) for _ in range(4)]
    rules = [f"1 {names[place]} is {factor} {names[place + 1]}." for place, factor in enumerate(factors)]
    sizes = [1]
    for factor in reversed(factors):
        sizes.insert(0, sizes[0] * factor)
    counts = {place: random.randint(2, 9) for place in sorted(random.sample(range(4), 2))}
    told = " and ".join(f"{count} {names[place]}" for place, count in counts.items())
    value = sum(count * sizes[place] for place, count in counts.items())
    random.shuffle(rules)
    prompt = f"{' '.join(rules)} How many {names[-1]} are {told} together? {ask_for('the number')}"
    return _ask(prompt, value)


def _ask(prompt: str, value: int) -> Problem:
    return Problem(prompt, (Numeric(value=value),), Output(f"Answer: {value}"))


UNITS = Family("units", "convert units of time, length and speed, and a chain of invented units", _make, {})
