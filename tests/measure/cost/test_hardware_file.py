"""A machine's file: what is stated, what is a default, what is left out, and what is refused."""

from pathlib import Path

import pytest

from holdfast.measure.cost.hardware import Entry, Hardware
from holdfast.measure.cost.hardware_file import DEFAULTS, read_hardware_file
from holdfast.records.errors import MalformedFile
from holdfast.records.measurement import Range

EXAMPLES = Path(__file__).parents[3] / "examples" / "hardware"


def read(folder: Path, text: str, name: str = "box.toml") -> Hardware:
    path = folder / name
    path.write_text(text)
    return read_hardware_file(path)


def test_numbers_and_ranges_are_read_with_their_sources(tmp_path: Path) -> None:
    hardware = read(
        tmp_path,
        """
name = "a box"
as_of = 2026-11-01
replicas = 4
[own]
capital_usd = { low = 9000, high = 11000, source = "two offers" }
life_years = 4
""",
    )
    assert (hardware.name, hardware.as_of, hardware.replicas, hardware.is_rented) == ("a box", "2026-11-01", 4, False)
    assert hardware.entries[Entry.CAPITAL] == Range(9000.0, 10000.0, 11000.0, "two offers")
    assert hardware.entries[Entry.LIFE] == Range(4.0, 4.0, 4.0)


def test_what_is_not_stated_is_a_named_default_or_named_as_left_out(tmp_path: Path) -> None:
    hardware = read(tmp_path, "[own]\ncapital_usd = 5000\npower_loaded_w = 500\n")
    assert hardware.defaults == (Entry.LIFE, Entry.PUE, Entry.ELECTRICITY)
    assert all(hardware.entries[entry] == DEFAULTS[entry] and DEFAULTS[entry].source for entry in hardware.defaults)
    assert set(hardware.left_out) == {
        *(Entry.RESIDUAL_SHARE, Entry.INTEREST, Entry.COLOCATION, Entry.OPERATIONS, Entry.SOFTWARE)
    }
    assert any("power_idle_w is not stated" in note for note in hardware.notes)
    assert any("of which day" in note for note in hardware.notes)


def test_without_power_electricity_is_left_out_and_no_default_price_is_invented(tmp_path: Path) -> None:
    hardware = read(tmp_path, "[own]\ncapital_usd = 5000\n")
    assert Entry.POWER_LOADED in hardware.left_out
    assert Entry.ELECTRICITY not in hardware.entries


def test_rent_by_the_hour_asks_for_no_capital_and_no_electricity(tmp_path: Path) -> None:
    hardware = read(tmp_path, '[rent]\nrent_usd_per_hour = { low = 1.99, high = 3.5, source = "offers" }\n')
    assert hardware.is_rented
    assert hardware.defaults == ()
    assert set(hardware.left_out) == {Entry.OPERATIONS, Entry.SOFTWARE}


def test_a_machine_may_be_described_in_json(tmp_path: Path) -> None:
    hardware = read(tmp_path, '{"own": {"capital_usd": 100, "life_years": {"low": 1, "high": 2}}}', "box.json")
    assert hardware.entries[Entry.LIFE].mode == 1.5
    assert hardware.name == "box"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_every_example_is_read_and_says_where_its_numbers_are_from(path: Path) -> None:
    hardware = read_hardware_file(path)
    assert hardware.as_of
    ranges = [value for value in hardware.entries.values() if value.low < value.high]
    assert ranges
    assert all(value.source for value in ranges)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name = 'x'\n", "exactly one of the two tables"),
        ("[own]\ncapital_usd = 1\n[rent]\nrent_usd_per_hour = 1\n", "exactly one of the two tables"),
        ("own = 3\n", "`own` is not a table"),
        ("[own]\nlife_years = 3\n", "`capital_usd` is missing"),
        ("[rent]\nsoftware_usd_per_month = 3\n", "`rent_usd_per_hour` is missing"),
        ("[own]\ncapital_usd = 1\nrent_usd_per_hour = 1\n", "there is no entry `rent_usd_per_hour`"),
        ("[own]\ncapital_usd = { low = 2, mode = 1, high = 3 }\n", "`capital_usd` is not in order"),
        ("[own]\ncapital_usd = { mode = 1 }\n", "needs both `low` and `high`"),
        ("[own]\ncapital_usd = { low = 1, high = 2, hihg = 3 }\n", "there is no entry `hihg`"),
        ("[own]\ncapital_usd = -5\n", "`capital_usd` is not a finite number"),
        ("[own]\ncapital_usd = 'much'\n", "`capital_usd` is not a number"),
        ("[own]\ncapital_usd = 1\nlife_years = 0\n", "`life_years` must be at least 0.1"),
        ("[own]\ncapital_usd = 1\npue = 0.9\n", "`pue` must be at least 1"),
        ("[own]\ncapital_usd = 1\ninterest_rate = 5\n", "`interest_rate` must be at least 0 and at most 1"),
        ("[own]\ncapital_usd = 1\nresidual_usd = 1\nresidual_share = 0.1\n", "both stated"),
        ("[own]\ncapital_usd = 1\npower_idle_w = 10\n", "`power_loaded_w` is missing"),
        ("[own]\ncapital_usd = 1\npower_idle_w = 10\npower_loaded_w = 5\n", "reaches above the lowest"),
        ("replicas = 1.5\n[own]\ncapital_usd = 1\n", "`replicas` must be a whole number"),
    ],
)
def test_a_wrong_machine_is_refused_with_the_entry(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(MalformedFile) as caught:
        read(tmp_path, text)
    assert says in str(caught.value)
