"""Copying words as they stand, or turned round."""

from random import Random

from holdfast.measure.quality.checks.texts import Exact
from holdfast.measure.quality.families.family import Family, Level, Problem
from holdfast.measure.quality.families.words import invent_many
from holdfast.measure.quality.findings import Output

_COUNTS = {Level.EASY: 1, Level.MEDIUM: 6, Level.HARD: 9}


def _make(random: Random, level: Level) -> Problem:
    words = invent_many(random, _COUNTS[level])
    text = " ".join(words)
    if level is Level.HARD:
        text = " ".join(reversed(words))
        prompt = f"Write these words in reverse order, in one line, and nothing else: {' '.join(words)}"
    elif level is Level.EASY:
        prompt = f"Write this word and nothing else: {text}"
    else:
        prompt = f"Write these words in the same order, in one line, and nothing else: {text}"
    return Problem(prompt, (Exact(value=text, ignore_case=True),), Output(text))


COPYING = Family("copying", "copy an invented word, six of them, or nine in reverse order", _make, {})
