"""A request as a mock reads it: the HTTP head, and what the body asks for. server.c reads the same.

A token of a prompt is a word: what stands between spaces, tabs and line ends. In an array of numbers each is one.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
_FNV_START: Final = 0xCBF29CE484222325
_FNV_STEP: Final = 0x100000001B3
_MASK: Final = (1 << 64) - 1


class NotUnderstood(Exception):
    """A request that is answered with an HTTP error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


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
        raise NotUnderstood(400, "The first line is not one of HTTP/1.1.")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise NotUnderstood(400, "A header has no colon.")
        fields[name.lower()] = value.strip(" \t")
    if "transfer-encoding" in fields:
        raise NotUnderstood(411, "The mock reads bodies with a Content-Length only.")
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
    try:
        asked: object = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotUnderstood(400, "The body is not JSON.") from error
    if not isinstance(asked, dict):
        raise NotUnderstood(400, "The body is not a JSON object.")
    if any(depth > DEPTH_MAX for depth in _list_depths(body)):
        raise NotUnderstood(400, "The body is nested too deeply.")
    return cast("dict[str, object]", asked)


def _list_depths(body: bytes) -> Iterator[int]:
    """How deep each bracket lies, those in texts left out."""
    depth = 0
    for bracket in re.findall(rb'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', body):
        depth += 1 if bracket in (b"[", b"{") else -1 if bracket in (b"]", b"}") else 0
        yield depth


def _read_limit(asked: dict[str, object]) -> int | None:
    """The last limit that the body sets."""
    limit = None
    for key in asked:
        value = asked[key]
        if key in _LIMITS and value is not None:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise NotUnderstood(400, f"{key} is not a number above zero.")
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
        raise NotUnderstood(400, "A header that must be a number is not.")
    return int(text)


assert len(PATHS) == len(APIS)
