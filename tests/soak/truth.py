"""What must be served, and what was: every body that a client got is compared with what it must be, byte by byte."""

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Final

WHOLE: Final = "whole"
SHORT: Final = "short"
REFUSED: Final = "refused"
BROKEN: Final = "broken"
WRONG: Final = "wrong"
OUTCOMES: Final = (WHOLE, SHORT, REFUSED, BROKEN, WRONG)


@dataclass(frozen=True)
class Pushed:
    """A commit that a server said it had made, and the files that were sent for it."""

    model: str
    commit: str
    files: dict[str, bytes]


@dataclass
class Truth:
    """Files by model and path, commits that were acknowledged; and a count of what became of each try, by who made it.

    `damaged` while bytes on the medium are not what they were: only then may a server fail with 500.
    """

    files: dict[str, dict[str, bytes]] = field(default_factory=dict[str, dict[str, bytes]])
    pushed: list[Pushed] = field(default_factory=list[Pushed])
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    statuses: Counter[int] = field(default_factory=Counter[int])
    sizes: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])
    damaged: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)

    def note(self, who: str, outcome: str, size: int = 0, status: int = 0, about: str = "") -> None:
        """Count a try."""
        with self.turn:
            self.outcomes[who][outcome] += 1
            self.sizes[who] += size
            if status:
                self.statuses[status] += 1
            if outcome == WRONG:
                self.wrong.append(f"{who}: {about}")

    def compare(self, who: str, about: str, got: bytes, expected: bytes, status: int = 200) -> bool:
        """Whether a body is whole; one that is not the beginning of what it must be is wrong."""
        if got == expected:
            self.note(who, WHOLE, len(got), status)
            return True
        right = expected.startswith(got)
        self.note(who, SHORT if right else WRONG, len(got), status, f"{about}: {len(got)} of {len(expected)} bytes")
        return False

    def refuse(self, who: str, about: str, status: int, body: bytes, *, was_damaged: bool) -> None:
        """Count an answer that is an error. One of 500 while nothing is damaged is a fault."""
        if status == 500 and not (was_damaged or self.damaged):
            self.note(who, WRONG, status=status, about=f"{about}: 500 {body[:300]!r}")
        else:
            self.note(who, REFUSED, status=status)

    def render(self) -> list[str]:
        """A line for each who asked."""
        lines = [f"{'':24}" + "".join(f"{word:>9}" for word in OUTCOMES) + f"{'MB':>9}"]
        for who, counts in sorted(self.outcomes.items()):
            numbers = "".join(f"{counts[word]:>9,}" for word in OUTCOMES)
            lines.append(f"{who:24}{numbers}{self.sizes[who] / 1e6:>9,.1f}")
        told = ", ".join(f"{status}: {count:,}" for status, count in sorted(self.statuses.items()))
        return [*lines, f"statuses: {told}", f"commits acknowledged: {len(self.pushed):,}"]
