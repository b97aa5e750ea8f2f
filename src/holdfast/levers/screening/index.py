"""An edition's names by their words, so that one name is compared with a few candidates and not with all.

A candidate shares a telling word, or one a letter away. A name of generic words alone needs a name of the same words.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from holdfast.levers.screening.words import NameWords, split_name, split_roughly
from holdfast.records.screening import ListedName, ListEntry, PartyKind

_NEAR_LENGTH_MIN = 5  # shorter words have too many neighbours
_COMMON_SHARE, _COMMON_MIN = 0.01, 40
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed name that may be the one asked about."""

    entry: ListEntry
    name: ListedName


@dataclass(frozen=True)
class ListIndex:
    """The entries of one edition, searchable by name. `kinds` that cannot be the party asked about are left out."""

    entries: tuple[ListEntry, ...]
    _near: dict[str, set[str]] = field(default_factory=dict[str, set[str]])

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

    @cached_property
    def _variants(self) -> dict[str, list[str]]:
        found: defaultdict[str, list[str]] = defaultdict(list)
        for word in self.postings:
            for variant in _deletions(word):
                found[variant].append(word)
        return dict(found)

    def is_common(self, word: str) -> bool:
        """Whether so many listed names have a word that it tells nothing."""
        limit = max(_COMMON_MIN, _COMMON_SHARE * len(self.names))
        return len(self.postings.get(word, ())) > limit

    def find_near(self, word: str) -> set[str]:
        """The words of the list that are this one, or one letter away from it."""
        if word not in self._near:
            variants = (near for variant in _deletions(word) for near in self._variants.get(variant, ()))
            near = {other for other in variants if is_near(word, other)}
            self._near[word] = near | ({word} if word in self.postings else set())
        return self._near[word]

    def find_candidates(self, words: NameWords) -> list[Candidate]:
        """Names that share a telling word; for a name without one, names that share every word."""
        keys = [word for word in words.telling if not self.is_common(word)]
        if keys:
            near = {other for word in keys for other in self.find_near(word)}
            numbers = {number for word in near for number in self.postings[word]}
        else:
            numbers = set(self._sharing_all(sorted(words.all)))
        return [self.names[number] for number in sorted(numbers)]

    def _sharing_all(self, words: Sequence[str]) -> Iterable[int]:
        if len(words) < 2:  # one generic word alone says nothing
            return ()
        first, *others = (set(self.postings.get(word, ())) for word in words)
        return first.intersection(*others)


def get_key(entry: ListEntry) -> Key:
    """What tells parties of a list apart, across editions."""
    return entry.list, entry.entry


def is_too_generic(name: str, kind: PartyKind) -> bool:
    """Whether a name holds nothing that could be screened: no telling word and not two generic ones."""
    words = split_name(name, kind)
    return not words.telling and len(words.all) < 2


def is_near(word: str, other: str) -> bool:
    """Whether one letter was added, left out, replaced or two were swapped; for words long enough to bear it."""
    if word == other:
        return True
    if min(len(word), len(other)) < _NEAR_LENGTH_MIN or abs(len(word) - len(other)) > 1:
        return False
    from rigour.text import levenshtein

    return levenshtein(word, other) <= 1


def _deletions(word: str) -> Iterator[str]:
    yield word
    if len(word) >= _NEAR_LENGTH_MIN:
        for place in range(len(word)):
            yield word[:place] + word[place + 1 :]
