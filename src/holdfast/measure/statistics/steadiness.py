"""Whether a run was in a steady state: how much of its start to leave out, and whether it drifts."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.statistics.dependence import SAMPLES_MIN, measure_dependence
from holdfast.measure.statistics.distributions import Array, find_t
from holdfast.records.measurement import Estimate

_BATCH: Final = 5
_METHOD: Final = "trend, by Student's t on the long-run variance"


def find_warmup(series: Array) -> int | None:
    """How many of the first samples MSER-5 leaves out (White 1997): those without which the mean's standard error is
    smallest. None where that is half or more, or where there are too few: no steady state was reached."""
    batches = series[: series.size // _BATCH * _BATCH].reshape(-1, _BATCH).mean(axis=1)
    if batches.size < 4:
        return None
    left = np.arange(batches.size, 0, -1, dtype=np.float64)
    sums, squares = np.cumsum(batches[::-1])[::-1], np.cumsum((batches**2)[::-1])[::-1]
    errors = (squares - sums**2 / left)[: batches.size // 2 + 1] / left[: batches.size // 2 + 1] ** 2
    cut = int(np.argmin(errors))
    return None if cut >= batches.size // 2 else cut * _BATCH


def estimate_drift(series: Array, confidence: float = 0.95) -> Estimate:
    """By how much the mean rises from the first sample to the last. A steady run's interval holds zero."""
    samples = series.size
    if samples < SAMPLES_MIN:
        return Estimate(None, None, None, samples, 1, confidence, _METHOD, SAMPLES_MIN - samples)
    places = np.arange(samples) - (samples - 1) / 2
    weights = places / float(np.dot(places, places))
    slope = float(np.dot(weights, series))
    rest = series - slope * places
    dependence = measure_dependence(rest)
    error = float(rest.std()) * math.sqrt(dependence.inflation * float(np.dot(weights, weights)))
    reach = find_t((1 + confidence) / 2, dependence.degrees - 1) * error * samples
    return Estimate(slope * samples, slope * samples - reach, slope * samples + reach, samples, 1, confidence, _METHOD)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """Little's law over a window: `in_flight` is the mean number of requests under way, `rate_per_s` that of arrivals
    and `stay_s` the mean time that those stayed. `error` is |L - λW| / L."""

    in_flight: float
    rate_per_s: float
    stay_s: float
    error: float | None


def check_little(arrivals_s: Array, departures_s: Array, start_s: float, end_s: float) -> Occupancy:
    """Of all requests that were under way between `start_s` and `end_s`, whenever they came and went."""
    overlap = np.minimum(departures_s, end_s) - np.maximum(arrivals_s, start_s)
    in_flight = float(np.maximum(overlap, 0.0).sum()) / (end_s - start_s)
    came = (arrivals_s >= start_s) & (arrivals_s < end_s)
    rate = float(came.sum()) / (end_s - start_s)
    stay = float((departures_s - arrivals_s)[came].mean()) if came.any() else 0.0
    return Occupancy(in_flight, rate, stay, abs(in_flight - rate * stay) / in_flight if in_flight > 0 else None)
