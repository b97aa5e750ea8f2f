"""What measuring cost the client itself: processor time, and time spent waiting for a processor."""

import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SCHEDULER: Final = Path("/proc/self/schedstat")


@dataclass(frozen=True, slots=True)
class Effort:
    """What one worker spent on one load. `waited_ns`: ready to run, but other work had the processor (None: the system
    does not say). `parts` came, `requests` ended. `reading_ns` is processor time for reading answers after the load."""

    worker: int
    level: int
    wall_ns: int
    cpu_ns: int
    reading_ns: int
    waited_ns: int | None
    forced_switches: int
    requests: int
    parts: int
    was_urgent: bool = False  # ran before all ordinary work


@dataclass(frozen=True, slots=True)
class Meter:
    """Counters of this process at a moment."""

    at_ns: int
    cpu_ns: int
    waited_ns: int | None
    forced_switches: int


def read_meter() -> Meter:
    """The counters now."""
    return Meter(
        time.monotonic_ns(),
        time.process_time_ns(),
        _read_waited(),
        resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw,
    )


def _read_waited() -> int | None:
    try:
        return int(_SCHEDULER.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
