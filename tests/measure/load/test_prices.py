"""No request can cost more than its worst case, and a purse is never overdrawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.load.scripted import make_ask

from holdfast.measure.cost.charging import compute_usage_usd
from holdfast.measure.load.prices import Budget, compute_cost, compute_worst_case
from holdfast.records.measurement import PriceTier, TokenPrice, Usage

usd = st.floats(0, 100)
prices = st.builds(
    TokenPrice,
    usd,
    usd,
    st.none() | usd,
    st.floats(0, 1),
    tiers=st.lists(st.builds(PriceTier, st.integers(0, 2000), usd, usd, st.none() | usd), max_size=2).map(
        lambda tiers: tuple(sorted({tier.above: tier for tier in tiers}.values(), key=lambda tier: tier.above))
    ),
)


@given(prices, st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 100))
def test_a_request_costs_what_the_room_for_cost_says(price: TokenPrice, prompt: int, cached: int, out: int) -> None:
    usage = Usage(prompt, min(cached, prompt), out)
    assert compute_cost(usage, price) == pytest.approx(compute_usage_usd(price, usage))


@given(prices, st.text(max_size=300), st.floats(0, 1), st.integers(1, 50), st.integers(1, 4))
def test_no_request_costs_more_than_its_worst_case(
    price: TokenPrice, text: str, share: float, limit: int, copies: int
) -> None:
    ask = make_ask(text=text, tokens_max=limit, extra=f'{{"n": {copies}}}')
    prompt = len(text.encode("utf-8", "replace"))
    usage = Usage(prompt, int(prompt * share), limit * copies)
    cost = compute_cost(usage, price)
    assert cost is not None
    assert cost <= compute_worst_case(ask, price) * (1 + 1e-12)


def test_what_is_not_counted_has_no_price() -> None:
    price = TokenPrice(1, 1)
    assert compute_cost(Usage(None, None, 5), price) is None
    assert compute_cost(Usage(5, None, None), price) is None
    assert compute_cost(Usage(5, None, 5), None) is None


def test_a_limit_in_extra_counts() -> None:
    price = TokenPrice(0, 1e6)
    assert compute_worst_case(make_ask(tokens_max=5, extra='{"max_completion_tokens": 50}'), price) == 50
    assert compute_worst_case(make_ask(tokens_max=5, extra="not json"), price) == 5


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 1)), max_size=30))
def test_a_purse_is_never_overdrawn(requests: list[tuple[float, float]]) -> None:
    purse = Budget(10.0)
    held: list[tuple[float, float]] = []
    for worst, share in requests:
        if purse.reserve(worst):
            held.append((worst, worst * share))
        if len(held) > 2:
            purse.settle(*held.pop(0))
        assert purse.spent_usd + purse.reserved_usd <= 10.0 + 1e-9
        assert purse.left_usd >= 0
