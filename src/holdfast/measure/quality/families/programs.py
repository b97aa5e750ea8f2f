"""A Python function to a described behaviour, run in the sandbox on arguments that the prompt does not show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from holdfast.measure.quality.checks.code import Case, Code
from holdfast.measure.quality.families.family import Family, Level, Problem
from holdfast.measure.quality.findings import Output

_CASES = 6
_STEPS = {Level.EASY: 0, Level.MEDIUM: 1, Level.HARD: 3}


@dataclass(frozen=True, slots=True)
class _Step:
    """One thing that is done to a list of whole numbers: in words, as Python, and as it is done here."""

    words: str
    code: str
    do: Callable[[list[int]], list[int]]


@dataclass(frozen=True, slots=True)
class _End:
    """What is returned in the end, likewise."""

    words: str
    code: str
    do: Callable[[list[int]], int]


def _make_ends(random: Random) -> tuple[_End, ...]:
    bound, least = random.randint(2, 40), random.randint(-10, 10)
    return (
        _End(
            f"the sum of the numbers that are greater than {least}",
            f"sum(x for x in xs if x > {least})",
            lambda xs: sum([x if x > least else 0 for x in xs]),
        ),
        _End(
            f"how many numbers are at most {bound}",
            f"sum(x <= {bound} for x in xs)",
            lambda xs: len([x for x in xs if not x > bound]),
        ),
        _End(
            f"the largest number that is smaller than {bound}, or 0 if there is none",
            f"max((x for x in xs if x < {bound}), default=0)",
            lambda xs: max([x for x in xs if x < bound] or [0]),
        ),
        _End(f"the sum of the list times {bound}", f"{bound} * sum(xs)", lambda xs: sum([bound * x for x in xs])),
        _End(
            f"the largest number minus the smallest, or {bound} if the list is empty",
            f"max(xs) - min(xs) if xs else {bound}",
            lambda xs: sorted(xs)[-1] - sorted(xs)[0] if xs else bound,
        ),
    )


def _make_steps(random: Random) -> tuple[_Step, ...]:
    by, plus, take = random.randint(2, 5), random.randint(2, 9), random.randint(2, 3)
    return (
        _Step(
            f"remove every number that is divisible by {by}",
            f"xs = [x for x in xs if x % {by}]",
            lambda xs: [x for x in xs if x % by != 0],
        ),
        _Step(f"add {plus} to every number", f"xs = [x + {plus} for x in xs]", lambda xs: [plus + x for x in xs]),
        _Step("reverse the list", "xs = xs[::-1]", lambda xs: list(reversed(xs))),
        _Step(
            f"keep only the numbers at positions 0, {take}, {2 * take} and so on (positions begin at 0)",
            f"xs = xs[::{take}]",
            lambda xs: [x for place, x in enumerate(xs) if place % take == 0],
        ),
        _Step(
            "replace every number by the sum of itself and all numbers before it in the list",
            "xs = [sum(xs[: i + 1]) for i in range(len(xs))]",
            _accumulate,
        ),
        _Step(
            "replace every negative number by 0",
            "xs = [max(x, 0) for x in xs]",
            lambda xs: [0 if x < 0 else x for x in xs],
        ),
    )


def _accumulate(xs: list[int]) -> list[int]:
    total, found = 0, list[int]()
    for x in xs:
        total += x
        found.append(total)
    return found


def _make(random: Random, level: Level) -> Problem:
    steps = random.sample(_make_steps(random), _STEPS[level])
    end = random.choice(_make_ends(random))
    parts = [*(step.words for step in steps), f"return {end.words}"]
    told = f"It must {parts[0]}." if len(parts) == 1 else f"It must do this, in this order: {_count_off(parts)}."
    prompt = (
        f"Write a Python function solve(xs) that takes a list of whole numbers, which may be empty. {told} "
        "Write the function alone, in one fenced code block, without examples."
    )
    body = "\n".join(f"    {line}" for line in [*(step.code for step in steps), f"return {end.code}"])
    check = Code(call="solve", cases=tuple(_make_cases(random, steps, end)))
    return Problem(prompt, (check,), Output(f"```python\ndef solve(xs):\n{body}\n```"))


def _count_off(parts: Sequence[str]) -> str:
    return "; ".join(f"({number}) {part}" for number, part in enumerate(parts, 1))


def _make_cases(random: Random, steps: Sequence[_Step], end: _End) -> list[Case]:
    lists: list[list[int]] = [[]]
    while len(lists) < _CASES:
        lists.append([random.randint(-20, 60) for _ in range(random.randint(1, 12))])
    return [Case(arguments=(numbers,), result=_run(numbers, steps, end)) for numbers in lists]


def _run(numbers: list[int], steps: Sequence[_Step], end: _End) -> int:
    for step in steps:
        numbers = step.do(numbers)
    return end.do(numbers)


PROGRAMS = Family("programs", "write a Python function, which is run on hidden arguments", _make, {})
