"""What a monitor spends: put aside before a visit and settled after it, so that a crash can only count too much."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from holdfast.measure.watchbook.bodies import decode_body, encode_body
from holdfast.records.errors import MalformedFile
from holdfast.records.watchbook import Entry, EntryKind, Spending

KINDS: Final = (EntryKind.RESERVED, EntryKind.SETTLED, EntryKind.VISITED)


@dataclass(frozen=True, slots=True)
class _Amount:
    month: str
    cost_usd: float | None
    tokens: int


def encode_amount(cost_usd: float | None, tokens: int, reserved: int | None = None) -> str:
    """Dollars and tokens; `reserved` is the entry that they settle."""
    return encode_body({"cost_usd": cost_usd, "tokens": tokens, "reserved": reserved})


def add_up(entries: Iterable[Entry], month: str) -> Spending:
    """What entries of `KINDS`, in order, say was spent in a month. A settlement counts in the month of its
    reservation."""
    amounts: dict[int, _Amount] = {}
    for entry in entries:
        fields = decode_body(entry.body or "")
        reserved = fields.get("reserved")
        if isinstance(reserved, int) and reserved in amounts:
            amounts[reserved] = _read_amount(entry, fields, amounts[reserved].month)
        else:
            amounts[entry.number] = _read_amount(entry, fields, entry.at[:7])
    counted = [one for one in amounts.values() if one.month == month]
    cost = math.fsum(one.cost_usd for one in counted if one.cost_usd is not None)
    unpriced = sum(one.cost_usd is None for one in counted)
    return Spending(month, cost, sum(one.tokens for one in counted), unpriced)


def _read_amount(entry: Entry, fields: Mapping[str, object], month: str) -> _Amount:
    names = ("prompt_tokens", "output_tokens") if entry.kind is EntryKind.VISITED else ("tokens",)
    cost, tokens = fields.get("cost_usd"), [fields.get(name) for name in names]
    if not isinstance(cost, int | float | None) or not all(isinstance(one, int) for one in tokens):
        raise MalformedFile(
            f"Entry {entry.number} does not say what was spent.",
            next_step="Check the book with `holdfast watch verify`.",
        )
    return _Amount(month, cost, sum(one for one in tokens if isinstance(one, int)))
