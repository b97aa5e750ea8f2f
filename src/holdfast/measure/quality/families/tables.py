"""Reading a table: one cell, a count under a condition, a sum of products under two."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from holdfast.measure.quality.checks.numbers import Numeric
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for
from holdfast.measure.quality.families.words import CITIES, PEOPLE, SURNAMES
from holdfast.measure.quality.findings import Output

_ROWS = {Level.EASY: 3, Level.MEDIUM: 8, Level.HARD: 16}


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    city: str
    units: int
    price: int


def _make(random: Random, level: Level) -> Problem:
    rows = _draw_rows(random, _ROWS[level])
    if level is Level.EASY:
        row = random.choice(rows)
        return _ask(rows, f"How many units does {row.name} have?", row.units)
    if level is Level.MEDIUM:
        bound = random.randint(25, 75)
        return _ask(rows, f"In how many rows is Units above {bound}?", sum(row.units > bound for row in rows))
    city, bound = random.choice(rows).city, random.randint(15, 45)
    question = f"For the rows where City is {city} or Units is below {bound}: what is the sum of Units times Price?"
    value = sum(row.units * row.price for row in rows if row.city == city or row.units < bound)
    return _ask(rows, question, value)


def _draw_rows(random: Random, count: int) -> list[_Row]:
    names = random.sample([f"{name} {surname}" for name in PEOPLE for surname in SURNAMES], count)
    cities = random.sample(CITIES, 4)
    return [_Row(name, random.choice(cities), random.randint(10, 99), random.randint(2, 9)) for name in names]


def _ask(rows: Sequence[_Row], question: str, value: int) -> Problem:
    lines = ["| Name | City | Units | Price |", "|---|---|---|---|"]
    lines += [f"| {row.name} | {row.city} | {row.units} | {row.price} |" for row in rows]
    prompt = "\n".join(lines) + f"\n\n{question} {ask_for('the number')}"
    return Problem(prompt, (Numeric(value=value),), Output(f"Answer: {value}"))


TABLES = Family("tables", "read a cell of a table, count rows, sum products over rows", _make, {})
