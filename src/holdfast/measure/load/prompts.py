"""What is asked: the team's own prompts from a JSONL file, or prompts made of common words with drawn lengths."""

import json
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from holdfast.records.errors import ConfigurationError, LimitExceeded, MalformedFile, MissingPath, UnreadableFile
from holdfast.records.measurement import Ask, Message

LINE_BYTES_MAX: Final = 32 << 20
FILE_BYTES_MAX: Final = 4 << 30
PROMPTS_MAX: Final = 1_000_000
TOKENS_MAX: Final = 10_000_000
_FIELDS: Final = frozenset(
    {"messages", "prompt", "max_tokens", "temperature", "seed", "stop", "tools", "response_format", "extra"}
)


class Shape(StrEnum):
    """How lengths are drawn."""

    CONSTANT = "constant"
    UNIFORM = "uniform"
    LOGNORMAL = "lognormal"


@dataclass(frozen=True, slots=True)
class Lengths:
    """Numbers of tokens. CONSTANT: `first` always. UNIFORM: from `first` to `second`, both included. LOGNORMAL: of
    mean `first` and coefficient of variation `second`."""

    shape: Shape
    first: float
    second: float = 0.0

    def draw(self, count: int, random: np.random.Generator) -> list[int]:
        """So many whole numbers of at least 1."""
        if self.shape is Shape.CONSTANT:
            return [max(1, round(self.first))] * count
        if self.shape is Shape.UNIFORM:
            drawn = random.integers(round(self.first), round(self.second), count, endpoint=True)
            return [max(1, int(number)) for number in drawn]
        sigma = math.sqrt(math.log1p(self.second**2))
        drawn_logs = random.lognormal(math.log(self.first) - sigma**2 / 2, sigma, count)
        return [min(TOKENS_MAX, max(1, round(float(number)))) for number in drawn_logs]


@dataclass(frozen=True, slots=True)
class Made:
    """Prompts to be made: how many, how long in tokens, and for answers of how many. `ignores_end` asks servers that
    know `ignore_eos` to make answers exactly so long. Without a counter of tokens each counts for a word; with one a
    prompt has as many words as fit."""

    count: int
    prompt: Lengths
    answer: Lengths
    seed: int
    ignores_end: bool = False


def parse_lengths(text: str) -> Lengths:
    """`128`, `uniform:64-256` or `lognormal:128:0.5`. ConfigurationError for anything else."""
    name, _, rest = text.partition(":")
    try:
        if not rest:
            return _check_lengths(Lengths(Shape.CONSTANT, float(name)), text)
        if name == Shape.UNIFORM:
            low, high = rest.split("-")
            return _check_lengths(Lengths(Shape.UNIFORM, float(low), float(high)), text)
        mean, spread = rest.split(":")
        return _check_lengths(Lengths(Shape(name), float(mean), float(spread)), text)
    except ValueError:
        raise _refuse_lengths(text) from None


def make_prompts(made: Made, count_tokens: Callable[[str], int] | None = None) -> tuple[Ask, ...]:
    """Prompts of common words; the same for the same seed."""
    if not 1 <= made.count <= PROMPTS_MAX:
        raise ConfigurationError(
            f"the number of prompts is not between 1 and {PROMPTS_MAX}", next_step="Choose another one."
        )
    random = np.random.default_rng(made.seed)
    sizes, limits = made.prompt.draw(made.count, random), made.answer.draw(made.count, random)
    extra = '{"ignore_eos": true}' if made.ignores_end else ""
    return tuple(
        Ask(number, (Message("user", _make_text(size, random, count_tokens)),), limit, extra=extra)
        for number, (size, limit) in enumerate(zip(sizes, limits, strict=True))
    )


def read_prompts(path: Path, tokens_max: int = 256) -> tuple[Ask, ...]:
    """The prompts of a JSONL file, one a line: `{"messages": [{"role", "content"}, …]}` or `{"prompt": "…"}`, with
    `max_tokens` (else `tokens_max`) and other settings. MissingPath, UnreadableFile, LimitExceeded, or MalformedFile
    with the line's number."""
    asks: list[Ask] = []
    for line_number, line in _iterate_lines(path):
        if line.strip():
            where = f"{path}:{line_number}"
            asks.append(_read_ask(_Line(where, len(asks), tokens_max), line))
        if len(asks) > PROMPTS_MAX:
            raise LimitExceeded(f"more than {PROMPTS_MAX} prompts", where=str(path), next_step="Split the file.")
    if not asks:
        raise MalformedFile("it holds no prompt", where=str(path), next_step='Write one a line: {"prompt": "…"}.')
    return tuple(asks)


