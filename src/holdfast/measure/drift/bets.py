"""Bets on symbols: likelihood ratios of what was learnt against the reference, clipped for the tolerance.

Arrays begin with the endpoints' axis, so that one endpoint and a thousand simulated ones go through the same lines.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.drift.margins import Array

Places = NDArray[np.int64]
BLOCK: Final = 10  # answers between one lesson and the next
HALF_LIVES: Final = np.array([30.0, 90.0, 200.0, 800.0])  # answers
STRENGTH_MIN: Final = 1.0  # answers to a prompt that the reference is worth at least
CLIPS: Final = ((0.9, 1.11), (0.75, 1.33), (0.6, 1.67), (0.4, 2.5), (0.2, 5.0), (0.05, 20.0))
_LEAST: Final = 1e-9  # where something may be zero that is divided by
UNSEEN: Final = 2e-3  # the share that a rest never seen is given where it is learnt from
HOPED: Final = 0.025  # of the reference's error, where a bet is made: what it is in truth is found after


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What is bet against. `made` and `counted` (endpoints, prompts, symbols) are frequencies, the rest last, in two
    parts of the reference: bets are made of the first and what they may win is measured in the second, of `answers`
    (endpoints) to every prompt. `epsilon` (endpoints) is the tolerance, `distance` what `counted` may be wrong by, both
    as a mean total variation distance over prompts; `risk` is the chance that the error of some bet's mean is larger
    than it is taken for."""

    made: Array
    counted: Array
    answers: Array
    epsilon: Array
    distance: Array
    risk: float

    @property
    def endpoints(self) -> int:
        """How many are computed at once."""
        return int(self.made.shape[0])

    @property
    def prior(self) -> Array:
        """The shares that bets are made of, with something in every place."""
        lifted = np.maximum(self.made, UNSEEN)
        prior: Array = lifted / lifted.sum(axis=-1, keepdims=True)
        return prior


@dataclass(frozen=True, slots=True, eq=False)
class Learnt:
    """Fading counts (symbols, endpoints, learners, prompts), the sums of the squares of what each answer counts for
    (endpoints, learners, prompts), and how many bets were made (endpoints): all are taught."""

    counts: Array
    squares: Array
    tried: Places

    def copy(self) -> "Learnt":
        """One that is taught apart from this one."""
        return Learnt(self.counts.copy(), self.squares.copy(), self.tried.copy())


def start_learning(ground: Ground) -> Learnt:
    """What no answer has taught."""
    endpoints, prompts, symbols = ground.made.shape
    counts = np.zeros((symbols, endpoints, HALF_LIVES.size, prompts))
    return Learnt(counts, counts[0].copy(), _count_none(endpoints))


