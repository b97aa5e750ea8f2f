"""Differences in clusters: exact by flipping the sign of whole clusters, which under no difference changes nothing.

All flips are tried where there are few, else a seeded sample of them. It holds for symmetric differences of any size.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.statistics.distributions import Array

_ALL_MAX: Final = 14
_SAMPLED: Final = 20_000
_CHUNK: Final = 4096


@dataclass(frozen=True, slots=True)
class Flipped:
    """The probability of a mean as far from zero, and the means that would not be rejected. None where no flips are
    enough to reject anything: fewer than six clusters."""

    p_value: float
    low: float | None
    high: float | None


def flip_signs(sums: Array, sizes: Array, seed: int, confidence: float = 0.95) -> Flipped:
    """Of the mean difference: `sums` of differences and numbers of them, per cluster."""
    total, size = float(sums.sum()), float(sizes.sum())
    flipped = [(signs @ sums, signs @ sizes) for signs in _list_signs(sums.size, seed)]
    ones = np.concatenate([part[0] for part in flipped])
    twos = np.concatenate([part[1] for part in flipped])
    as_far = np.abs(ones) >= abs(total) * (1 - 1e-9) - 1e-12
    rejected = math.floor((1 - confidence) * ones.size)
    highest = np.sort(_find_limits(ones, twos, total, size))[::-1]
    lowest = -np.sort(_find_limits(-ones, twos, -total, size))[::-1]
    high, low = float(highest[rejected]), float(lowest[rejected])
    is_open = math.isinf(high) or math.isinf(low)
    return Flipped(float(as_far.sum()) / ones.size, None if is_open else low, None if is_open else high)


def _find_limits(ones: Array, twos: Array, total: float, size: float) -> Array:
    """For each flip, the largest mean for which the flipped sum is still as far from it as the real one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        with_sign, against = (total + ones) / (size + twos), (total - ones) / (size - twos)
    is_unflipped = np.abs(twos) >= size * (1 - 1e-9)
    return np.where(is_unflipped, np.inf, np.maximum(with_sign, against))


def _list_signs(count: int, seed: int) -> Iterator[Array]:
    """Rows of signs, the unflipped one among them."""
    if count <= _ALL_MAX:
        numbers = np.arange(2**count, dtype=np.int64)[:, None]
        yield _to_signs(numbers >> np.arange(count, dtype=np.int64) & 1)
        return
    random = np.random.default_rng(seed)
    yield np.ones((1, count))
    for begin in range(0, _SAMPLED, _CHUNK):
        rows = min(_CHUNK, _SAMPLED - begin)
        yield _to_signs(random.integers(0, 2, (rows, count)))


def _to_signs(bits: NDArray[np.int64]) -> Array:
    return np.where(bits == 1, -1.0, 1.0)
