"""`holdfast watch` from enrolment to an accepted change, against a real endpoint on loopback."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.front.cli.runs import Ran, run_here
from tests.measure.probing.served import Behaviour, Served

POOL = "\n".join(
    f"Pick {how}: {first} or {second}?"
    for how in ("one", "two", "it")
    for first in "abcdefghij"
    for second in "klmnopqrst"
)


@dataclass
class Scene:
    """A home with a book, and the endpoint that is watched."""

    home: Path
    served: Served

    def run(self, *words: str | Path) -> Ran:
        return run_here("watch", *words, home=self.home)

    def add(self, name: str, *words: str | Path) -> Ran:
        pool = self.home / "pool.txt"
        pool.write_text(POOL)
        return self.run(
            "add", name, "--url", self.served.url, "--model", "a-model", "--prompts", pool, "--border", "12",
            "--burn-in", "2", "--rounds", "12", "--price", "0.1/0.4", "--seed", "5", "--yes", *words,
        )  # fmt: skip

    def visit(self, day: int, *words: str | Path) -> Ran:
        return self.run("run", "--at", f"2026-12-{day:02d}T08:00", *words)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with Served(Behaviour()) as served:
        yield served


@pytest.fixture(scope="module")
def enrolled(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home where `hosted` is watched; never written to by a test."""
    scene = Scene(tmp_path_factory.mktemp("enrolled"), served)
    added = scene.add("hosted")
    assert added.code == 0, added.err
    assert "12 border prompts" in added.out
    assert "another model" in added.out
    return scene.home


@pytest.fixture
def scene(served: Served, enrolled: Path, tmp_path: Path) -> Scene:
    served.behaviour = Behaviour()
    shutil.copytree(enrolled, tmp_path / "home")
    return Scene(tmp_path / "home", served)


def test_a_swap_is_told_once_and_accepted_on_record(scene: Scene) -> None:
    for day in (1, 2, 3):
        ran = scene.visit(day)
        assert ran.code == 3, ran.out + ran.err
    scene.served.behaviour = replace(scene.served.behaviour, seed=2)
    issue = scene.home / "issue.md"
    scene.served.bodies.clear()
    changed = scene.visit(4, "--markdown", issue)
    assert any("kill a Python process" in json.dumps(body) for body in scene.served.bodies), (
        "what kind is asked at once"
    )
    assert changed.code == 10, changed.out
    assert "the served distribution changed" in changed.out
    assert "weights changed" not in changed.out
    assert "2026-12-04" in issue.read_text()
    book = json.loads(scene.run("list", "--json").out)
    assert book["monitors"][0]["outcome"] == "changed"
    verified = json.loads(scene.run("verify", "--json").out)
    assert [(one["outcome"], one["alarm_day"], one["differs"]) for one in verified["lives"]] == [
        ("changed", "2026-12-04", "")
    ]
    assert scene.run("accept", "hosted").code == 2
    assert scene.run("accept", "hosted", "--why", "announced", "--by", "kim", "--at", "2026-12-05").code == 0
    after = scene.visit(6)
    assert after.code == 3
    monitor = json.loads(scene.run("list", "--json").out)["monitors"][0]
    assert (monitor["life"], monitor["lives"][-1]["by"]) == (2, "kim")
    page = scene.home / "page.html"
    assert scene.run("report", "--html", page).code == 0
    assert "the served distribution changed" in page.read_text()


