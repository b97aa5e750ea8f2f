"""Random draws by name. The same seed and name give the same draws, in whatever order they are asked for, so that two
candidates which share a number share its draws too."""

import hashlib
import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.cost.workload import Capacity, Right
from holdfast.records.measurement import Estimate, Range

Array = NDArray[np.float64]
GROUPS_MAX = 256
_SCALE_MAX = 50.0  # of a logarithm: draws further out would only overflow


@dataclass(frozen=True, slots=True)
class Draws:
    """Where draws come from: `count` of each."""

    seed: int
    count: int = 20_000

    def draw_range(self, name: str, of: Range) -> Array:
        """A triangular distribution; a range without width is that number exactly."""
        width = of.high - of.low
        if width <= 0:
            return np.full(self.count, of.mode)
        uniform = self._make_generator(name).random(self.count)
        left = of.mode - of.low
        rising = of.low + np.sqrt(uniform * width * left)
        falling = of.high - np.sqrt((1 - uniform) * width * (of.high - of.mode))
        return np.where(uniform * width < left, rising, falling)

    def draw_share(self, name: str, of: Right) -> Array:
        """The share of right answers: Jeffreys' Beta(s + 1/2, n - s + 1/2), with n what the answers are worth."""
        worth = float(of.total) if of.effective is None else of.effective
        right = worth * of.right / of.total
        return np.asarray(self._make_generator(name).beta(right + 0.5, worth - right + 0.5, self.count))

    def draw_capacity(self, name: str, of: Capacity) -> Array:
        """The highest rate of one replica in its next run: from what it was in past ones, or as an estimate says."""
        if of.runs:
            return self._draw_next_run(name, np.asarray(of.runs, dtype=np.float64))
        assert of.estimate is not None
        return self._draw_estimate(name, of.estimate)

    def draw_means(self, name: str, rows: Array) -> Array:
        """Means of the columns of (requests, columns): Rubin's Bayesian bootstrap, (draws, columns).

        Above 256 requests, groups of them that were put together at random are weighted instead.
        """
        generator = self._make_generator(name)
        if len(rows) > GROUPS_MAX:
            parts = np.array_split(rows[generator.permutation(len(rows))], GROUPS_MAX)
            sums, sizes = np.array([part.sum(axis=0) for part in parts]), np.array([len(part) for part in parts])
        else:
            sums, sizes = rows, np.ones(len(rows))
        weights = generator.standard_exponential((self.count, len(sums)))
        return np.asarray((weights @ sums) / (weights @ sizes)[:, None], dtype=np.float64)

    def _draw_next_run(self, name: str, runs: Array) -> Array:
        """Student's t on the logarithm with n - 1 degrees of freedom: the spread between runs and the doubt about
        their mean, s√(1 + 1/n). One run tells no spread."""
        if len(runs) < 2 or float(runs.min()) <= 0 or float(np.ptp(runs)) == 0.0:
            return np.full(self.count, float(runs.mean()))
        logs = np.log(runs)
        spread = float(logs.std(ddof=1)) * math.sqrt(1 + 1 / len(runs))
        t = self._make_generator(name).standard_t(len(runs) - 1, self.count)
        return np.asarray(np.exp(logs.mean() + np.clip(spread * t, -_SCALE_MAX, _SCALE_MAX)), dtype=np.float64)

    def _draw_estimate(self, name: str, of: Estimate) -> Array:
        """A normal distribution with its own spread on each side of the value, on the logarithm where it can be, whose
        quantiles at the estimate's confidence are its interval."""
        assert of.value is not None
        if of.low is None or of.high is None:
            return np.full(self.count, of.value)
        reach = NormalDist().inv_cdf(0.5 + of.confidence / 2)
        normal = self._make_generator(name).standard_normal(self.count) / reach
        if of.low <= 0:
            side = np.where(normal < 0, of.value - of.low, of.high - of.value)
            return np.maximum(of.value + normal * side, 0.0)
        side = np.where(normal < 0, math.log(of.value / of.low), math.log(of.high / of.value))
        return of.value * np.exp(normal * side)

    def _make_generator(self, name: str) -> np.random.Generator:
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        return np.random.default_rng([self.seed, int.from_bytes(digest, "big")])


def compute_estimate(draws: Array, confidence: float) -> Estimate:
    """The median of draws with its interval; an end that is not finite is None."""
    tail = (1 - confidence) / 2
    # Order statistics alone: between two draws of which one is infinite there is nothing to interpolate.
    low, median, high = np.quantile(draws, [tail, 0.5, 1 - tail], method="inverted_cdf")
    value, least, most = (float(number) if math.isfinite(number) else None for number in (median, low, high))
    return Estimate(value, least, most, len(draws), confidence=confidence, method="Monte Carlo: median and quantiles")


def make_unknown(confidence: float) -> Estimate:
    """The estimate of what cannot be said."""
    return Estimate(None, None, None, 0, confidence=confidence, method="Monte Carlo", missing=None)
