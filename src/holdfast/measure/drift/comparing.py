"""Does a host serve as the reference does? An exact test of two samples that were asked at one time, and its power.

Answers are shuffled between the two within every prompt: while both serve the same, every shuffle is as likely as what
was seen. One test of one moment: for a promise that lasts, watch.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.drift.days import is_cached
from holdfast.measure.drift.forecasting import SHIFTS, plant_shift
from holdfast.measure.drift.margins import Array
from holdfast.measure.drift.triage import weigh_likenesses
from holdfast.records.measurement import Fault
from holdfast.records.watching import Channel, Conformance, Likeness, Moved, Outcome, Triage, Visit

SHUFFLES: Final = 9_999
COMPARED: Final = (
    Channel.TOKENS,
    Channel.REFUSALS,
    Channel.FORMAT,
    Channel.TOOLS,
    Channel.TOKENIZER,
    Channel.LENGTH,
)
_SYMBOLS_MAX: Final = 8  # at a prompt; the rest is one
_SURE: Final = 0.6
_RESAMPLES: Final = 200
_POWER: Final = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Counts (prompts, symbols) of both in one channel."""

    reference: Array
    host: Array


def compare_served(
    reference_visits: Sequence[Visit], host_visits: Sequence[Visit], alpha: float, seed: int = 0
) -> Conformance:
    """Both in the same prompts and with the same key for digests. CHANGED means: the host serves another distribution
    than the reference; false with a chance of at most `alpha`. SAME is said with the shift that would have been found
    with probability 0.9; without token answers of both it could not be told. Channels share alpha equally."""
    tables = tabulate(reference_visits, host_visits)
    counts = [len(_list_seen(visits)) for visits in (reference_visits, host_visits)]
    if not tables:
        why = "no prompt was answered by both"
        return Conformance(Outcome.COULD_NOT_TELL, why, alpha, None, counts[0], counts[1], None, ())
    generator = np.random.default_rng(seed)
    single = {channel: compute_p_value(table, generator) for channel, table in tables.items()}
    p_value = min(min(single.values()) * len(single), 1.0)
    moved = tuple(_measure(channel, table, generator) for channel, table in tables.items())
    tokens = tables.get(Channel.TOKENS)
    shift = find_least(tokens, alpha / len(single), generator) if tokens else None
    outcome, why = _say(p_value, alpha, shift, single)
    triage = _describe(moved) if outcome is Outcome.CHANGED else None
    return Conformance(outcome, why, alpha, p_value, counts[0], counts[1], shift, moved, triage)


def tabulate(reference_visits: Sequence[Visit], host_visits: Sequence[Visit]) -> dict[Channel, Tables]:
    """Of each channel in which both answered some prompt."""
    tables: dict[Channel, Tables] = {}
    for channel in COMPARED:
        one, other = (_sort(visits, channel) for visits in (reference_visits, host_visits))
        prompts = sorted(one.keys() & other.keys())
        if prompts:
            names = {prompt: _name(one[prompt] + other[prompt]) for prompt in prompts}
            tables[channel] = Tables(_count(one, names), _count(other, names))
    return tables


def compute_p_value(tables: Tables, generator: np.random.Generator, times: int = SHUFFLES) -> float:
    """The share of shuffles whose distance is at least what was seen, that of what was seen among them."""
    seen = measure_distance(tables.reference[None], tables.host[None])[0]
    drawn = shuffle(tables, times, generator)
    distances = measure_distance((tables.reference + tables.host)[None] - drawn, drawn)
    return float(1 + (distances >= seen * (1 - 1e-12)).sum()) / (times + 1)


def measure_distance(reference: Array, host: Array) -> Array:
    """The sum over prompts of squared differences of frequencies, each by the number of answers it rests on
    (tables, prompts, symbols)."""
    first, second = reference.sum(axis=2), host.sum(axis=2)
    gap = reference / first[:, :, None] - host / second[:, :, None]
    distance: Array = ((gap**2).sum(axis=2) * first * second / (first + second)).sum(axis=1)
    return distance


def shuffle(tables: Tables, times: int, generator: np.random.Generator) -> Array:
    """The host's counts (times, prompts, symbols), its answers being drawn from all answers to the same prompt."""
    both = (tables.reference + tables.host).astype(np.int64)
    sizes = tables.host.sum(axis=1).astype(np.int64)
    drawn = [
        generator.multivariate_hypergeometric(row, size, size=times, method="marginals")
        for row, size in zip(both, sizes, strict=True)
    ]
    return np.stack(drawn, axis=1).astype(np.float64)


