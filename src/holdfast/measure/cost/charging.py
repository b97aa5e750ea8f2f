"""What requests cost at a token price. Cached input and input written to a cache are among the input, reasoning is
among the output: whoever counts them apart adds them first."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holdfast.records.measurement import PriceTier, TokenPrice, Usage

Array = NDArray[np.float64]
MILLION = 1e6


@dataclass(frozen=True, slots=True, eq=False)
class Charge:
    """US dollars of each request: for what went in (and the request itself), and for what came out."""

    input: Array
    output: Array


def compute_charges(price: TokenPrice, tokens: tuple[Array, Array, Array]) -> Charge:
    """Charges of requests with (input, cached, output) tokens, each at the tier that its own input reaches. What an
    endpoint says of cached tokens beyond the input is not believed."""
    input_tokens, output_tokens = tokens[0], tokens[2]
    cached = np.minimum(tokens[1], input_tokens)
    paid_input, paid_output = np.zeros_like(input_tokens), np.zeros_like(output_tokens)
    for above, below, rate in _cut_tiers(price):
        is_here = (input_tokens > above) & (input_tokens <= below)
        cached_usd = rate.input if rate.cached is None else rate.cached
        inward = (input_tokens - cached) * rate.input + cached * cached_usd
        paid_input = np.where(is_here, inward / MILLION, paid_input)
        paid_output = np.where(is_here, output_tokens * rate.output / MILLION, paid_output)
    return Charge(paid_input + price.per_request, paid_output)


def compute_usage_usd(price: TokenPrice, usage: Usage) -> float | None:
    """What one request cost, by the endpoint's own counts; None where it did not count both ways."""
    if usage.prompt is None or usage.completion is None:
        return None
    tokens = (float(usage.prompt), float(usage.cached or 0), float(usage.completion))
    charge = compute_charges(price, (np.array([tokens[0]]), np.array([tokens[1]]), np.array([tokens[2]])))
    return float(charge.input[0] + charge.output[0])


def _cut_tiers(price: TokenPrice) -> list[tuple[float, float, PriceTier]]:
    """The tiers with the input lengths they are for: above the first number, up to the second."""
    base = PriceTier(-1, price.input, price.output, price.cached, price.cache_write)
    tiers = [base, *price.tiers]
    ends = [float(tier.above) for tier in price.tiers] + [np.inf]
    return [(float(tier.above), end, tier) for tier, end in zip(tiers, ends, strict=True)]
