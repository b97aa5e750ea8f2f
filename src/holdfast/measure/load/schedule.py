"""When requests are due: drawn before the run by one generator and dealt to the workers, so that no worker draws alone.

Offsets are nanoseconds from the start of the load, warm-up included; they rise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import Arrivals, Load

REQUESTS_MAX: Final = 50_000_000
_SECOND_NS: Final = 1_000_000_000
Offsets = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """The offsets of an open loop, and how many of them are warm-up and steady; what follows is cool-down."""

    offsets_ns: Offsets
    warmup: int
    steady: int


def check_load(load: Load) -> None:
    """ConfigurationError where a load can never be offered or never ends."""
    times = (load.duration_s, load.warmup_s, load.cooldown_s, load.rate_per_s)
    if not all(0 <= time < 1e9 for time in times) or load.requests < 0 or load.in_flight_max < 0:
        raise _refuse("a time, a rate or a number is negative or without end")
    if load.arrivals is Arrivals.CLOSED and load.concurrency < 1:
        raise _refuse("a closed loop needs a concurrency of at least 1")
    if load.arrivals in (Arrivals.POISSON, Arrivals.CONSTANT) and load.rate_per_s <= 0:
        raise _refuse("an open loop needs a rate above 0")
    if load.arrivals is Arrivals.REPLAY:
        _check_offsets(load)
    elif not load.duration_s and not load.requests:
        raise _refuse("a load needs a duration or a number of requests")


def draw_schedule(load: Load, random: np.random.Generator) -> Schedule:
    """The arrivals of an open loop; the same for the same generator. A replay's first `warmup_s` are its warm-up."""
    check_load(load)
    if load.arrivals is Arrivals.REPLAY:
        return _cut(load, np.round(np.array(load.offsets_s) * _SECOND_NS).astype(np.int64))
    draw = _draw_poisson if load.arrivals is Arrivals.POISSON else _draw_constant
    return _cut(load, np.round(_draw_enough(load, draw, random) * _SECOND_NS).astype(np.int64))


def _draw_enough(
    load: Load, draw: Callable[[float, int, np.random.Generator], NDArray[np.float64]], random: np.random.Generator
) -> NDArray[np.float64]:
    """Offsets until the load has certainly ended."""
    span_s = load.warmup_s + load.duration_s + load.cooldown_s
    count = int(span_s * load.rate_per_s * 1.1) + load.requests + 1000
    if count > REQUESTS_MAX:
        raise _refuse(f"a load of about {count} requests is more than {REQUESTS_MAX}")
    offsets = np.zeros(0)
    while not _is_enough(load, offsets):
        last_s = float(offsets[-1]) if offsets.size else 0.0
        offsets = np.concatenate([offsets, last_s + draw(load.rate_per_s, count, random)])
    return offsets


def _is_enough(load: Load, offsets: NDArray[np.float64]) -> bool:
    if not offsets.size:
        return False
    if load.duration_s and offsets[-1] > load.warmup_s + load.duration_s + load.cooldown_s:
        return True
    warmup = int(np.searchsorted(offsets, load.warmup_s))
    is_last_known = 0 < load.requests <= offsets.size - warmup
    return is_last_known and offsets[-1] > offsets[warmup + load.requests - 1] + load.cooldown_s


def _draw_poisson(rate_per_s: float, count: int, random: np.random.Generator) -> NDArray[np.float64]:
    return np.cumsum(random.exponential(1 / rate_per_s, count))


def _draw_constant(rate_per_s: float, count: int, _: np.random.Generator) -> NDArray[np.float64]:
    return np.arange(1, count + 1) / rate_per_s


def _cut(load: Load, offsets: Offsets) -> Schedule:
    warmup = int(np.searchsorted(offsets, round(load.warmup_s * _SECOND_NS)))
    over_ns = round((load.warmup_s + load.duration_s) * _SECOND_NS)
    in_time = int(np.searchsorted(offsets, over_ns)) if load.duration_s else offsets.size
    end = min(in_time, warmup + load.requests) if load.requests else in_time
    if not load.cooldown_s or not end:
        return Schedule(offsets[:end], warmup, end - warmup)
    if not load.duration_s or end < in_time:
        over_ns = int(offsets[end - 1])
    kept = int(np.searchsorted(offsets, over_ns + round(load.cooldown_s * _SECOND_NS)))
    return Schedule(offsets[:kept], warmup, end - warmup)


def _check_offsets(load: Load) -> None:
    offsets = load.offsets_s
    if not offsets or len(offsets) > REQUESTS_MAX:
        raise _refuse(f"a replay needs between 1 and {REQUESTS_MAX} offsets")
    if not (offsets[0] >= 0 and offsets[-1] < 1e9 and all(a <= b for a, b in pairwise(offsets))):
        raise _refuse("the offsets of a replay begin at 0 or later and never fall")


def _refuse(what: str) -> ConfigurationError:
    return ConfigurationError(what, where="load", next_step="Correct the load; nothing was sent.")
