"""Requests as bytes, built before the run: at the moment of sending only a number and a nonce are put in."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import holdfast
from holdfast.measure.load.address import Address
from holdfast.measure.load.bodies import build_body, join_prompt
from holdfast.measure.load.keys import Key
from holdfast.records.errors import LimitExceeded
from holdfast.records.measurement import Ask, Endpoint

SAMPLE_HEADER: Final = "x-holdfast-sample"
NONCE_LETTERS: Final = 16
_REQUEST_BYTES_MAX: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class Wiring:
    """How requests are put on the wire: whose they are (a server of ours is told the sample's number in a header) and
    whether each gets a nonce before its prompt. Printing it shows no key."""

    endpoint: Endpoint
    address: Address
    key: Key
    is_ours: bool = False
    has_nonce: bool = False
    count: Callable[[str], int] | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """A request's bytes in three pieces: the sample's number goes after the first (unless that is empty), the nonce
    after the second (unless it is empty)."""

    ask: Ask
    prompt_sha256: str
    pieces: tuple[bytes, bytes, bytes] = field(repr=False)
    counted: int | None = None  # tokens of the messages, by a tokenizer of ours

    def render(self, number: int, salt: str) -> bytes:
        """The bytes to send."""
        first, second, last = self.pieces
        if first:
            second = b"%b%010d%b" % (first, number, second)
        return second + make_nonce(salt, number) + last if self.has_nonce else second + last

    @property
    def has_nonce(self) -> bool:
        """Whether the prompt begins with letters that no other prompt begins with."""
        return bool(self.pieces[1])


def build_template(wiring: Wiring, ask: Ask) -> Template:
    """The request for one ask, cut where it will be filled in. MalformedFile or LimitExceeded, with the ask's number,
    when it cannot be sent."""
    mark = _find_mark(ask) if wiring.has_nonce else ""
    body = json.dumps(build_body(wiring.endpoint, ask, f"[{mark}] " if mark else ""), separators=(",", ":")).encode()
    if len(body) > _REQUEST_BYTES_MAX:
        raise LimitExceeded(
            f"the request has {len(body)} bytes, more than {_REQUEST_BYTES_MAX}",
            where=f"prompt {ask.number}",
            next_step="Shorten the prompt.",
        )
    head = _build_head(wiring, len(body))
    counted = wiring.count(join_prompt(ask)) if wiring.count else None
    return Template(ask, digest_prompt(ask), _cut(wiring, head, body, mark.encode()), counted)


def make_nonce(salt: str, number: int) -> bytes:
    """Sixteen hexadecimal digits that follow from the salt and the number alone."""
    return hashlib.blake2b(f"{salt}/{number}".encode(), digest_size=NONCE_LETTERS // 2).hexdigest().encode()


def digest_prompt(ask: Ask) -> str:
    """SHA-256 of the messages as JSON, the same for every endpoint and interface that is asked this."""
    turns = [[message.role, message.content] for message in ask.messages]
    return hashlib.sha256(json.dumps(turns, separators=(",", ":")).encode()).hexdigest()


def _cut(wiring: Wiring, head: bytes, body: bytes, mark: bytes) -> tuple[bytes, bytes, bytes]:
    before, after = body.split(mark) if mark else (b"", body)
    if not wiring.is_ours:
        return (b"", head + before, after) if mark else (b"", b"", head + after)
    numbered = head[:-2] + f"{SAMPLE_HEADER}: ".encode()
    return (numbered, b"\r\n\r\n" + before, after) if mark else (numbered, b"", b"\r\n\r\n" + after)


def _find_mark(ask: Ask) -> str:
    """Letters that stand for the nonce and occur nowhere in the prompt."""
    said = "".join([*(message.content for message in ask.messages), ask.tools, ask.response_format, ask.extra])
    number = 0
    while (mark := f"{number:0{NONCE_LETTERS}x}") in said:
        number += 1
    return mark


def _build_head(wiring: Wiring, length: int) -> bytes:
    lines = [
        f"POST {wiring.address.path} HTTP/1.1",
        f"Host: {wiring.address.host_header}",
        f"User-Agent: holdfast/{holdfast.__version__}",
        "Content-Type: application/json",
        f"Accept: {'text/event-stream' if wiring.endpoint.is_streaming else 'application/json'}",
        "Accept-Encoding: identity",
        f"Content-Length: {length}",
    ]
    if wiring.key:
        lines.append(f"Authorization: Bearer {wiring.key.reveal()}")
    elif wiring.address.credentials:
        lines.append(f"Authorization: Basic {wiring.address.credentials.reveal()}")
    return "\r\n".join([*lines, "\r\n"]).encode()
