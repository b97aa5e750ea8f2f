"""Text to symbols and back: bytes, or a small byte-level BPE learned here; four symbols mark a conversation's turns.

The marks are never made from text, so no prompt can forge a turn.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

MARKS = ("<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
BYTES = 256
WORDS_KEPT_MAX = 65536
WORD = re.compile(rb"\s?[A-Za-z]+|\s?[0-9]|\s?[^A-Za-z0-9\s]+|\s+")
Pair = tuple[int, int]


class Tokenizer:
    """`merges` are pairs of symbols in the order they were learned: the n-th makes the symbol 256 + n. The marks come
    last. `spelling` has the bytes of each symbol; a mark's are its name's. Remembers the words it has split."""

    def __init__(self, merges: Iterable[Pair] = ()) -> None:
        self.merges = tuple(merges)
        self._ranks = {pair: place for place, pair in enumerate(self.merges)}
        self._words = dict[bytes, tuple[int, ...]]()
        self.spelling = tuple(spell(self.merges))

    @property
    def size(self) -> int:
        """How many symbols there are."""
        return BYTES + len(self.merges) + len(MARKS)

    @property
    def end(self) -> int:
        """The symbol that ends a turn."""
        return self.size - len(MARKS)

    def mark(self, name: str) -> int:
        """The symbol that opens a turn: system, user, or assistant."""
        return self.end + MARKS.index(f"<|{name}|>")

    def encode(self, text: str) -> list[int]:
        """The symbols of a text, without marks."""
        return [symbol for word in WORD.findall(text.encode()) for symbol in self._find_word(word)]

    def encode_turns(self, turns: Iterable[tuple[str, str]]) -> list[int]:
        """A conversation of (role, content), open for the assistant's answer."""
        symbols = list[int]()
        for role, content in turns:
            symbols += [self.mark(role), *self.encode(content), self.end]
        return [*symbols, self.mark("assistant")]

    def _find_word(self, word: bytes) -> tuple[int, ...]:
        found = self._words.get(word)
        if found is None:
            if len(self._words) >= WORDS_KEPT_MAX:
                self._words.clear()
            found = self._words[word] = split_word(word, self._ranks)
        return found


def spell(merges: Iterable[Pair]) -> list[bytes]:
    """The bytes of each symbol."""
    spelt = [bytes([value]) for value in range(BYTES)]
    for one, other in merges:
        spelt.append(spelt[one] + spelt[other])
    return [*spelt, *(name.encode() for name in MARKS)]


def split_word(word: bytes, ranks: Mapping[Pair, int]) -> tuple[int, ...]:
    """A word's symbols: the pair learned first is merged first."""
    symbols = list(word)
    while len(symbols) > 1:
        best = min(pairwise(symbols), key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        symbols = merge(symbols, best, BYTES + ranks[best])
    return tuple(symbols)


def learn_merges(text: str, count: int) -> tuple[Pair, ...]:
    """The most frequent pairs within words, one after another; ties go to the pair of lower symbols. Fewer where
    all words are whole."""
    words = Counter(WORD.findall(text.encode()))
    pieces = [(list(word), often) for word, often in words.items()]
    merges = list[Pair]()
    for place in range(count):
        pairs = Counter[Pair]()
        for symbols, often in pieces:
            for pair in pairwise(symbols):
                pairs[pair] += often
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        pieces = [(merge(symbols, best, BYTES + place), often) for symbols, often in pieces]
    return tuple(merges)


def merge(symbols: Sequence[int], pair: Pair, made: int) -> list[int]:
    """The symbols with each occurrence of a pair, from the left, replaced by one."""
    left, place = list[int](), 0
    while place < len(symbols):
        is_pair = tuple(symbols[place : place + 2]) == pair
        left.append(made if is_pair else symbols[place])
        place += 2 if is_pair else 1
    return left
