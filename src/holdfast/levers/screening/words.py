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
# Places that half the companies of the lists are named after and that rigour does not mark.
_PLACES = """
    shenzhen hangzhou guangzhou nanjing wuhan chengdu suzhou hefei jinan qingdao xiamen ningbo wuxi dongguan foshan
    zhuhai changsha zhengzhou harbin dalian shenyang changchun kunming guiyang nanchang taiyuan lanzhou urumqi
    zhejiang jiangsu guangdong sichuan hubei hunan fujian shandong anhui henan hebei shanxi shaanxi liaoning jilin
    heilongjiang yunnan guizhou gansu qinghai jiangxi hainan guangxi xinjiang
"""
_PLACE_WORDS = frozenset(_PLACES.split())


@dataclass(frozen=True, slots=True)
class NameWords:
    """A name's words without legal form and stop words: those that tell, places, and other generic ones.

    senses: what the generic words and places stand for, so that two spellings of one are one. whole: all words joined.
    """

    telling: frozenset[str]
    places: frozenset[str]
    generic: frozenset[str]
    senses: frozenset[str]
    whole: str

    @property
    def all(self) -> frozenset[str]:
        """Every word."""
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
    @property
    def id(self) -> str: ...


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
    places: dict[str, str] = {}
    generic: dict[str, str] = {}
    for parsed in _analyse(name[:NAME_CHARACTERS_MAX], kind):
        located, marked = _senses(parsed, {_PLACE_SYMBOL}), _senses(parsed, _GENERIC_SYMBOLS)
        for part in parsed.parts:
            word = part.comparable
            if part.tag.value in _DROPPED_TAGS or not word:
                continue
            if word in located or word in _PLACE_WORDS:
                places[word] = located.get(word, word)
            elif word in marked or word in _TRADE_WORDS or (len(word) < _TELLING_MIN and word.isascii()):
                generic[word] = marked.get(word, word)
            else:
                telling.add(word)
    senses = frozenset((*places.values(), *generic.values()))
    return NameWords(frozenset(telling), frozenset(places), frozenset(generic), senses, join_words(name))


def _senses(name: _Name, categories: Iterable[str]) -> dict[str, str]:
    """Word → what its symbol stands for; the first of several in order of their names."""
    wanted = set(categories)
    found: dict[str, str] = {}
    for span in name.spans:
        if span.symbol.category.value in wanted:
            for part in span.parts:
                sense = f"{span.symbol.category.value}:{span.symbol.id}"
                found[part.comparable] = min(sense, found.get(part.comparable, sense))
    return found


def _analyse(name: str, kind: PartyKind) -> Iterable[_Name]:
    try:
        from rigour.names import NameTypeTag, analyze_names
    except ImportError:
        raise ConfigurationError("screening needs rigour, which is not installed", next_step=INSTALL) from None
    if kind is PartyKind.PERSON:  # without symbols: loading the dictionary of given names takes seconds
        return analyze_names(NameTypeTag.PER, [name], symbols=False, phonetics=False, consolidate=False)
    return analyze_names(NameTypeTag.ORG, [name], phonetics=False, consolidate=False)


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


def join_words(name: str) -> str:
    """A name without its gaps, so that `Good Will` and `Goodwill` are one."""
    return "".join(split_roughly(name))