def find_least(tables: Tables, alpha: float, generator: np.random.Generator) -> float | None:
    """The smallest of a row of shifts that a test with as many answers finds with probability 0.9."""
    drawn = shuffle(tables, round(20 / alpha) if alpha > 20 / SHUFFLES else SHUFFLES, generator)
    bar = float(np.quantile(measure_distance((tables.reference + tables.host)[None] - drawn, drawn), 1 - alpha))
    shares = tables.reference + tables.host + 0.1
    shares /= shares.sum(axis=1, keepdims=True)
    for shift in SHIFTS:
        moved = plant_shift(shares, shift, generator)
        sizes = [table.sum(axis=1).astype(np.int64) for table in (tables.reference, tables.host)]
        one = generator.multinomial(sizes[0], np.broadcast_to(shares, moved.shape)).astype(np.float64)
        other = generator.multinomial(sizes[1], moved).astype(np.float64)
        if float((measure_distance(one, other) > bar).mean()) >= _POWER:
            return shift
    return None


def _list_seen(visits: Sequence[Visit]) -> list[Channel]:
    kept = [visit for visit in visits if not is_cached(visit)]
    return [one.channel for visit in kept for one in visit.seen if one.fault is Fault.NONE and one.channel in COMPARED]


def _sort(visits: Sequence[Visit], channel: Channel) -> dict[int, list[str]]:
    """Answers by prompt, as words: symbols, or numbers (lengths by powers of two)."""
    words: dict[int, list[str]] = {}
    for visit in visits:
        if is_cached(visit):
            continue
        for one in visit.seen:
            if one.channel is channel and one.fault is Fault.NONE:
                words.setdefault(one.prompt, []).append(_tell(channel, one.symbol, one.number))
    return words


def _tell(channel: Channel, symbol: str, number: float | None) -> str:
    """A first token's number is its prompt's length, which is the tokenizer's matter."""
    if number is None or channel not in (Channel.LENGTH, Channel.TOKENIZER):
        return symbol
    return str(math.floor(2 * math.log2(max(number, 1.0)))) if channel is Channel.LENGTH else str(number)


def _name(words: Sequence[str]) -> tuple[str, ...]:
    """By the answers of both together, so that shuffling them does not change the names."""
    ranked = sorted(Counter(words).items(), key=lambda one: (-one[1], one[0]))
    return tuple(word for word, _ in ranked[: _SYMBOLS_MAX - 1])


def _count(words: Mapping[int, Sequence[str]], names: Mapping[int, tuple[str, ...]]) -> Array:
    table = np.zeros((len(names), _SYMBOLS_MAX))
    for row, (prompt, named) in enumerate(names.items()):
        for word in words[prompt]:
            table[row, named.index(word) if word in named else _SYMBOLS_MAX - 1] += 1.0
    return table


def _measure(channel: Channel, tables: Tables, generator: np.random.Generator) -> Moved:
    """The mean distance of frequencies over prompts, less what chance would give; its interval by resampling."""
    seen = _measure_mean(tables.reference[None], tables.host[None])[0]
    drawn = shuffle(tables, _RESAMPLES, generator)
    by_chance = float((_measure_mean((tables.reference + tables.host)[None] - drawn, drawn) ** 2).mean())
    again = [
        generator.multinomial(table.sum(axis=1).astype(np.int64), _divide(table), size=(_RESAMPLES, len(table)))
        for table in (tables.reference, tables.host)
    ]
    reach = 2 * float(_measure_mean(*(one.astype(np.float64) for one in again)).std())
    shift = math.sqrt(max(float(seen) ** 2 - by_chance, 0.0))
    return Moved(channel, shift, max(shift - reach, 0.0), min(shift + reach, 1.0), int(tables.host.sum()), "distance")


def _measure_mean(reference: Array, host: Array) -> Array:
    mean: Array = np.abs(_divide(reference) - _divide(host)).sum(axis=2).mean(axis=1) / 2
    return mean


def _divide(counts: Array) -> Array:
    shares: Array = counts / counts.sum(axis=-1, keepdims=True)
    return shares


def _say(p_value: float, alpha: float, shift: float | None, single: Mapping[Channel, float]) -> tuple[Outcome, str]:
    if p_value <= alpha:
        named = ", ".join(str(channel) for channel, one in single.items() if one * len(single) <= alpha)
        return Outcome.CHANGED, f"the host serves another distribution than the reference, by {named}"
    if shift is None:
        return Outcome.COULD_NOT_TELL, "no shift would be found with probability 0.9: ask more often"
    return Outcome.SAME, f"no difference found; a shift of {shift:.2f} would be found with probability 0.9"


def _describe(moved: Sequence[Moved]) -> Triage:
    weights = weigh_likenesses(moved)
    best = max(weights, key=lambda one: one[1])
    likeness = best[0] if best[1] >= _SURE else Likeness.UNKNOWN
    told = "; ".join(f"{one.channel}: {one.shift:.2f}" for one in moved if one.shift)
    return Triage(likeness, weights, tuple(moved), (), f"{told}. It looks like: {likeness}.")
