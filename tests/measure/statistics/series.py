"""Series with known truths, for these tests alone; the benchmark of coverage has more of them."""

import numpy as np

from holdfast.measure.statistics.distributions import Array


def draw_correlated(seed: int, samples: int, correlation: float) -> Array:
    """Standard normal AR(1), in a steady state from the first."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal(samples)
    series = np.empty(samples)
    series[0] = noise[0]
    for place in range(1, samples):
        series[place] = correlation * series[place - 1] + np.sqrt(1 - correlation**2) * noise[place]
    return series


def draw_latencies(seed: int, samples: int, correlation: float = 0.0, sigma: float = 0.5) -> Array:
    """Lognormal latencies in seconds: median 1, AR(1) in logarithms."""
    return np.exp(sigma * draw_correlated(seed, samples, correlation))
