"""Evidence from sentinels, answer by answer: how often an answer opens in a way that the reference has not seen.

Arrays begin with the endpoints' axis, so that one endpoint and a thousand simulated ones go through the same lines.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.drift.batteries import Base, Mark
from holdfast.measure.drift.margins import Array
from holdfast.measure.drift.rests import Hits, Tally, bet_day_on_rests, start_tally
from holdfast.measure.drift.wealth import Purse, Starts, close_day, follow_day, keep_cash, mix, open_purse, weigh_start

SHARES: Final = np.array([0.95, 0.8])  # of unknown openings that another model may have: bet on every morning
STARTS: Final = Starts(((0.3, 20.0), (0.3, 90.0), (0.25, 400.0)))  # days; these bets are lost on quiet ones
_LEARNER: Final = 0  # among the bets on rests: the quickest, that rests on quiet days
WEIGHTS: Final = np.array([0.45, 0.4, 0.15])  # of the two, and of the learner


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
    return Guard(start_tally(endpoints), open_purse(endpoints, WEIGHTS.size))


def stand_guard_after(endpoints: int, quiet_days: int) -> Guard:
    """As after quiet days: what was bet in the mornings is lost but for the last, the learner rested."""
    if not quiet_days:
        return start_guard(endpoints)
    lost, rested = weigh_start(quiet_days, STARTS) / 100, max(1 - keep_cash(quiet_days, STARTS), 1e-12)
    started = np.log(np.tile([*[lost] * SHARES.size, rested], (endpoints, 1)))
    return Guard(start_tally(endpoints), Purse(quiet_days, started, started))


def find_limit(base: Base, epsilon: float) -> float:
    """The mean share of unknown openings that is benign at most: the reference's, its error and the tolerance."""
    return float(np.mean(list(base.shares.values()))) + base.above + epsilon


def guard_day(limit: Array, guard: Guard, hits: Hits) -> tuple[Array, Guard]:
    """The logarithm of the wealth after each answer of the next day (endpoints, answers), and how things stand then.
    `limit` (endpoints) as `find_limit` tells it; `hits` (endpoints, answers) 1, 0, or -1 where there is no answer.
    `guard` is used up."""
    learnt = bet_day_on_rests(limit, guard.tally, hits)[:, _LEARNER, None]
    gains = np.concatenate([bet_mornings(limit, hits), learnt], axis=1)
    wealth = mix(follow_day(guard.purse, gains, STARTS), WEIGHTS)
    whole = gains[:, :, -1] if gains.shape[2] else np.zeros(gains.shape[:2])
    return wealth, Guard(guard.tally, close_day(guard.purse, whole, STARTS))


def bet_mornings(limit: Array, hits: Hits) -> Array:
    """The logarithm of what bets on fixed shares were multiplied by after each answer (endpoints, bets, answers); none
    is made below the limit."""
    bar = np.clip(limit, 1e-9, 1 - 1e-9)[:, None]
    shares = np.maximum(SHARES[None, :], bar)
    won, lost = np.log(shares / bar)[:, :, None], np.log((1 - shares) / (1 - bar))[:, :, None]
    gains: Array = np.where(hits[:, None] == 1, won, np.where(hits[:, None] == 0, lost, 0.0)).cumsum(axis=2)
    return gains


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
