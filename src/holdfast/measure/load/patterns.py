"""Events of a stream that differ in their text alone: known by what surrounds it, without reading their JSON again.

A pattern is learnt from an event that was read in full and did nothing but bring text; what matches it is the same JSON
with another string in the same place, so that both ways of reading give the same.
"""

import re
from enum import StrEnum
from itertools import takewhile
from typing import Final

from holdfast.measure.load.parts import Parts
from holdfast.measure.load.parts_kernel import PartsKernel, Surroundings, get_parts_kernel
from holdfast.records.measurement import Api

_KEYS: Final = {Api.CHAT: b'"content"', Api.COMPLETIONS: b'"text"'}
_SPECIAL: Final = re.compile(rb'["\\\x00-\x1f]')


class Sizes(StrEnum):
    """How a body's chunks write their sizes; NONE: it has no chunks."""

    NONE = ""
    LOWER = "%x\r\n"
    UPPER = "%X\r\n"


_DIGITS: Final = {Sizes.NONE: b"", Sizes.LOWER: b"0123456789abcdef", Sizes.UPPER: b"0123456789ABCDEF"}


class Pattern:
    """What surrounds the text, from the start of the part to its end. Without a kernel all is done here."""

    __slots__ = ("_around", "_end", "_heads", "_kernel", "_least", "_sizes", "_start")

    def __init__(self, start: bytes, end: bytes, sizes: Sizes, kernel: PartsKernel | None = None) -> None:
        self._sizes = sizes.encode()
        self._start = b"data: " + start
        self._end = end + (b"\n\n\r\n" if sizes else b"\n\n")
        self._least = len(self._start) + len(self._end) - (2 if sizes else 0) + 1
        self._heads: dict[int, bytes] = {}  # what stands before the text in a part of this length
        self._kernel = kernel
        around = self._start, self._end, _DIGITS[sizes], len(self._start), len(self._end), self._least
        self._around = Surroundings(*around) if kernel is not None else None

    def take_run(self, parts: Parts, first: int, end: int) -> tuple[int, bytes]:
        """How many parts from the first on are events of this pattern and nothing else, with a text, and all their
        texts. Each is UTF-8 without anything that JSON writes otherwise."""
        if self._kernel is not None and self._around is not None:
            return self._kernel.take_run(parts, first, end, self._around)
        texts = self._cut(parts, first, end)
        joined = b"".join(texts)
        if not joined.isascii() or _SPECIAL.search(joined):
            texts = list(takewhile(_is_plain, texts))
            joined = b"".join(texts)
        return len(texts), joined

    def _cut(self, parts: Parts, first: int, end: int) -> list[bytes]:
        texts: list[bytes] = []
        data, ending, heads = parts.data, self._end, self._heads
        begin, after = parts.find_start(first), -len(ending)
        for stop in parts.ends[first:end]:
            part, begin = data[begin:stop], stop
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
    return Pattern(data[:start], data[end:], sizes, get_parts_kernel())


def find_sizes(part: bytes) -> Sizes:
    """How the chunk that begins with the part writes its size."""
    line = part.partition(b"\r\n")[0]
    return Sizes.LOWER if line == line.lower() else Sizes.UPPER
