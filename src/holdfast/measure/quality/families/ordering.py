"""People in a row, told by clues that leave exactly one order; no clue more than is needed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random

from holdfast.measure.quality.checks.texts import OneOf
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for, check_list
from holdfast.measure.quality.families.words import PEOPLE
from holdfast.measure.quality.findings import Output

_COUNTS = {Level.EASY: 3, Level.MEDIUM: 4, Level.HARD: 6}
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Clue:
    words: str
    holds: Callable[[Row], bool]


def _make(random: Random, level: Level) -> Problem:
    people = random.sample(PEOPLE, _COUNTS[level])
    row = tuple(random.sample(people, len(people)))
    clues = _choose_clues(random, row)
    told = f"{', '.join(sorted(people))} stand in a row, from left to right. {' '.join(clue.words for clue in clues)}"
    if level is Level.EASY:
        prompt = f"{told} Who is in the middle? Answer with one word."
        return Problem(prompt, (OneOf(values=(row[1],), among=tuple(sorted(people))),), Output(row[1]))
    prompt = f"{told} In which order do they stand? {ask_for('the names from left to right with commas between them')}"
    return Problem(prompt, (check_list(row),), Output(f"Answer: {', '.join(row)}"))


def _choose_clues(random: Random, row: Row) -> list[_Clue]:
    """True clues, taken while they rule orders out, until one order is left; then without those not needed."""
    left = list(permutations(sorted(row)))
    chosen: list[_Clue] = []
    while len(left) > 1:
        clue = _draw_clue(random, row)
        remaining = [one for one in left if clue.holds(one)]
        if len(remaining) < len(left):
            chosen.append(clue)
            left = remaining
    return _drop_needless(chosen, row)


def _drop_needless(clues: Sequence[_Clue], row: Row) -> list[_Clue]:
    kept = list(clues)
    for clue in clues:
        without = [one for one in kept if one is not clue]
        if sum(all(one.holds(order) for one in without) for order in permutations(sorted(row))) == 1:
            kept = without
    return kept


def _draw_clue(random: Random, row: Row) -> _Clue:
    """A clue that is true of this row."""
    left, right = sorted(random.sample(range(len(row)), 2))
    one, other = row[left], row[right]
    kind = random.randrange(4)
    if kind == 0:
        return _Clue(f"{one} is somewhere to the left of {other}.", lambda order: order.index(one) < order.index(other))
    if kind == 1 and right == left + 1:
        return _Clue(f"{one} is directly left of {other}.", lambda order: order.index(one) + 1 == order.index(other))
    if kind == 2 and 0 < left < len(row) - 1:
        return _Clue(f"{one} is at neither end.", lambda order: 0 < order.index(one) < len(order) - 1)
    between = right - left - 1
    persons = "1 person is" if between == 1 else f"{between} people are"
    if between and len(row) > 3:
        return _Clue(
            f"Exactly {persons} between {one} and {other}.",
            lambda order: abs(order.index(one) - order.index(other)) == between + 1,
        )
    return _Clue(f"{other} is somewhere to the right of {one}.", lambda order: order.index(one) < order.index(other))


ORDERING = Family("ordering", "find the order of three, four or six people from clues", _make, {Level.EASY: 1 / 3})
