"""Energy by a meter at the wall that the user read: its watts, with how sure they are."""

from holdfast.measure.energy.energy import WINDOW_S_MIN, DeviceEnergy, Energy, Reason, SensorKind
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Range


def measure_wall(watts: Range, seconds: float, idle: Range | None = None) -> Energy:
    """The energy of a window at the mean power that a meter showed. Raises UsageError for watts out of order."""
    for one in (watts, *(() if idle is None else (idle,))):
        if not 0 <= one.low <= one.mode <= one.high:
            what = f"watts must rise from low to high: {one.low:g}, {one.mode:g}, {one.high:g}"
            raise UsageError(what, next_step="Give the least, the likeliest and the most.")
    joules = watts.mode * seconds
    reasons = (Reason.ONE_SOURCE,) if seconds >= WINDOW_S_MIN else (Reason.SHORT_WINDOW, Reason.ONE_SOURCE)
    return Energy(
        joules=joules,
        seconds=seconds,
        boundary="all that the meter sees",
        devices=(DeviceEnergy(watts.source or "meter", SensorKind.WALL, None, joules, reasons),),
        reasons=reasons,
        low=watts.low * seconds,
        high=watts.high * seconds,
        idle_watts=None if idle is None else idle.mode,
    )
