"""How long to wait before another try: what the hub says, else longer each time, with chance mixed in."""

import asyncio
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

_RATE: Final = re.compile(r'^\s*"[^"]*"\s*;\s*r=0\s*;\s*t=(\d{1,6})')
_SECONDS: Final = re.compile(r"\s*(\d{1,7})(?:\.\d+)?\s*")


@dataclass(frozen=True, slots=True)
class Patience:
    """`tries` without a byte of progress; waits begin at `base_s` and double up to `longest_s`. A hub that asks for
    more than `told_s_max` is not waited for. `draw` gives numbers from 0 to 1."""

    tries: int = 6
    base_s: float = 1.0
    longest_s: float = 60.0
    told_s_max: float = 900.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    draw: Callable[[], float] = random.random

    def compute_wait(self, failed: int, told_s: float | None) -> float:
        """Seconds to wait after so many failures in a row."""
        if told_s is not None:
            return told_s + 1.0 + self.draw()
        ceiling: float = min(self.longest_s, self.base_s * 2.0 ** (failed - 1))
        return ceiling * (0.5 + 0.5 * self.draw())


def find_told_wait(headers: Mapping[str, str]) -> float | None:
    """The seconds that an answer asks to wait: RateLimit when nothing remains of it, else Retry-After."""
    if found := _RATE.match(headers.get("RateLimit", "")):
        return float(found[1])
    found = _SECONDS.fullmatch(headers.get("Retry-After", ""))
    return float(found[1]) if found else None
