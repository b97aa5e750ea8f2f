"""The lexicon of model names, read once from data/lexicon.yaml. Holds shapes and words; judges no text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import yaml

import holdfast


@dataclass(frozen=True, slots=True)
class Provider:
    """A hosted API: how its names look, and whether any plausible text is a name once the provider is known."""

    word: str
    names: re.Pattern[str]
    short: re.Pattern[str]
    own: re.Pattern[str]
    takes_any: bool


@dataclass(frozen=True, slots=True)
class Engine:
    """A program with short names of its own, e.g. whisper's `base`; `open` is what it takes besides those."""

    word: str
    names: re.Pattern[str]
    open: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class HubShapes:
    """How names of hub repositories look."""

    single: re.Pattern[str]
    family: re.Pattern[str]
    likely: re.Pattern[str]
    organisations: frozenset[str]
    mixed: frozenset[str]
    not_first: frozenset[str]
    not_suffixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SentenceTransformers:
    """Short names that stand for repositories of two organisations."""

    organisation: str
    names: re.Pattern[str]
    distinct: re.Pattern[str]
    cross_encoder: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What the words of an identifier say about its value."""

    strong: frozenset[str]
    tied: frozenset[str]
    ties: frozenset[str]
    weak: frozenset[str]
    other_use: frozenset[str]
    never: frozenset[str]
    heads: frozenset[str]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything the naming rules look things up in."""

    providers: Mapping[str, Provider]
    provider_of_via: Mapping[str, str]
    provider_of_host: tuple[tuple[str, str], ...]
    bedrock_host: re.Pattern[str]
    any_provider: re.Pattern[str]
    prefixes: Mapping[str, str]
    routers: frozenset[str]
    routing_only: frozenset[str]
    no_hint: frozenset[str]
    aliases: Mapping[str, str]
    hub_engines: frozenset[str]
    modelscope_engines: frozenset[str]
    ollama_engines: frozenset[str]
    short_engines: Mapping[str, Engine]
    engine_of_via: Mapping[str, str]
    distinct_short: Mapping[str, re.Pattern[str]]
    sentence_transformers: SentenceTransformers
    hub: HubShapes
    ollama_family: re.Pattern[str]
    ollama_tag: re.Pattern[str]
    fake_words: frozenset[str]
    fake_patterns: re.Pattern[str]
    fake_organisations: frozenset[str]
    file_suffixes: tuple[str, ...]
    own_folder: re.Pattern[str]
    snapshot: re.Pattern[str]
    identifiers: Identifiers

    def find_provider_of_endpoint(self, endpoint: str) -> str | None:
        """The provider word behind a base URL or a host; None when the host is nobody's that we know."""
        host = (urlsplit(endpoint if "//" in endpoint else f"//{endpoint}").hostname or "").lower()
        if not host:
            return None
        if self.bedrock_host.search(host):
            return "bedrock"
        for known, word in self.provider_of_host:
            if host == known or host.endswith((f".{known}", f"-{known}")):
                return word
        return None


@cache
def get_lexicon() -> Lexicon:
    """The lexicon that ships with the package; read once in a process."""
    path = Path(holdfast.__file__).parent / "data" / "lexicon.yaml"
    with path.open(encoding="utf-8") as stream:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return _build(cast(dict[str, Any], yaml.load(stream, Loader=loader)))  # noqa: S506 - a safe loader


def _build(data: dict[str, Any]) -> Lexicon:
    providers: dict[str, dict[str, Any]] = data["providers"]
    engines: dict[str, Any] = data["engines"]
    fakes: dict[str, Any] = data["fakes"]
    return Lexicon(
        providers={word: _provider(word, entry) for word, entry in providers.items()},
        provider_of_via={via: word for word, entry in providers.items() for via in [word, *entry.get("via", [])]},
        provider_of_host=_hosts(providers),
        bedrock_host=re.compile(providers["bedrock"]["host_pattern"]),
        any_provider=_join(shape for entry in providers.values() for shape in entry.get("names", [])),
        prefixes=data["prefixes"],
        routers=frozenset(data["routers"]),
        routing_only=frozenset(data["routing_only"]),
        no_hint=frozenset(data["no_hint"]),
        aliases=data["aliases"],
        hub_engines=frozenset(engines["hub"]),
        modelscope_engines=frozenset(engines["modelscope"]),
        ollama_engines=frozenset(engines["ollama"]),
        short_engines={word: _engine(word, entry) for word, entry in engines["short"].items()},
        engine_of_via={via: word for word, entry in engines["short"].items() for via in [word, *entry["via"]]},
        distinct_short={word: re.compile(shape) for word, shape in data["distinct_short"].items()},
        sentence_transformers=_sentence_transformers(data["sentence_transformers"]),
        hub=_hub(data["hub"], data["not_hub"]),
        ollama_family=re.compile(data["ollama"]["families"]),
        ollama_tag=re.compile(data["ollama"]["tag"]),
        fake_words=frozenset(str(word) for word in fakes["words"]),
        fake_patterns=_join(fakes["patterns"]),
        fake_organisations=frozenset(fakes["organisations"]),
        file_suffixes=tuple(data["local"]["suffixes"]),
        own_folder=re.compile(data["local"]["own"]),
        snapshot=re.compile(data["snapshot"]),
        identifiers=Identifiers(**{key: frozenset(words) for key, words in data["identifiers"].items()}),
    )


def _provider(word: str, entry: dict[str, Any]) -> Provider:
    shapes = [_join(entry.get(key, [])) for key in ("names", "short", "own")]
    return Provider(word, shapes[0], shapes[1], shapes[2], bool(entry.get("any", False)))


def _hosts(providers: dict[str, dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    pairs = [(host, word) for word, entry in providers.items() for host in entry.get("hosts", [])]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))  # the longest host first: it is the most exact


def _engine(word: str, entry: dict[str, Any]) -> Engine:
    return Engine(
        word, _join([entry["names"]] if "names" in entry else []), _join([entry["open"]] if "open" in entry else [])
    )


def _sentence_transformers(entry: dict[str, Any]) -> SentenceTransformers:
    return SentenceTransformers(
        entry["organisation"],
        re.compile(entry["names"]),
        re.compile(entry["distinct"]),
        re.compile(entry["cross_encoder"]),
    )


def _hub(entry: dict[str, Any], negative: dict[str, Any]) -> HubShapes:
    return HubShapes(
        single=re.compile(entry["single"]),
        family=re.compile(entry["family"]),
        likely=re.compile(entry["likely"]),
        organisations=frozenset(entry["organisations"]),
        mixed=frozenset(entry["mixed"]),
        not_first=frozenset(str(word).lower() for word in negative["first"]),
        not_suffixes=tuple(negative["suffixes"]),
    )


def _join(shapes: Any) -> re.Pattern[str]:
    alternatives = "|".join(f"(?:{shape})" for shape in shapes)
    return re.compile(alternatives or r"(?!)")
