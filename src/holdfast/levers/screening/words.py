"""Names as words: which words tell one party from another, and which any company might have. Uses rigour's analysis.

Legal forms, places, branches of business and stop words are generic: alone they match nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from holdfast.levers.screening.xml import INSTALL
from holdfast.records.errors import ConfigurationError
from holdfast.records.screening import PartyKind

NAME_CHARACTERS_MAX = 300
_TELLING_MIN = 2  # one letter or digit tells nothing
_GENERIC_SYMBOLS = frozenset({"ORGCLS", "SYMBOL", "DOMAIN"})
_PLACE_SYMBOL = "LOC"
_DROPPED_TAGS = frozenset({"STOP", "LEGAL"})
# Generic in the trade at hand, on top of what rigour knows.
_TRADE = """
    ai agi llm ml artificial intelligence intelligent lab labs laboratory laboratories model models cloud data digital
    smart software computing network networks platform platforms solution solutions tech systems global world
"""
_TRADE_WORDS = frozenset(_TRADE.split())


@dataclass(frozen=True, slots=True)
class NameWords:
    """A name's words without legal form and stop words: those that tell, places, and other generic ones."""

    telling: frozenset[str]
    places: frozenset[str]
    generic: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        """Every one of them."""
        return self.telling | self.places | self.generic


class _Sealed(Protocol):
    @property
    def value(self) -> str: ...


class _Part(Protocol):
    @property
    def comparable(self) -> str: ...
    @property
    def tag(self) -> _Sealed: ...


class _Symbol(Protocol):
    @property
    def category(self) -> _Sealed: ...


class _Span(Protocol):
    @property
    def parts(self) -> Sequence[_Part]: ...
    @property
    def symbol(self) -> _Symbol: ...


class _Name(Protocol):
    @property
    def parts(self) -> Sequence[_Part]: ...
    @property
    def spans(self) -> Sequence[_Span]: ...


@lru_cache(maxsize=200_000)
def split_name(name: str, kind: PartyKind) -> NameWords:
    """The words of a name. Raises ConfigurationError when the extra `screening` is not installed."""
    telling: set[str] = set()
    places: set[str] = set()
    generic: set[str] = set()
    for parsed in _analyse(name[:NAME_CHARACTERS_MAX], kind):
        located, marked = _marked(parsed, {_PLACE_SYMBOL}), _marked(parsed, _GENERIC_SYMBOLS) | _TRADE_WORDS
        for part in parsed.parts:
            word = part.comparable
            if part.tag.value in _DROPPED_TAGS or not word:
                continue
            tells = len(word) >= _TELLING_MIN or not word.isascii()
            chosen = places if word in located else telling if tells and word not in marked else generic
            chosen.add(word)
    return NameWords(frozenset(telling), frozenset(places), frozenset(generic))


def _marked(name: _Name, categories: Iterable[str]) -> set[str]:
    wanted = set(categories)
    return {part.comparable for span in name.spans if span.symbol.category.value in wanted for part in span.parts}


def _analyse(name: str, kind: PartyKind) -> Iterable[_Name]:
    try:
        from rigour.names import NameTypeTag, analyze_names
    except ImportError:
        raise ConfigurationError("screening needs rigour, which is not installed", next_step=INSTALL) from None
    tag = NameTypeTag.PER if kind is PartyKind.PERSON else NameTypeTag.ORG
    return analyze_names(tag, [name], phonetics=False, consolidate=False)


@lru_cache(maxsize=400_000)
def split_roughly(name: str) -> tuple[str, ...]:
    """The words of a name, cheaply: for finding candidates in a long list, not for judging them."""
    try:
        from rigour.names import tokenize_name
        from rigour.text import ascii_text
    except ImportError:
        raise ConfigurationError("screening needs rigour, which is not installed", next_step=INSTALL) from None
    lowered = name[:NAME_CHARACTERS_MAX].casefold()
    words = tokenize_name(lowered)
    if any(character.isalpha() and character.upper() != character and not character.isascii() for character in lowered):
        words += tokenize_name(ascii_text(lowered))  # Cyrillic, Greek, accents; syllables of Han would say nothing
    return tuple(dict.fromkeys(words))
