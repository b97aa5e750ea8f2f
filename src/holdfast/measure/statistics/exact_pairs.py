"""Right and wrong on the same tasks, by two endpoints: exact however few they are. Nothing here is an approximation,
but the smallest difference of more than a thousand tasks."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.statistics.distributions import Array, find_normal, get_special

_GRID: Final = 400
_HALVINGS: Final = 30
_EXACT_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Discordance:
    """Of `tasks`, those that only the first endpoint got right, and those that only the second did."""

    tasks: int
    only_first: int
    only_second: int

    @property
    def discordant(self) -> int:
        """Tasks on which they differ."""
        return self.only_first + self.only_second


def compute_mcnemar(seen: Discordance) -> float:
    """The exact two-sided probability of so uneven a split, were both endpoints as good."""
    fewer = min(seen.only_first, seen.only_second)
    return min(1.0, 2 * float(get_special().bdtr(fewer, seen.discordant, 0.5))) if seen.discordant else 1.0


def compute_difference(seen: Discordance, confidence: float = 0.95) -> tuple[float, float]:
    """Both ends of the difference of the shares right: the confidence distributions of how often they differ and of
    who wins then, melded (Fay and Lumbard 2021). It covers at least as often as it says, and leaves out zero only where
    the exact test rejects."""
    swapped = Discordance(seen.tasks, seen.only_second, seen.only_first)
    low, high = _find_least(seen, (1 - confidence) / 2), -_find_least(swapped, (1 - confidence) / 2)
    return (min(low, 0.0), max(high, 0.0)) if compute_mcnemar(seen) > 1 - confidence else (low, high)


def _find_least(seen: Discordance, outside: float) -> float:
    """The difference below which the melded distribution has the probability `outside`."""
    wins = 2 * _spread_beta(seen.only_first, seen.only_second + 1) - 1
    low, high = -1.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _compute_below(seen, wins, middle) > outside else (middle, high)
    return low


def _spread_beta(first: int, second: int) -> Array:
    """Equally likely values of a beta distribution; all 0 where its first parameter is."""
    if first == 0:
        return np.zeros(1)
    return np.asarray(get_special().betaincinv(first, second, (np.arange(_GRID) + 0.5) / _GRID), dtype=np.float64)


def _compute_below(seen: Discordance, wins: Array, difference: float) -> float:
    """How probable a difference up to this is: few discordant tasks where the first wins, many where it loses."""
    if difference >= 0:
        bounds = np.minimum(difference / np.maximum(wins, 1e-300), 1.0)
        below = np.where(wins > 0, _compute_beta(seen.discordant, seen.tasks - seen.discordant + 1, bounds), 1.0)
    else:
        bounds = np.minimum(difference / np.minimum(wins, -1e-300), 1.0)
        above = _compute_beta(seen.discordant + 1, seen.tasks - seen.discordant, bounds)
        below = np.where(wins < 0, 1 - above, 0.0)
    return float(below.sum()) / below.size


def _compute_beta(first: int, second: int, values: Array) -> Array:
    """The distribution function; all at 0 or at 1 where a parameter is 0."""
    if first == 0:
        return np.ones_like(values)
    if second == 0:
        return np.where(values >= 1, 1.0, 0.0)
    return np.asarray(get_special().betainc(first, second, values), dtype=np.float64)


def find_detectable(tasks: int, discordance: float, power: float = 0.8, level: float = 0.05) -> float | None:
    """The smallest difference of the shares right that the exact test sees in `tasks` with such a power, where they
    differ on the share `discordance` of them (or on more, if the difference needs it). None: not even the largest."""
    if tasks > _EXACT_MAX:
        reach = find_normal(1 - level / 2) + find_normal(power)
        return reach * math.sqrt(discordance / (tasks + reach**2))
    if not tasks or compute_power(tasks, 1.0, 1.0, level) < power:
        return None
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_enough = compute_power(tasks, max(discordance, middle), middle, level) >= power
        low, high = (low, middle) if is_enough else (middle, high)
    return high


def compute_power(tasks: int, discordance: float, difference: float, level: float = 0.05) -> float:
    """How probably the exact test rejects, where the endpoints differ on the share `discordance` of tasks and their
    shares right by `difference`."""
    special = get_special()
    counts = np.arange(tasks + 1)
    weights = special.bdtr(counts, tasks, discordance)
    weights[1:] -= weights[:-1].copy()
    limits = _find_limits(counts, level)
    wins = (1 + difference / discordance) / 2 if discordance > 0 else 0.5
    few_wins = np.where(limits >= 0, special.bdtr(np.maximum(limits, 0), counts, wins), 0.0)
    many_wins = np.where(limits >= 0, special.bdtr(np.maximum(limits, 0), counts, 1 - wins), 0.0)
    return float(np.dot(weights, few_wins + many_wins))


def _find_limits(counts: NDArray[np.int64], level: float) -> Array:
    """The most wins of the one that has fewer at which the test still rejects; -1: it never does."""
    special = get_special()
    guesses = np.floor(special.ndtri(level / 2) * np.sqrt(counts) / 2 + counts / 2) + 1
    limits = np.minimum(guesses, counts - 1)
    for _ in range(4):
        limits -= (limits >= 0) & (2 * special.bdtr(np.maximum(limits, 0), counts, 0.5) > level)
    return np.asarray(limits, dtype=np.float64)
