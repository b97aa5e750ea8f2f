"""The facts that conditions may test: names, types, and what silence means."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path

from holdfast.data import read_pack_file
from holdfast.records.errors import DanglingReference, MalformedPack
from holdfast.records.evidence import Strict


class FactType(StrEnum):
    """The shape of a fact's value."""

    WORD = "word"
    WORDS = "words"
    NUMBER = "number"
    YES_NO = "yes-no"
    DATE = "date"


class Absent(StrEnum):
    """What it means when nothing is said."""

    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactKind(Strict):
    """One fact's definition."""

    type: FactType
    absent: Absent
    about: str | None = None
    words: tuple[str, ...] = ()
    default_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary(Strict):
    """data/vocabulary.yaml."""

    facts: dict[str, FactKind]
    country_groups: dict[str, tuple[str, ...]]
    acts: dict[str, tuple[str, ...]]
    channels: tuple[str, ...]
    evidence_horizon: date
    covers_from: date
    lists: dict[str, str] = field(default_factory=dict[str, str])

    def expand_countries(self, names: tuple[str, ...] | str) -> frozenset[str]:
        """Country codes, with groups such as PRC or EU replaced by their members."""
        listed = (names,) if isinstance(names, str) else names
        return frozenset(code for name in listed for code in self.country_groups.get(name, (name,)))

    def check_fact(self, name: str, where: str) -> FactKind:
        """The definition of a fact. Raises DanglingReference for one that is not in the vocabulary."""
        if name not in self.facts:
            raise DanglingReference(
                f"the fact {name!r} is not in the vocabulary", where=where, next_step="See data/vocabulary.yaml."
            )
        return self.facts[name]

    def check_value(self, name: str, value: object, where: str) -> None:
        """Raises MalformedPack when a value is not of the fact's type or not one of its words."""
        kind = self.check_fact(name, where)
        if value == "unknown" or value is None:
            return
        if not _fits(kind.type, value):
            raise MalformedPack(f"{name} must be a {kind.type}, not {value!r}", where=where)
        if kind.words and kind.type in (FactType.WORD, FactType.WORDS):
            strange = [str(item) for item in as_words(value) if item not in kind.words]
            if strange:
                raise MalformedPack(f"{name} knows no {', '.join(strange)}", where=where)

    def check_act(self, act: str, where: str) -> None:
        """Raises DanglingReference for an act that is not in the vocabulary."""
        if act != "*" and not any(act in (name, *parts) for name, parts in self.acts.items()):
            raise DanglingReference(f"the act {act!r} is not in the vocabulary", where=where)

    def check_channel(self, channel: str, where: str) -> None:
        """Raises DanglingReference for a channel that is not in the vocabulary."""
        if channel not in self.channels:
            raise DanglingReference(f"the channel {channel!r} is not in the vocabulary", where=where)


def as_words(value: object) -> tuple[str, ...]:
    """One word or several, as several."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return tuple(str(item) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return (str(value),)


def _fits(kind: FactType, value: object) -> bool:
    if kind is FactType.NUMBER:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is FactType.YES_NO:
        return isinstance(value, bool)
    if kind is FactType.DATE:
        return isinstance(value, date)
    if kind is FactType.WORD:
        return isinstance(value, str)
    return isinstance(value, (str, list, tuple))


def read_vocabulary(folder: Path) -> Vocabulary:
    """The vocabulary of a data folder."""
    return read_pack_file(folder / "vocabulary.yaml", Vocabulary)
