"""A month priced elsewhere, against sums that are worked out by hand beside each."""

import datetime
from dataclasses import replace
from pathlib import Path

import pytest
from tests.measure.cost.parts import make_hardware, make_owned

from holdfast.measure.cost.bills.bill import Bill, BillFormat, BillRow, join_bills
from holdfast.measure.cost.bills.reading import read_bill
from holdfast.measure.cost.elsewhere import HostedPlace, OwnPlace, PlaceCosts, price_elsewhere
from holdfast.measure.cost.hardware import Entry
from holdfast.measure.cost.places import make_listed_place, make_model_place
from holdfast.measure.cost.prices import PriceBook
from holdfast.measure.cost.simulation import Settings, simulate_costs
from holdfast.measure.cost.workload import Capacity, Demand, Lengths
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.measurement import Estimate, PriceTier, Range, TokenPrice

BILLS = Path(__file__).parent / "bills"
SETTINGS = Settings(seed=1, draws=2_000)
CHEAP = make_model_place("cheap", TokenPrice(0.1, 0.4, cached=0.01, as_of="2026-11-01", source="a test"))
DAY = datetime.date(2026, 11, 1)


def price(bill: Bill, place: HostedPlace | OwnPlace) -> PlaceCosts:
    (costs,) = price_elsewhere(bill, [place], SETTINGS).places
    return costs


def make_bill(*rows: BillRow) -> Bill:
    return Bill(rows, (BillFormat.LITELLM_DAILY,))


def make_row(**changed: object) -> BillRow:
    row = BillRow(DAY, None, "openai", "m", "", 100, 1_000_000, 0, 0, 100_000, None, 9.0)
    return replace(row, **changed)  # type: ignore[arg-type]


def test_a_month_at_another_price_costs_its_tokens_at_that_price() -> None:
    bill = join_bills((read_bill(BILLS / "openai_usage.csv"), read_bill(BILLS / "openai_costs.csv")))
    costs = price(bill, CHEAP)
    expected = (600_000 * 0.1 + 400_000 * 0.01 + 200_000 * 0.4 + 2_000_000 * 0.1 + 100_000 * 0.4) / 1e6
    assert costs.usd.value == pytest.approx(expected)
    assert costs.usd.low == costs.usd.high == costs.usd.value
    assert costs.paid_usd == pytest.approx(4.55)  # the search is paid for on both sides, or on none
    assert costs.saving_usd.value == pytest.approx(4.55 - expected)
    assert costs.cheaper == 1.0
    assert [(one.what, one.usd, one.reason) for one in costs.unpriced] == [
        ("web search tool calls", 0.3, "not paid by tokens")
    ]


def test_a_bill_at_its_own_list_prices_is_checked() -> None:
    """gpt-5 at $1.25, $0.125 and $10. The library knows prices of batches from October 2026 on only."""
    bill = join_bills((read_bill(BILLS / "openai_usage.csv"), read_bill(BILLS / "openai_costs.csv")))
    costs = price(bill, make_listed_place("as listed", PriceBook()))
    assert costs.usd.value == pytest.approx((600_000 * 1.25 + 400_000 * 0.125 + 200_000 * 10) / 1e6)
    batch = next(one for one in costs.unpriced if one.input)
    assert (batch.input, batch.output) == (2_000_000, 100_000)
    assert "batch" in batch.reason
    assert costs.paid_usd is None  # the money is of batches too, and does not say how much of it


def test_written_input_costs_what_writing_does() -> None:
    rows = make_bill(make_row(cached=600_000, cache_write=100_000))
    costs = price(rows, make_model_place("m", TokenPrice(3.0, 15.0, cached=0.3, cache_write=3.75)))
    assert costs.usd.value == pytest.approx(0.3 * 3 + 0.6 * 0.3 + 0.1 * 3.75 + 0.1 * 15)
    assert "input read from a cache is taken to be read from one there too" in costs.notes


def test_cached_input_that_is_not_told_is_counted_at_the_full_price_and_said() -> None:
    costs = price(make_bill(make_row(cached=None)), CHEAP)
    assert costs.usd.value == pytest.approx(0.1 + 0.04)
    assert any("not told" in note for note in costs.notes)


def test_where_tiers_leave_it_open_the_cost_is_a_range_and_cheaper_may_be_unknown() -> None:
    tiered = TokenPrice(1.0, 1.0, tiers=(PriceTier(200_000, 20.0, 1.0),))
    short = price(make_bill(make_row()), make_model_place("m", tiered))
    assert (short.usd.low, short.usd.value, short.usd.high) == pytest.approx((1.1, 1.1, 20.1))
    assert short.cheaper is None
    long = price(make_bill(make_row(requests=2)), make_model_place("m", tiered))
    assert long.usd.value == pytest.approx(20.1)
    dear = price(make_bill(make_row(usd=50.0)), make_model_place("m", tiered))
    assert dear.cheaper == 1.0


def test_models_without_a_price_are_listed_and_left_out_of_both_sides() -> None:
    bill = make_bill(
        make_row(model="gpt-5", day=DAY), make_row(model="in-house-9", usd=100.0), make_row(model="in-house-9", usd=1.0)
    )
    costs = price(bill, make_listed_place("as listed", PriceBook()))
    (left,) = costs.unpriced
    assert (left.what, left.input, left.output, left.usd) == ("in-house-9", 2_000_000, 200_000, 101.0)
    assert left.reason == "no price of in-house-9 at openai is known"
    assert costs.paid_usd == 9.0
    assert costs.usd.value == pytest.approx(1.25 + 1.0)


