"""From a day's bets to a life's evidence: bets that start anew every day, and the second rule's sum (e-SR).

All wealths are natural logarithms. Arrays begin with the endpoints' axis, then the bets'.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.drift.margins import Array

_POWER: Final = 1.2  # of the weights of start days: cheap after 30 quiet days and after 365
_ZETA: Final = 5.591582441177751  # the sum of 1 / t^1.2 over all days


@dataclass(frozen=True, slots=True, eq=False)
class Purse:
    """What bets are worth after a day: `started` (endpoints, bets) the bets that run, `suspicion` the sum of all bets
    ever started, one a day. `day` counts monitored days from 1; 0 before the first."""

    day: int
    started: Array
    suspicion: Array


def open_purse(endpoints: int, bets: int) -> Purse:
    """Before the first monitored day: all is in cash."""
    nothing = np.full((endpoints, bets), -np.inf)
    return Purse(0, nothing, nothing)


@dataclass(frozen=True, slots=True)
class Starts:
    """How the stake is spread over the days on which bets start: shares that fade by so many days, and the rest by a
    power of the day, which never ends."""

    fading: tuple[tuple[float, float], ...] = ()

    @property
    def rest(self) -> float:
        """What does not fade by days."""
        return 1.0 - sum(share for share, _ in self.fading)


EVENLY: Final = Starts()


def weigh_start(day: int, starts: Starts = EVENLY) -> float:
    """The share of the stake that is bet from this monitored day on."""
    quick = sum(share / days * (1 - 1 / days) ** (day - 1) for share, days in starts.fading)
    return quick + starts.rest * float(day**-_POWER) / _ZETA


def keep_cash(day: int, starts: Starts = EVENLY) -> float:
    """The share of the stake that is not yet bet on this day."""
    return max(1.0 - sum(weigh_start(one, starts) for one in range(1, day + 1)), 1e-300)


def follow_day(purse: Purse, gains: Array, starts: Starts = EVENLY) -> Array:
    """The wealth of each bet after each answer of the next day; `gains` (endpoints, bets, answers) as they add up."""
    day = purse.day + 1
    staked = np.logaddexp(purse.started, np.log(weigh_start(day, starts)))
    wealth: Array = np.logaddexp(staked[:, :, None] + gains, np.log(keep_cash(day, starts)))
    return wealth


def close_day(purse: Purse, gains: Array, starts: Starts = EVENLY) -> Purse:
    """After the day; `gains` (endpoints, bets) the day's last."""
    day = purse.day + 1
    started = gains + np.logaddexp(purse.started, np.log(weigh_start(day, starts)))
    return Purse(day, started, gains + np.logaddexp(purse.suspicion, 0.0))


def mix(wealths: Array, weights: Array) -> Array:
    """One wealth of several bets' (axis 1), whose weights add up to 1: valid however they depend on each other."""
    top = wealths.max(axis=1, keepdims=True)
    safe = np.where(np.isfinite(top), top, 0.0)
    shape = (1, -1) + (1,) * (wealths.ndim - 2)
    total = (np.exp(wealths - safe) * weights.reshape(shape)).sum(axis=1)
    with np.errstate(divide="ignore"):
        mixed: Array = np.log(total) + safe[:, 0]
    return mixed
