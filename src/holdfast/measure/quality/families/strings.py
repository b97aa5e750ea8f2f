"""Changing a string of letters and digits by rules, one after another."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from holdfast.measure.quality.checks.texts import Exact
from holdfast.measure.quality.families.family import Family, Level, Problem, ask_for
from holdfast.measure.quality.findings import Output

_SIZES = {Level.EASY: (4, 1), Level.MEDIUM: (6, 3), Level.HARD: (10, 6)}
_LETTERS = "abcdefghklmnorstu"


@dataclass(frozen=True, slots=True)
class _Rule:
    words: str
    do: Callable[[str], str]


def _make(random: Random, level: Level) -> Problem:
    length, count = _SIZES[level]
    start = "".join(random.choice(_LETTERS) for _ in range(length))
    if level is Level.HARD:
        start = _put_digits(random, start)
    rules = random.sample(_make_rules(random, level), count)
    right = start
    for rule in rules:
        right = rule.do(right)
    steps = "\n".join(f"{number}. {rule.words}" for number, rule in enumerate(rules, 1))
    prompt = f"Begin with the string {start} and do this, in this order:\n{steps}\n{ask_for('the string that results')}"
    return Problem(prompt, (Exact(value=right),), Output(f"Answer: {right}"))


def _put_digits(random: Random, text: str) -> str:
    """A run of two or three digits in two places."""
    cuts = sorted(random.sample(range(1, len(text)), 2))
    runs = ["".join(random.choice("123456789") for _ in range(random.choice((2, 3)))) for _ in cuts]
    return text[: cuts[0]] + runs[0] + text[cuts[0] : cuts[1]] + runs[1] + text[cuts[1] :]


def _make_rules(random: Random, level: Level) -> list[_Rule]:
    old, new = random.sample("aeioulrst", 2)
    rules = [
        _Rule("Reverse the string.", lambda text: text[::-1]),
        _Rule("Move the first character to the end.", lambda text: text[1:] + text[:1]),
        _Rule("Write all letters in upper case.", str.upper),
    ]
    if level is Level.EASY:
        return rules
    rules += [
        _Rule("Swap the first and the last character.", _swap),
        _Rule("Put the letter z before every vowel (a, e, i, o, u, in either case).", _mark_vowels),
        _Rule(f"Replace every {old} by {new} (lower case only).", lambda text: text.replace(old, new)),
    ]
    if level is Level.HARD:
        rules += [
            _Rule("Replace every run of digits by the sum of its digits.", _add_digits),
            _Rule("Write every second character twice (the second, the fourth and so on).", _double_seconds),
        ]
    return rules


def _swap(text: str) -> str:
    return text[-1] + text[1:-1] + text[0] if len(text) > 1 else text


def _mark_vowels(text: str) -> str:
    return re.sub(r"[aeiouAEIOU]", r"z\g<0>", text)


def _add_digits(text: str) -> str:
    return re.sub(r"\d+", lambda run: str(sum(map(int, run[0]))), text)


def _double_seconds(text: str) -> str:
    return "".join(letter * 2 if place % 2 else letter for place, letter in enumerate(text))


STRINGS = Family("strings", "change a string by one, three or six rules in order", _make, {})
