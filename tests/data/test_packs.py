"""Rule data is read as YAML 1.2 reads it: words that look like yes or no stay words."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from holdfast.data import read_pack_file
from holdfast.records.evidence import Strict


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row(Strict):
    on: date
    country: str
    flop: object
    share: object
    so: object


@pytest.mark.parametrize("number", ["1.0e26", "1e+26", "1.0E+26"])
def test_on_is_a_key_norway_is_a_country_and_an_exponent_is_a_number(tmp_path: Path, number: str) -> None:
    file = tmp_path / "row.yaml"
    file.write_text(f"on: 2026-06-15\ncountry: NO\nflop: {number}\nshare: 50\nso: true\n")
    row = read_pack_file(file, _Row)
    assert row == _Row(on=date(2026, 6, 15), country="NO", flop=1e26, share=50, so=True)
    assert isinstance(row.share, int)
