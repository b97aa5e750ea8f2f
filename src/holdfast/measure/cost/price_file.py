"""The team's own prices, from a TOML or JSON file: what its contracts say goes before what a library knows."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.measure.cost.documents import Table, read_document
from holdfast.records.measurement import PriceTier, TokenPrice

_TOP: Final = ("as_of", "source", "price")
_TIER: Final = ("above", "input", "output", "cached", "cache_write")
_PRICE: Final = (
    *("provider", "model", "service", "input", "output", "cached", "cache_write", "per_request"),
    *("valid_from", "valid_until", "as_of", "source", "tier"),
)


@dataclass(frozen=True, slots=True)
class TeamPrice:
    """What a team pays a provider for a model, on the days from `valid_from` to `valid_until` (empty: open)."""

    provider: str
    model: str
    service: str
    valid_from: str
    valid_until: str
    price: TokenPrice

    def holds_for(self, provider: str, model: str, day: datetime.date) -> bool:
        """Whether this is the price of that model on that day. A price without a provider is any provider's."""
        is_named = self.model.lower() == model.lower() and self.provider.lower() in ("", provider.lower())
        text = day.isoformat()
        return is_named and self.valid_from <= text and (not self.valid_until or text <= self.valid_until)


def read_price_file(path: Path) -> tuple[TeamPrice, ...]:
    """Every price of the file, in its order. Raises MissingPath, UnreadableFile and MalformedFile with the entry."""
    top = read_document(path)
    top.check_names(_TOP)
    return tuple(_read_price(table, top) for table in top.iterate_tables("price"))


def find_team_price(
    prices: Iterable[TeamPrice], provider: str, model: str, when: tuple[datetime.date, str]
) -> TokenPrice | None:
    """The team's price of a model on a day at a service (`batch`…); the last that fits, as later entries amend."""
    day, service = when
    fitting = [one.price for one in prices if one.service == service and one.holds_for(provider, model, day)]
    return fitting[-1] if fitting else None


def _read_price(table: Table, top: Table) -> TeamPrice:
    table.check_names(_PRICE)
    model = table.find_text("model")
    as_of = table.find_day("as_of") or top.find_day("as_of")
    source = table.find_text("source") or top.find_text("source")
    if not model:
        raise table.make_error("model", "is missing", "Name the model as requests name it.")
    if not (as_of and source):
        raise table.make_error(
            "as_of", "or `source` is missing", "Say when the price was agreed, and where it says so."
        )
    return TeamPrice(
        provider=table.find_text("provider"),
        model=model,
        service=table.find_text("service"),
        valid_from=table.find_day("valid_from"),
        valid_until=table.find_day("valid_until"),
        price=_read_token_price(table, as_of, source),
    )


def _read_token_price(table: Table, as_of: str, source: str) -> TokenPrice:
    tiers = tuple(sorted((_read_tier(tier) for tier in table.iterate_tables("tier")), key=lambda tier: tier.above))
    return TokenPrice(
        input=_need_number(table, "input"),
        output=_need_number(table, "output"),
        cached=table.find_number("cached"),
        per_request=table.find_number("per_request") or 0.0,
        as_of=as_of,
        source=source,
        cache_write=table.find_number("cache_write"),
        tiers=tiers,
    )


def _read_tier(table: Table) -> PriceTier:
    table.check_names(_TIER)
    return PriceTier(
        above=int(_need_number(table, "above")),
        input=_need_number(table, "input"),
        output=_need_number(table, "output"),
        cached=table.find_number("cached"),
        cache_write=table.find_number("cache_write"),
    )


def _need_number(table: Table, name: str) -> float:
    number = table.find_number(name)
    if number is None:
        raise table.make_error(name, "is missing", "State it; 0 is a price too.")
    return number
