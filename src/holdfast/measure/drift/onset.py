"""When a change began: which first day the days' answers fit best, with an interval that holds it at 95 %.

Every answer is compared under the reference and under what was learnt of the changed days, the answer's own day left
out. The interval is of the likelihood, all first days being equally likely before: a description, not the alarm's
guarantee.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.drift.days import Day
from holdfast.measure.drift.evidence import Alarm, Grounds
from holdfast.measure.drift.margins import Array
from holdfast.measure.drift.marking import mark_all
from holdfast.records.watching import Channel

_STRENGTH: Final = 2.0  # answers to a prompt that the reference is worth
_ROUNDS: Final = 4
_OUTSIDE: Final = 0.05
_FLOOR: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Onset:
    """Places among the monitored days."""

    first: int
    low: int
    high: int


def find_onset(grounds: Grounds, days: Sequence[Day], alarm: Alarm) -> Onset:
    """From the evidence of every channel. Where it cannot be told, from the first day to the alarm's."""
    tables = [table for table in _tabulate(grounds, days) if table[1].sum() > 0]
    log_chances = np.zeros(alarm.place + 1)
    start = alarm.place
    for _ in range(_ROUNDS):
        log_chances = np.zeros(alarm.place + 1)
        for reference, counts in tables:
            log_chances += _weigh_starts(reference, counts, start, alarm.place)
        best = int(np.argmax(log_chances))
        if best == start:
            break
        start = best
    return _cut(log_chances)


def _tabulate(grounds: Grounds, days: Sequence[Day]) -> list[tuple[Array, Array]]:
    """By channel: the reference's shares (prompts, symbols) and each day's counts (days, prompts, symbols)."""
    tables: list[tuple[Array, Array]] = []
    if grounds.tokens is not None:
        shares = np.maximum(grounds.tokens.shares, _FLOOR)
        counts = np.zeros((len(days), *shares.shape))
        for place, day in enumerate(days):
            np.add.at(counts[place], tuple(one[0] for one in grounds.tokens.place(day.list_seen(Channel.TOKENS))), 1.0)
        tables.append((shares / shares.sum(axis=1, keepdims=True), counts))
    for channel, battery in grounds.batteries.items():
        rows = {prompt: row for row, prompt in enumerate(battery.base.shares)}
        ones = np.clip(np.array(list(battery.base.shares.values())), 0.02, 0.98)
        counts = np.zeros((len(days), len(rows), 2))
        for place, day in enumerate(days):
            for mark in mark_all(battery.read, day.list_seen(channel)):
                if mark.prompt in rows:
                    counts[place, rows[mark.prompt], mark.value] += 1.0
        tables.append((np.stack([1 - ones, ones], axis=1), counts))
    return tables


def _weigh_starts(shares: Array, counts: Array, start: int, last: int) -> Array:
    """For each first day up to `last` the log likelihood ratio of the days from it to the end of what was seen."""
    later = counts[start:].sum(axis=0)
    ratios = np.zeros(counts.shape[0])
    for place in range(counts.shape[0]):
        others = later - counts[place] if place >= start else later
        learnt = others + _STRENGTH * shares
        learnt /= learnt.sum(axis=1, keepdims=True)
        ratios[place] = (counts[place] * np.log(learnt / shares)).sum()
    sums: Array = np.cumsum(ratios[::-1])[::-1]
    return sums[: last + 1]


def _cut(log_chances: Array) -> Onset:
    chances = np.exp(log_chances - log_chances.max())
    chances /= chances.sum()
    best = int(np.argmax(chances))
    order = np.argsort(-chances)
    kept = order[: int(np.searchsorted(np.cumsum(chances[order]), 1 - _OUTSIDE)) + 1]
    return Onset(best, int(kept.min()), int(kept.max()))
