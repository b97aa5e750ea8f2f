"""Statistics of one sitting: how far a handful of answers lies from a reference. Larger is farther; no test by itself.

Arrays may begin with any axes; the last are prompts and symbols.
"""

from typing import Final

import numpy as np

from holdfast.measure.drift.margins import Array

_FLOOR: Final = 0.3  # of a share, where one is divided by: rare symbols would drown the others
_REACH: Final = 6.0  # standard deviations beyond which a difference counts no more


def score_tokens(shares: Array, counts: Array) -> Array:
    """The shares' squared shifts, prompt by prompt, each symbol's by its share: chi square less what every answer adds
    by itself, so that its mean is zero for answers that come as `shares` say. `shares` (..., prompts, symbols) of the
    reference, `counts` of the sitting."""
    usual = np.maximum(shares, _FLOOR)
    asked = counts.sum(axis=-1, keepdims=True)
    squares = (counts - asked * shares) ** 2 - counts * (1 - shares) ** 2 - (asked - counts) * shares**2
    score: Array = (squares / usual).sum(axis=(-1, -2))
    return score


def score_logprobs(reference: Array, sitting: Array) -> Array:
    """The mean squared difference of mean logits, in standard errors by the reference's own spread. `reference` and
    `sitting` (..., samples, prompts, symbols) of logarithms of probabilities; what all symbols of an answer share is
    taken away."""
    one, other = (table - table.mean(axis=-1, keepdims=True) for table in (reference, sitting))
    samples = 1 / one.shape[-3] + 1 / other.shape[-3]
    spread = np.sqrt(one.var(axis=-3, ddof=1).mean(axis=-1, keepdims=True) * samples) + 1e-9
    gaps = np.clip((other.mean(axis=-3) - one.mean(axis=-3)) / spread, -_REACH, _REACH)
    score: Array = (gaps**2).mean(axis=(-1, -2))
    return score


def measure_auc(usual: Array, changed: Array) -> float:
    """The chance that a score of a changed endpoint exceeds one of an unchanged one, ties counting half."""
    gaps = changed[:, None] - usual[None, :]
    return float((gaps > 0).mean() + (gaps == 0).mean() / 2)
