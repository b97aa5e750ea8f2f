"""What a smoke test of a kept copy found: one pass in a known runtime, with the network taken away."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

NAMESPACE: Final = "network namespace with loopback only"


class SmokeOutcome(StrEnum):
    """PASSED: it ran, and its output was sound. FAILED: the runtime refused the copy, or its output was not sound.
    UNKNOWN: the runtime crashed, ran out of time or memory, or does not know such models."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SmokeResult:
    """One smoke test. `isolation` is NAMESPACE, or `none (…)` with the reason; `reason` is empty when it passed.

    `output_sha256` is of the output's numbers (float32 or int64, little-endian) or text; `files` are those that were
    there for the engine to load; times in seconds; memory is the most that was resident at a time.
    """

    outcome: SmokeOutcome
    reason: str
    engine: str
    version: str
    isolation: str
    files: tuple[str, ...]
    checked: str = ""
    shape: tuple[int, ...] = ()
    output_sha256: str = ""
    sample: str = ""
    load_s: float = 0.0
    pass_s: float = 0.0
    peak_memory_bytes: int = 0
    notes: tuple[str, ...] = ()

    @property
    def is_offline_proven(self) -> bool:
        """Whether it passed where nothing but loopback could be reached."""
        return self.outcome is SmokeOutcome.PASSED and self.isolation == NAMESPACE
