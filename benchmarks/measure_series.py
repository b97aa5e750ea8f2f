"""Latencies whose mean and quantiles are known in closed form, for measure_coverage.py and the tests."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import signal, special

from holdfast.measure.statistics.distributions import Array


class Source(Protocol):
    """Where series come from."""

    @property
    def mean(self) -> float:
        """The true one."""
        ...

    def find_quantile(self, level: float) -> float:
        """The true one."""
        ...

    def draw(self, random: np.random.Generator, runs: int, samples: int) -> Array:
        """(runs, samples), each run in a steady state from its first sample."""
        ...


@dataclass(frozen=True, slots=True)
class Smooth:
    """Lognormal latencies, AR(1) in logarithms."""

    correlation: float
    sigma: float

    @property
    def mean(self) -> float:
        """exp(sigma² / 2)."""
        return math.exp(self.sigma**2 / 2)

    def find_quantile(self, level: float) -> float:
        """exp(sigma z)."""
        return math.exp(self.sigma * float(special.ndtri(level)))

    def draw(self, random: np.random.Generator, runs: int, samples: int) -> Array:
        """The first value is of the marginal distribution."""
        noise = random.standard_normal((runs, samples))
        noise[:, 1:] *= math.sqrt(1 - self.correlation**2)
        filtered = signal.lfilter([1.0], [1.0, -self.correlation], noise, axis=1)
        return np.exp(self.sigma * np.asarray(filtered, dtype=np.float64))


@dataclass(frozen=True, slots=True)
class Queue:
    """Times in an M/M/1 queue whose server is busy a share `load` of the time; serving takes 1 on average."""

    load: float

    @property
    def mean(self) -> float:
        """1 / (1 - load)."""
        return 1 / (1 - self.load)

    def find_quantile(self, level: float) -> float:
        """The time is exponential."""
        return -math.log(1 - level) / (1 - self.load)

    def draw(self, random: np.random.Generator, runs: int, samples: int) -> Array:
        """Lindley's recursion, from a time of the steady state."""
        series = np.empty((runs, samples))
        now = random.exponential(self.mean, runs)
        for place in range(samples):
            series[:, place] = now
            waited = np.maximum(now - random.exponential(1 / self.load, runs), 0)
            now = waited + random.exponential(1.0, runs)
        return series
