"""Evidence from sentinels, answer by answer: how often an answer opens in a way that the reference has not seen.

Arrays begin with the endpoints' axis, so that one endpoint and a thousand simulated ones go through the same lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.drift.batteries import Base, Mark
from holdfast.measure.drift.margins import Array
from holdfast.measure.drift.rests import HALF_LIVES, Hits, Tally, bet_day_on_rests, start_tally
from holdfast.measure.drift.wealth import Purse, close_day, follow_day, mix, open_purse

WEIGHTS: Final = np.array([0.25, 0.05, 0.05, 0.65])  # of bets on rests: most on the one that begins every morning
_HOPE: Final = 0.9  # the share of unknown openings that another model has


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """What was learnt of sentinels and what is staked on them after a day."""

    tally: Tally
    purse: Purse

    def copy(self) -> "Guard":
        """One that is taught apart from this one."""
        return Guard(Tally(self.tally.hits.copy(), self.tally.answers.copy()), self.purse)


def start_guard(endpoints: int) -> Guard:
    """Before the first monitored day."""
    return Guard(start_tally(endpoints), open_purse(endpoints, HALF_LIVES.size))


def find_limit(base: Base, epsilon: float) -> float:
    """The mean share of unknown openings that is benign at most: the reference's, its error and the tolerance."""
    return float(np.mean(list(base.shares.values()))) + base.above + epsilon


def guard_day(limit: Array, guard: Guard, hits: Hits) -> tuple[Array, Guard]:
    """The logarithm of the wealth after each answer of the next day (endpoints, answers), and how things stand then.
    `limit` (endpoints) as `find_limit` tells it; `hits` (endpoints, answers) 1, 0, or -1 where there is no answer.
    `guard` is used up."""
    gains = bet_day_on_rests(limit, guard.tally, hits, _HOPE)
    wealth = mix(follow_day(guard.purse, gains), WEIGHTS)
    whole = gains[:, :, -1] if gains.shape[2] else np.zeros(gains.shape[:2])
    return wealth, Guard(guard.tally, close_day(guard.purse, whole))


def follow_sentinels(base: Base, epsilon: float, days: Sequence[Sequence[Mark]]) -> Iterator[tuple[Array, float]]:
    """For each day the logarithm of the wealth after its answers (at least one number), and of the second rule's
    sum."""
    limit, guard, last = np.array([find_limit(base, epsilon)]), start_guard(1), 0.0
    for marks in days:
        hits = np.array([[mark.value for mark in marks if mark.prompt in base.shares]], dtype=np.int64)
        path, guard = guard_day(limit, guard, hits)
        own = path[0] if path.size else np.array([last])
        last = float(own[-1])
        yield own, float(mix(guard.purse.suspicion, WEIGHTS)[0])
