"""Screening inside `check` and `who`: real list files, the packaged organisations, and what is said without lists."""

import datetime
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from holdfast.data import data_folder
from holdfast.front.cli.main import run_verb
from holdfast.lineage import Registry, read_registry
from holdfast.records.errors import ListError
from holdfast.records.organisation import Organisation
from holdfast.records.screening import ScreeningSummary
from holdfast.workflows.lists import UpdateAsked, update_lists
from holdfast.workflows.screening import Part, ScreeningAsked, screen_parts
from tests.levers.screening.editions import FIXTURES, day
from tests.levers.screening.test_owners import organisation

ON = day("2026-10-01")
NOW = datetime.datetime(2026, 10, 1, 12, tzinfo=datetime.UTC)
NOT_SCREENED = "No official list was screened"


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Entity List of 2026-09-28 and the 1260H list of 2026-06-08, a few parties of each."""
    folder = tmp_path_factory.mktemp("lists")
    asked = UpdateAsked(names=(), folder=folder, now=NOW, progress=lambda _done, _total: None, floor=1)
    entity = replace(asked, names=("us-bis-entity-list",), files=(FIXTURES / "entity_list.xml",))
    update_lists(replace(entity, edition=day("2026-09-28")))
    update_lists(replace(asked, names=("us-1260h",), files=(FIXTURES / "1260h.csv",)))
    return folder


@pytest.fixture(scope="module")
def registry() -> Registry:
    return read_registry(data_folder())


def screen(
    parts: list[Part], organisations: Mapping[str, Organisation], folder: Path, on: datetime.date = ON
) -> ScreeningSummary:
    return screen_parts(parts, organisations, ScreeningAsked(folder, on, known_on=ON))


def hits_of(summary: ScreeningSummary) -> dict[str, set[str]]:
    return {one.id: {hit.list for hit in one.result.hits} for one in summary.hit}


# --- what is found ----------------------------------------------------------------------------------------------------


def test_builders_bases_and_endpoints_are_screened_with_the_rows_that_they_have_a_part_in(
    lists: Path, registry: Registry
) -> None:
    parts = [
        Part("org:zhipu", "base", 1),
        Part("org:alibaba", "developer", 1),
        Part("org:alibaba", "endpoint", 2),
        Part("org:mistral", "developer", 3),
    ]
    summary = screen(parts, registry.organisations, lists)
    assert hits_of(summary) == {"org:zhipu": {"us-bis-entity-list"}, "org:alibaba": {"us-1260h"}}
    alibaba = next(one for one in summary.involved if one.id == "org:alibaba")
    assert (alibaba.parts, alibaba.rows) == (("developer", "endpoint"), (1, 2))
    assert [(use.feed, use.date) for use in summary.editions] == [
        ("us-1260h", day("2026-06-08")),
        ("us-bis-entity-list", day("2026-09-28")),
    ]


def test_a_hit_says_list_entry_match_score_dates_and_the_date_of_the_list(lists: Path, registry: Registry) -> None:
    (one,) = screen([Part("org:zhipu", "developer", 1)], registry.organisations, lists).hit
    (said,) = one.says
    for words in (
        "us-bis-entity-list, listed: Beijing Zhipu Huazhang Technology Co., Ltd.",
        one.result.hits[0].entry,
        "listed since 2025-01-16",
        "by name",
        "exact, score 1.00",
        "as known on 2026-09-28",
    ):
        assert words in said


def test_the_day_asked_about_decides_whether_the_entry_stood(lists: Path, registry: Registry) -> None:
    parts = [Part("org:megvii", "developer", 1)]  # on the 1260H list from 2024-01-31, removed on 2025-01-07
    said = {
        on: screen(parts, registry.organisations, lists, day(on)).hit[0].says[0]
        for on in ("2023-06-01", "2024-06-01", "2026-10-01")
    }
    assert "us-1260h, not yet listed" in said["2023-06-01"]
    assert "us-1260h, listed" in said["2024-06-01"]
    assert "us-1260h, removed" in said["2026-10-01"]


def test_half_owned_by_a_listed_party_is_a_hit_through_ownership_and_less_only_shows_the_owner(lists: Path) -> None:
    owned = organisation("org:a", "Quietly Unrelated Ltd.", ("org:listed", 60.0))
    partly = organisation("org:b", "Another Unrelated Ltd.", ("org:listed", 20.0))
    listed = organisation("org:listed", "Tencent Holdings Limited")
    known = {org.id: org for org in (owned, partly, listed)}
    summary = screen([Part("org:a", "developer", 1), Part("org:b", "developer", 2)], known, lists)
    assert hits_of(summary) == {"org:a": {"us-1260h"}, "org:listed": {"us-1260h"}}
    said = {one.id: one.says[0] for one in summary.hit}
    assert "by ownership of 50 % or more through org:listed (60 %)" in said["org:a"]
    owner = next(one for one in summary.involved if one.id == "org:listed")
    assert owner.parts == ("owner of Quietly (60 %)", "owner of Another (20 %)")
    assert owner.rows == (1, 2)


def test_owners_that_own_each_other_end(lists: Path) -> None:
    first = organisation("org:a", "Quietly Unrelated Ltd.", ("org:b", 10.0), ("Tencent Holdings Limited", 5.0))
    second = organisation("org:b", "Another Unrelated Ltd.", ("org:a", 10.0), ("unknown", None))
    summary = screen([Part("org:a", "developer", 1)], {org.id: org for org in (first, second)}, lists)
    assert {one.id for one in summary.involved} == {"org:a", "org:b", "Tencent Holdings Limited"}
    assert set(hits_of(summary)) == {"Tencent Holdings Limited"}  # an owner that the registry names in words only


# --- what is not known ------------------------------------------------------------------------------------------------


def test_no_hit_is_not_clearance_and_lists_that_are_not_held_are_unknown(lists: Path, registry: Registry) -> None:
    summary = screen([Part("org:mistral", "developer", 1)], registry.organisations, lists)
    assert summary.hit == ()
    text = "\n".join(summary.says)
    assert "No hit is not clearance." in text
    assert "Unknown for us-ofac-sdn" in text
    assert "no edition that speaks for the day is held" in text


def test_somebody_unknown_is_said_to_be_not_screened(lists: Path, registry: Registry) -> None:
    parts = [Part("unknown", "developer", 1), Part("unknown", "developer", 4), Part("org:mistral", "base", 1)]
    summary = screen(parts, registry.organisations, lists)
    assert "Somebody not known has a part in 2 models, and could not be screened." in summary.says
    assert "org:mistral" in {one.id for one in summary.involved}
    assert "unknown" not in {one.id for one in summary.involved}


def test_without_lists_one_line_says_that_nothing_was_screened_and_how_to_get_them(
    tmp_path: Path, registry: Registry
) -> None:
    summary = screen([Part("org:zhipu", "developer", 1)], registry.organisations, tmp_path / "none")
    (line,) = summary.says
    assert line.startswith(f"{NOT_SCREENED}: no list is held.")
    assert "holdfast lists update" in line
    assert (summary.involved, summary.editions) == ((), ())


def test_a_damaged_list_is_an_error_and_not_an_empty_list(tmp_path: Path, lists: Path, registry: Registry) -> None:
    place = tmp_path / "us-1260h" / "2026-06-08-x"
    place.mkdir(parents=True)
    (place / "edition.json").write_text('{"feed": "us-1260h"')
    with pytest.raises(ListError, match="damaged"):
        screen([Part("org:zhipu", "developer", 1)], registry.organisations, tmp_path)


@pytest.mark.parametrize("missing", ["rigour", "nomenklatura"])
def test_without_the_extra_check_goes_on_and_says_that_nothing_was_screened(
    missing: str, lists: Path, tmp_path: Path
) -> None:
    """A second process, in which the library cannot be imported."""
    (tmp_path / "app.py").write_text(APP)
    block = f"import sys; sys.modules[{missing!r}] = None\nfrom holdfast.front.cli.main import run\n"
    places = {name: str(tmp_path / name) for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")}
    command = ["check", str(tmp_path / "app.py"), "--on", "2026-10-01"]
    done = subprocess.run(
        [sys.executable, "-c", f"{block}run({command!r})"],
        capture_output=True,
        text=True,
        check=False,
        env={**places, "HOLDFAST_LISTS": str(lists), "PATH": "/usr/bin:/bin", "COLUMNS": "160"},
    )
    assert done.returncode == 0, done.stderr
    assert f"{NOT_SCREENED}: " in done.stdout
    assert f"{missing}, which is not installed. Install the extra: pip install 'holdfast[screening]'." in done.stdout


# --- the verbs --------------------------------------------------------------------------------------------------------

APP = """\
from transformers import AutoModel
AutoModel.from_pretrained("zai-org/GLM-4.5")
AutoModel.from_pretrained("FacebookAI/roberta-base")
"""


@pytest.fixture
def app(tmp_path: Path, lists: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An application with two models, and a user's folders with the lists."""
    monkeypatch.setenv("HOLDFAST_LISTS", str(lists))
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "app.py").write_text(APP)
    return folder


