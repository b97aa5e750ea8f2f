"""The Pareto front of cost and quality: who is on it, and how sure that is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def compute_front(costs: Sequence[Array], shares: Sequence[Array]) -> list[float]:
    """For each candidate the share of draws in which no other is at least as cheap and as right, and one of them more.

    `costs` and `shares` hold one array of draws for each candidate."""
    cost, share = np.asarray(costs), np.asarray(shares)
    return [1.0 - float(np.mean(_find_beaten(cost, share, number))) for number in range(len(cost))]


def _find_beaten(cost: Array, share: Array, number: int) -> NDArray[np.bool_]:
    at_least = (cost <= cost[number]) & (share >= share[number])
    more = (cost < cost[number]) | (share > share[number])
    return np.asarray((at_least & more).any(axis=0))
