"""What a request cost and what it can cost at most, at a price per token; and a purse that is never overdrawn."""

import json
from dataclasses import dataclass
from typing import Final, Protocol

from holdfast.measure.load.gathered import read_count, read_object
from holdfast.records.measurement import Ask, Fault, PriceTier, Sample, TokenPrice, Usage

_MESSAGE_TOKENS: Final = 32  # a chat template's own, per message and once more: generous
_LIMITS: Final = ("max_tokens", "max_completion_tokens", "max_output_tokens")
_COPIES: Final = ("n", "best_of")
_MILLION: Final = 1e6


class Purse(Protocol):
    """What may be spent. Nothing is sent that was not reserved at its worst case."""

    def reserve(self, usd_max: float) -> bool:
        """Put so much aside; False, and nothing is put aside, when there is not so much left."""
        ...

    def settle(self, reserved_usd: float, usd: float) -> None:
        """What was put aside is replaced by what it cost."""
        ...


@dataclass(slots=True)
class Budget:
    """A purse of `usd_max`."""

    usd_max: float
    spent_usd: float = 0.0
    reserved_usd: float = 0.0

    def reserve(self, usd_max: float) -> bool:
        """Whether the worst case still fits."""
        if self.spent_usd + self.reserved_usd + usd_max > self.usd_max:
            return False
        self.reserved_usd += usd_max
        return True

    def settle(self, reserved_usd: float, usd: float) -> None:
        """A request is over."""
        self.reserved_usd = max(0.0, self.reserved_usd - reserved_usd)
        self.spent_usd += usd

    @property
    def left_usd(self) -> float:
        """Neither spent nor reserved."""
        return max(0.0, self.usd_max - self.spent_usd - self.reserved_usd)


def compute_cost(usage: Usage, price: TokenPrice | None) -> float | None:
    """US dollars at the price; None where the price is not known or the endpoint did not count both ways. Tokens that
    are not known to be cached are paid in full."""
    if price is None or usage.prompt is None or usage.completion is None:
        return None
    rate = _find_rate(price, usage.prompt)
    cached = min(usage.cached or 0, usage.prompt)
    cached_usd = rate.input if rate.cached is None else rate.cached
    usd = (usage.prompt - cached) * rate.input + cached * cached_usd + usage.completion * rate.output
    return usd / _MILLION + price.per_request


def compute_worst_case(ask: Ask, price: TokenPrice) -> float:
    """US dollars that a request cannot cost more than: no token is shorter than a byte, and no answer longer than its
    limit, whose tokens the ask's `extra` may raise or ask for several times."""
    extra = _read_extra(ask)
    said = sum(len(message.content.encode("utf-8", "replace")) + _MESSAGE_TOKENS for message in ask.messages)
    prompt = said + len(ask.tools.encode()) + len(ask.response_format.encode()) + 2 * _MESSAGE_TOKENS
    limit = max([ask.tokens_max, *(read_count(extra.get(name)) or 0 for name in _LIMITS)])
    copies = max([1, *(read_count(extra.get(name)) or 0 for name in _COPIES)])
    rates = [rate for rate in _list_rates(price) if rate.above < prompt]
    dearest = max(max(rate.input, rate.cached or 0.0, rate.cache_write or 0.0) for rate in rates)
    usd = prompt * dearest + copies * limit * max(rate.output for rate in rates)
    return usd / _MILLION + price.per_request


def settle(purse: Purse, reserved_usd: float, sample: Sample) -> None:
    """Book a request. One that was sent and whose cost nobody tells is booked at its worst case; one that was refused
    or never sent costs nothing."""
    if sample.cost_usd is not None:
        purse.settle(reserved_usd, sample.cost_usd)
    elif sample.sent_ns is None or sample.fault in (Fault.LIMITED, Fault.STATUS):
        purse.settle(reserved_usd, 0.0)
    else:
        purse.settle(reserved_usd, reserved_usd)


def _list_rates(price: TokenPrice) -> list[PriceTier]:
    return [PriceTier(-1, price.input, price.output, price.cached, price.cache_write), *price.tiers]


def _find_rate(price: TokenPrice, prompt: int) -> PriceTier:
    return max((rate for rate in _list_rates(price) if rate.above < prompt), key=lambda rate: rate.above)


def _read_extra(ask: Ask) -> dict[str, object]:
    try:
        return dict(read_object(json.loads(ask.extra))) if ask.extra else {}
    except (ValueError, RecursionError):
        return {}