def test_a_plan_is_printed_before_anything_is_asked(scene: Scene) -> None:
    before = scene.served.answered
    ran = scene.run(
        "add", "other", "--url", scene.served.url, "--model", "a-model", "--price", "0.1/0.4", "--border", "4",
        "--rounds", "50", "--budget-usd-per-month", "1", "--dry-run",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "then a month" in ran.out
    assert scene.served.answered == before
    assert [one["name"] for one in json.loads(scene.run("list", "--json").out)["monitors"]] == ["hosted"]


def test_nothing_is_spent_without_a_yes(scene: Scene) -> None:
    before = scene.served.answered
    ran = scene.run("add", "other", "--url", scene.served.url, "--model", "a-model", "--border", "4", "--rounds", "50")
    assert ran.code == 2
    assert "--yes" in ran.err
    assert scene.served.answered == before


def test_a_budget_without_a_price_is_refused(scene: Scene) -> None:
    ran = scene.run("add", "a", "--url", scene.served.url, "--model", "m", "--budget-usd-per-month", "1", "--dry-run")
    assert ran.code == 2
    assert "--price" in ran.err


def test_a_budget_that_is_used_up_stops_visits_and_is_no_change(scene: Scene) -> None:
    assert scene.add("poor", "--budget-usd-per-month", "0.03", "--rounds", "200").code == 0
    spent = [scene.visit(day, "poor") for day in range(1, 5)]
    assert all(ran.code == 3 for ran in spent)
    assert "the budget of the month is used up" in spent[-1].out
    cost = json.loads(scene.run("list", "poor", "--json", "--at", "2026-12-05").out)["monitors"][0]["cost"]
    assert 0 < cost["month_usd"] <= 0.03


def test_an_outage_is_no_change(scene: Scene) -> None:
    for day in (1, 2):
        scene.visit(day)
    scene.served.behaviour = replace(scene.served.behaviour, fault=500)
    ran = scene.visit(3)
    assert ran.code == 3
    assert "could not tell" in ran.out


def test_a_second_visit_of_a_day_is_not_paid(scene: Scene) -> None:
    scene.visit(1)
    before = scene.served.answered
    again = scene.visit(1)
    assert scene.served.answered == before
    assert "visited already" in again.out


def test_a_changed_entry_is_named_and_nothing_is_overwritten(scene: Scene) -> None:
    scene.visit(1)
    (book,) = scene.home.rglob("book.sqlite")
    exported = scene.home / "book.jsonl"
    assert scene.run("export", exported).code == 0
    assert scene.run("verify", exported).code == 0
    lines = exported.read_text().splitlines()
    altered = [line.replace("a-model", "b-model") for line in lines]
    exported.write_text("\n".join(altered) + "\n")
    found = scene.run("verify", exported)
    assert found.code == 18
    assert "entry" in found.out
    with sqlite3.connect(book) as database:
        names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert names
    book.write_bytes(b"not a database")
    broken = scene.visit(2)
    assert broken.code not in (0, 3, 10)
    assert book.read_bytes() == b"not a database"


def test_an_unknown_monitor_and_a_missing_book_are_told(scene: Scene) -> None:
    assert "holdfast watch add" in run_here("watch", "list", home=scene.home / "nowhere").err
    ran = scene.run("run", "other")
    assert ran.code == 2
    assert "hosted" in ran.err


def test_a_notice_of_retirement_is_told_once(scene: Scene) -> None:
    notices = scene.home / "notices.csv"
    notices.write_text("model,shutdown date,replacement\na-model,2027-03-01,b-model\nc-model,2027-04-01,\n")
    first = scene.run("notices", notices)
    assert first.code == 10, first.out + first.err
    assert "2027-03-01" in first.out
    assert "c-model" not in first.out
    again = scene.run("notices", notices)
    assert again.code == 0
    assert "known" in again.out
    assert "2027-03-01" in scene.run("list", "hosted").out


def test_a_host_is_compared_with_a_copy_of_ones_own(scene: Scene) -> None:
    pool = scene.home / "pool.txt"
    pool.write_text(POOL)
    with Served(Behaviour()) as host:
        words = ("compare", "--reference", f"{scene.served.url}#a-model", "--host", f"{host.url}#b-model")
        asked = (*words, "--prompts", pool, "--border", "8", "--rounds", "20", "--seed", "3", "--alpha", "0.001")
        faithful = scene.run(*asked)
        assert faithful.code == 0, faithful.out + faithful.err
        assert "no difference was found" in faithful.out
        host.behaviour = replace(host.behaviour, seed=2)
        other = scene.run(*asked, "--json")
        assert other.code == 10
        found = json.loads(other.out)
    assert found["conformance"]["p_value"] < 0.01
    assert found["host"]["model"] == "b-model"


def test_several_monitors_keep_one_promise_together(scene: Scene) -> None:
    assert scene.add("second").code == 0
    shown = scene.run("list")
    assert "together, changed at a chance that any unchanged one is named of 0.01: none" in shown.out
    assert "mean share of unchanged ones" in shown.out


def test_a_change_that_was_accepted_is_a_signature_for_the_next_one(scene: Scene) -> None:
    for day in (1, 2, 3):
        scene.visit(day)
    scene.served.behaviour = replace(scene.served.behaviour, seed=2)
    assert scene.visit(4).code == 10
    assert scene.run("accept", "hosted", "--why", "another model", "--at", "2026-12-04").code == 0
    for day in (5, 6, 7):
        scene.visit(day)
    scene.served.behaviour = replace(scene.served.behaviour, seed=3)
    assert scene.visit(8).code == 10
    (monitor,) = json.loads(scene.run("list", "--json").out)["monitors"]
    assert [one["name"] for one in monitor["triage"]["nearest"]] == ["hosted, 2026-12-04: another model"]
    assert monitor["triage"]["nearest"][0]["distance"] < 0.3


def test_a_book_of_paused_monitors_alone_is_shown_and_nobody_is_asked(scene: Scene) -> None:
    assert scene.run("pause", "hosted", "--why", "the account is being moved").code == 0
    before = scene.served.answered
    ran = scene.visit(1)
    assert ran.code == 0, ran.err
    assert "paused" in ran.out
    assert scene.served.answered == before
    assert json.loads(scene.run("list", "--json").out)["together"][0]["changed"] == []
