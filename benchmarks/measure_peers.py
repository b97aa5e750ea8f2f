"""Other load generators, run from environments of their own against the same server, and what they report."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Offered:
    """A load: streams of 64 tokens that are always under way, or requests a second for 16 tokens each."""

    streams: int = 0
    rate_per_s: float = 0.0
    seconds: float = 12.0

    @property
    def tokens(self) -> int:
        """Of each answer."""
        return 64 if self.streams else 16

    def shorten(self, seconds: float) -> Self:
        """For no longer than this."""
        return replace(self, seconds=min(seconds, self.seconds))


@dataclass(frozen=True, slots=True)
class Reported:
    """What a tool says: milliseconds to the first token, and tokens a second."""

    ttft_p50_ms: float
    ttft_p99_ms: float
    tokens_per_s: float

    def __str__(self) -> str:
        return f"{self.ttft_p50_ms:.2f} / {self.ttft_p99_ms:.2f}"


PEERS: dict[str, Callable[[Path, str, Offered], Reported]] = {}
