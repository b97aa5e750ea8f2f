"""Events of a stream that differ in their text alone: known by what surrounds it, without reading their JSON again.

A pattern is learnt from an event that was read in full and did nothing but bring text; what matches it is the same JSON
with another string in the same place, so that both ways of reading give the same.
"""

import re
from typing import Final

from holdfast.records.measurement import Api

_KEYS: Final = {Api.CHAT: b'"content"', Api.COMPLETIONS: b'"text"'}
_SPECIAL: Final = re.compile(rb'["\\\x00-\x1f]')
_SIZE_DIGITS_MAX: Final = 8


class Pattern:
    """What surrounds the text, from the start of the part to its end."""

    __slots__ = ("_around", "_end", "_is_chunked", "_start")

    def __init__(self, start: bytes, end: bytes, *, is_chunked: bool) -> None:
        self._is_chunked = is_chunked
        self._start = (b"\r\ndata: " if is_chunked else b"data: ") + start
        self._end = end + (b"\n\n\r\n" if is_chunked else b"\n\n")
        self._around = len(self._start) + len(self._end)

    def find_text(self, part: bytes) -> str | None:
        """The text, where the part is one event of this pattern and nothing else; not for an empty text."""
        if not part.endswith(self._end):
            return None
        at = part.find(b"\r\n", 1, _SIZE_DIGITS_MAX + 2) if self._is_chunked else 0
        if at < 0 or len(part) <= at + self._around or not part.startswith(self._start, at):
            return None
        text = part[at + len(self._start) : -len(self._end)]
        if _SPECIAL.search(text):
            return None
        try:
            is_whole = not self._is_chunked or int(part[:at], 16) == len(part) - at - 4
            return text.decode() if is_whole else None
        except ValueError:
            return None


def learn(api: Api, data: bytes, text: str, *, is_chunked: bool) -> Pattern | None:
    """The pattern of an event whose data brought this text and did nothing else; None where its place is not plain."""
    key = _KEYS.get(api)
    if key is None or data.count(key) != 1:
        return None
    after = data.find(key) + len(key)
    start = data.find(b'"', after) + 1
    end = data.find(b'"', start)
    if data[after : start - 1].strip() != b":" or data[start:end] != text.encode():
        return None
    return Pattern(data[:start], data[end:], is_chunked=is_chunked)
