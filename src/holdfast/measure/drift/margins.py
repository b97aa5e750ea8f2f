"""What a reference may be wrong by: upper bounds, by Chernoff's method, that hold for days that differ.

Answers are independent given the days; nothing else is assumed of them. Logarithms are natural.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_HALVINGS: Final = 60
_SHARES: Final = 128  # points of the grid of shares from 0 to 1/2
_TILTS: Final = np.geomspace(0.25, 8.0, 12)  # in units of the square root of the answers to all prompts together
_SLACK: Final = 1.01  # for what lies between the grid's points


def bound_share(hits: float, answers: float, risk: float) -> float:
    """The share that independent answers, however they differ, have on average in truth is above this with a chance of
    at most `risk`, where `hits` of `answers` were seen. 1 without answers."""
    if answers <= 0:
        return 1.0
    seen, cost = min(hits / answers, 1.0), math.log(1 / risk) / answers
    low, high = seen, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if diverge(seen, middle) < cost else (low, middle)
    return high


def diverge(seen: float, share: float) -> float:
    """The divergence, in nats, of a coin that shows `seen` from one that shows `share`."""
    first = seen * math.log(seen / share) if seen > 0 else 0.0
    if seen >= 1:
        return first
    return first + (1 - seen) * math.log((1 - seen) / (1 - share)) if share < 1 else math.inf


@dataclass(frozen=True, slots=True, eq=False)
class Excesses:
    """For `answers` to each of `prompts` prompts: `growths[k, j]` bounds the logarithm of the mean of
    exp(tilts[k] / prompts * (excess of a symbol's frequency over its share)) for shares up to `shares[j]`; concave in
    the share, so that it may be taken at a mean share."""

    answers: int
    prompts: int
    tilts: Array
    shares: Array
    growths: Array


def tabulate_excesses(answers: int, prompts: int) -> Excesses:
    """Exact sums over the binomial distribution, then the least concave function above them."""
    tilts = _TILTS * 4 * math.sqrt(answers * prompts)
    shares = np.linspace(0.0, 0.5, _SHARES + 1)
    chances = _tabulate_binomial(answers, shares)
    excess = np.maximum(np.arange(answers + 1) / answers - shares[:, None], 0.0)
    means = np.array([(chances * np.exp(tilt / prompts * excess)).sum(axis=1) for tilt in tilts])
    growths = np.array([_raise_concave(shares, np.log(row)) for row in means])
    return Excesses(answers, prompts, tilts, shares, growths)


def bound_distance(table: Excesses, mean_shares: Array, risk: float) -> float:
    """The mean over prompts of the total variation distance between the frequencies seen and the truth is above this
    with a chance of at most `risk`. `mean_shares`: for each rank of a symbol (one of them: the rest), an upper bound of
    its mean share over prompts.

    The distance is the sum of the excesses of all symbols, and these are negatively associated: the mean of the product
    is at most the product of the means (Joag-Dev and Proschan 1983)."""
    totals = np.zeros(table.tilts.size)
    for share in mean_shares:
        totals += table.prompts * _read_growths(table, float(share))
    return float(np.min((totals + math.log(1 / risk)) / table.tilts)) * _SLACK


def _read_growths(table: Excesses, share: float) -> Array:
    """At this share, for each tilt."""
    place = min(share / 0.5, 1.0) * _SHARES
    below = min(int(place), _SHARES - 1)
    growths: Array = table.growths[:, below] * (below + 1 - place) + table.growths[:, below + 1] * (place - below)
    return growths


def _tabulate_binomial(answers: int, shares: Array) -> Array:
    counts = np.arange(answers + 1)
    factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, answers + 1)))])
    ways = factorials[-1] - factorials - factorials[::-1]
    inside = np.clip(shares, 1e-12, 0.5)[:, None]
    chances: Array = np.exp(ways + counts * np.log(inside) + (answers - counts) * np.log1p(-inside))
    return chances


def _raise_concave(places: Array, values: Array) -> Array:
    """The least concave function that is nowhere below `values`, and nowhere falls."""
    rising = np.maximum.accumulate(values)
    hull: list[int] = []
    for place in range(places.size):
        while len(hull) > 1 and _is_below(places, rising, hull[-2], hull[-1], place):
            hull.pop()
        hull.append(place)
    return np.interp(places, places[hull], rising[hull])


def _is_below(places: Array, values: Array, first: int, middle: int, last: int) -> bool:
    """Whether the middle point lies on or below the line between the others."""
    slope = (values[last] - values[first]) / (places[last] - places[first])
    return bool(values[middle] <= values[first] + slope * (places[middle] - places[first]))
