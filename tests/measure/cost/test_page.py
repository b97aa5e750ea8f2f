"""docs/how-to/measure-cost.md: its example is worked out anew, and its tables name all that there is."""

import datetime
import math
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from holdfast.measure.cost.bills.bill import BillFormat
from holdfast.measure.cost.candidates import Candidate
from holdfast.measure.cost.costs import CandidateCosts, Costs
from holdfast.measure.cost.hardware import Entry
from holdfast.measure.cost.hardware_file import DEFAULTS, read_hardware_file
from holdfast.measure.cost.price_asked import PriceAsked
from holdfast.measure.cost.price_file import read_price_file
from holdfast.measure.cost.prices import PriceBook
from holdfast.measure.cost.simulation import Settings, simulate_costs
from holdfast.measure.cost.workload import Capacity, Demand, Lengths, Right
from holdfast.measure.energy.energy import Reason
from holdfast.records.measurement import Estimate, Range

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "how-to" / "measure-cost.md").read_text()
NUMBER = r"\d+(?:\.\d+)?"


@pytest.fixture(scope="module")
def costs() -> Costs:
    hardware = read_hardware_file(ROOT / "examples" / "hardware" / "h100-owned.toml")
    book = PriceBook(read_price_file(ROOT / "examples" / "prices" / "contract.toml"))
    day = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)
    price = book.find_price(PriceAsked("gpt-5", day, "openai")).price
    lengths = Lengths.of([(900, 225, 250), (1200, 300, 350), (1500, 375, 450)] * 100)
    own = Candidate("own", hardware, lengths, Right(171, 200), Capacity((3.1, 2.9, 3.0, 3.2)))
    hosted = Candidate("hosted", price, lengths, Right(188, 200))
    return simulate_costs([own, hosted], Demand((0.5,)), Settings(seed=1, wrong_usd=0.05, curve_points=2))


def read_numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(NUMBER, text)]


def get_numbers(of: Estimate, scale: float) -> list[float]:
    return [math.nan if end is None else end * scale for end in (of.value, of.low, of.high)]


@pytest.mark.parametrize(
    ("label", "name", "scale"),
    [
        ("$ per 1,000 requests", "usd_per_request", 1000),
        ("$ per 1,000 requests when full", "usd_per_request_when_full", 1000),
        ("$ per million output tokens", "usd_per_million_output", 1),
        ("right answers, %", "share_right", 100),
        ("$ per 1,000 right answers", "usd_per_correct", 1000),
        ("$ per 1,000 requests with wrong answers", "usd_total", 1000),
    ],
)
def test_each_row_of_the_example_is_what_the_simulation_says(costs: Costs, label: str, name: str, scale: float) -> None:
    (row,) = re.findall(rf"^\| {re.escape(label)} \| ([^|]*) \| ([^|]*) \|$", PAGE, re.MULTILINE)
    for cell, candidate in zip(row, costs.candidates, strict=True):
        assert isinstance(candidate, CandidateCosts)
        assert read_numbers(cell) == pytest.approx(get_numbers(getattr(candidate, name), scale), rel=0.005)


def test_the_sentences_below_the_table_are_what_the_simulation_says(costs: Costs) -> None:
    (pair,) = costs.pairs
    assert pair.break_even is not None
    (rate,) = re.findall(r"Owning pays from \*\*(.*?) requests a second", PAGE)
    assert read_numbers(rate) == pytest.approx(get_numbers(pair.break_even.rate_per_s, 1), rel=0.01)
    (share,) = re.findall(r"on: (.*?) of what the machine carries", PAGE)
    assert read_numbers(share) == pytest.approx(get_numbers(pair.break_even.utilisation, 100), abs=0.06)
    assert (pair.break_even.feasible, pair.cheaper) == (1.0, 1.0)
    (flip,) = re.findall(r"wrong answer costs \*\*\$(.*?)\*\*", PAGE)
    assert read_numbers(flip) == pytest.approx(get_numbers(pair.flip_usd, 1), abs=0.0006)
    assert pair.better == pytest.approx(0.12, abs=0.005)
    names = [bar.driver.rpartition(": ")[2] for bar in costs.tornados[0].bars[:3]]
    assert names == ["operations_usd_per_month", "life_years", "residual_share"]


def test_the_sums_by_hand_are_right() -> None:
    """As the page writes them, at the likeliest values of the example's file."""
    of = {entry.value: value.mode for entry, value in _read_entries().items()}
    hosted = (900 * 1.00 + 300 * 0.10 + 350 * 8.00) / 1e6
    growth = 1.08**4
    crf, sff = 0.08 * growth / (growth - 1), 0.08 / (growth - 1)
    capital = (of["capital_usd"] * crf - of["capital_usd"] * of["residual_share"] * sff) / 8760
    monthly = (of["colocation_usd_per_month"] + of["operations_usd_per_month"]) / 730
    watts = of["power_idle_w"] + (of["power_loaded_w"] - of["power_idle_w"]) * 0.5 / 3.05
    power = watts / 1000 * of["pue"] * of["electricity_usd_per_kwh"]
    hour = capital + monthly + power
    written = (f"${hosted:.5f}", f"{crf:.5f}", f"{sff:.5f}", f"${capital:.4f}", f"${monthly:.4f}", f"${power:.4f}")
    for text in (*written, f"${hour:.4f}", f"${hour / 1800:.6f}"):
        assert text in PAGE, text


def _read_entries() -> Mapping[Entry, Range]:
    return read_hardware_file(ROOT / "examples" / "hardware" / "h100-owned.toml").entries


def test_every_entry_default_reason_and_export_is_on_the_page() -> None:
    assert [entry for entry in Entry if f"`{entry}`" not in PAGE] == []
    assert [reason for reason in Reason if f"`{reason}`" not in PAGE] == []
    for value in DEFAULTS.values():
        assert f"{value.low:g} to {value.high:g}, likeliest {value.mode:g}" in PAGE
    rows = PAGE.lower().replace("spend logs", "requests").replace("daily spend", "daily")
    assert [one for one in BillFormat if f"| {one}," not in rows] == []