def test_check_shows_hits_in_every_form(app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    forms = {name: tmp_path / f"out.{name}" for name in ("markdown", "html", "sarif", "cyclonedx")}
    flags = [word for name, place in forms.items() for word in (f"--{name}", str(place))]
    assert run_verb(["check", str(app), "--on", "2026-10-01", *flags]) == 0
    entry, caveat = "Beijing Zhipu Huazhang Technology Co., Ltd.", "No hit is not clearance."
    printed = capsys.readouterr().out
    for text in (printed, *(place.read_text(encoding="utf-8") for place in forms.values())):
        assert entry in text
        assert caveat in text
    assert "Hits on official lists" in printed
    assert run_verb(["explain", "pkg:huggingface/zai-org/GLM-4.5"]) == 0
    assert entry in capsys.readouterr().out


def test_check_gives_screening_as_json(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_verb(["check", str(app), "--on", "2024-06-01", "--json"]) == 0
    report = cast("dict[str, Any]", json.loads(capsys.readouterr().out))
    zhipu = next(one for one in report["screening"]["involved"] if one["id"] == "org:zhipu")
    (hit,) = zhipu["result"]["hits"]
    assert (hit["state"], hit["listed"]) == ("not yet listed", "no")
    assert (report["screening"]["on"], hit["start"]) == ("2024-06-01", "2025-01-16")
    glm = next(row["number"] for row in report["rows"] if "GLM" in row["model"])
    assert zhipu["rows"] == [glm]


@pytest.mark.parametrize("asked", ["zai-org/GLM-4.5", "zhipu", "family:glm-4.5"])
def test_who_shows_hits_for_models_organisations_and_families(
    asked: str, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_verb(["who", asked, "--on", "2026-10-01"]) == 0
    printed = capsys.readouterr().out
    block = printed.partition("Official lists on 2026-10-01")[2]
    assert "HIT Zhipu" in block
    assert "Beijing Zhipu Huazhang Technology Co., Ltd." in block
    assert "No hit is not clearance." in block


def test_who_without_lists_says_that_nothing_was_screened(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOLDFAST_LISTS", str(tmp_path / "none"))
    assert run_verb(["who", "zhipu"]) == 0
    printed = capsys.readouterr().out
    assert f"{NOT_SCREENED}: no list is held." in printed
    assert "HIT" not in printed
