"""What a family of made tasks is: a maker of problems at three levels, each problem with its checks and a solution."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from holdfast.measure.quality.checks.texts import Regex
from holdfast.measure.quality.findings import Check, Output


class Level(StrEnum):
    """How hard. Very small models can solve some of EASY; HARD tells large ones apart."""

    EASY = "easy"
    MEDIUM = "medium"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. The prompt holds all that is needed, and has one right answer (or, for formats, a way to tell)."""

    prompt: str
    checks: tuple[Check, ...]
    solution: Output
    tools: str = ""


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of problem. `chance` is the share that guessing among the offered answers gets right (absent: none)."""

    name: str
    about: str
    make: Callable[[Random, Level], Problem]
    chance: Mapping[Level, float]


def ask_for(what: str) -> str:
    """The sentence that ends most prompts."""
    return f'End with a line that has "Answer:", then {what}, and nothing else.'


def check_list(words: Sequence[str]) -> Regex:
    """The answer is these words in this order, with commas between them or an `and` before the last."""
    pattern = r"(?:\s*,\s*(?:and\s+)?|\s+and\s+)".join(words)
    return Regex(pattern=pattern, match="full", ignore_case=True, look_at="answer")
