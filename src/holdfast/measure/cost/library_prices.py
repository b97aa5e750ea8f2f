"""Prices from the data that genai-prices brings along; its updater, which asks the network, is never called.

The data bears no date of its own: that of its release is told here, for the releases that holdfast was tried with.
"""

import datetime
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from holdfast.measure.cost.price_asked import PriceAsked, PriceFound
from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import Api, PriceTier, TokenPrice

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ModelInfo, ModelPrice, Provider

RELEASED: Final[Mapping[str, str]] = MappingProxyType({"0.2.3": "2026-11-10"})
NEAREST_MAX: Final = 3


@dataclass(frozen=True, slots=True)
class _Listed:
    """A model as the library lists it, at the provider that was asked for."""

    provider: "Provider"
    model: "ModelInfo"
    notes: tuple[str, ...]


def get_snapshot_day() -> str:
    """The day that the installed data was released; empty for a release that holdfast does not know."""
    return RELEASED.get(version("genai-prices"), "")


def find_library_price(asked: PriceAsked) -> PriceFound:
    """The library's price of a model at a moment. Raises ConfigurationError when the library is not installed."""
    listed = _find_listed(_load_snapshot(), asked)
    return listed if isinstance(listed, PriceFound) else _price(listed, asked)


def _load_snapshot() -> "DataSnapshot":
    try:
        from genai_prices import data_snapshot
    except ImportError as error:
        what = "prices of hosted models need genai-prices, which is not installed"
        raise ConfigurationError(what, next_step="pip install 'holdfast[measure]', or give a price file.") from error
    return data_snapshot.get_snapshot()


def _find_listed(snapshot: "DataSnapshot", asked: PriceAsked) -> _Listed | PriceFound:
    provider = _find_provider(snapshot, asked)
    if provider is None:
        return PriceFound(None, reason=_say_provider_unknown(asked), nearest=_find_near_providers(snapshot, asked))
    model = provider.find_model(asked.model, all_providers=snapshot.providers)
    if model is None:
        reason = f"no price of {asked.model} at {provider.id} is known"
        return PriceFound(None, provider.id, reason=reason, nearest=_find_near_models(provider, asked.model))
    return _Listed(provider, model, tuple(_note_matches(provider, model, asked)))


def _find_provider(snapshot: "DataSnapshot", asked: PriceAsked) -> "Provider | None":
    by_name = None if asked.provider or asked.url else asked.model.lower()
    try:
        return snapshot.find_provider(by_name, asked.provider or None, asked.url or None)
    except LookupError:
        return None


def _say_provider_unknown(asked: PriceAsked) -> str:
    if asked.provider:
        return f"no provider {asked.provider} is known"
    return f"no provider is known whose API is {asked.url}" if asked.url else f"no provider of {asked.model} is known"


def _find_near_providers(snapshot: "DataSnapshot", asked: PriceAsked) -> tuple[str, ...]:
    ids = [provider.id for provider in snapshot.providers]
    return tuple(difflib.get_close_matches(asked.provider.lower(), ids, n=NEAREST_MAX)) if asked.provider else ()


def _find_near_models(provider: "Provider", name: str) -> tuple[str, ...]:
    ids = [model.id for model in provider.models]
    return tuple(difflib.get_close_matches(name.lower(), ids, n=NEAREST_MAX, cutoff=0.4))


def _note_matches(provider: "Provider", model: "ModelInfo", asked: PriceAsked) -> list[str]:
    notes: list[str] = []
    if not (asked.provider or asked.url):
        notes.append(f"no provider was named: the price is {provider.id}'s")
    if model.id.lower() != asked.model.lower():
        notes.append(f"{asked.model} is taken as {model.id}")
    if not any(model is one for one in provider.models):
        notes.append(f"{provider.id} states no price of it: its maker's is taken")
    return notes


