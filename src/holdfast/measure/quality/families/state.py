"""Following what changes, step by step: a ball under cups, a walker on a grid, numbers in named boxes."""

from random import Random

from holdfast.measure.quality.checks.numbers import Numeric
from holdfast.measure.quality.checks.texts import OneOf, Regex
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for
from holdfast.measure.quality.findings import Output

_PLACES = ("left", "middle", "right")
_MOVES = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}
_BOXES = ("A", "B", "C", "D")


def _make(random: Random, level: Level) -> Problem:
    if level is Level.EASY:
        return _make_cups(random)
    return _make_walk(random) if level is Level.MEDIUM else _make_boxes(random)


def _make_cups(random: Random) -> Problem:
    ball, told = random.choice(_PLACES), list[str]()
    first = ball
    for _ in range(2):
        one, other = random.sample(_PLACES, 2)
        told.append(f"The {one} cup and the {other} cup change places.")
        ball = {one: other, other: one}.get(ball, ball)
    asked = "Which cup is the ball under now? Answer with one word."
    prompt = f"A ball is under the {first} cup of three. {' '.join(told)} {asked}"
    return Problem(prompt, (OneOf(values=(ball,), among=_PLACES),), Output(ball))


def _make_walk(random: Random) -> Problem:
    x, y, told = 0, 0, list[str]()
    for _ in range(8):
        direction, steps = random.choice(list(_MOVES)), random.randint(1, 9)
        x, y = x + _MOVES[direction][0] * steps, y + _MOVES[direction][1] * steps
        told.append(f"{steps} {direction}")
    prompt = (
        f"A walker begins at (0, 0) and goes {', '.join(told)}. East adds to the first number, north to the second. "
        f"Where is the walker? {ask_for('the place as (x, y)')}"
    )
    return Problem(
        prompt, (Regex(pattern=rf"\(?{x}\s*,\s*{y}\)?", match="full", look_at="answer"),), Output(f"Answer: ({x}, {y})")
    )


def _make_boxes(random: Random) -> Problem:
    held = {box: random.randint(1, 20) for box in _BOXES}
    begun = ", ".join(f"{box} holds {number}" for box, number in held.items())
    steps = "\n".join(f"{number}. {_change(random, held)}" for number in range(1, 21))
    box = random.choice(_BOXES)
    prompt = (
        f"At first {begun}. Then, in this order:\n{steps}\nWhat number does {box} hold now? {ask_for('the number')}"
    )
    return Problem(prompt, (Numeric(value=held[box]),), Output(f"Answer: {held[box]}"))


def _change(random: Random, held: dict[str, int]) -> str:
    """One step, done to what the boxes hold; in words."""
    one, other = random.sample(_BOXES, 2)
    number = random.randint(2, 9)
    kind = random.randrange(4)
    if kind == 0:
        held[one] += number
        return f"Add {number} to {one}."
    if kind == 1:
        held[one], held[other] = held[other], held[one]
        return f"Exchange what {one} and {other} hold."
    if kind == 2:
        held[one] = held[other]
        return f"Let {one} hold the same number as {other}."
    held[one] -= held[other]
    return f"Subtract from {one} the number that {other} holds."


STATE = Family(
    "state", "follow a ball under cups, a walk on a grid, twenty changes to four numbers", _make, {Level.EASY: 1 / 3}
)
