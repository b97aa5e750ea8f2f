"""What a check sees, what it may use, and what it finds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from holdfast.measure.quality.sandbox.programs import Program, Ran
from holdfast.records.measurement import ToolCall, Verdict


@dataclass(frozen=True, slots=True)
class Output:
    """What a model gave back: its text without reasoning, and the calls of tools that it asks for."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says. `score` is 0 to 1, None where the verdict is unknown; `reason` is empty for a right one."""

    verdict: Verdict
    score: float | None
    reason: str = ""


RIGHT = Finding(Verdict.RIGHT, 1.0)


def find_wrong(reason: str, score: float = 0.0) -> Finding:
    """A wrong answer, with the reason for people."""
    return Finding(Verdict.WRONG, score, mend(reason))


def find_unknown(reason: str) -> Finding:
    """The check could not tell."""
    return Finding(Verdict.UNKNOWN, None, mend(reason))


def mend(text: str) -> str:
    """The text with `?` for every half of a character, which JSON can hold and no file can."""
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Means:
    """What checks may use besides the answer. Without `run_code` a check that runs code finds that it cannot tell."""

    run_code: Callable[[Program], Ran] | None = None


class Check(Protocol):
    """One condition on an answer."""

    @property
    def type(self) -> str:
        """The word by which suites name this kind of check."""
        ...

    def judge(self, output: Output, means: Means, /) -> Finding:
        """Whether the answer meets it. Never raises, whatever the model wrote."""
        ...
