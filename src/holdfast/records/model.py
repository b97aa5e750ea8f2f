"""What a model is called: a package URL for weights, an `api:` name for a hosted model; and which revision is meant."""

import re
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Weights that a party holds or downloads, or a model behind someone else's API."""

    WEIGHTS = "weights"
    HOSTED = "hosted"


class Pin(StrEnum):
    """Whether a revision names one set of bytes for ever."""

    EXACT = "exact"  # commit sha, digest
    SNAPSHOT = "snapshot"  # a dated name that its provider promises not to move
    MOVING = "moving"  # branch, tag, "latest", or nothing said
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Revision:
    """`value` as written (None: nothing was written) and what kind of promise it is."""

    value: str | None = None
    pin: Pin = Pin.MOVING


@dataclass(frozen=True, slots=True, order=True)
class ModelName:
    """A model's canonical name without its revision.

    `scheme` is `pkg:huggingface`, `pkg:ollama`, `pkg:modelscope`, `pkg:generic` or `api`; `path` is what follows,
    e.g. `Qwen/Qwen3-8B`, `anthropic/claude-sonnet-4-5`, `qwen3:8b`. Equality is on the canonical text.
    """

    scheme: str
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}:{self.path}" if self.scheme == "api" else f"{self.scheme}/{self.path}"

    @property
    def kind(self) -> Kind:
        """Hosted for `api:` names, weights for package URLs."""
        return Kind.HOSTED if self.scheme == "api" else Kind.WEIGHTS

    @property
    def namespace(self) -> str:
        """The part before the first slash: a hub organisation or an API provider; empty for single-segment names."""
        return self.path.split("/", 1)[0] if "/" in self.path else ""


_NAME = re.compile(r"(?P<scheme>api|pkg:[a-z0-9.+-]+)[:/](?P<path>[^@\s]+)(?:@(?P<revision>\S+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}|sha256:[0-9a-f]{12,64}")


def find_model_name(text: str) -> ModelName | None:
    """Parse `pkg:huggingface/org/name[@rev]` or `api:provider/name`; None when `text` is neither."""
    match = _NAME.fullmatch(text)
    return ModelName(match["scheme"], match["path"]) if match else None


def classify_revision(value: str | None) -> Revision:
    """A 40-hex commit or a digest is exact; any other text, and no text, moves."""
    if value is not None and _COMMIT.fullmatch(value):
        return Revision(value, Pin.EXACT)
    return Revision(value, Pin.MOVING)
