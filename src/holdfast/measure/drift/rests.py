"""Bets that answers are ones the reference hardly knows: the quickest way to see another model.

Arrays begin with the endpoints' axis. A hit is an answer outside a prompt's named symbols.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.drift.margins import Array

Hits = NDArray[np.int64]
HALF_LIVES: Final = np.array([3.0, 30.0, 300.0, 30.0])  # answers; the last bet starts anew every morning
_MORNING: Final = 3  # its place
_HOPE: Final = 0.7  # the share that it begins with
_SHARE_MAX: Final = 0.98


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Fading counts (endpoints, bets) of hits and of answers; taught in place."""

    hits: Array
    answers: Array


def start_tally(endpoints: int) -> Tally:
    """What no answer has taught."""
    return Tally(np.zeros((endpoints, HALF_LIVES.size)), np.zeros((endpoints, HALF_LIVES.size)))


def bet_day_on_rests(limit: Array, tally: Tally, hits: Hits) -> Array:
    """The logarithm of what each bet was multiplied by after each answer of a day (endpoints, bets, answers). `limit`
    (endpoints): the share of hits that is benign at most, the reference's error and the tolerance in it. `hits`
    (endpoints, answers): 1, 0, or -1 where there is no answer."""
    tally.hits[:, _MORNING] = 0.0
    tally.answers[:, _MORNING] = 0.0
    bar, fading = limit[:, None], 0.5 ** (1 / HALF_LIVES)[None, :]
    hoped = np.broadcast_to(bar, tally.hits.shape).copy()
    hoped[:, _MORNING] = np.maximum(_HOPE, limit)
    gains = np.zeros((limit.size, HALF_LIVES.size, hits.shape[1]))
    for place in range(hits.shape[1]):
        hit, is_answer = hits[:, place, None] == 1, hits[:, place, None] >= 0
        share = np.clip((tally.hits + hoped) / (tally.answers + 1.0), bar, np.maximum(_SHARE_MAX, bar))
        factor = np.where(hit, share / bar, (1 - share) / np.maximum(1 - bar, 1e-9))
        gains[:, :, place] = np.where(is_answer & (share > bar), np.log(np.maximum(factor, 1e-12)), 0.0)
        np.copyto(tally.hits, tally.hits * fading + hit, where=is_answer)
        np.copyto(tally.answers, tally.answers * fading + 1.0, where=is_answer)
    return np.cumsum(gains, axis=-1)