def bet_day(ground: Ground, learnt: Learnt, prompts: Places, symbols: Places) -> Array:
    """The logarithm of what each learner's bet was multiplied by after each answer of a day (endpoints, learners,
    answers). `prompts` and `symbols` are (endpoints, answers), in the order of asking; a prompt of -1 is no answer.

    Every bet is made before its answer is seen: a block's from the answers before the block. Given those, its factor
    has a mean of at most 1 while the mean distance over uniformly drawn prompts is at most the tolerance (see 0026)."""
    gains = np.zeros((ground.endpoints, HALF_LIVES.size, prompts.shape[1]))
    for start in range(0, prompts.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        factors = plan_bets(ground, learnt)
        asked, answered = prompts[:, block], symbols[:, block]
        gains[:, :, block] = _pick(factors, asked, answered)
        _teach(learnt, asked, answered)
    return np.cumsum(gains, axis=-1)


def plan_bets(ground: Ground, learnt: Learnt) -> Array:
    """The logarithm of what an answer multiplies each learner's bet by (symbols, endpoints, learners, prompts). Zero
    everywhere where what was learnt lies within the slack: then nothing can be won, and a quiet day costs nothing.
    Which bets are made follows from answers and the reference's first part alone; they are counted."""
    shares = np.moveaxis(ground.prior, 2, 0)[:, :, None]
    expected = _expect(learnt, shares)
    distances = np.abs(expected - shares).sum(axis=0).mean(axis=2) / 2
    is_hopeful = distances > (ground.epsilon + HOPED)[:, None]
    factors = np.zeros_like(learnt.counts)
    if is_hopeful.any():
        learnt.tried[:] += is_hopeful.sum(axis=1)
        rows, learners = np.nonzero(is_hopeful)
        factors[:, rows, learners] = _make_bets(ground, expected[:, rows, learners], rows, learnt.tried[rows])
    return factors


def _expect(learnt: Learnt, shares: Array) -> Array:
    """What is expected of the next answers: between `shares` and what was counted, the nearer to the former the less
    the counts lie farther from them, over all prompts, than chance alone would lay them (empirical Bayes)."""
    weights = learnt.counts.sum(axis=0)
    inverse = 1 / np.maximum(weights, _LEAST)
    spread = 1 - (shares**2).sum(axis=0)
    seen = (((learnt.counts - weights * shares) ** 2).sum(axis=0) * inverse).sum(axis=2)
    by_chance = (learnt.squares * inverse * spread).sum(axis=2)
    shift = np.maximum(seen - by_chance, _LEAST) / np.maximum(weights.sum(axis=2), _LEAST)
    strength = np.maximum(spread.mean(axis=2) / shift - 1, STRENGTH_MIN)[:, :, None]
    worth = weights / np.maximum(learnt.squares, _LEAST)
    expected: Array = (learnt.counts * worth + strength * shares) / (weights * worth + strength)
    return expected


def _make_bets(ground: Ground, expected: Array, rows: Places, tried: Places) -> Array:
    """Likelihood ratios, clipped, divided by the largest mean that they may have while nothing changed beyond the
    tolerance. `expected` (symbols, bets, prompts)."""
    ratios = expected / np.moveaxis(ground.prior[rows], 2, 0)
    clipped = _clip_best(ratios, expected, ground.epsilon[rows] + HOPED)
    logarithms = np.log(clipped) - np.log(_bound_mean(ground, clipped, rows, tried))[:, None]
    factors: Array = np.where((_average(logarithms, expected) > 0)[:, None], logarithms, 0.0)
    return factors


def _clip_best(ratios: Array, expected: Array, slack: Array) -> Array:
    """By the clip whose logarithm would grow most where `expected` is true and the mean is what it is hoped to be."""
    logarithms, highest, lowest = np.log(ratios), ratios.max(axis=0), ratios.min(axis=0)
    shares = expected / ratios
    growth = np.full(slack.size, -np.inf)
    low, high = np.ones((2, slack.size))
    for floor, ceiling in CLIPS:
        widest = (np.clip(highest, floor, ceiling) - np.clip(lowest, floor, ceiling)).max(axis=1)
        bound = np.log(_average(np.clip(ratios, floor, ceiling), shares) + slack * widest)
        gain = _average(np.clip(logarithms, math.log(floor), math.log(ceiling)), expected) - bound
        is_better = gain > growth
        growth, low, high = np.where(
            is_better, [gain, np.full_like(gain, floor), np.full_like(gain, ceiling)], [growth, low, high]
        )
    clipped: Array = np.clip(ratios, low[:, None], high[:, None])
    return clipped


def _bound_mean(ground: Ground, clipped: Array, rows: Places, tried: Places) -> Array:
    """The mean in the reference's second part; what that may be wrong by, of this one bet (Maurer and Pontil 2009, at a
    risk that adds up over all bets ever made) or of any bet, whichever is less; and the tolerance."""
    shares = np.moveaxis(ground.counted[rows], 2, 0)
    mean = _average(clipped, shares)
    spread = np.maximum(_average(clipped**2, shares) - mean**2, 0.0)
    widest = (clipped.max(axis=0) - clipped.min(axis=0)).max(axis=1)
    whole = clipped.max(axis=(0, 2)) - clipped.min(axis=(0, 2))
    answers = ground.answers[rows] * clipped.shape[2]
    cost = np.log(2 / ground.risk * tried * (tried + 1.0))
    own = np.sqrt(2 * spread * cost / (answers - 1)) + 7 * cost * whole / (3 * (answers - 1))
    bound: Array = mean + np.minimum(own, ground.distance[rows] * widest) + ground.epsilon[rows] * widest
    return bound


def _average(values: Array, weights: Array) -> Array:
    """Over prompts, of the sums over symbols."""
    total: Array = np.asarray(np.einsum("sbk,sbk->b", values, weights) / values.shape[2], dtype=np.float64)
    return total


def _pick(factors: Array, prompts: Places, symbols: Places) -> Array:
    rows = np.arange(factors.shape[1], dtype=np.int64).reshape(-1, 1)
    picked = factors[symbols, rows, :, prompts]  # (endpoints, answers, learners)
    picked[prompts < 0] = 0.0
    return np.moveaxis(picked, 2, 1)


def _teach(learnt: Learnt, prompts: Places, symbols: Places) -> None:
    """Older answers fade, by each learner's half life."""
    is_answer = prompts >= 0
    fading = (0.5 ** (is_answer.sum(axis=1)[:, None] / HALF_LIVES[None, :]))[:, :, None]
    learnt.counts[:] *= fading
    learnt.squares[:] *= fading**2
    endpoints, asked = learnt.tried.size, learnt.squares.shape[2]
    news = np.zeros((learnt.counts.shape[0], endpoints, asked))
    np.add.at(news, (symbols[is_answer], np.nonzero(is_answer)[0], prompts[is_answer]), 1.0)
    learnt.counts[:] += news[:, :, None]
    learnt.squares[:] += news.sum(axis=0)[:, None]


def _count_none(endpoints: int) -> Places:
    return np.zeros(endpoints, dtype=np.int64)
