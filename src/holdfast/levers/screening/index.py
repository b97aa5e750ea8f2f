"""An edition's names by their words, so that one name is compared with a few candidates and not with all.

A candidate shares a telling word, or one misspelt. A name of generic words alone needs a name of the same words.
"""

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from holdfast.levers.screening.words import NameWords, join_words, split_name, split_roughly
from holdfast.records.screening import ListedName, ListEntry, PartyKind

_ONE_SLIP_MIN, _TWO_SLIPS_MIN = 5, 8  # letters a word needs for that many slips; shorter ones have too many neighbours
_COMMON_SHARE, _COMMON_MIN = 0.004, 40
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed name that may be the one asked about."""

    entry: ListEntry
    name: ListedName


@dataclass(frozen=True)
class ListIndex:
    """The entries of one edition, searchable by name."""

    entries: tuple[ListEntry, ...]
    _near: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])

    @cached_property
    def names(self) -> tuple[Candidate, ...]:
        """Every name of every entry."""
        return tuple(Candidate(entry, name) for entry in self.entries for name in entry.names)

    @cached_property
    def postings(self) -> dict[str, list[int]]:
        """Word → numbers of the names that have it."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number, candidate in enumerate(self.names):
            for word in split_roughly(candidate.name.name):
                found[word].append(number)
        return dict(found)

    @cached_property
    def _wholes(self) -> dict[str, list[int]]:
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number, candidate in enumerate(self.names):
            found[join_words(candidate.name.name)].append(number)
        return dict(found)

    @cached_property
    def _pieces(self) -> dict[str, list[str]]:
        """Three letters → words that have them."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for word in self.postings:
            for piece in _cut(word):
                found[piece].append(word)
        return dict(found)

    @cached_property
    def groups(self) -> dict[Key, tuple[ListEntry, ...]]:
        """Every entry of one party on one list: a party listed twice has two."""
        found: defaultdict[Key, list[ListEntry]] = defaultdict(list)
        for entry in self.entries:
            found[get_key(entry)].append(entry)
        return {key: tuple(entries) for key, entries in found.items()}

    @cached_property
    def first_start(self) -> datetime.date | None:
        """The earliest start that the entries give."""
        return min((entry.start for entry in self.entries if entry.start), default=None)

    def is_common(self, word: str) -> bool:
        """Whether so many listed names have a word that it tells nothing."""
        limit = max(_COMMON_MIN, _COMMON_SHARE * len(self.names))
        return len(self.postings.get(word, ())) > limit

    def find_near(self, word: str) -> frozenset[str]:
        """The words of the list that are this one, or this one with a slip or two."""
        if word not in self._near:
            exact = {word} if word in self.postings else set[str]()
            self._near[word] = frozenset(exact | set(self._slips(word)))
        return self._near[word]

    def _slips(self, word: str) -> Iterator[str]:
        if len(word) >= _ONE_SLIP_MIN:
            shared = Counter(other for piece in set(_cut(word)) for other in self._pieces.get(piece, ()))
            needed = max(2, (len(word) + 2) // 3 - 1)  # a slip spoils three pieces at most
            yield from (other for other, count in shared.items() if count >= needed and is_near(word, other))

    def find_candidates(self, words: NameWords, kind: PartyKind) -> list[Candidate]:
        """Names that share a telling word; for a name without one, names that share every word; for a person, two."""
        keys = [word for word in words.telling if not self.is_common(word)]
        if kind is PartyKind.PERSON:
            numbers = set(self._sharing_two(words.all) if len(words.all) > 1 else self._only(words.all))
        elif keys:
            near = {other for word in keys for other in self.find_near(word) if not self.is_common(other)}
            numbers = {number for word in near for number in self.postings[word]}
        else:
            numbers = self._sharing_all(sorted(words.all))
        return [self.names[number] for number in sorted(numbers.union(self._wholes.get(words.whole, ())))]

    def _only(self, words: Iterable[str]) -> Iterator[int]:
        """One name of a person is borne by thousands: only a listed name that is this and nothing else counts."""
        for word in words:
            numbers = self.postings.get(word, ())
            yield from (number for number in numbers if split_roughly(self.names[number].name.name) == (word,))

    def _sharing_two(self, words: Iterable[str]) -> Iterator[int]:
        counts = Counter(number for word in words for number in self._having(word))
        return (number for number, count in counts.items() if count > 1)

    def _sharing_all(self, words: Sequence[str]) -> set[int]:
        if len(words) < 2:  # one generic word alone says nothing
            return set()
        first, *others = (self._having(word) for word in words)
        return first.intersection(*others)

    def _having(self, word: str) -> set[int]:
        return {number for near in self.find_near(word) for number in self.postings[near]}


def get_key(entry: ListEntry) -> Key:
    """What tells parties of a list apart, across editions."""
    return entry.list, entry.entry


def is_too_generic(name: str, kind: PartyKind) -> bool:
    """Whether a name holds nothing that could be screened: no telling word and not two generic ones."""
    words = split_name(name, kind)
    return not words.telling and len(words.all) < 2


@lru_cache(maxsize=200_000)
def is_near(word: str, other: str) -> bool:
    """Whether one word is the other with a slip (two in long words): a letter more, less, other, or two swapped."""
    if word == other:
        return True
    short = min(len(word), len(other))
    if short < _ONE_SLIP_MIN or abs(len(word) - len(other)) > 2:
        return False
    from rigour.text import levenshtein

    distance = levenshtein(word, other)
    swapped = distance == 2 and sorted(word) == sorted(other)
    return distance <= 1 or swapped or (distance == 2 and short >= _TWO_SLIPS_MIN)


def _cut(word: str) -> list[str]:
    """The word's pieces of three letters, with its ends marked."""
    framed = f"^{word}$"
    return [framed[start : start + 3] for start in range(len(framed) - 2)]
