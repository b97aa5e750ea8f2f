"""Writing to form: several conditions at once, each a check of its own, and known to be possible together."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from holdfast.measure.quality.checks.texts import Regex
from holdfast.measure.quality.families.family import Family, Level, Problem
from holdfast.measure.quality.families.words import WITHOUT_E
from holdfast.measure.quality.findings import Output

_SIZES = {Level.EASY: (1, 3), Level.MEDIUM: (3, 4), Level.HARD: (4, 6)}


@dataclass(frozen=True, slots=True)
class _Rule:
    words: str
    pattern: str


def _make(random: Random, level: Level) -> Problem:
    lines, words = _SIZES[level]
    text = [[random.choice(WITHOUT_E) for _ in range(words)] for _ in range(lines)]
    rules = [*_find_rules(random, text, level)]
    asked = "\n".join(f"- {rule.words}" for rule in rules)
    prompt = f"Write a text that keeps to all of these rules. It need not make sense.\n{asked}\nWrite the text alone."
    checks = tuple(Regex(pattern=rule.pattern, match="full") for rule in rules)
    return Problem(prompt, checks, Output("\n".join(" ".join(line) for line in text)))


def _find_rules(random: Random, text: Sequence[Sequence[str]], level: Level) -> Iterator[_Rule]:
    """Rules that this text keeps to."""
    lines, words = len(text), len(text[0])
    if level is Level.EASY:
        yield _Rule(f"It is exactly {words} words in one line.", rf"\S+(?: \S+){{{words - 1}}}")
        yield _Rule(f'The first word is "{text[0][0]}".', rf"{text[0][0]}\b(?s:.*)")
        return
    yield _Rule(f"It has exactly {lines} lines, none of them empty.", rf"[^\n]+(?:\n[^\n]+){{{lines - 1}}}")
    yield _Rule(f"Every line has exactly {words} words.", rf"{_line(words)}(?:\n{_line(words)})*")
    yield _Rule("There are only lower-case letters, single spaces and line ends.", r"[a-z]+(?:[ \n][a-z]+)*")
    yield _Rule(f'The last word of the text is "{text[-1][-1]}".', rf"(?s:.*)\b{text[-1][-1]}")
    if level is Level.HARD:
        place = random.randrange(1, lines)
        first, other = text[place][0], random.choice(text[0])
        yield _Rule(f'Line {place + 1} begins with the word "{first}".', rf"(?:[^\n]*\n){{{place}}}{first}\b(?s:.*)")
        yield _Rule(f'The word "{other}" is in the first line.', rf"[^\n]*\b{other}\b(?s:.*)")
        yield _Rule('The letter "e" is nowhere in it.', r"[^eE]*")


def _line(words: int) -> str:
    return rf"[^\s]+(?: [^\s]+){{{words - 1}}}"


FORMATS = Family("formats", "write a text that keeps to two, four or seven rules at once", _make, {})
