"""HTML as a run of tags and texts, in one pass whatever the bytes: nothing is executed, fetched or searched twice."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from holdfast.records.errors import LimitExceeded

_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,40})")
_TAG_CHARACTERS_MAX: Final = 4_000
PIECES_MAX: Final = 300_000
_RAW: Final = frozenset({"script", "style", "textarea", "title", "template", "noscript"})
_SKIPPED: Final = (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!", ">"), ("<?", ">"))


class Kind(StrEnum):
    """What comes next in a page."""

    START = "start"
    END = "end"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Piece:
    """A tag's name in lower case, or a text with its character references resolved."""

    kind: Kind
    value: str


def iterate_markup(text: str) -> Iterator[Piece]:
    """The tags and texts of a page in order; comments, declarations and scripts are left out. What opens and never
    ends is left out up to the end of the page. Raises LimitExceeded."""
    place, size, last = 0, len(text), text.rfind(">")
    for _ in range(PIECES_MAX):
        opened = text.find("<", place)
        if opened < 0 or opened > last:  # nothing that opens there can end
            break
        if opened > place:
            yield Piece(Kind.TEXT, html.unescape(text[place:opened]))
        piece, place = _read_one(text, opened)
        if piece is not None:
            yield piece
    else:
        raise LimitExceeded(f"The page has more than {PIECES_MAX} tags.", next_step="Name another page or feed.")
    if place < size:
        yield Piece(Kind.TEXT, html.unescape(text[place:]))


def _read_one(text: str, place: int) -> tuple[Piece | None, int]:
    """What begins with the `<` at this place, if it is told at all, and where the next thing begins."""
    if (skipped := _skip(text, place)) is not None:
        return None, skipped
    tag = _TAG.match(text, place)
    end = text.find(">", place, place + _TAG_CHARACTERS_MAX) if tag else -1
    if tag is None or end < 0:
        return Piece(Kind.TEXT, "<"), place + 1
    name = tag[2].lower()
    if name in _RAW:
        return None, end + 1 if tag[1] else _find_end(text, name, end + 1)
    return Piece(Kind.END if tag[1] else Kind.START, name), end + 1


def _skip(text: str, place: int) -> int | None:
    """Where a comment or declaration that begins here ends; None when none begins."""
    for begin, end in _SKIPPED:
        if text.startswith(begin, place):
            found = text.find(end, place + len(begin))
            return len(text) if found < 0 else found + len(end)
    return None


def _find_end(text: str, name: str, place: int) -> int:
    """Where the raw text of an element ends: at its end tag, or with the page."""
    found = re.compile(f"</{name}", re.IGNORECASE).search(text, place)
    return found.start() if found else len(text)
