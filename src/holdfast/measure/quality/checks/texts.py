"""Checks of words: exact, one_of, contains, not_contains, regex."""

import re
from dataclasses import dataclass
from typing import Literal

from holdfast.measure.quality.checks.patterns import compile_pattern
from holdfast.measure.quality.extraction import TEXT_CHARACTERS_MAX, clean, drop_reasoning, extract_answer
from holdfast.measure.quality.findings import RIGHT, Finding, Means, Output, find_wrong
from holdfast.records.evidence import Strict

Part = Literal["answer", "text"]
"""What is looked at: the answer as it is extracted, or the whole text without its reasoning."""
_SHOWN = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Exact(Strict):
    """The answer is this text, in any of the spellings that `clean` takes for one."""

    value: str
    ignore_case: bool = False
    look_at: Part = "answer"
    type: Literal["exact"] = "exact"

    def judge(self, output: Output, _means: Means, /) -> Finding:
        """Right when they are equal."""
        given, asked = _read(output, self.look_at), clean(self.value)
        if _fold(given, self.ignore_case) == _fold(asked, self.ignore_case):
            return RIGHT
        return find_wrong(f"the answer is {show(given)}, not {show(asked)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOf(Strict):
    """The answer is one of `values`. With `among`, all that could be answered, a sentence will do in which only one of
    those is named."""

    values: tuple[str, ...]
    among: tuple[str, ...] = ()
    ignore_case: bool = True
    type: Literal["one_of"] = "one_of"

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("values is empty: nothing could be right")
        if self.among and not set(self.values) <= set(self.among):
            raise ValueError("among must hold every one of values")

    def judge(self, output: Output, _means: Means, /) -> Finding:
        """Right when the answer, or the one of `among` that it names, is one of `values`."""
        given = extract_answer(output.text)
        right = {_fold(clean(value), self.ignore_case) for value in self.values}
        if _fold(given, self.ignore_case) in right:
            return RIGHT
        named = self._find_named(given) or self._find_named(drop_reasoning(output.text))
        if len(named) == 1 and _fold(clean(named[0]), self.ignore_case) in right:
            return RIGHT
        return find_wrong(f"the answer is {show(given)}, which is not {show(' or '.join(self.values))}")

    def _find_named(self, text: str) -> list[str]:
        return [one for one in self.among if names(clean(text), clean(one), self.ignore_case)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains(Strict):
    """Every one of `values` stands somewhere in the text."""

    values: tuple[str, ...]
    ignore_case: bool = False
    look_at: Part = "text"
    type: Literal["contains"] = "contains"

    def __post_init__(self) -> None:
        _check_values(self.values)

    def judge(self, output: Output, _means: Means, /) -> Finding:
        """Right when all are there; the score is the share that is."""
        text = _fold(_read(output, self.look_at), self.ignore_case)
        missing = [value for value in self.values if _fold(clean(value), self.ignore_case) not in text]
        if not missing:
            return RIGHT
        return find_wrong(f"{show(missing[0])} is missing", 1 - len(missing) / len(self.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class NotContains(Strict):
    """None of `values` stands anywhere in the text."""

    values: tuple[str, ...]
    ignore_case: bool = False
    look_at: Part = "text"
    type: Literal["not_contains"] = "not_contains"

    def __post_init__(self) -> None:
        _check_values(self.values)

    def judge(self, output: Output, _means: Means, /) -> Finding:
        """Right when none is there."""
        text = _fold(_read(output, self.look_at), self.ignore_case)
        there = next((value for value in self.values if _fold(clean(value), self.ignore_case) in text), None)
        return RIGHT if there is None else find_wrong(f"{show(there)} is there")


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex(Strict):
    """The pattern, in RE2's syntax, is found in the text as it was written; or is the whole of it."""

    pattern: str
    match: Literal["search", "full"] = "search"
    ignore_case: bool = False
    look_at: Part = "text"
    type: Literal["regex"] = "regex"

    def __post_init__(self) -> None:
        compile_pattern(self.pattern, self.ignore_case)

    def judge(self, output: Output, _means: Means, /) -> Finding:
        """Right when it is found. The text is stripped at both ends; nothing else of it is changed."""
        pattern = compile_pattern(self.pattern, self.ignore_case)
        text = drop_reasoning(output.text) if self.look_at == "text" else extract_answer(output.text)
        is_met = pattern.is_whole(text) if self.match == "full" else pattern.is_found(text)
        return RIGHT if is_met else find_wrong(f"the pattern {show(self.pattern)} does not match")


def names(text: str, word: str, ignore_case: bool) -> bool:
    """Whether the text holds the word as a whole: no letter or digit touches it."""
    pattern = rf"(?<!\w){re.escape(_fold(word, ignore_case))}(?!\w)"
    return re.search(pattern, _fold(text, ignore_case)) is not None


def show(text: str) -> str:
    """A text in quotes, shortened."""
    return f'"{text}"' if len(text) <= _SHOWN else f'"{text[:_SHOWN]}…"'


def _read(output: Output, part: Part) -> str:
    """The answer, or the text, in clean spelling."""
    return extract_answer(output.text) if part == "answer" else clean(drop_reasoning(output.text[:TEXT_CHARACTERS_MAX]))


def _fold(text: str, ignore_case: bool) -> str:
    return text.casefold() if ignore_case else text


def _check_values(values: tuple[str, ...]) -> None:
    if not values or not all(clean(value) for value in values):
        raise ValueError("values must have at least one text, and none that is empty")
