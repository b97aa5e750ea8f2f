"""Sums and products of whole numbers, with brackets. Every division comes out even."""

from dataclasses import dataclass
from random import Random

from holdfast.measure.quality.checks.numbers import Numeric
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for
from holdfast.measure.quality.findings import Output


@dataclass(frozen=True, slots=True)
class _Term:
    """An expression and its value. One that `binds` needs no brackets where it is a part of another."""

    text: str
    value: int
    binds: bool = True

    @property
    def part(self) -> str:
        return self.text if self.binds else f"({self.text})"


def _make(random: Random, level: Level) -> Problem:
    if level is Level.EASY:
        left, right = random.randint(1, 9), random.randint(1, 9)
        prompt = f"What is {left} + {right}? Answer with the number only."
        return _ask(prompt, left + right)
    steps, most = (2, 40) if level is Level.MEDIUM else (5, 200)
    term = _Term(*_draw(random, most))
    for _ in range(steps):
        term = _extend(random, term, most)
    return _ask(f"What is {term.text}? {ask_for('the number')}", term.value)


def _draw(random: Random, most: int) -> tuple[str, int]:
    number = random.randint(2, most)
    return str(number), number


def _extend(random: Random, term: _Term, most: int) -> _Term:
    text, number = _draw(random, most)
    sign = random.choice("+-*/")
    if sign == "+":
        return _Term(f"{term.text} + {text}", term.value + number, binds=False)
    if sign == "-":
        return _Term(f"{text} - {term.part}", number - term.value, binds=False)
    factor = random.randint(2, 9)
    divisors = [divisor for divisor in range(2, 13) if term.value and term.value % divisor == 0]
    if sign == "/" and divisors:
        divisor = random.choice(divisors)
        return _Term(f"{term.part} / {divisor}", term.value // divisor, binds=False)
    return _Term(f"{term.part} * {factor}", term.value * factor, binds=False)


def _ask(prompt: str, value: int) -> Problem:
    return Problem(prompt, (Numeric(value=value),), Output(f"Answer: {value}"))


ARITHMETIC = Family("arithmetic", "add one-digit numbers; work out expressions with brackets", _make, {})
