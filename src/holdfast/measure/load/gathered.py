"""What an answer says, gathered from its events or its body. Whatever is not of the type that belongs was not said."""

from dataclasses import dataclass, field
from typing import Any, Final, cast

from holdfast.records.measurement import ToolCall, Usage

_COUNT_MAX: Final = 1 << 40
_CALLS_MAX: Final = 1024
DETAIL_LETTERS_MAX: Final = 300


@dataclass(slots=True)
class Gathered:
    """One answer while it is read. `chunk_ns` has the moment of each event with generated text; `is_whole` says that
    the answer itself says that it is over."""

    texts: list[str] = field(default_factory=list[str])
    reasonings: list[str] = field(default_factory=list[str])
    calls: dict[int, ToolCall] = field(default_factory=dict[int, ToolCall])
    chunk_ns: list[int] = field(default_factory=list[int])
    first_answer_ns: int | None = None
    finish_reason: str = ""
    is_refusal: bool = False
    is_whole: bool = False
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    fingerprint: str = ""
    error: str = ""

    def note_chunk(self, stamp_ns: int, *, is_answer: bool) -> None:
        """An event with generated text came."""
        self.chunk_ns.append(stamp_ns)
        if is_answer and self.first_answer_ns is None:
            self.first_answer_ns = stamp_ns

    def note_run(self, text: str, stamps_ns: list[int]) -> None:
        """Events came that brought text of the answer and nothing else."""
        self.texts.append(text)
        self.chunk_ns.extend(stamps_ns)
        if self.first_answer_ns is None:
            self.first_answer_ns = stamps_ns[0]

    def add_call(self, place: int, name: str, arguments: str) -> None:
        """A piece of a call of a tool."""
        known = self.calls.get(place, ToolCall("", ""))
        if place in self.calls or len(self.calls) < _CALLS_MAX:
            self.calls[place] = ToolCall(known.name + name, known.arguments + arguments)

    def note_finish(self, reason: str) -> None:
        """The answer says why it ends."""
        self.finish_reason = reason
        self.is_refusal |= reason == "content_filter"

    def note_served(self, value: dict[str, Any]) -> None:
        """Who answered, in its own words."""
        self.model = read_text(value.get("model")) or self.model
        self.fingerprint = read_text(value.get("system_fingerprint")) or self.fingerprint


def read_text(value: object) -> str:
    """The text, or none."""
    return value if isinstance(value, str) else ""


def read_object(value: object) -> dict[str, Any]:
    """The object, or an empty one."""
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def read_objects(value: object) -> list[dict[str, Any]]:
    """The objects of a list."""
    return [read_object(item) for item in cast("list[object]", value)] if isinstance(value, list) else []


def read_count(value: object) -> int | None:
    """A number of tokens; None where it cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _COUNT_MAX:
        return None
    return value


def read_usage(value: object) -> Usage:
    """Usage as chat and completions count it, or as responses does: cached and reasoning tokens are parts of the
    others in both."""
    usage = read_object(value)
    before = read_object(usage.get("prompt_tokens_details") or usage.get("input_tokens_details"))
    after = read_object(usage.get("completion_tokens_details") or usage.get("output_tokens_details"))
    return Usage(
        read_count(usage.get("prompt_tokens", usage.get("input_tokens"))),
        read_count(before.get("cached_tokens")),
        read_count(usage.get("completion_tokens", usage.get("output_tokens"))),
        read_count(after.get("reasoning_tokens")),
    )


def read_error(value: object) -> str:
    """An error's own words on one line, cut short."""
    error = read_object(value)
    words = read_text(value) or " ".join(
        text for text in (read_text(error.get("message")), read_text(error.get("code"))) if text
    )
    return tidy(words) or "an error without words"


def tidy(text: str) -> str:
    """Foreign text for a message: one line, printable, cut short."""
    if len(text) <= DETAIL_LETTERS_MAX and text.isprintable() and "  " not in text and text == text.strip():
        return text
    line = " ".join(text[: 4 * DETAIL_LETTERS_MAX].split())
    shown = "".join(letter if letter.isprintable() else "?" for letter in line)
    return shown if len(shown) <= DETAIL_LETTERS_MAX else shown[: DETAIL_LETTERS_MAX - 1] + "…"
