"""What a sensor is: something that tells joules so far, watts now, or both."""

from dataclasses import dataclass
from typing import Protocol

from holdfast.measure.energy.energy import Reason, SensorKind


@dataclass(frozen=True, slots=True)
class Reading:
    """One look at a sensor. `joules` by a counter that began anywhere; None: it has no such. With a `fault` neither."""

    joules: float | None = None
    watts: float | None = None
    fault: Reason | None = None


class Sensor(Protocol):
    """One device. `wraps_at_j` is where its counter begins anew; None: it never does."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def kind(self) -> SensorKind:
        """What it sees."""
        ...

    @property
    def wraps_at_j(self) -> float | None:
        """Where the counter begins anew."""
        ...

    def read(self) -> Reading:
        """Look now."""
        ...
