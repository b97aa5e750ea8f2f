"""A bill: what was used of which model when, and what was paid for it."""

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class BillFormat(StrEnum):
    """Whose export of what. Daily ones tell no hours; Anthropic's tell no requests; costs tell no tokens."""

    OPENAI_USAGE = "openai usage"
    OPENAI_COSTS = "openai costs"
    ANTHROPIC_USAGE = "anthropic usage"
    ANTHROPIC_COSTS = "anthropic costs"
    OPENROUTER_ACTIVITY = "openrouter activity"
    OPENROUTER_REQUESTS = "openrouter requests"
    LITELLM_REQUESTS = "litellm requests"
    LITELLM_DAILY = "litellm daily"


@dataclass(frozen=True, slots=True)
class BillRow:
    """What was used of one model at one service in a day, or in an hour of it. Tokens that were read from a cache or
    written to one are among the input, reasoning is among the output, whatever the provider's own habit. None: the
    export does not say. `item` names what a row of money alone was paid for (empty: for tokens)."""

    day: datetime.date
    hour: int | None
    provider: str
    model: str
    service: str = ""
    requests: int | None = None
    input: int | None = None
    cached: int | None = None
    cache_write: int | None = None
    output: int | None = None
    reasoning: int | None = None
    usd: float | None = None
    item: str = ""

    @property
    def has_tokens(self) -> bool:
        """Whether it says what was used, not only what was paid."""
        return self.input is not None and self.output is not None


@dataclass(frozen=True, slots=True)
class Bill:
    """Rows with what reading them brought to light. `ignored` are columns that holdfast does not know."""

    rows: tuple[BillRow, ...]
    formats: tuple[BillFormat, ...]
    ignored: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def usage(self) -> tuple[BillRow, ...]:
        """The rows that say what was used."""
        return tuple(row for row in self.rows if row.has_tokens)

    @property
    def paid_usd(self) -> float | None:
        """What was paid in all: by the rows of money where a provider has such, else by its rows of use. None where
        some provider's rows do not say."""
        total = 0.0
        for rows in group_by_provider(self.rows).values():
            paid = add_usd([row for row in rows if not row.has_tokens] or rows)
            if paid is None:
                return None
            total += paid
        return total

    @property
    def days(self) -> int:
        """The days from its first to its last."""
        days = [row.day for row in self.rows]
        return (max(days) - min(days)).days + 1 if days else 0


def group_by_provider(rows: Iterable[BillRow]) -> dict[str, list[BillRow]]:
    """The rows of each provider."""
    grouped: dict[str, list[BillRow]] = defaultdict(list)
    for row in rows:
        grouped[row.provider].append(row)
    return grouped


def add_usd(rows: Iterable[BillRow]) -> float | None:
    """What was paid for all of them; None where one does not say."""
    paid = [row.usd for row in rows]
    return None if None in paid else sum(usd or 0.0 for usd in paid)


def join_bills(bills: tuple[Bill, ...]) -> Bill:
    """Several exports as one bill: a provider's usage and its costs, or several providers."""
    return Bill(
        rows=tuple(row for bill in bills for row in bill.rows),
        formats=tuple(dict.fromkeys(one for bill in bills for one in bill.formats)),
        ignored=tuple(dict.fromkeys(name for bill in bills for name in bill.ignored)),
        notes=tuple(dict.fromkeys(note for bill in bills for note in bill.notes)),
    )
