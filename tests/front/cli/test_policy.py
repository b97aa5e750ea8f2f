"""`holdfast policy apply` on real vaults with the packaged levers."""

import json
from pathlib import Path

import pytest
from tests.front.cli.models import Home, make_home, write_model

HUNYUAN, QWEN = "tencent/Hunyuan-A13B-Instruct", "Qwen/Qwen3-8B"
EU = ("policy", "apply", "--as", "eu-business", "--on", "2026-10-06")
# The Hunyuan licences grant nothing in the EU (data/levers/lic-hunyuan.yaml); Qwen3 is under Apache-2.0.


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    found = Home(tmp_path_factory.mktemp("template"), {"HOLDFAST_BY": "Ana"})
    found.keep(write_model(found.folder / "hunyuan", "one"), HUNYUAN)
    found.keep(write_model(found.folder / "qwen", "two"), QWEN)
    return found


@pytest.fixture
def home(tmp_path: Path, template: Home) -> Home:
    return make_home(tmp_path, template)


def states(home: Home) -> dict[str, str]:
    return {copy["model"]: copy["state"] for copy in home.get("list")["copies"]}


def test_a_dry_run_says_lever_status_reach_source_and_horizon_and_freezes_nothing(home: Home) -> None:
    done = home.run(*EU, "--dry-run")
    assert done.code == 0, done.err
    for word in ("TO FREEZE", HUNYUAN, "lic-hunyuan", "in-force since", "forbidden", "Source:", "evidence to"):
        assert word in done.out, word
    assert states(home) == {HUNYUAN: "kept", QWEN: "kept"}


def test_what_is_forbidden_is_frozen_with_the_lever_as_its_reason_and_the_rest_is_left(home: Home) -> None:
    answer = home.get(*EU, "--yes")
    assert [one["model"] for one in answer["frozen"]] == [HUNYUAN]
    assert states(home) == {HUNYUAN: "frozen", QWEN: "kept"}
    frozen = home.get("show", HUNYUAN)["decisions"][-1]
    assert frozen["by"].startswith("Ana, by policy for eu-business on 2026-10-06")
    assert "lic-hunyuan" in frozen["why"]
    assert home.run("restore", HUNYUAN, "out").code == 13
    assert home.run("log").out.splitlines()[0].split()[2] == "freeze"


def test_nothing_is_frozen_when_nobody_says_yes(home: Home) -> None:
    done = home.run(*EU)
    assert done.code == 2
    assert "TO FREEZE" in done.out
    assert "--yes" in done.err
    assert states(home)[HUNYUAN] == "kept"


def test_another_party_is_reached_by_other_levers(home: Home) -> None:
    answer = home.get("policy", "apply", "--as", "us-business", "--on", "2026-10-06", "--yes")
    assert answer["frozen"] == []


def test_what_a_scenario_supposes_is_said_in_the_decision(home: Home) -> None:
    answer = home.get(
        *("policy", "apply", "--as", "us-business", "--on", "2026-10-06"),
        *("--scenario", "sdn-lab", "--target", "org:alibaba", "--yes"),
    )
    assert QWEN in [one["model"] for one in answer["frozen"]]
    assert all("supposing sdn-lab" in one["by"] for one in answer["frozen"])


def test_what_a_human_froze_is_never_thawed_by_the_policy(home: Home) -> None:
    home.run("freeze", QWEN, "--by", "A. Counsel", "--why", "LEGAL-212")
    answer = home.get(*EU, "--yes")
    (judged,) = [copy for copy in answer["plan"]["copies"] if copy["model"] == QWEN]
    assert judged["verdict"] == "frozen"
    assert "A. Counsel" in judged["note"]
    assert states(home)[QWEN] == "frozen"


def test_a_second_run_has_nothing_left_to_freeze(home: Home) -> None:
    home.get(*EU, "--yes")
    assert home.get(*EU, "--yes")["frozen"] == []


def test_a_name_that_is_nobodys_is_unknown_and_unknown_never_freezes(home: Home) -> None:
    home.keep(write_model(home.folder / "mine", "three"), "our own model")
    answer = home.get(*EU, "--yes")
    (judged,) = [copy for copy in answer["plan"]["copies"] if copy["model"] == "our own model"]
    assert judged["verdict"] == "unknown"
    assert states(home)["our own model"] == "kept"
    done = home.run(*EU, "--reach", "unknown", "--yes")
    assert done.code == 2
    assert "licence-needed" in done.err


def test_a_waiver_holds_here_too_and_is_shown(home: Home) -> None:
    (home.folder / "holdfast.toml").write_text(
        f'[[waivers]]\nmodel = "{HUNYUAN}"\nlever = "lic-hunyuan"\nreason = "agreed in writing"\nexpires = 2027-01-31\n'
    )
    done = home.run(*EU, "--yes")
    assert done.code == 0, done.err
    assert "agreed in writing" in done.out
    assert states(home)[HUNYUAN] == "kept"


def test_a_fine_tune_is_reached_through_the_base_that_its_card_declares(home: Home) -> None:
    card = f"---\nbase_model: {HUNYUAN}\n---\n".encode()
    home.keep(write_model(home.folder / "tuned", "four", README__md=card), "acme/helpdesk-tuned")
    answer = home.get(*EU, "--dry-run")
    verdicts = {copy["model"]: copy["verdict"] for copy in answer["plan"]["copies"]}
    assert verdicts["acme/helpdesk-tuned"] == "freeze"


def test_without_a_vault_it_says_so(tmp_path: Path) -> None:
    done = Home(tmp_path).run("policy", "apply", "--json")
    assert done.code == 3
    assert "holdfast keep" in json.loads(done.err)["next"]
