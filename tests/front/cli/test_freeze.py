"""freeze, thaw and drop as a user meets them: real vaults, real processes."""

import json
from pathlib import Path

import pytest
from tests.front.cli.models import COMMIT, OTHER_COMMIT, Home, make_home, write_model

MODEL = "Qwen/Qwen3-8B"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    found = Home(tmp_path_factory.mktemp("template"))
    found.keep(write_model(found.folder / "model"), MODEL)
    return found


@pytest.fixture
def home(tmp_path: Path, template: Home) -> Home:
    return make_home(tmp_path, template)


def freeze(home: Home, model: str = MODEL, *more: str) -> None:
    done = home.run("freeze", model, "--by", "A. Counsel", "--why", "LEGAL-212", *more)
    assert done.code == 0, done.err


def test_a_frozen_copy_is_not_restored_and_the_refusal_says_who_and_why(home: Home) -> None:
    assert home.start("freeze", MODEL, "--by", "A. Counsel", "--why", "LEGAL-212").code == 0
    done = home.start("restore", MODEL, "out")
    assert done.code == 13
    assert "A. Counsel" in done.err
    assert "LEGAL-212" in done.err
    assert not (home.folder / "out").exists()


def test_a_thawed_copy_comes_back_byte_for_byte_and_the_freeze_stays_on_record(home: Home) -> None:
    freeze(home)
    assert home.run("thaw", MODEL, "--by", "B. Counsel", "--why", "closed").code == 0
    assert home.run("restore", MODEL, "out").code == 0
    assert (home.folder / "out/weights.bin").read_bytes() == (home.folder / "model/weights.bin").read_bytes()
    decisions = home.get("show", MODEL)["decisions"]
    assert [(one["verb"], one["by"], one["why"]) for one in decisions[1:]] == [
        ("freeze", "A. Counsel", "LEGAL-212"),
        ("thaw", "B. Counsel", "closed"),
    ]


@pytest.mark.parametrize("verb", ["freeze", "thaw", "drop"])
def test_a_decision_without_a_reason_is_refused_and_nothing_changes(home: Home, verb: str) -> None:
    done = home.run(verb, MODEL, "--by", "Ana", "--json")
    assert done.code == 2
    assert "--why" in json.loads(done.err)["next"]
    assert home.get("list")["copies"][0]["state"] == "kept"


def test_a_frozen_copy_is_dropped_only_after_somebody_thawed_it(home: Home) -> None:
    freeze(home)
    refused = home.run("drop", MODEL, "--by", "Ana", "--why", "old")
    assert refused.code == 13
    assert "holdfast thaw" in refused.err
    home.run("thaw", MODEL, "--by", "A. Counsel", "--why", "closed")
    assert home.run("drop", MODEL, "--by", "Ana", "--why", "old").code == 0
    assert home.get("list")["copies"] == []
    assert home.run("restore", MODEL, "out").code == 2


def test_what_was_dropped_is_kept_again_and_is_back(home: Home) -> None:
    home.run("drop", MODEL, "--by", "Ana", "--why", "old")
    home.keep(home.folder / "model", MODEL)
    assert home.run("restore", MODEL, "out").code == 0


def test_a_copy_that_is_kept_again_stays_frozen(home: Home) -> None:
    freeze(home)
    assert home.keep(home.folder / "model", MODEL)["state"] == "frozen"
    assert home.run("restore", MODEL, "out").code == 13


def test_all_revisions_are_frozen_at_once_and_one_alone_is_not_enough(home: Home) -> None:
    home.keep(write_model(home.folder / "later", "later"), MODEL, OTHER_COMMIT)
    freeze(home, f"{MODEL}@{COMMIT}")
    assert {copy["revision"]: copy["state"] for copy in home.get("list")["copies"]} == {
        COMMIT: "frozen",
        OTHER_COMMIT: "kept",
    }
    freeze(home, MODEL, "--all-revisions")
    assert {copy["state"] for copy in home.get("list")["copies"]} == {"frozen"}


def test_dropping_all_revisions_drops_none_while_one_is_frozen(home: Home) -> None:
    home.keep(write_model(home.folder / "later", "later"), MODEL, OTHER_COMMIT)
    freeze(home, f"{MODEL}@{COMMIT}")
    assert home.run("drop", MODEL, "--all-revisions", "--by", "Ana", "--why", "old").code == 13
    assert len(home.get("list")["copies"]) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["freeze", "acme/none"], 2, MODEL),
        (["freeze", f"{MODEL}@{COMMIT}", "--all-revisions"], 2, "--all-revisions"),
        (["thaw", MODEL], 11, "is not frozen"),
        (["thaw", MODEL, "--all-revisions"], 2, "is frozen"),
    ],
)
def test_a_decision_that_cannot_be_made_says_why(home: Home, arguments: list[str], code: int, says: str) -> None:
    done = home.run(*arguments, "--by", "Ana", "--why", "because")
    assert done.code == code
    assert says in done.err


def test_freezing_twice_tells_who_was_first(home: Home) -> None:
    freeze(home)
    done = home.run("freeze", MODEL, "--by", "Ana", "--why", "again")
    assert done.code == 11
    assert "A. Counsel" in done.err


def test_decisions_outlive_a_catalogue_that_was_lost(home: Home) -> None:
    freeze(home)
    for path in home.vault.glob("catalogue.sqlite*"):
        path.unlink()
    assert home.run("rebuild").code == 0
    assert home.run("restore", MODEL, "out").code == 13