def _price(listed: _Listed, asked: PriceAsked) -> PriceFound:
    found = listed.provider.id, listed.model.id, get_snapshot_day()
    context = _find_context(listed.model, asked)
    if context is None:
        return PriceFound(None, *found, reason=f"no price of {listed.model.id} at the service {asked.service} is known")
    prices = listed.model.get_prices(asked.when, context)
    base, thresholds = _read_base(prices), _find_thresholds(prices)
    if "input_mtok" not in base or ("output_mtok" not in base and asked.api is not Api.EMBEDDINGS):
        return PriceFound(None, *found, reason=f"{listed.model.id} is not priced by input and output tokens")
    price = TokenPrice(
        input=base["input_mtok"],
        output=base.get("output_mtok", 0.0),
        cached=base.get("cache_read_mtok"),
        per_request=base.get("requests_kcount", 0.0) / 1000,
        as_of=found[2],
        source=f"genai-prices {version('genai-prices')}, {listed.provider.id}/{listed.model.id}",
        cache_write=base.get("cache_write_mtok"),
        tiers=tuple(_read_tier(prices, above) for above in thresholds),
    )
    return PriceFound(price, *found, notes=(*listed.notes, *_note_prices(listed.model, asked, base)))


def _find_context(model: "ModelInfo", asked: PriceAsked) -> dict[str, str] | None:
    """What selects the service's prices; None where the model has none for it at that moment."""
    if asked.service in ("", "standard", "default"):
        return {}
    for key in ("processing", "service_tier", "speed"):
        for variant in model.price_variants or ():
            is_active = variant.constraint is None or variant.constraint.active(asked.when)
            if is_active and variant.when == {key: asked.service}:
                return {key: asked.service}
    return None


def _read_base(prices: "ModelPrice") -> dict[str, float]:
    """Each price before its tiers."""
    values: dict[str, object] = vars(prices)
    return {key: float(_get_base(value)) for key, value in values.items() if value is not None}


def _get_base(value: object) -> Decimal:
    base = value if isinstance(value, Decimal) else getattr(value, "base", None)
    assert isinstance(base, Decimal)
    return base


def _find_thresholds(prices: "ModelPrice") -> list[int]:
    values: dict[str, object] = vars(prices)
    return sorted({tier.start for value in values.values() for tier in getattr(value, "tiers", ())})


def _read_tier(prices: "ModelPrice", above: int) -> PriceTier:
    def at(key: str) -> float | None:
        value = getattr(prices, key)
        if value is None:
            return None
        reached = [tier.price for tier in getattr(value, "tiers", ()) if tier.start <= above]
        return float(reached[-1] if reached else _get_base(value))

    return PriceTier(
        above=above,
        input=at("input_mtok") or 0.0,
        output=at("output_mtok") or 0.0,
        cached=at("cache_read_mtok"),
        cache_write=at("cache_write_mtok"),
    )


def _note_prices(model: "ModelInfo", asked: PriceAsked, base: Mapping[str, float]) -> list[str]:
    notes: list[str] = []
    hours = {_read_hour(model, asked, hour) for hour in range(24)}
    if len(hours) > 1:
        low, high = min(hours), max(hours)
        notes.append(
            f"its price depends on the hour: input ${low[0]:g} to ${high[0]:g}, output ${low[1]:g} to ${high[1]:g}"
        )
    if "output_reasoning_mtok" in base:
        notes.append(
            f"reasoning costs ${base['output_reasoning_mtok']:g} a million there, and is counted as output here"
        )
    if not get_snapshot_day():
        notes.append(f"the day of genai-prices {version('genai-prices')} is not known")
    return notes


def _read_hour(model: "ModelInfo", asked: PriceAsked, hour: int) -> tuple[float, float]:
    moment = asked.when.astimezone(datetime.UTC).replace(hour=hour, minute=31)
    base = _read_base(model.get_prices(moment, _find_context(model, asked)))
    return base.get("input_mtok", 0.0), base.get("output_mtok", 0.0)
