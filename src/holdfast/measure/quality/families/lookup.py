"""One fact in a long text that holds many of its kind: 80, 1500 or 8000 words, and on the last level two facts."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Final

from holdfast.measure.quality.checks.texts import Exact
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for
from holdfast.measure.quality.families.words import CITIES, COLOURS, GOODS, PEOPLE, SURNAMES
from holdfast.measure.quality.findings import Output

WORDS: Final = {Level.EASY: 80, Level.MEDIUM: 1500, Level.HARD: 8000}
_STORES: Final = {Level.EASY: 3, Level.MEDIUM: 12, Level.HARD: 40}


def _make(random: Random, level: Level) -> Problem:
    stores = random.sample([(colour, city) for colour in COLOURS for city in CITIES], _STORES[level])
    codes = random.sample(range(1000, 10_000), len(stores))
    keepers = random.sample([f"{name} {surname}" for name in PEOPLE for surname in SURNAMES], len(stores))
    facts = [
        f"The access code of the {colour} store in {city} is {code}."
        for (colour, city), code in zip(stores, codes, strict=True)
    ]
    place = random.randrange(len(stores))
    colour, city = stores[place]
    question = f"What is the access code of the {colour} store in {city}?"
    if level is Level.HARD:
        facts += [
            f"{who} keeps the {colour} store in {city}." for who, (colour, city) in zip(keepers, stores, strict=True)
        ]
        question = f"What is the access code of the store that {keepers[place]} keeps?"
    text = " ".join(_spread(random, facts, WORDS[level]))
    prompt = f"Read this text.\n\n{text}\n\n{question} {ask_for('the code')}"
    return Problem(prompt, (Exact(value=str(codes[place])),), Output(f"Answer: {codes[place]}"))


def _spread(random: Random, facts: Sequence[str], words: int) -> list[str]:
    """The facts in any order, among sentences of no matter, until the text has as many words as asked."""
    sentences = list(facts)
    count = sum(len(fact.split()) for fact in facts)
    filler = _fill(random)
    while count < words:
        sentences.append(next(filler))
        count += len(sentences[-1].split())
    random.shuffle(sentences)
    return sentences


def _fill(random: Random) -> Iterator[str]:
    while True:
        city, goods, number = random.choice(CITIES), random.choice(GOODS), random.randint(11, 99)
        yield random.choice(
            (
                f"A lorry with {number} crates of {goods} left {city} before noon.",
                f"The scales in {city} were checked in week {number % 52 + 1}.",
                f"{random.choice(PEOPLE)} counted the {goods} twice and found {number} boxes.",
                f"Visitors to {city} are asked to wear a {random.choice(COLOURS)} badge.",
                f"There was rain on the road to {city} for most of the day.",
            )
        )


LOOKUP = Family("lookup", "find one fact among many alike in a long text", _make, {})
