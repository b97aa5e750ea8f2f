"""Counting words and letters, and sorting by two keys."""

from random import Random

from holdfast.measure.quality.checks.numbers import Numeric
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for, check_list
from holdfast.measure.quality.families.words import THINGS, WITHOUT_E
from holdfast.measure.quality.findings import Output


def _make(random: Random, level: Level) -> Problem:
    if level is Level.EASY:
        words = random.sample(THINGS, random.randint(2, 6))
        return _count(f"How many things are in this list: {', '.join(words)}? Answer with the number only.", len(words))
    if level is Level.MEDIUM:
        return _make_letters(random)
    words = random.sample((*THINGS, *WITHOUT_E), 12)
    right = sorted(words, key=lambda word: (len(word), word))
    prompt = (
        f"Sort these words by length, shortest first; words of equal length alphabetically: {', '.join(words)}. "
        f"{ask_for('the words with commas between them')}"
    )
    return Problem(prompt, (check_list(right),), Output(f"Answer: {', '.join(right)}"))


def _make_letters(random: Random) -> Problem:
    words = random.sample((*THINGS, *WITHOUT_E), 8)
    letter = random.choice("aionst")
    prompt = f'How many times is the letter "{letter}" in these words: {" ".join(words)}? {ask_for("the number")}'
    return _count(prompt, sum(word.count(letter) for word in words))


def _count(prompt: str, value: int) -> Problem:
    return Problem(prompt, (Numeric(value=value),), Output(f"Answer: {value}"))


COUNTING = Family("counting", "count things and letters, sort words by two keys", _make, {})
