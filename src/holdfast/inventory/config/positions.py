"""Which keys, flags and variables hold a model: reads a key with the tables of words.yaml. Knows no model names."""

import re
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise

from holdfast.inventory.config.words import Words, get_words
from holdfast.inventory.naming import says_provider

KEY_CHARACTERS_MAX = 120


class Position(IntEnum):
    """What a key says about its value."""

    NEVER = -1  # a caption, a search word, a sample: nothing below it is configuration
    NO = 0  # says nothing, or says that it is something else
    WEAK = 1  # a value that is unmistakably a model's name is a use
    STRONG = 2  # any value that can be read as a name is one


@dataclass(frozen=True, slots=True)
class KeyReading:
    """A key, read: its position, the engine or provider it names, and whether it announces several models."""

    position: Position
    via: str = ""
    is_plural: bool = False
    is_passed_on: bool = False  # an environment variable, set for some program and read elsewhere
    is_repository: bool = False  # of code, of images or of models: only a hub's own words can tell


NOTHING = KeyReading(Position.NO)
CAPTION = KeyReading(Position.NEVER)
STRONG = KeyReading(Position.STRONG)

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_HUBS = frozenset({"hf", "huggingface", "hub", "model", "gguf", "llm", "embedding", "ollama"})
_HEAD_LAST = frozenset({"model", "llm", "models", "reranker", "checkpoint"})
_HOSTS_OF_OTHERS = ("azure", "bedrock", "vertex")


def split_words(key: str) -> tuple[str, ...]:
    """The lower-case words of a key in any spelling: `modelNameOrPath`, `MODEL_NAME_OR_PATH`, `model-name-or-path`."""
    return tuple(word.lower() for word in _WORDS.findall(key))


@lru_cache(maxsize=20_000)
def read_key(key: str) -> KeyReading:
    """What a key, a flag or a variable's name says about its value."""
    parts = split_words(key) if len(key) <= KEY_CHARACTERS_MAX and " " not in key.strip() else ()
    if not parts:
        return NOTHING
    words = get_words()
    if words.captions.intersection(parts) and parts[-1] not in words.heads:
        return CAPTION
    via = _find_via(parts, words)
    is_plural = parts[-1].endswith("s") or "list" in parts
    is_repository = parts[-1] in ("repo", "repository") and not _HUBS.intersection(parts)
    is_passed_on = key.isupper() and len(key) > 2
    return KeyReading(_place(parts, words), via, is_plural, is_passed_on, is_repository)


def is_about(key: str) -> bool:
    """Whether a key says something about a model and holds none: `--served-model-name`."""
    return _has_head(split_words(key), get_words()) and read_key(key).position is not Position.STRONG


def _place(parts: tuple[str, ...], words: Words) -> Position:
    about = words.about.intersection(parts)
    if _has_head(parts, words):
        return Position.NO if about and not _is_qualified(parts, words) else Position.STRONG
    is_weak = words.weak.intersection(parts) and not about - {"api", "provider", "providers"}
    return Position.WEAK if is_weak else Position.NO


def _has_head(parts: tuple[str, ...], words: Words) -> bool:
    if words.heads.intersection(parts):
        return True
    near = [*pairwise(parts), *zip(parts, parts[1:], parts[2:], strict=False)]
    return any(phrase in words.phrases for phrase in near)


def _is_qualified(parts: tuple[str, ...], words: Words) -> bool:
    """`SERVER_MODEL`, `context_model_name`: the head is the last word that counts, the others qualify it."""
    if ("storage", "uri") in pairwise(parts):
        return True
    tail = [part for part in parts if part not in ("name", "id", "path", "default")]
    return bool(tail) and tail[-1] in _HEAD_LAST and not words.firm_about.intersection(parts)


def _find_via(parts: tuple[str, ...], words: Words) -> str:
    """The engine or provider that a key names: in `AZURE_OPENAI_MODEL` the host, else the last one named."""
    for host in _HOSTS_OF_OTHERS:
        if any(part.startswith(host) for part in parts):  # also `azurerm_…`
            return host
    for part in reversed(parts):
        if len(part) > 1 and part not in words.not_providers and (known := says_provider(part)):
            return known
    return ""
