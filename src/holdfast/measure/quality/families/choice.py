"""Choosing among few answers that the prompt names: what very small models can do, at times by chance."""

from collections.abc import Sequence
from random import Random

from holdfast.measure.quality.checks.texts import OneOf
from holdfast.measure.quality.families.family import Family, Level, Problem
from holdfast.measure.quality.families.words import COLOURS, PEOPLE, THINGS, join
from holdfast.measure.quality.findings import Output


def _make(random: Random, level: Level) -> Problem:
    if level is Level.EASY:
        return _make_colour(random)
    return _make_holder(random) if level is Level.MEDIUM else _make_hidden(random)


def _make_colour(random: Random) -> Problem:
    right, other = random.sample(COLOURS, 2)
    thing = random.choice(THINGS)
    offered = random.sample((right, other), 2)
    return _offer(f"The {thing} is {right}. Is the {thing} {join(offered, 'or')}?", right, offered)


def _make_holder(random: Random) -> Problem:
    people, things = random.sample(PEOPLE, 3), random.sample(THINGS, 3)
    told = " ".join(f"{person} has the {thing}." for person, thing in zip(people, things, strict=True))
    place = random.randrange(3)
    offered = random.sample(people, 3)
    return _offer(f"{told} Who has the {things[place]}: {join(offered, 'or')}?", people[place], offered)


def _make_hidden(random: Random) -> Problem:
    offered = random.sample(COLOURS, 4)
    right = random.choice(offered)
    told = " ".join(f"It is not in the {colour} box." for colour in random.sample(offered, 4) if colour != right)
    question = f"The coin is in one of four boxes: the {join(offered, 'or')} one. {told} Which box is it in?"
    return _offer(question, right, offered)


def _offer(question: str, right: str, offered: Sequence[str]) -> Problem:
    check = OneOf(values=(right,), among=tuple(offered))
    return Problem(f"{question} Answer with one word.", (check,), Output(right))


CHOICE = Family(
    "choice",
    "choose among two, three or four answers that the prompt names",
    _make,
    {Level.EASY: 1 / 2, Level.MEDIUM: 1 / 3, Level.HARD: 1 / 4},
)
