"""Evidence from fixed prompts: refusals, formats, tool calls, token counts, lengths, and logprobs that wandered off.

Each answer becomes 0 or 1. A whole day is looked at at its end: its answers' mean excess over the reference is then at
most the slack while nothing changed, which is all that the bets need.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.drift.margins import Array, bound_share
from holdfast.measure.drift.wealth import close_day, keep_cash, mix, open_purse

PACES: Final = (0.4, 0.9)  # of learning, by day
MORNINGS: Final = (0.3, 0.9)  # of what may be staked, bet every day
_BETS: Final = len(PACES) + len(MORNINGS)
_STAKES: Final = np.linspace(0.02, 0.95, 24)
_ANSWERS_MIN: Final = 5  # in a day, for it to count


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """What the burn-in gave: the share of ones by prompt, and how far the mean may lie above and below it in truth."""

    shares: dict[int, float]
    above: float
    below: float
    answers: int


@dataclass(frozen=True, slots=True)
class Mark:
    """One answer as a one or a zero."""

    prompt: int
    value: int


def make_base(marks: Sequence[Mark], risk: float) -> Base | None:
    """Of prompts with at least half as many answers as the usual one. None where no prompt was answered twice."""
    by_prompt: dict[int, list[int]] = defaultdict(list)
    for mark in marks:
        by_prompt[mark.prompt].append(mark.value)
    usual = float(np.median([len(values) for values in by_prompt.values()])) if by_prompt else 0.0
    kept = {prompt: values for prompt, values in by_prompt.items() if len(values) >= max(2.0, usual / 2)}
    if not kept:
        return None
    shares = {prompt: sum(values) / len(values) for prompt, values in kept.items()}
    answers = min(len(values) for values in kept.values()) * len(kept)
    mean = sum(shares.values()) / len(shares)
    above = bound_share(mean * answers, answers, risk / 2) - mean
    below = bound_share((1 - mean) * answers, answers, risk / 2) - (1 - mean)
    return Base(shares, above, below, answers)


def follow_battery(base: Base, epsilon: float, days: Sequence[Sequence[Mark]]) -> Iterator[tuple[float, float]]:
    """After each day the logarithms of the wealth and of the second rule's sum."""
    purse = open_purse(1, 2 * _BETS)
    weights = np.full(2 * _BETS, 0.5 / _BETS)
    seen = np.zeros((2, len(PACES)))
    for marks in days:
        excesses = [mark.value - base.shares[mark.prompt] for mark in marks if mark.prompt in base.shares]
        gains = np.zeros((1, 2 * _BETS))
        if len(excesses) >= min(_ANSWERS_MIN, len(base.shares)):
            for side, (sign, error) in enumerate(((1.0, base.above), (-1.0, base.below))):
                signed = sign * np.array(excesses)
                gains[0, side * _BETS : (side + 1) * _BETS] = _bet_side(signed, epsilon + error, seen[side])
        purse = close_day(purse, gains)
        wealth = np.logaddexp(purse.started, np.log(keep_cash(purse.day)))
        yield float(mix(wealth, weights)[0]), float(mix(purse.suspicion, weights)[0])


def _bet_side(excesses: Array, slack: float, seen: Array) -> Array:
    """What a day multiplies the bets of one direction by; `seen`, the fading mean excess by pace, is taught after."""
    stakes = [_choose_stake(float(mean), slack) for mean in seen] + [share / (1 + slack) for share in MORNINGS]
    gains: Array = np.log1p(np.array(stakes)[:, None] * (excesses - slack)[None, :]).sum(axis=1)
    seen += np.array(PACES) * (excesses.mean() - seen)
    return gains


def _choose_stake(mean: float, slack: float) -> float:
    """The best stake, were an excess of 1 - as often as `mean` says - all that is ever seen; 0 within the slack."""
    if mean <= slack:
        return 0.0
    stakes = _STAKES / (1 + slack)
    share = min(mean, 0.98)
    growth = share * np.log1p(stakes * (1 - slack)) + (1 - share) * np.log1p(-stakes * slack)
    best = int(np.argmax(growth))
    return float(stakes[best]) if growth[best] > 0 else 0.0
