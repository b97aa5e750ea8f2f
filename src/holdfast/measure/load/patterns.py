"""Events of a stream that differ in their text alone: known by what surrounds it, without reading their JSON again.

A pattern is learnt from an event that was read in full and did nothing but bring text; what matches it is the same JSON
with another string in the same place, so that both ways of reading give the same.
"""

import re
from enum import StrEnum
from itertools import islice, takewhile
from typing import Final

from holdfast.records.measurement import Api

_KEYS: Final = {Api.CHAT: b'"content"', Api.COMPLETIONS: b'"text"'}
_SPECIAL: Final = re.compile(rb'["\\\x00-\x1f]')


class Sizes(StrEnum):
    """How a body's chunks write their sizes; NONE: it has no chunks."""

    NONE = ""
    LOWER = "%x\r\n"
    UPPER = "%X\r\n"


class Pattern:
    """What surrounds the text, from the start of the part to its end."""

    __slots__ = ("_end", "_heads", "_least", "_sizes", "_start")

    def __init__(self, start: bytes, end: bytes, sizes: Sizes) -> None:
        self._sizes = sizes.encode()
        self._start = b"data: " + start
        self._end = end + (b"\n\n\r\n" if sizes else b"\n\n")
        self._least = len(self._start) + len(self._end) - (2 if sizes else 0) + 1
        self._heads: dict[int, bytes] = {}  # what stands before the text in a part of this length

    def take_run(self, parts: list[bytes], first: int, end: int) -> list[bytes]:
        """The texts of the parts from the first on, up to one that is not an event of this pattern and nothing else,
        or has no text. Each is UTF-8 without anything that JSON writes otherwise."""
        texts = self._cut(parts, first, end)
        joined = b"".join(texts)
        if joined.isascii() and not _SPECIAL.search(joined):
            return texts
        return list(takewhile(_is_plain, texts))

    def _cut(self, parts: list[bytes], first: int, end: int) -> list[bytes]:
        texts: list[bytes] = []
        ending, heads = self._end, self._heads
        after = -len(ending)
        for part in islice(parts, first, end):
            head = heads.get(len(part)) or self._make_head(len(part))
            if not (part.startswith(head) and part.endswith(ending)):
                break
            texts.append(part[len(head) : after])
        return texts

    def _make_head(self, length: int) -> bytes:
        """What a part of this length begins with, if it is one event in one chunk with a text in it."""
        head = b"no part begins so"
        if not self._sizes:
            head = self._start if length >= self._least else head
        for digits in range(len(b"%x" % length), 0, -1) if self._sizes else ():
            size = length - digits - 4
            written = self._sizes % size if size >= self._least else b""
            if len(written) == digits + 2:
                return self._heads.setdefault(length, written + self._start)
        self._heads[length] = head
        return head


def _is_plain(text: bytes) -> bool:
    try:
        text.decode()
    except ValueError:
        return False
    return not _SPECIAL.search(text)


def learn(api: Api, data: bytes, text: str, sizes: Sizes) -> Pattern | None:
    """The pattern of an event whose data brought this text and did nothing else; None where its place is not plain."""
    key = _KEYS.get(api)
    if key is None or data.count(key) != 1:
        return None
    after = data.find(key) + len(key)
    start = data.find(b'"', after) + 1
    end = data.find(b'"', start)
    if data[after : start - 1].strip() != b":" or data[start:end] != text.encode():
        return None
    return Pattern(data[:start], data[end:], sizes)


def find_sizes(part: bytes) -> Sizes:
    """How the chunk that begins with the part writes its size."""
    line = part.partition(b"\r\n")[0]
    return Sizes.LOWER if line == line.lower() else Sizes.UPPER
