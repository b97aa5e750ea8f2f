"""The word tables of words.yaml, read once in a process. Holds words and commands; decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import yaml


@dataclass(frozen=True, slots=True)
class Loader:
    """A command that loads, fetches or serves models, and where its arguments hold their names."""

    words: tuple[str, ...]
    via: str
    places: int = 0  # how many plain arguments are names; -1: all
    flags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Words:
    """Every table; what each means is said beside it in words.yaml."""

    heads: frozenset[str]
    phrases: frozenset[tuple[str, ...]]
    about: frozenset[str]
    firm_about: frozenset[str]
    weak: frozenset[str]
    captions: frozenset[str]
    not_providers: frozenset[str]
    not_engines: frozenset[str]
    plain_files: frozenset[str]
    inheriting: frozenset[str]
    shut: frozenset[str]
    environments: frozenset[str]
    scripts: frozenset[str]
    words: tuple[str, ...]
    script_tables: frozenset[str]
    answers: frozenset[str]
    weak_answers: frozenset[str]
    scores: frozenset[str]
    prices: frozenset[str]
    provider_words: frozenset[str]
    wrappers: frozenset[str]
    talkers: frozenset[str]
    fetchers: frozenset[str]
    loaders: Mapping[str, tuple[Loader, ...]]
    languages: Mapping[str, str]
    suffixes: Mapping[str, str]
    aliases: Mapping[str, str]


@cache
def get_words() -> Words:
    """The tables that ship with the package."""
    with Path(__file__).with_name("words.yaml").open(encoding="utf-8") as stream:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        data = cast(dict[str, Any], yaml.load(stream, Loader=loader))  # noqa: S506 - a safe loader
    others = {"version", "llama_flags", "phrases", "words", "loaders", "languages", "suffixes", "aliases"}
    return Words(
        **{name: frozenset(map(str, listed)) for name, listed in data.items() if name not in others},
        phrases=frozenset(tuple(str(phrase).split()) for phrase in data["phrases"]),
        words=tuple(map(str, data["words"])),
        loaders=_build_loaders(data["loaders"]),
        languages=_invert(data["languages"]),
        suffixes=_invert(data["suffixes"]),
        aliases=_invert(data["aliases"]),
    )


def _invert(table: dict[str, list[Any]]) -> Mapping[str, str]:
    return {str(word): meaning for meaning, words in table.items() for word in words}


def _build_loaders(entries: list[dict[str, Any]]) -> Mapping[str, tuple[Loader, ...]]:
    """By first word, the longest command first."""
    table: dict[str, list[Loader]] = {}
    for entry in entries:
        words = tuple(str(entry["command"]).split())
        flags = frozenset(map(str, entry.get("flags", [])))
        table.setdefault(words[0], []).append(Loader(words, str(entry["via"]), int(entry.get("places", 0)), flags))
    return {word: tuple(sorted(found, key=lambda one: -len(one.words))) for word, found in table.items()}
