"""holdfast.toml, environment and flags: what wins, and what is refused."""

import datetime
from pathlib import Path

import pytest

from holdfast.records.errors import BadDate, ConfigurationError, ExpiredWaiver
from holdfast.records.settings import Settings
from holdfast.workflows.configuration import read_settings

TODAY = datetime.date(2026, 11, 23)


def settings_of(folder: Path, text: str, environ: dict[str, str] | None = None, **flags: object) -> Settings:
    (folder / "holdfast.toml").write_text(text)
    return read_settings(folder, environ or {}, flags, TODAY)


def test_flags_beat_the_environment_which_beats_the_file(tmp_path: Path) -> None:
    text = '[party]\nlike = "eu-business"\n[check]\non = 2026-01-01\n'
    assert settings_of(tmp_path, text).party.like == "eu-business"
    assert settings_of(tmp_path, text, {"HOLDFAST_PARTY": "uk-business"}).party.like == "uk-business"
    both = settings_of(tmp_path, text, {"HOLDFAST_PARTY": "uk-business"}, party="researcher")
    assert both.party.like == "researcher"
    origins = {origin.key: origin.origin for origin in both.origins}
    assert origins["party"] == "--as"
    assert origins["on"] == "holdfast.toml:4"


def test_nothing_set_means_a_us_business_today_and_no_policy(tmp_path: Path) -> None:
    settings = read_settings(tmp_path, {}, {}, TODAY)
    assert (settings.party.like, settings.on, settings.policy) == ("us-business", TODAY, None)


def test_a_file_in_a_folder_above_holds_up_to_the_top_of_the_repository(tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text('party = "eu-business"\n')
    inner = tmp_path / "repo" / "service"
    inner.mkdir(parents=True)
    assert read_settings(inner, {}, {}, TODAY).party.like == "eu-business"
    (tmp_path / "repo" / ".git").mkdir()
    assert read_settings(inner, {}, {}, TODAY).party.like == "us-business"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[party\n", "holdfast.toml"),
        ('[party]\nlike = "us-business"\ncolour = "red"\n', "holdfast.toml:3"),
        ('[policy]\nreach = ["illegal"]\n', "holdfast.toml"),
        ('[[waivers]]\nmodel = "m"\nlever = "l"\nexpires = 2027-01-01\n', "holdfast.toml"),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(text: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings_of(tmp_path, text)
    assert place in caught.value.where


def test_an_expired_waiver_is_refused_with_its_line(tmp_path: Path) -> None:
    text = '[[waivers]]\nmodel = "m"\nlever = "l"\nreason = "pilot"\nexpires = 2026-11-22\n'
    with pytest.raises(ExpiredWaiver) as caught:
        settings_of(tmp_path, text)
    assert caught.value.where.endswith("holdfast.toml:5")
    assert settings_of(tmp_path, text.replace("2026-11-22", "2026-11-23")).waivers[0].reason == "pilot"


def test_a_date_that_is_no_date_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDate, match="2026-13-01"):
        read_settings(tmp_path, {}, {"on": "2026-13-01"}, TODAY)
