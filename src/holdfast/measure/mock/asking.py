"""A request as a mock reads it: the HTTP head, and what the body asks for. server.c reads the same.

A token of a prompt is a word: what stands between spaces, tabs and line ends. In an array of numbers each is one.
"""

import json
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, cast

from holdfast.measure.mock.draws import mix
from holdfast.measure.mock.wording import APIS

HEAD_BYTES_MAX: Final = 64 << 10
DEPTH_MAX: Final = 64
PATHS: Final = ("/chat/completions", "/completions", "/responses", "/embeddings")
_TEXTS: Final = frozenset({"messages", "prompt", "input", "instructions", "content", "text"})
_TOP: Final = ("messages", "prompt", "input", "instructions")
_LIMITS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_WORD: Final = re.compile(r"[^ \t\r\n]+")
_BRACKET: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_FNV_START: Final = 0xCBF29CE484222325
_FNV_STEP: Final = 0x100000001B3
_MASK: Final = (1 << 64) - 1


class Fault(Enum):
    """Why a request is answered with an HTTP error: status and message, in the order that server.c knows."""

    FIRST_LINE = (400, "The first line is not one of HTTP/1.1.")
    NO_COLON = (400, "A header has no colon.")
    NO_LENGTH = (411, "The mock reads bodies with a Content-Length only.")
    HEADER_NUMBER = (400, "A header that must be a number is not.")
    HEAD_LONG = (431, "The headers are too long.")
    BODY_LONG = (413, "The body is too long.")
    NOT_JSON = (400, "The body is not JSON.")
    NOT_OBJECT = (400, "The body is not a JSON object.")
    TOO_DEEP = (400, "The body is nested too deeply.")
    LIMIT_NUMBER = (400, "The limit of tokens is not a whole number above zero.")
    NO_PATH = (404, "There is nothing at this path.")
    NO_METHOD = (405, "This path wants POST.")
    NO_SCENARIO = (400, "The mock has no scenario of this name.")


class NotUnderstood(Exception):
    """A request that is answered with an HTTP error."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value[1])
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines of a request. `sample` is -1 where there is none."""

    method: str
    path: str
    body_bytes: int
    sample: int
    scenario: str
    keeps_alive: bool
    waits: bool  # for "100 Continue"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a body asks for. `limit` is None where it sets none; `blocks` are hashes of the prompt's beginnings."""

    streams: bool
    limit: int | None
    ignores_end: bool
    wants_usage: bool
    prompt: int
    inputs: int
    blocks: tuple[int, ...]


def read_head(data: bytes) -> Head:
    """The head, without the empty line after it. Raises NotUnderstood."""
    lines = data.decode("latin-1").split("\r\n")
    first = lines[0].split(" ")
    if len(first) != 3 or first[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise NotUnderstood(Fault.FIRST_LINE)
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise NotUnderstood(Fault.NO_COLON)
        fields[name.lower()] = value.strip(" \t")
    if "transfer-encoding" in fields:
        raise NotUnderstood(Fault.NO_LENGTH)
    connection = fields.get("connection", "").lower()
    return Head(
        method=first[0],
        path=first[1].partition("?")[0],
        body_bytes=_read_number(fields.get("content-length", "0")),
        sample=_read_number(fields["x-holdfast-sample"]) if "x-holdfast-sample" in fields else -1,
        scenario=fields.get("x-holdfast-scenario", ""),
        keeps_alive=connection != "close" and (first[2] == "HTTP/1.1" or connection == "keep-alive"),
        waits=fields.get("expect", "").lower() == "100-continue",
    )


def find_api(path: str) -> int | None:
    """Which of APIS a path is, with or without `/v1` before it."""
    path = path.removeprefix("/v1")
    return PATHS.index(path) if path in PATHS else None


def read_asked(body: bytes, block_tokens: int) -> Asked:
    """What a body asks for. Raises NotUnderstood."""
    asked = _read_object(body)
    options = asked.get("stream_options")
    includes = cast("dict[str, object]", options).get("include_usage") if isinstance(options, dict) else None
    words = Words(block_tokens)
    for key in asked:
        if key in _TOP:
            words.take(asked[key], key)
    return Asked(
        streams=asked.get("stream") is True,
        limit=_read_limit(asked),
        ignores_end=asked.get("ignore_eos") is True,
        wants_usage=includes is True,
        prompt=words.count,
        inputs=_count_inputs(asked.get("input")),
        blocks=tuple(words.blocks),
    )


class Words:
    """Counts the tokens of a prompt, and hashes its beginnings in blocks (FNV-1a over words, 64 bits)."""

    def __init__(self, block_tokens: int) -> None:
        self._block, self._hash = block_tokens, _FNV_START
        self.count = 0
        self.blocks: list[int] = []

    def take(self, value: object, key: str) -> None:
        """Count the texts in a value that stands under this key."""
        if isinstance(value, str):
            if key in _TEXTS:
                for word in _WORD.findall(value):
                    self._add(word.encode("utf-8", "surrogatepass"))
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            if key in ("prompt", "input"):
                self._add(b"#")
        elif isinstance(value, list):
            for item in cast("list[object]", value):
                self.take(item, key)
        elif isinstance(value, dict):
            for inner, item in cast("dict[str, object]", value).items():
                self.take(item, inner)

    def _add(self, word: bytes) -> None:
        self.count += 1
        if not self._block:
            return
        for byte in (*word, 0x20):
            self._hash = ((self._hash ^ byte) * _FNV_STEP) & _MASK
        if self.count % self._block == 0:
            self.blocks.append(mix(self._hash))


def _read_object(body: bytes) -> dict[str, object]:
    if _find_depth(body) > DEPTH_MAX:
        raise NotUnderstood(Fault.TOO_DEEP)
    try:
        asked: object = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood(Fault.NOT_JSON) from error
    if not isinstance(asked, dict):
        raise NotUnderstood(Fault.NOT_OBJECT)
    return cast("dict[str, object]", asked)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


def _find_depth(body: bytes) -> int:
    """How deep the deepest bracket lies; those in texts are none."""
    depth = deepest = 0
    for found in _BRACKET.finditer(body):
        depth += {b"[": 1, b"{": 1, b"]": -1, b"}": -1}.get(found[0], 0)
        deepest = max(deepest, depth)
    return deepest


def _read_limit(asked: dict[str, object]) -> int | None:
    """The last limit that the body sets."""
    limit = None
    for key in asked:
        value = asked[key]
        if key in _LIMITS and value is not None:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise NotUnderstood(Fault.LIMIT_NUMBER)
            limit = value
    return limit


def _count_inputs(value: object) -> int:
    """How many texts are to be embedded; an array of numbers is one."""
    if not isinstance(value, list):
        return 1
    items = cast("list[object]", value)
    return 1 if not items or isinstance(items[0], (int, float)) else len(items)


def _read_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise NotUnderstood(Fault.HEADER_NUMBER)
    return int(text)


assert len(PATHS) == len(APIS)
