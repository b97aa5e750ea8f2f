"""Names as runs of words and numbers, and the index that finds family stems in them. Knows nothing of families.

A name is cut into words so that spelling does not matter: `Qwen2_5-Coder`, `qwen-2.5-coder` and `qwen2p5 coder` are
all `qwen 2.5 coder`; a size stays whole (`8b`, `4bit`), so that `qwen3` is not found in `qwen3b` or `qwen3.5`.
"""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Words = tuple[str, ...]

_POINT = re.compile(r"(?<=\d)p(?=\d)")  # Fireworks writes v3p1
_SPLIT_VERSION = re.compile(r"(?<![\d.])(\d)[-_](\d)(?![\da-z.])")  # llama3-1-8b, claude-3-5-sonnet, qwen2_5-7b
_VERSION_SIGN = re.compile(r"(?<![a-z])v(?=\d)")
_ODD = re.compile(r"\dp\d|\d[-_]\d|v\d")  # one look spares most names the three replacements
_WORD = re.compile(r"\d+(?:\.\d+)*(?:bit|b|m|k)(?![a-z])|\d+(?:\.\d+)*|[^\W\d_]+")
NAME_LENGTH_MAX = 512


def split_words(name: str) -> Words:
    """The words and numbers of a name, lower case, versions in one form."""
    text = name[:NAME_LENGTH_MAX].lower()
    if _ODD.search(text):
        text = _VERSION_SIGN.sub("", _SPLIT_VERSION.sub(r"\1.\2", _POINT.sub(".", text)))
    return tuple(_WORD.findall(text))


class Stem(NamedTuple):
    """Words that mark a name as belonging to `owner`.

    `at_start`: only at the beginning of the name. `weak`: an everyday word, which counts only where something else
    already points to the owner.
    """

    words: Words
    at_start: bool
    weak: bool
    owner: str


class Hit(NamedTuple):
    """Where a stem was found, as a half-open range of words."""

    start: int
    end: int
    owner: str
    weak: bool = False


def parse_stem(text: str, owner: str) -> Stem:
    """A pattern of a family file as a stem."""
    plain = text.lstrip("^~")
    signs = text[: len(text) - len(plain)]
    return Stem(split_words(plain), "^" in signs, "~" in signs, owner)


class StemIndex:
    """Finds every stem in a name, leftmost and longest first, without overlaps. Read-only once built."""

    def __init__(self, stems: Iterable[Stem]) -> None:
        by_first: dict[str, list[Stem]] = {}
        for stem in sorted(stems, key=lambda s: -len(s.words)):
            by_first.setdefault(stem.words[0], []).append(stem)
        self._by_first = by_first

    def find(self, words: Words) -> list[Hit]:
        """Hits in the order in which they stand in the name."""
        hits: list[Hit] = []
        position = 0
        while position < len(words):
            stems = self._by_first.get(words[position])
            stem = _find_at(stems, words, position) if stems else None
            if stem is not None:
                hits.append(Hit(position, position + len(stem.words), stem.owner, stem.weak))
            position += len(stem.words) if stem is not None else 1
        return hits


def _find_at(stems: Iterable[Stem], words: Words, position: int) -> Stem | None:
    for stem in stems:
        end = position + len(stem.words)
        if words[position:end] == stem.words and not (stem.at_start and position):
            return stem
    return None


def contains_run(words: Sequence[str], run: Words) -> bool:
    """Whether `run` stands somewhere in `words`, unbroken."""
    size = len(run)
    return any(tuple(words[i : i + size]) == run for i in range(len(words) - size + 1))
