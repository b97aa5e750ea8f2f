"""What an answer says, gathered from its events or its body. Whatever is not of the type that belongs was not said."""

from dataclasses import dataclass, field
from typing import Any, Final, cast

from holdfast.records.measurement import FirstToken, ToolCall, Usage

_COUNT_MAX: Final = 1 << 40
_CALLS_MAX: Final = 1024
_ALTERNATIVES_MAX: Final = 256
_LOG_MIN: Final = -1e5
_LOG_MAX: Final = 1e-3
_Way = tuple[str | None, float | None]
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
    first: FirstToken | None = None
    identity: str = ""

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
        self.identity = self.identity or read_text(value.get("id"))

    def note_first(self, logprobs: object) -> None:
        """The log probabilities of the answer's first tokens, where there are any."""
        if logprobs and self.first is None:
            self.first = find_first(logprobs)


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


def find_first(logprobs: object) -> FirstToken | None:
    """The first token in `logprobs` as chat (a list under `content`), responses (the list itself) and completions
    (lists of tokens, of their logarithms and of alternatives by token) write it; None where it is not written whole."""
    told = read_object(logprobs)
    entries = read_objects(told.get("content") if told else logprobs)
    if entries:
        ways = tuple(_read_token(way) for way in read_objects(entries[0].get("top_logprobs"))[:_ALTERNATIVES_MAX])
        return _make_first(_read_token(entries[0]), ways)
    tokens, logs, tops = (_read_first(told.get(name)) for name in ("tokens", "token_logprobs", "top_logprobs"))
    ways = tuple((text, _read_log(log)) for text, log in list(read_object(tops).items())[:_ALTERNATIVES_MAX])
    return _make_first((tokens if isinstance(tokens, str) else None, _read_log(logs)), ways)


def _make_first(own: _Way, ways: tuple[_Way, ...]) -> FirstToken | None:
    text, log = own
    if text is None or log is None:
        return None
    return FirstToken(text, log, tuple((name, value) for name, value in ways if name is not None and value is not None))


def _read_token(entry: dict[str, Any]) -> _Way:
    text = entry.get("token")
    return (text if isinstance(text, str) else None), _read_log(entry.get("logprob"))


def _read_log(value: object) -> float | None:
    """The logarithm of a probability: a number that is at most 0, but for rounding; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not _LOG_MIN <= value <= _LOG_MAX:
        return None
    return min(0.0, float(value))


def _read_first(value: object) -> object:
    return cast("list[object]", value)[0] if isinstance(value, list) and value else None


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
