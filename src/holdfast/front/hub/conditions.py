"""Ranges and conditions of a request, as RFC 9110 has them. Decides, and answers nothing itself."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(?:(\d{1,19})\s*-\s*(\d{1,19})?|-\s*(\d{1,19}))\s*", re.IGNORECASE)
_TAG: Final = re.compile(r'\s*(W/)?"([^"]*)"\s*(?:,|$)')


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be answered: `status` 200, 206, 304, 412 or 416, with bytes `begin` to `end`."""

    status: int
    begin: int = 0
    end: int = 0


def choose(headers: Mapping[str, str], method: str, etag: str, size: int) -> Wanted:
    """The answer that a GET or HEAD asks for, of something of this size and (strong) ETag, given without quotes."""
    match = headers.get("If-Match")
    if match is not None and not _fits(match, etag, strong=True):
        return Wanted(412)
    none_match = headers.get("If-None-Match")
    if none_match is not None and _fits(none_match, etag, strong=False):
        return Wanted(304)
    asked = headers.get("Range")
    if asked is None or method != "GET" or not _still_fits(headers.get("If-Range"), etag):
        return Wanted(200, 0, size)
    return _choose_range(asked, size)


def _choose_range(asked: str, size: int) -> Wanted:
    """One range; several, or what is none, are answered with everything, as the RFC allows."""
    found = _RANGE.fullmatch(asked)
    if found is None:
        return Wanted(200, 0, size)
    if found[3] is not None:
        begin, end = max(size - int(found[3]), 0), size
    else:
        begin, end = int(found[1]), size if found[2] is None else min(int(found[2]) + 1, size)
        if found[2] is not None and int(found[2]) < begin:
            return Wanted(200, 0, size)
    if begin >= size or begin >= end:
        return Wanted(416)
    return Wanted(206, begin, end)


def _fits(said: str, etag: str, *, strong: bool) -> bool:
    if said.strip() == "*":
        return True
    return any(tag[2] == etag and not (strong and tag[1]) for tag in _TAG.finditer(said))


def _still_fits(if_range: str | None, etag: str) -> bool:
    """A date is never answered with a part: no dates are given out to compare it with."""
    return if_range is None or if_range.strip() == f'"{etag}"'