@dataclass(frozen=True, slots=True)
class _Line:
    """Where a prompt stands, which it is, and its limit if it names none."""

    where: str
    number: int
    tokens_max: int

    def refuse(self, what: str) -> MalformedFile:
        return MalformedFile(what, where=self.where, next_step="Correct the line; nothing was sent.")


def _iterate_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        size = path.stat().st_size
        if size > FILE_BYTES_MAX:
            raise LimitExceeded(f"more than {FILE_BYTES_MAX} bytes", where=str(path), next_step="Split the file.")
        with path.open("rb") as file:
            number = 0
            while line := file.readline(LINE_BYTES_MAX + 1):
                number += 1
                if len(line) > LINE_BYTES_MAX:
                    raise LimitExceeded(
                        f"a line of more than {LINE_BYTES_MAX} bytes", where=f"{path}:{number}", next_step="Shorten it."
                    )
                yield number, line
    except FileNotFoundError:
        raise MissingPath("there is no such file", where=str(path), next_step="Name a JSONL file.") from None
    except OSError as error:
        raise UnreadableFile(
            f"it cannot be read: {error.strerror}", where=str(path), next_step="Check its owner and permissions."
        ) from error


def _read_ask(line: _Line, data: bytes) -> Ask:
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError):
        raise line.refuse("the line is not JSON") from None
    if not isinstance(value, dict):
        raise line.refuse("the line is not a JSON object")
    fields = cast("dict[str, Any]", value)
    if unknown := sorted(set(fields) - _FIELDS):
        raise line.refuse(f"no prompt has a field `{unknown[0]}`; known are {', '.join(sorted(_FIELDS))}")
    return Ask(
        number=line.number,
        messages=_read_messages(line, fields),
        tokens_max=_read_number(line, fields, "max_tokens", line.tokens_max),
        temperature=_read_temperature(line, fields),
        seed=_read_number(line, fields, "seed", None),
        stop=_read_stop(line, fields),
        tools=_write(fields.get("tools")),
        response_format=_write(fields.get("response_format")),
        extra=_write(fields.get("extra")),
    )


def _read_messages(line: _Line, fields: dict[str, Any]) -> tuple[Message, ...]:
    if ("messages" in fields) == ("prompt" in fields):
        raise line.refuse("the line needs either `messages` or `prompt`")
    if "prompt" in fields:
        if not isinstance(fields["prompt"], str):
            raise line.refuse("`prompt` is not text")
        return (Message("user", fields["prompt"]),)
    messages: object = fields["messages"]
    if not isinstance(messages, list) or not messages:
        raise line.refuse("`messages` is not a list of messages")
    return tuple(_read_message(line, message) for message in cast("list[object]", messages))


def _read_message(line: _Line, value: object) -> Message:
    message = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str) or not isinstance(content, str):
        raise line.refuse("a message needs a `role` and a `content`, both text")
    return Message(role, content)


def _read_number(line: _Line, fields: dict[str, Any], name: str, default: Any) -> Any:
    value = fields.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 63:
        raise line.refuse(f"`{name}` is not a whole number of at least 0")
    return value


def _read_temperature(line: _Line, fields: dict[str, Any]) -> float | None:
    value: object = fields.get("temperature")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
        raise line.refuse("`temperature` is not a number of at least 0")
    return float(value)


def _read_stop(line: _Line, fields: dict[str, Any]) -> tuple[str, ...]:
    value: object = fields.get("stop")
    texts = cast("list[object]", value) if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(text, str) for text in texts):
        raise line.refuse("`stop` is neither text nor a list of texts")
    return tuple(cast("list[str]", texts))


def _write(value: object) -> str:
    return "" if value is None else json.dumps(value, separators=(",", ":"))


@cache
def read_words() -> tuple[str, ...]:
    """Common English words: most tokenizers have a token for each, with the space before it."""
    return tuple(files("holdfast.measure.load").joinpath("words.txt").read_text(encoding="ascii").split())


def _make_text(size: int, random: np.random.Generator, count_tokens: Callable[[str], int] | None) -> str:
    known = read_words()
    words = [known[int(number)] for number in random.integers(0, len(known), size)]
    if count_tokens is None:
        return " ".join(words)
    kept = bisect_right(range(size + 1), size, key=lambda number: count_tokens(" ".join(words[:number])))
    return " ".join(words[: max(1, kept - 1)])


def _check_lengths(lengths: Lengths, text: str) -> Lengths:
    is_possible = 1 <= lengths.first <= TOKENS_MAX and 0 <= lengths.second <= TOKENS_MAX
    if not is_possible or (lengths.shape is Shape.UNIFORM and lengths.second < lengths.first):
        raise _refuse_lengths(text)
    return lengths


def _refuse_lengths(text: str) -> ConfigurationError:
    return ConfigurationError(
        f"`{text[:80]}` is no length in tokens", next_step="Write 128, uniform:64-256 or lognormal:128:0.5."
    )
