"""Visits as columns: one list a field instead of an object an answer. docs/watchbook.md#visit is its law.

A visit of 400 answers is some kilobytes. Numbers that are none (infinite, not a number) are left out on the way in.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Final, TypeVar, cast

from holdfast.records.errors import MalformedFile, NewerBook
from holdfast.records.measurement import Fault
from holdfast.records.watching import Channel, Fact, Seen, Visit

ANSWERS_MAX: Final = 1_000_000
LOGPROBS_MAX: Final = 1_000
_REAL_MAX: Final = 1e300
_T = TypeVar("_T")
_PLAIN: Final = ("number", "day", "seed", "planned", "prompt_tokens", "output_tokens")
_COLUMNS: Final = ("channel", "prompt", "after_ns", "symbol", "value", "fault", "logprobs")
_MEMBERS: Final = frozenset({*_PLAIN, "words", "facts", "cost_usd", "remarks", "reserved", *_COLUMNS})
_HERE: Final = "Check the book with `holdfast watch verify`."


def encode_visit(visit: Visit, reserved: int | None = None) -> dict[str, object]:
    """A visit as plain values; `reserved` is the number of the entry that put its money aside."""
    words = _list_words(visit)
    place = {word: index for index, word in enumerate(words)}
    seen = visit.seen
    moments = [0, *(one.at_ns for one in seen)]
    return {
        **{name: getattr(visit, name) for name in _PLAIN},
        "words": words,
        "channel": [place[one.channel] for one in seen],
        "prompt": [one.prompt for one in seen],
        "after_ns": [later - earlier for earlier, later in pairwise(moments)],
        "symbol": [place[one.symbol] for one in seen],
        "value": [_finite(one.number) for one in seen],
        "fault": [place[one.fault] for one in seen],
        "logprobs": [_flatten(one, place) for one in seen],
        "facts": [[fact.name, fact.value] for fact in visit.facts],
        "cost_usd": _finite(visit.cost_usd),
        "remarks": list(visit.remarks),
        "reserved": reserved,
    }


def decode_visit(fields: Mapping[str, object]) -> Visit:
    """The visit again. Raises MalformedFile, which names the member, or NewerBook."""
    if unknown := sorted(fields.keys() - _MEMBERS):
        raise NewerBook(
            f"A visit has the member {unknown[0][:80]!r}, which this version does not know.",
            next_step="Install a newer holdfast.",
        )
    plain = {name: _whole(fields.get(name), name) for name in _PLAIN}
    facts = [_texts(one, "facts") for one in _items(fields, "facts")]
    if any(len(fact) != 2 for fact in facts):
        raise _malformed("facts")
    cost = fields.get("cost_usd")
    return Visit(
        **plain,
        seen=_decode_seen(fields),
        facts=tuple(Fact(*fact) for fact in facts),
        cost_usd=None if cost is None else _real(cost, "cost_usd"),
        remarks=tuple(_texts(fields.get("remarks"), "remarks")),
    )


def find_reservation(fields: Mapping[str, object]) -> int | None:
    """The number of the entry that put a visit's money aside; None when none did."""
    found = fields.get("reserved")
    return None if found is None else _whole(found, "reserved")


def _list_words(visit: Visit) -> list[str]:
    words: dict[str, None] = {}
    for one in visit.seen:
        words.update(dict.fromkeys((str(one.channel), one.symbol, str(one.fault))))
        words.update(dict.fromkeys(symbol for symbol, _ in one.logprobs))
    return list(words)


def _flatten(one: Seen, place: Mapping[str, int]) -> list[float]:
    """Pairs of word and logarithm, one after the other."""
    pairs = [(place[symbol], value) for symbol, value in one.logprobs if math.isfinite(value)]
    return [number for pair in pairs for number in pair]


def _decode_seen(fields: Mapping[str, object]) -> tuple[Seen, ...]:
    columns = [_items(fields, name) for name in _COLUMNS]
    if len({len(column) for column in columns}) != 1:
        raise _malformed("columns, which differ in length")
    words = _texts(fields.get("words"), "words")
    channels, prompts, waits, symbols, values, faults, logprobs = columns
    word = _Words(words)
    moments = accumulate(_whole(wait, "after_ns") for wait in waits)
    return tuple(
        Seen(
            _member(Channel, word(channel, "channel")),
            _whole(prompt, "prompt"),
            moment,
            word(symbol, "symbol"),
            None if value is None else _real(value, "value"),
            _pairs(found, word),
            _member(Fault, word(fault, "fault")),
        )
        for channel, prompt, moment, symbol, value, found, fault in zip(
            channels, prompts, moments, symbols, values, logprobs, faults, strict=True
        )
    )


class _Words:
    """The words of a visit by their place."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words

    def __call__(self, place: object, name: str) -> str:
        """The word at a place that a column names."""
        index = _whole(place, name)
        if not 0 <= index < len(self._words):
            raise _malformed(name)
        return self._words[index]


def _pairs(found: object, word: Callable[[object, str], str]) -> tuple[tuple[str, float], ...]:
    if not isinstance(found, list):
        raise _malformed("logprobs")
    flat = cast("list[object]", found)
    if len(flat) % 2 or len(flat) > 2 * LOGPROBS_MAX:
        raise _malformed("logprobs")
    return tuple(
        (word(place, "logprobs"), _real(value, "logprobs")) for place, value in zip(flat[::2], flat[1::2], strict=True)
    )


def _member(kind: Callable[[str], _T], word: str) -> _T:
    try:
        return kind(word)
    except ValueError as error:
        raise NewerBook(
            f"A visit speaks of {word[:80]!r}, which this version does not know.", next_step="Install a newer holdfast."
        ) from error


def _items(fields: Mapping[str, object], name: str) -> list[object]:
    found = fields.get(name)
    if not isinstance(found, list):
        raise _malformed(name)
    items = cast("list[object]", found)
    if len(items) > ANSWERS_MAX:
        raise _malformed(f"{name}, which has {len(items)} items for at most {ANSWERS_MAX}")
    return items


def _texts(found: object, name: str) -> list[str]:
    if not isinstance(found, list) or not all(isinstance(one, str) for one in cast("list[object]", found)):
        raise _malformed(name)
    return cast("list[str]", found)


def _whole(found: object, name: str) -> int:
    if not isinstance(found, int) or isinstance(found, bool):
        raise _malformed(name)
    return found


def _real(found: object, name: str) -> float:
    if not isinstance(found, int | float) or isinstance(found, bool) or not abs(found) <= _REAL_MAX:
        raise _malformed(name)
    return float(found)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _malformed(name: str) -> MalformedFile:
    return MalformedFile(f"This is no visit: {name}.", next_step=_HERE)
