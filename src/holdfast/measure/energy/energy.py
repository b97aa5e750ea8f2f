"""What a measurement of energy says, and the reasons for which it does not hold."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

WINDOW_S_MIN: Final = 60.0
GAP_S_MAX: Final = 3.0
AGREEMENT_MAX: Final = 0.05


class Reason(StrEnum):
    """Why energy is not measured, or less surely. The first eight make a measurement invalid."""

    HOSTED = "hosted"
    NO_SENSOR = "no-sensor"
    NOT_PERMITTED = "not-permitted"
    TOO_FEW_READINGS = "too-few-readings"
    SENSOR_LOST = "sensor-lost"
    COUNTER_RESET = "counter-reset"
    GAP = "gap"
    DISAGREEMENT = "disagreement"
    SHORT_WINDOW = "short-window"
    ONE_SOURCE = "one-source"
    UNCHECKED_GAP = "unchecked-gap"


SAID: Final = {
    Reason.HOSTED: "the machine belongs to somebody else, who does not tell",
    Reason.NO_SENSOR: "no sensor was found: neither NVML nor RAPL, and no watts from a meter",
    Reason.NOT_PERMITTED: "a sensor may be read by root alone: let this user read energy_uj under /sys/class/powercap",
    Reason.TOO_FEW_READINGS: "fewer than two readings",
    Reason.SENSOR_LOST: "a sensor gave no more readings",
    Reason.COUNTER_RESET: "a counter went back, or may have gone round more than once",
    Reason.GAP: f"more than {GAP_S_MAX:g} s between two readings of power, and no counter",
    Reason.DISAGREEMENT: f"counter and power differ by more than {AGREEMENT_MAX:.0%}",
    Reason.SHORT_WINDOW: f"measured for less than {WINDOW_S_MIN:g} s",
    Reason.ONE_SOURCE: "one source alone, checked against no other",
    Reason.UNCHECKED_GAP: f"more than {GAP_S_MAX:g} s between two readings: the counter is not checked against power",
}
FAULTS: Final = frozenset(list(Reason)[:8])


class SensorKind(StrEnum):
    """What a sensor sees."""

    GPU = "GPU board"
    CPU = "CPU package or its memory"
    WALL = "wall"


@dataclass(frozen=True, slots=True)
class DeviceEnergy:
    """What one sensor saw: joules by its counter and by integrating its power (None: it has no such), and reasons."""

    name: str
    kind: SensorKind
    counted_j: float | None
    integrated_j: float | None
    reasons: tuple[Reason, ...]

    @property
    def joules(self) -> float | None:
        """The counter's where there is one."""
        return self.counted_j if self.counted_j is not None else self.integrated_j


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of a window, of all that `boundary` names, idle devices included and nothing subtracted. `joules` is None
    unless the measurement is valid; `low` and `high` are there where its uncertainty was stated. `idle_watts` is the
    same boundary's power before the run."""

    joules: float | None
    seconds: float
    boundary: str
    devices: tuple[DeviceEnergy, ...]
    reasons: tuple[Reason, ...]
    low: float | None = None
    high: float | None = None
    idle_watts: float | None = None

    @property
    def is_valid(self) -> bool:
        """Whether it was measured, and no reason speaks against it."""
        return self.joules is not None

    @property
    def watts(self) -> float | None:
        """The mean power."""
        return self.joules / self.seconds if self.joules is not None and self.seconds > 0 else None

    def say(self) -> str:
        """Joules and their boundary, or that they are not measurable; and each reason in words."""
        head = "not measurable" if self.joules is None else f"{self.joules:,.0f} J of {self.boundary}"
        return "; ".join((head, *(SAID[reason] for reason in self.reasons)))


@dataclass(frozen=True, slots=True)
class EnergyShares:
    """Energy per request and per output token, and output tokens per joule; None where not measured. Between input and
    output it cannot be divided: give the mean lengths beside it."""

    joules_per_request: float | None
    joules_per_output_token: float | None
    output_tokens_per_joule: float | None


def share_energy(energy: Energy, requests: int, output_tokens: int) -> EnergyShares:
    """Divide a window's energy by what the endpoint counted in the same window."""
    if energy.joules is None:
        return EnergyShares(None, None, None)
    return EnergyShares(
        joules_per_request=energy.joules / requests if requests else None,
        joules_per_output_token=energy.joules / output_tokens if output_tokens else None,
        output_tokens_per_joule=output_tokens / energy.joules if energy.joules > 0 else None,
    )


def make_not_measurable(reason: Reason) -> Energy:
    """The answer for a hosted endpoint, or a machine without a sensor."""
    return Energy(None, 0.0, "", (), (reason,))
