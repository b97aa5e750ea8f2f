"""What is to be run in the sandbox, and how that ended. Records only."""

from dataclasses import dataclass
from enum import StrEnum

CPU_S_MAX = 60
MEMORY_MB_MAX = 4096


class RunEnd(StrEnum):
    """DONE: it came to its end (and its tests held). FAILED: it broke, or a test did not hold. LIMIT: it took more
    time or memory than it may. NOT_RUN: it was not run or cannot be judged, for a reason that is not its own."""

    DONE = "done"
    FAILED = "failed"
    LIMIT = "limit"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class Program:
    """Python code, and either `tests` that run after it in the same module, or a function to `call` once with each of
    `arguments` (a JSON text: a list of lists). Only the latter keeps what is expected out of the code's reach."""

    code: str
    tests: str = ""
    call: str = ""
    arguments: str = "[]"
    cpu_s: int = 5
    memory_mb: int = 256


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended. `results` is a JSON text: what each call gave."""

    end: RunEnd
    reason: str = ""
    results: str = "[]"
    isolation: str = ""
