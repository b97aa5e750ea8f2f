"""The token channel's evidence: bets on directions and on what the reference hardly knows, over the days of a life.

One endpoint and a thousand simulated ones go through the same lines: arrays begin with the endpoints' axis.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.drift import bets, rests
from holdfast.measure.drift.bets import Ground, Learnt, Places
from holdfast.measure.drift.margins import Array
from holdfast.measure.drift.reference import REST
from holdfast.measure.drift.rests import Tally
from holdfast.measure.drift.wealth import Purse, close_day, follow_day, mix, open_purse

_LEARNERS: Final = bets.HALF_LIVES.size
_RESTS: Final = rests.HALF_LIVES.size
_ON_RESTS: Final = 0.25  # of the stake
WEIGHTS: Final = np.repeat([(1 - _ON_RESTS) / _LEARNERS, _ON_RESTS / _RESTS], [_LEARNERS, _RESTS])


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """What is bet against: directions within `ground`, rests within `limit` (endpoints), the benign share of them."""

    ground: Ground
    limit: Array


@dataclass(frozen=True, slots=True, eq=False)
class DayOfTokens:
    """One day's draws (endpoints, answers): places of prompts (-1: no answer) and of symbols."""

    prompts: Places
    symbols: Places


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What was learnt and what is staked after a day."""

    learnt: Learnt
    tally: Tally
    purse: Purse

    def copy(self) -> "Standing":
        """One that is taught apart from this one."""
        return Standing(self.learnt.copy(), Tally(self.tally.hits.copy(), self.tally.answers.copy()), self.purse)


def start_standing(tokens: Tokens) -> Standing:
    """Before the first monitored day."""
    endpoints = tokens.ground.endpoints
    return Standing(
        bets.start_learning(tokens.ground), rests.start_tally(endpoints), open_purse(endpoints, WEIGHTS.size)
    )


def follow_tokens(tokens: Tokens, standing: Standing, day: DayOfTokens) -> tuple[Array, Standing]:
    """The logarithm of the wealth after each answer of the next day (endpoints, answers), and how things stand then.
    `standing` is used up: what it has learnt is taught on."""
    hits = np.where(day.prompts < 0, -1, (day.symbols == REST).astype(np.int64))
    on_rests = rests.bet_day_on_rests(tokens.limit, standing.tally, hits)
    directions = bets.bet_day(tokens.ground, standing.learnt, day.prompts, day.symbols)
    gains = np.concatenate([directions, on_rests], axis=1)
    wealth = mix(follow_day(standing.purse, gains), WEIGHTS)
    whole = gains[:, :, -1] if gains.shape[2] else np.zeros(gains.shape[:2])
    return wealth, Standing(standing.learnt, standing.tally, close_day(standing.purse, whole))


def suspect(standing: Standing) -> Array:
    """The logarithm of the second rule's sum (endpoints)."""
    return mix(standing.purse.suspicion, WEIGHTS)
