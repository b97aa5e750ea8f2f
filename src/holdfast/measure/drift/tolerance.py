"""How far an endpoint's own days lie apart while nothing is known to have changed: the tolerance, by channel."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from holdfast.measure.drift.days import Day, gather_life
from holdfast.measure.drift.evidence import EPSILON
from holdfast.measure.drift.marking import MARKED, choose_read, halve, mark_all
from holdfast.measure.drift.reference import Reference, make_reference
from holdfast.measure.drift.triage import measure_excess
from holdfast.records.watching import Channel, Monitor, Seen, Visit

SENTINELS_LEAST: Final = 0.03
TOKENS_LEAST: Final = 0.05  # for an endpoint that is not one's own
RESTLESS: Final = 0.15  # more hides too much for subtle changes
_MORE: Final = 0.02  # than the largest seen


def choose_epsilon(monitor: Monitor, visits: Sequence[Visit]) -> tuple[tuple[Channel, float], ...]:
    """For each channel with answers in the burn-in: how far its days lie from all of them, beyond what chance gives,
    and .02 more; for tokens at least .05, for sentinels .03, else .1."""
    days = gather_life(monitor, visits).burn_in
    chosen: list[tuple[Channel, float]] = []
    reference = make_reference(_list_seen(days, Channel.TOKENS), monitor.settings.seed, 0.01)
    if reference is not None:
        chosen.append((Channel.TOKENS, _raise(_find_largest(reference, days), TOKENS_LEAST)))
    seen = [channel for channel in MARKED if _list_seen(days, channel)]
    return (
        *chosen,
        *((channel, _raise(_find_largest_excess(monitor, channel, days), _find_least(channel))) for channel in seen),
    )


def _find_largest(reference: Reference, days: Sequence[Day]) -> float:
    """Half as much again as the root mean square of the days' shifts: single days are seen too dimly."""
    squares = [measure_excess(reference, [day]) for day in days]
    mean = float(np.mean([square for square in squares if square is not None] or [0.0]))
    return 1.5 * math.sqrt(max(mean, 0.0))


def _find_largest_excess(monitor: Monitor, channel: Channel, days: Sequence[Day]) -> float:
    """Of ones in a day over those of all, less two standard errors."""
    read = choose_read(channel, halve(_list_seen(days, channel), monitor.settings.seed).making)
    marks = [[mark.value for mark in mark_all(read, day.list_seen(channel))] for day in days]
    every = [value for values in marks for value in values]
    if not every:
        return 0.0
    mean = float(np.mean(every))
    spread = math.sqrt(max(mean * (1 - mean), 1 / len(every)))
    gaps = [abs(float(np.mean(values)) - mean) - 2 * spread / math.sqrt(len(values)) for values in marks if values]
    return max(*gaps, 0.0) * (2 if channel is Channel.SENTINELS else 1)  # half of the answers are known to the marks


def _find_least(channel: Channel) -> float:
    return SENTINELS_LEAST if channel is Channel.SENTINELS else EPSILON


def _raise(largest: float, least: float) -> float:
    return round(max(largest + _MORE, least), 3)


def _list_seen(days: Sequence[Day], channel: Channel) -> list[Seen]:
    return [one for day in days for one in day.list_seen(channel)]
