"""Knights, who always tell the truth, and knaves, who always lie: exactly one way of being both is consistent."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from holdfast.measure.quality.checks.texts import OneOf
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for, check_list
from holdfast.measure.quality.families.words import PEOPLE
from holdfast.measure.quality.findings import Output

_COUNTS = {Level.EASY: 2, Level.MEDIUM: 3, Level.HARD: 5}
Kinds = tuple[bool, ...]
"""For each person whether it is a knight."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What someone says, and whether it is true when the persons are of these kinds."""

    words: str
    holds: Callable[[Kinds], bool]


def _make(random: Random, level: Level) -> Problem:
    people = random.sample(PEOPLE, _COUNTS[level])
    while True:
        claims = [_draw_claim(random, people, speaker) for speaker in range(len(people))]
        ways = find_ways(claims)
        if len(ways) == 1:
            return _ask(random, people, claims, ways[0], level)


def find_ways(claims: Sequence[_Claim]) -> list[Kinds]:
    """Every way in which knights say what is true and knaves what is not."""
    kinds = product((True, False), repeat=len(claims))
    return [way for way in kinds if all(claim.holds(way) is way[who] for who, claim in enumerate(claims))]


def _draw_claim(random: Random, people: Sequence[str], speaker: int) -> _Claim:
    return random.choice(list(_make_claims(random, people, speaker)))


def _make_claims(random: Random, people: Sequence[str], speaker: int) -> Iterator[_Claim]:
    others = [place for place in range(len(people)) if place != speaker]
    one = random.choice(others)
    count = random.randint(1, len(people) - 1)
    yield _Claim(f"{people[one]} is a knave", lambda way: not way[one])
    yield _Claim(f"{people[one]} is a knight", lambda way: way[one])
    yield _Claim(f"{people[one]} and I are of the same kind", lambda way: way[one] is way[speaker])
    yield _Claim(
        f"exactly {count} of us {'is a knight' if count == 1 else 'are knights'}", lambda way: sum(way) == count
    )
    if len(others) > 1:
        first, second = random.sample(others, 2)
        yield _Claim(
            f"at least one of {people[first]} and {people[second]} is a knave",
            lambda way: not (way[first] and way[second]),
        )


def _ask(random: Random, people: Sequence[str], claims: Sequence[_Claim], way: Kinds, level: Level) -> Problem:
    said = "\n".join(f'{person} says: "{claim.words}."' for person, claim in zip(people, claims, strict=True))
    kinds = "either a knight, who always tells the truth, or a knave, who always lies"
    told = f"Each of {', '.join(people)} is {kinds}.\n{said}\n"
    if level is Level.EASY:
        place = random.randrange(len(people))
        right = "knight" if way[place] else "knave"
        prompt = f"{told}Is {people[place]} a knight or a knave? Answer with one word."
        return Problem(prompt, (OneOf(values=(right,), among=("knight", "knave")),), Output(right))
    knights = sorted(person for person, is_knight in zip(people, way, strict=True) if is_knight) or ["none"]
    form = "their names in alphabetical order with commas between them (or the word none)"
    prompt = f"{told}Who are the knights? {ask_for(form)}"
    return Problem(prompt, (check_list(knights),), Output(f"Answer: {', '.join(knights)}"))


KNIGHTS = Family(
    "knights", "find out who tells the truth, from what two, three or five people say", _make, {Level.EASY: 1 / 2}
)
