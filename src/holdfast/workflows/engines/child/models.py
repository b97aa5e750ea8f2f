"""What a loaded model is asked, what it answers, and how it fails. Plain records that travel as JSON."""

import hashlib
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

PROBE_TEXT = "The day the network went dark, the team kept working:"
PROBE_TOKENS = 8


class Refused(Exception):
    """What was asked cannot be done with this model; the message says why."""


class Unsound(Exception):
    """The copy was loaded, but what it computes is wrong; the message says how."""


class CannotTell(Exception):
    """Whether the copy runs cannot be told here; the message says what is missing."""


@dataclass(frozen=True)
class Facts:
    """What was loaded. `kind` is generate, embed, classify or forward; `context` is in tokens, 0 when unknown."""

    engine: str
    version: str
    kind: str
    context: int = 0
    chat: bool = False
    labels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Probe:
    """What one pass gave: `digest` is the sha256 of the output's numbers, little-endian."""

    checked: str
    shape: tuple[int, ...]
    digest: str
    sample: str = ""


@dataclass(frozen=True)
class Ask:
    """A request for text. What is None is as the copy's own generation settings say."""

    prompt: str = ""
    messages: tuple[dict[str, Any], ...] = ()
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Said:
    """How generation ended (`stop` or `length`), and the tokens it took."""

    finish: str
    prompt_tokens: int
    tokens: int


@dataclass(frozen=True)
class Vectors:
    """A vector for each text, and the tokens that were read."""

    vectors: tuple[tuple[float, ...], ...]
    tokens: int


class Model(Protocol):
    """A loaded model. Each method raises Refused when its kind cannot do that."""

    facts: Facts

    def probe(self) -> Probe: ...
    def generate(self, ask: Ask, emit: Callable[[str], None], is_cancelled: Callable[[], bool]) -> Said: ...
    def embed(self, texts: Sequence[str]) -> Vectors: ...
    def classify(self, texts: Sequence[str]) -> Vectors: ...


def digest_floats(numbers: Iterable[float]) -> str:
    """Of 32-bit floats."""
    return hashlib.sha256(b"".join(struct.pack("<f", number) for number in numbers)).hexdigest()


def digest_integers(numbers: Iterable[int]) -> str:
    """Of 64-bit integers."""
    return hashlib.sha256(b"".join(struct.pack("<q", number) for number in numbers)).hexdigest()
