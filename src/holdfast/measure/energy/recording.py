"""Looks at sensors once a second while something runs, in a thread of its own."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from holdfast.measure.energy.energy import Energy, Reason, make_not_measurable
from holdfast.measure.energy.judging import Series, judge_energy
from holdfast.measure.energy.nvml import Boards, find_boards
from holdfast.measure.energy.rapl import POWERCAP, find_rapl_domains
from holdfast.measure.energy.sensors import Reading, Sensor


def find_sensors(boards: Boards | None, powercap: Path = POWERCAP) -> tuple[Sensor, ...]:
    """Every sensor of this machine."""
    return (*(find_boards(boards) if boards is not None else ()), *find_rapl_domains(powercap))


class Recorder:
    """Readings of several sensors. `clock` tells seconds that never go back."""

    def __init__(self, sensors: Sequence[Sensor], clock: Callable[[], float]) -> None:
        self._sensors = tuple(sensors)
        self._clock = clock
        self._times: list[list[float]] = [[] for _ in self._sensors]
        self._readings: list[list[Reading]] = [[] for _ in self._sensors]

    def poll(self) -> None:
        """Look at each sensor once."""
        for number, sensor in enumerate(self._sensors):
            self._times[number].append(self._clock())
            self._readings[number].append(sensor.read())

    def judge(self, idle: Energy | None = None) -> Energy:
        """What was measured from the first look to the last; `idle` was measured so before."""
        if not self._sensors:
            return make_not_measurable(Reason.NO_SENSOR)
        columns = zip(self._sensors, self._times, self._readings, strict=True)
        series = [Series(one.name, one.kind, one.wraps_at_j, times, readings) for one, times, readings in columns]
        return judge_energy(series, idle)


@contextmanager
def record_energy(
    sensors: Sequence[Sensor], clock: Callable[[], float], interval_s: float = 1.0
) -> Generator[Recorder]:
    """Look at the sensors at the start, every `interval_s`, and at the end of the block."""
    recorder = Recorder(sensors, clock)
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(interval_s):
            recorder.poll()

    recorder.poll()
    thread = threading.Thread(target=watch, name="energy", daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        is_over.set()
        thread.join()
        recorder.poll()
