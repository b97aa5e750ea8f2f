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
HALF_LIVES: Final = np.array([40.0, 40.0, 160.0, 160.0, 640.0, 640.0])  # answers
STRENGTHS: Final = np.array([3.0, 10.0, 3.0, 10.0, 3.0, 10.0])  # answers to a prompt that the reference is worth
CLIPS: Final = ((0.9, 1.11), (0.75, 1.33), (0.6, 1.67), (0.4, 2.5), (0.2, 5.0), (0.05, 20.0))
_LEAST: Final = 1e-9  # a share, where one is divided by
UNSEEN: Final = 2e-3  # the share that a rest never seen is given where it is learnt from


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What is bet against. `shares` (endpoints, prompts, symbols): frequencies in the reference, the rest last. `slack`
    (endpoints): tolerance and what the frequencies may be wrong by, as a mean total variation distance over prompts."""

    shares: Array
    slack: Array

    @property
    def endpoints(self) -> int:
        """How many are computed at once."""
        return int(self.shares.shape[0])

    @property
    def prior(self) -> Array:
        """The shares with something in every place."""
        lifted = np.maximum(self.shares, UNSEEN)
        prior: Array = lifted / lifted.sum(axis=-1, keepdims=True)
        return prior


def start_counts(ground: Ground) -> Array:
    """What no answer has taught: zeros (symbols, endpoints, learners, prompts)."""
    _, prompts, symbols = ground.shares.shape
    return np.zeros((symbols, ground.endpoints, HALF_LIVES.size, prompts))


def bet_day(ground: Ground, counts: Array, prompts: Places, symbols: Places) -> Array:
    """The logarithm of what each learner's bet was multiplied by after each answer of a day (endpoints, learners,
    answers). `prompts` and `symbols` are (endpoints, answers), in the order of asking; a prompt of -1 is no answer.
    `counts` are taught.

    Every bet is made before its answer is seen: a block's from the answers before the block. Given those, its factor
    has a mean of at most 1 while the mean distance over uniformly drawn prompts is at most the slack (see 0026)."""
    gains = np.zeros((ground.endpoints, HALF_LIVES.size, prompts.shape[1]))
    for start in range(0, prompts.shape[1], BLOCK):
        block = slice(start, start + BLOCK)
        factors = plan_bets(ground, counts)
        asked, answered = prompts[:, block], symbols[:, block]
        gains[:, :, block] = _pick(factors, asked, answered)
        _teach(counts, asked, answered)
    return np.cumsum(gains, axis=-1)


def plan_bets(ground: Ground, counts: Array) -> Array:
    """The logarithm of what an answer multiplies each learner's bet by (symbols, endpoints, learners, prompts). Zero
    everywhere where what was learnt lies within the slack: then nothing can be won, and a quiet day costs nothing."""
    expected = counts + STRENGTHS[:, None] * np.moveaxis(ground.prior, 2, 0)[:, :, None]
    expected /= expected.sum(axis=0)
    shares = np.moveaxis(ground.shares, 2, 0)[:, :, None]
    distances = np.abs(expected - shares).sum(axis=0).mean(axis=2) / 2
    endpoints, learners = np.nonzero(distances > ground.slack[:, None])
    factors = np.zeros_like(counts)
    if endpoints.size:
        hopeful = expected[:, endpoints, learners]
        factors[:, endpoints, learners] = _clip_best(hopeful, shares[:, endpoints, 0], ground.slack[endpoints])
    return factors


def _clip_best(expected: Array, shares: Array, slack: Array) -> Array:
    """Of the clips the one whose logarithm grows most where `expected` is true. `expected` and `shares` (symbols, bets,
    prompts), `slack` (bets). A bet's largest mean while nothing changed beyond the slack is that in the reference, and
    the slack times the bet's widest range within one prompt: by that it is divided."""
    ratios = expected / np.maximum(shares, _LEAST)
    logarithms, highest, lowest = np.log(ratios), ratios.max(axis=0), ratios.min(axis=0)
    growth, norm, low, high = np.zeros((4, slack.size))
    for floor, ceiling in CLIPS:
        widest = (np.clip(highest, floor, ceiling) - np.clip(lowest, floor, ceiling)).max(axis=1)
        bound = np.log(_average(np.clip(ratios, floor, ceiling), shares) + slack * widest)
        gain = _average(np.clip(logarithms, math.log(floor), math.log(ceiling)), expected) - bound
        is_better = gain > growth
        growth, norm = np.where(is_better, gain, growth), np.where(is_better, bound, norm)
        low, high = np.where(is_better, math.log(floor), low), np.where(is_better, math.log(ceiling), high)
    factors: Array = np.clip(logarithms, low[:, None], high[:, None]) - norm[:, None]
    return factors


def _average(values: Array, weights: Array) -> Array:
    """Over prompts, of the sums over symbols."""
    total: Array = np.asarray(np.einsum("sbk,sbk->b", values, weights) / values.shape[2], dtype=np.float64)
    return total


def _pick(factors: Array, prompts: Places, symbols: Places) -> Array:
    rows: Places = np.arange(factors.shape[1])[:, None]
    picked = factors[symbols, rows, :, prompts]  # (endpoints, answers, learners)
    picked[prompts < 0] = 0.0
    return np.moveaxis(picked, 2, 1)


def _teach(counts: Array, prompts: Places, symbols: Places) -> None:
    """Older answers fade, by each learner's half life."""
    is_answer = prompts >= 0
    fading = 0.5 ** (is_answer.sum(axis=1)[:, None] / HALF_LIVES[None, :])
    counts *= fading[None, :, :, None]
    rows: Places = np.repeat(np.arange(counts.shape[1]), is_answer.sum(axis=1))
    news = np.zeros((counts.shape[0], counts.shape[1], counts.shape[3]))
    np.add.at(news, (symbols[is_answer], rows, prompts[is_answer]), 1.0)
    counts += news[:, :, None]