def test_the_same_models_at_another_provider_are_looked_up_without_the_makers_name() -> None:
    bill = make_bill(make_row(provider="openrouter", model="openai/gpt-5"))
    costs = price(bill, make_listed_place("at its maker", PriceBook(), "openai"))
    assert costs.usd.value == pytest.approx(1.25 + 1.0)


def test_a_price_of_requests_needs_requests() -> None:
    place = make_model_place("m", TokenPrice(1.0, 1.0, per_request=0.01))
    assert price(make_bill(make_row()), place).usd.value == pytest.approx(1.1 + 1.0)
    (left,) = price(make_bill(make_row(requests=None)), place).unpriced
    assert "counts requests" in left.reason


def test_money_without_use_cannot_be_priced_elsewhere_and_says_what_would_help() -> None:
    costs = price(read_bill(BILLS / "openai_costs.csv"), CHEAP)
    assert not costs.usd.is_known
    assert any("add the export of use" in note for note in costs.notes)


OWN = OwnPlace("own", make_hardware(), Capacity((2.0,)), Lengths.of([(10_000, 0, 1_000)]), 1.0)


def test_own_machines_are_paid_for_every_hour_of_the_bills_time() -> None:
    """Two days of 100 and 300 requests: what the simulation says of an hour, 48 times."""
    bill = make_bill(make_row(), make_row(day=DAY + datetime.timedelta(days=1), requests=300))
    costs = price(bill, OWN)
    demand = Demand((100 / 86_400, 300 / 86_400))
    hour = simulate_costs([make_owned()], demand, SETTINGS).candidates[0].usd_per_hour.value
    assert hour is not None
    assert costs.usd.value == pytest.approx(48 * hour)
    assert costs.machines.value == 1.0
    assert costs.cheaper == (1.0 if 48 * hour < 18.0 else 0.0)


def test_machines_are_sized_for_the_busiest_hour_where_the_bill_tells_hours() -> None:
    """36,000 requests in one hour are 10 a second: five replicas that carry 2 each, all day long."""
    bill = make_bill(make_row(hour=9, requests=36_000), make_row(hour=14, requests=3_600))
    assert price(bill, OWN).machines.value == 5.0


def test_a_peak_that_was_stated_adds_machines_and_one_that_was_not_is_said() -> None:
    bill = make_bill(make_row(requests=86_400))
    assert price(bill, OWN).machines.value == 1.0
    assert price(bill, replace(OWN, peak_factor=5.0)).machines.value == 3.0
    unsaid = price(bill, replace(OWN, peak_factor=None))
    assert any("busiest day" in note for note in unsaid.notes)


def test_requests_that_are_not_told_are_worked_out_from_measured_lengths_or_unknown() -> None:
    bill = make_bill(make_row(requests=None, output=86_400_000))
    costs = price(bill, OWN)
    assert costs.machines.value == 1.0
    assert any("requests are not told" in note for note in costs.notes)
    unknown = price(bill, replace(OWN, lengths=None))
    assert not unknown.usd.is_known
    assert unknown.unpriced[0].reason == "no requests are told"


def test_without_a_highest_rate_own_machines_are_unknown() -> None:
    costs = price(make_bill(make_row()), replace(OWN, capacity=Capacity()))
    assert not costs.usd.is_known
    assert costs.unpriced[0].reason == "the highest rate was not measured"


def test_a_bill_over_thousands_of_years_is_no_reason_to_fill_the_memory() -> None:
    bill = make_bill(make_row(day=datetime.date(1, 1, 1)), make_row(day=datetime.date(9999, 12, 31)))
    costs = price(bill, OWN)
    assert not costs.usd.is_known
    assert costs.unpriced[0].reason == "the bill reaches over 3,652,059 days"


def test_a_highest_rate_measured_with_other_lengths_is_doubted() -> None:
    costs = price(make_bill(make_row()), replace(OWN, lengths=Lengths.of([(500, 0, 1_000)])))
    assert any("10,000 input tokens a request, the highest rate was measured with 500" in note for note in costs.notes)
    assert not any("output tokens a request" in note for note in costs.notes)


def test_doubt_about_the_hardware_is_carried_into_the_month() -> None:
    place = replace(OWN, hardware=make_hardware({Entry.CAPITAL: Range(6_000, 12_000, 40_000)}))
    costs = price(make_bill(make_row()), place)
    assert costs.usd.low is not None
    assert costs.usd.high is not None
    assert costs.usd.high > 1.5 * costs.usd.low
    assert costs.saving_usd.high == pytest.approx(9.0 - costs.usd.low, rel=0.02)


def test_a_capacity_with_an_interval_may_need_another_machine() -> None:
    place = replace(OWN, capacity=Capacity(estimate=Estimate(1.0, 0.8, 1.25, 400)))
    costs = price(make_bill(make_row(requests=86_400)), place)
    assert (costs.machines.low, costs.machines.high) == (1.0, 2.0)


def test_the_answer_has_a_json_form() -> None:
    bill = join_bills(tuple(read_bill(path) for path in sorted(BILLS.iterdir())))
    answer = price_elsewhere(bill, [CHEAP, make_listed_place("as listed", PriceBook()), OWN], SETTINGS)
    assert "NaN" not in encode_canonical(answer)
