"""From the text of a name and its surroundings to a canonical model name. Guesses are marked inferred; no network."""

from dataclasses import dataclass

from holdfast.records.model import Kind, ModelName, Revision
from holdfast.records.use import Confidence


@dataclass(frozen=True, slots=True)
class Named:
    """A canonical name, the revision that the text itself carries, and how sure that is."""

    model: ModelName
    revision: Revision
    kind: Kind
    confidence: Confidence


def find_named(text: str, via: str = "", endpoint: str = "", revision: str | None = None) -> Named | None:
    """Canonical name for `text` as seen through `via` (an engine or client word); None when it is no model name.

    >>> find_named("Qwen/Qwen3-8B", via="transformers").model
    ModelName(scheme='pkg:huggingface', path='Qwen/Qwen3-8B')
    """
    raise NotImplementedError
