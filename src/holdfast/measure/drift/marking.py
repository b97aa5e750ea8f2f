"""From answers of a fixed battery to ones and zeros, by what a random half of the burn-in showed.

The other half then says how often ones come, of marks that were fixed before it was looked at.
"""

import operator
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from holdfast.measure.drift.batteries import Mark
from holdfast.measure.drift.margins import Array
from holdfast.records.watching import Channel, Seen

REFUSED: Final = "refused"
KEPT: Final = "kept"
MARKED: Final = (
    Channel.REFUSALS,
    Channel.FORMAT,
    Channel.TOOLS,
    Channel.TOKENIZER,
    Channel.LENGTH,
    Channel.LOGPROBS,
    Channel.SENTINELS,
)
_QUANTILE: Final = 0.8  # of distances in the first half: what lies beyond is a one
Read = Callable[[Seen], int | None]


@dataclass(frozen=True, slots=True)
class Halves:
    """The burn-in's answers in one channel: what marks are made of, and what they are counted in."""

    making: tuple[Seen, ...]
    counted: tuple[Seen, ...]


def halve(seen: Sequence[Seen], seed: int) -> Halves:
    """Each prompt's answers in two, at random."""
    generator = np.random.default_rng(seed)
    making: list[Seen] = []
    counted: list[Seen] = []
    for prompt in sorted({one.prompt for one in seen}):
        own = [one for one in seen if one.prompt == prompt]
        places: list[int] = generator.permutation(len(own)).tolist()
        shuffled = [own[place] for place in places]
        making += shuffled[: len(own) // 2]
        counted += shuffled[len(own) // 2 :]
    return Halves(tuple(making), tuple(counted))


def choose_read(channel: Channel, making: Sequence[Seen]) -> Read:
    """How an answer of this channel becomes a one (as it should not be, or more than usual) or a zero."""
    if channel is Channel.REFUSALS:
        return lambda one: int(one.symbol == REFUSED)
    if channel in (Channel.FORMAT, Channel.TOOLS):
        return lambda one: int(one.symbol != KEPT)
    if channel is Channel.LOGPROBS:
        return _read_logprobs(making)
    if channel is Channel.SENTINELS:
        return _read_openings(making)
    return _read_numbers(_list_usual(channel, making), operator.ne if channel is Channel.TOKENIZER else operator.gt)


def mark_all(read: Read, seen: Sequence[Seen]) -> list[Mark]:
    """Marks of those that can be read."""
    values = [(one.prompt, read(one)) for one in seen]
    return [Mark(prompt, value) for prompt, value in values if value is not None]


def _list_usual(channel: Channel, making: Sequence[Seen]) -> dict[int, float]:
    """By prompt: the most frequent number, or for lengths the middle one."""
    by_prompt: dict[int, list[float]] = defaultdict(list)
    for one in making:
        if one.number is not None:
            by_prompt[one.prompt].append(one.number)
    if channel is Channel.TOKENIZER:
        return {prompt: Counter(sorted(numbers)).most_common(1)[0][0] for prompt, numbers in by_prompt.items()}
    return {prompt: median(numbers) for prompt, numbers in by_prompt.items()}


def _read_numbers(usual: Mapping[int, float], differs: Callable[[float, float], bool]) -> Read:
    def read(one: Seen) -> int | None:
        if one.number is None or one.prompt not in usual:
            return None
        return int(differs(one.number, usual[one.prompt]))

    return read


def _read_openings(making: Sequence[Seen]) -> Read:
    """A one where an answer opens in a way that its prompt's first half has not seen."""
    known: dict[int, set[str]] = defaultdict(set)
    for one in making:
        known[one.prompt].add(one.symbol)
    return lambda one: int(one.symbol not in known[one.prompt]) if one.prompt in known else None


def _read_logprobs(making: Sequence[Seen]) -> Read:
    """A one where an answer's log probabilities are farther from the usual ones than four in five are."""
    centres: dict[int, tuple[tuple[str, ...], Array]] = {}
    limits: dict[int, float] = {}
    for prompt in {one.prompt for one in making if one.logprobs}:
        own = [one for one in making if one.prompt == prompt and one.logprobs]
        symbols = tuple(sorted({symbol for one in own for symbol, _ in one.logprobs}))
        vectors = np.array([_list_logprobs(one, symbols) for one in own])
        centre = vectors.mean(axis=0)
        centres[prompt] = (symbols, centre)
        limits[prompt] = float(np.quantile(np.abs(vectors - centre).mean(axis=1), _QUANTILE))

    def read(one: Seen) -> int | None:
        if not one.logprobs or one.prompt not in centres:
            return None
        symbols, centre = centres[one.prompt]
        return int(float(np.abs(_list_logprobs(one, symbols) - centre).mean()) > limits[one.prompt])

    return read


def _list_logprobs(one: Seen, symbols: Sequence[str]) -> Array:
    """In this order; a symbol that is missing takes the smallest that was given."""
    given = dict(one.logprobs)
    least = min(given.values())
    return np.array([given.get(symbol, least) for symbol in symbols])
