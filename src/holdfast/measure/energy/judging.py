"""From readings to joules: counters without their wraparounds, power by trapezoids, and whether the two agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.energy.energy import (
    AGREEMENT_MAX,
    FAULTS,
    GAP_S_MAX,
    WINDOW_S_MIN,
    DeviceEnergy,
    Energy,
    Reason,
    SensorKind,
)
from holdfast.measure.energy.sensors import Reading

WATTS_MAX: Final = 2000.0  # more than any package draws: a counter that could come round meanwhile is not believed


@dataclass(frozen=True, slots=True)
class Series:
    """What one sensor told: readings with their moments in seconds, in order."""

    name: str
    kind: SensorKind
    wraps_at_j: float | None
    times_s: Sequence[float]
    readings: Sequence[Reading]


def judge_energy(series: Sequence[Series], idle: Energy | None = None) -> Energy:
    """The energy of all sensors from their first reading to their last. Valid only if all of them are."""
    if not series:
        return Energy(None, 0.0, "", (), (Reason.NO_SENSOR,))
    devices = tuple(judge_device(one) for one in series)
    seconds = max((one.times_s[-1] - one.times_s[0] for one in series if len(one.times_s) > 1), default=0.0)
    reasons = dict.fromkeys(reason for device in devices for reason in device.reasons)
    if seconds < WINDOW_S_MIN:
        reasons[Reason.SHORT_WINDOW] = None
    kinds = ", ".join(f"{sum(device.kind is kind for device in devices)} × {kind}" for kind in _find_kinds(devices))
    parts = [device.joules for device in devices]
    is_sound = not FAULTS & reasons.keys() and None not in parts
    return Energy(
        joules=sum(part or 0.0 for part in parts) if is_sound else None,
        seconds=seconds,
        boundary=kinds,
        devices=devices,
        reasons=tuple(reason for reason in Reason if reason in reasons),
        idle_watts=None if idle is None else idle.watts,
    )


def _find_kinds(devices: Sequence[DeviceEnergy]) -> list[SensorKind]:
    return list(dict.fromkeys(device.kind for device in devices))


def judge_device(series: Series) -> DeviceEnergy:
    """One sensor's joules, by counter and by power, with the reasons that speak against them."""
    faults = tuple(dict.fromkeys(reading.fault for reading in series.readings if reading.fault is not None))
    if faults or len(series.readings) < 2:
        return DeviceEnergy(series.name, series.kind, None, None, faults or (Reason.TOO_FEW_READINGS,))
    joules = [reading.joules for reading in series.readings if reading.joules is not None]
    watts = [reading.watts for reading in series.readings if reading.watts is not None]
    has_counter, has_power = len(joules) == len(series.readings), len(watts) == len(series.readings)
    if not (has_counter or has_power):
        return DeviceEnergy(series.name, series.kind, None, None, (Reason.SENSOR_LOST,))
    counted = _count(series, joules) if has_counter else None
    integrated = integrate_power(series.times_s, watts) if has_power else None
    reset = [Reason.COUNTER_RESET] if has_counter and counted is None else []
    checked = _check(counted, integrated, float(np.max(np.diff(series.times_s))))
    return DeviceEnergy(series.name, series.kind, counted, integrated, (*reset, *checked))


def integrate_power(times_s: Sequence[float], watts: Sequence[float]) -> float:
    """Joules by trapezoids."""
    return float(np.trapezoid(np.asarray(watts, dtype=np.float64), np.asarray(times_s, dtype=np.float64)))


def _count(series: Series, joules: Sequence[float]) -> float | None:
    """The counter's way from first to last; None where it went back, or could have come round unseen."""
    steps = np.diff(np.asarray(joules, dtype=np.float64))
    if series.wraps_at_j is None:
        return float(steps.sum()) if bool((steps >= 0).all()) else None
    if float(np.max(np.diff(series.times_s))) * WATTS_MAX >= series.wraps_at_j:
        return None
    return float(np.where(steps < 0, steps + series.wraps_at_j, steps).sum())


def _check(counted: float | None, integrated: float | None, gap_s: float) -> tuple[Reason, ...]:
    if counted is None:
        return (Reason.ONE_SOURCE, Reason.GAP) if gap_s > GAP_S_MAX and integrated is not None else (Reason.ONE_SOURCE,)
    if integrated is None:
        return (Reason.ONE_SOURCE,)
    if gap_s > GAP_S_MAX:
        return (Reason.UNCHECKED_GAP,)
    differs = abs(counted - integrated) > AGREEMENT_MAX * max(counted, integrated)
    return (Reason.DISAGREEMENT,) if differs else ()
