"""What an alarm looks like, from which channels moved and how far. A description: it has no guarantee of its own."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from holdfast.measure.drift.days import Day, Life
from holdfast.measure.drift.evidence import Grounds
from holdfast.measure.drift.margins import Array
from holdfast.measure.drift.marking import mark_all
from holdfast.measure.drift.onset import Onset
from holdfast.measure.drift.reference import Reference
from holdfast.records.watching import Channel, Likeness, Moved, Triage

_RESAMPLES: Final = 200
_WORDS: Final = {
    Channel.TOKENS: "mean distance of first tokens from the reference",
    Channel.SENTINELS: "more answers that open in ways the reference has not",
    Channel.LOGPROBS: "more answers whose log probabilities are unusual",
    Channel.REFUSALS: "more refusals",
    Channel.FORMAT: "more answers that break the format",
    Channel.TOOLS: "more tool calls that break the schema",
    Channel.TOKENIZER: "token counts that differ from the reference",
    Channel.LENGTH: "more answers longer than usual",
}
# How each likeness is expected to move the channels (0: not at all, 1: wholly), and how sure that is.
_EXPECTED: Final[dict[Likeness, dict[Channel, tuple[float, float]]]] = {
    Likeness.MODEL: {
        Channel.TOKENS: (0.75, 0.2),
        Channel.SENTINELS: (0.85, 0.15),
        Channel.LOGPROBS: (0.8, 0.2),
        Channel.TOKENIZER: (0.8, 0.4),
        Channel.REFUSALS: (0.2, 0.3),
        Channel.FORMAT: (0.2, 0.3),
        Channel.LENGTH: (0.3, 0.3),
    },
    Likeness.PROMPT: {
        Channel.TOKENS: (0.4, 0.25),
        Channel.SENTINELS: (0.5, 0.3),
        Channel.LOGPROBS: (0.8, 0.3),
        Channel.TOKENIZER: (0.7, 0.5),
        Channel.REFUSALS: (0.05, 0.15),
        Channel.FORMAT: (0.3, 0.3),
        Channel.LENGTH: (0.4, 0.25),
    },
    Likeness.POLICY: {
        Channel.TOKENS: (0.1, 0.15),
        Channel.SENTINELS: (0.1, 0.15),
        Channel.LOGPROBS: (0.5, 0.4),
        Channel.TOKENIZER: (0.0, 0.1),
        Channel.REFUSALS: (0.6, 0.25),
        Channel.FORMAT: (0.05, 0.15),
        Channel.LENGTH: (0.15, 0.2),
    },
    Likeness.PRECISION: {
        Channel.TOKENS: (0.25, 0.12),
        Channel.SENTINELS: (0.15, 0.15),
        Channel.LOGPROBS: (0.7, 0.3),
        Channel.TOKENIZER: (0.0, 0.05),
        Channel.REFUSALS: (0.0, 0.08),
        Channel.FORMAT: (0.03, 0.08),
        Channel.LENGTH: (0.05, 0.1),
    },
    Likeness.UNKNOWN: {
        Channel.TOKENS: (0.4, 0.6),
        Channel.SENTINELS: (0.4, 0.6),
        Channel.LOGPROBS: (0.5, 0.6),
        Channel.TOKENIZER: (0.3, 0.6),
        Channel.REFUSALS: (0.3, 0.6),
        Channel.FORMAT: (0.3, 0.6),
        Channel.LENGTH: (0.3, 0.6),
    },
}
_SURE: Final = 0.6  # the weight from which a likeness is named
_NEAREST: Final = 3


def make_triage(
    grounds: Grounds, life: Life, onset: Onset, known: Mapping[str, Sequence[Moved]] | None = None
) -> Triage:
    """Of the days since the change began. `known`: how the channels moved in changes whose names are known."""
    since = life.monitored[onset.first :]
    moved = tuple(_measure_channel(grounds, channel, since) for channel in grounds.weights)
    weights = weigh_likenesses(moved)
    best = max(weights, key=lambda one: one[1])
    likeness = best[0] if best[1] >= _SURE else Likeness.UNKNOWN
    return Triage(likeness, weights, moved, find_nearest(moved, known or {}), _say(moved, likeness))


def weigh_likenesses(moved: Sequence[Moved]) -> tuple[tuple[Likeness, float], ...]:
    """Each likeness' share, all being equally likely before: normal errors around what it is expected to do, the
    intervals of what was seen added to them."""
    scores = {likeness: sum(_score(one, expected) for one in moved) for likeness, expected in _EXPECTED.items()}
    top = max(scores.values())
    raw = {likeness: math.exp(score - top) for likeness, score in scores.items()}
    return tuple((likeness, weight / sum(raw.values())) for likeness, weight in raw.items())


def find_nearest(moved: Sequence[Moved], known: Mapping[str, Sequence[Moved]]) -> tuple[tuple[str, float], ...]:
    """The nearest signatures, by the root mean square difference of the channels that both have seen."""
    own = {one.channel: one.shift for one in moved if one.shift is not None}
    distances: list[tuple[str, float]] = []
    for name, others in known.items():
        theirs = {one.channel: one.shift for one in others if one.shift is not None}
        gaps = [(own[channel] - theirs[channel]) ** 2 for channel in own.keys() & theirs.keys()]
        if gaps:
            distances.append((name, math.sqrt(sum(gaps) / len(gaps))))
    return tuple(sorted(distances, key=lambda one: (one[1], one[0]))[:_NEAREST])


def measure_tokens(reference: Reference, days: Sequence[Day], words: str) -> Moved:
    """The distance of frequencies, less what chance alone would give; its interval by resampling."""
    counts = _count_days(reference, days)
    asked = counts.sum(axis=1).astype(np.int64)
    square = measure_excess(reference, days)
    if square is None:
        return Moved(Channel.TOKENS, None, None, None, int(asked.sum()), words)
    generator = np.random.default_rng(int(asked.sum()))
    again = generator.multinomial(asked, _divide(counts), size=(_RESAMPLES, asked.size))
    reach = 2 * float(_list_distances(again.astype(np.float64), reference.shares).std())
    shift = math.sqrt(max(square, 0.0))
    return Moved(Channel.TOKENS, shift, max(shift - reach, 0.0), min(shift + reach, 1.0), int(asked.sum()), words)


def measure_excess(reference: Reference, days: Sequence[Day]) -> float | None:
    """By how much the square of the mean distance from the reference exceeds that of as many answers drawn from it; it
    may be below zero by chance. None of fewer than two answers."""
    counts = _count_days(reference, days)
    asked = counts.sum(axis=1).astype(np.int64)
    if asked.sum() < 2:
        return None
    generator = np.random.default_rng(int(asked.sum()))
    drawn = generator.multinomial(asked, reference.shares, size=(_RESAMPLES, asked.size)).astype(np.float64)
    seen, by_chance = _list_distances(counts[None], reference.shares)[0], _list_distances(drawn, reference.shares)
    return float(seen**2 - (by_chance**2).mean())


def _count_days(reference: Reference, days: Sequence[Day]) -> Array:
    counts = np.zeros_like(reference.counts)
    for day in days:
        prompts, symbols = reference.place(day.list_seen(Channel.TOKENS))
        np.add.at(counts, (prompts[0], symbols[0]), 1.0)
    return counts


def _score(moved: Moved, expected: Mapping[Channel, tuple[float, float]]) -> float:
    if moved.shift is None or moved.low is None or moved.high is None or moved.channel not in expected:
        return 0.0
    mean, spread = expected[moved.channel]
    error = math.hypot(spread, (moved.high - moved.low) / 4)
    return -0.5 * ((abs(moved.shift) - mean) / error) ** 2 - math.log(error)


def _measure_channel(grounds: Grounds, channel: Channel, days: Sequence[Day]) -> Moved:
    words = _WORDS.get(channel, "")
    if channel is Channel.TOKENS:
        assert grounds.tokens is not None
        return measure_tokens(grounds.tokens, days, words)
    battery = grounds.batteries[channel]
    marks = [mark for day in days for mark in mark_all(battery.read, day.list_seen(channel))]
    excesses = np.array(
        [mark.value - battery.base.shares[mark.prompt] for mark in marks if mark.prompt in battery.base.shares]
    )
    if excesses.size < 2:
        return Moved(channel, None, None, None, int(excesses.size), words)
    mean, error = float(excesses.mean()), float(excesses.std(ddof=1) / math.sqrt(excesses.size))
    reach = 2 * max(error, 0.5 / excesses.size)
    return Moved(channel, mean, max(mean - reach, -1.0), min(mean + reach, 1.0), int(excesses.size), words)


def _list_distances(counts: Array, shares: Array) -> Array:
    """The mean distance over prompts that were asked, for each of several tables (tables, prompts, symbols)."""
    asked = counts.sum(axis=2) > 0
    distances = np.abs(_divide(counts) - shares[None]).sum(axis=2) / 2
    mean: Array = (distances * asked).sum(axis=1) / np.maximum(asked.sum(axis=1), 1)
    return mean


def _divide(counts: Array) -> Array:
    total = counts.sum(axis=-1, keepdims=True)
    even = np.full_like(counts, 1.0 / counts.shape[-1])
    np.divide(counts, total, out=even, where=total > 0)
    return even


def _say(moved: Sequence[Moved], likeness: Likeness) -> str:
    """The channels that moved beyond their intervals, and what that looks like."""
    beyond = [one for one in moved if one.shift is not None and one.low is not None and one.high is not None]
    clear = [one for one in beyond if (one.low or 0.0) > 0 or (one.high or 0.0) < 0]
    told = "; ".join(f"{one.channel}: {one.shift:+.2f} ({one.low:+.2f} to {one.high:+.2f})" for one in clear)
    return f"{told or 'no single channel moved clearly'}. It looks like: {likeness}."
