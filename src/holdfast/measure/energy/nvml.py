"""Energy of NVIDIA boards by NVML: the counter of all energy (Volta and later) and the power now, which check each
other. The library is optional, and is loaded only when asked."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from holdfast.measure.energy.energy import Reason, SensorKind
from holdfast.measure.energy.sensors import Reading


class Boards(Protocol):
    """What is needed of NVML. A number that a board does not support is None; a board that is gone raises OSError."""

    def count(self) -> int:
        """How many boards this process sees."""
        ...

    def find_name(self, index: int) -> str:
        """What a board calls itself."""
        ...

    def find_millijoules(self, index: int) -> int | None:
        """Energy since the driver was loaded."""
        ...

    def find_milliwatts(self, index: int) -> int | None:
        """Power now (on most boards the mean of the last second)."""
        ...


@dataclass(frozen=True, slots=True)
class Board:
    """One graphics board as a sensor."""

    boards: Boards
    index: int
    name: str

    @property
    def kind(self) -> SensorKind:
        """A board."""
        return SensorKind.GPU

    @property
    def wraps_at_j(self) -> float | None:
        """64 bits of millijoules never come round."""
        return None

    def read(self) -> Reading:
        """Joules so far and watts now."""
        try:
            energy, power = self.boards.find_millijoules(self.index), self.boards.find_milliwatts(self.index)
        except OSError:
            return Reading(fault=Reason.SENSOR_LOST)
        if energy is None and power is None:
            return Reading(fault=Reason.SENSOR_LOST)
        return Reading(None if energy is None else energy / 1000, None if power is None else power / 1000)


def find_boards(boards: Boards) -> tuple[Board, ...]:
    """Every board, idle ones too: they are part of the deployment."""
    return tuple(Board(boards, index, f"{boards.find_name(index)} {index}") for index in range(boards.count()))


def open_nvml() -> Boards | None:
    """NVML of this machine; None where its library or its driver is not there."""
    try:
        library: Any = importlib.import_module("pynvml")
        library.nvmlInit()
    except Exception:  # whatever a driver that is broken or half there brings up: there is no sensor then
        return None
    return _Library(library)


class _Library:
    """nvidia-ml-py behind the few questions above."""

    def __init__(self, library: Any) -> None:
        self._library = library

    def count(self) -> int:
        return cast("int", self._ask(self._library.nvmlDeviceGetCount) or 0)

    def find_name(self, index: int) -> str:
        name = self._ask(lambda: self._library.nvmlDeviceGetName(self._library.nvmlDeviceGetHandleByIndex(index)))
        return name.decode(errors="replace") if isinstance(name, bytes) else str(name or "GPU")

    def find_millijoules(self, index: int) -> int | None:
        return self._find_number("nvmlDeviceGetTotalEnergyConsumption", index)

    def find_milliwatts(self, index: int) -> int | None:
        return self._find_number("nvmlDeviceGetPowerUsage", index)

    def _find_number(self, question: str, index: int) -> int | None:
        ask = getattr(self._library, question)
        return cast("int | None", self._ask(lambda: ask(self._library.nvmlDeviceGetHandleByIndex(index))))

    def _ask(self, question: Callable[[], object]) -> object:
        try:
            return question()
        except self._library.NVMLError as error:
            if error.value in (self._library.NVML_ERROR_NOT_SUPPORTED, self._library.NVML_ERROR_NO_PERMISSION):
                return None
            raise OSError(str(error)) from error
