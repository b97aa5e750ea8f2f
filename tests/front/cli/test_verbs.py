"""The command line as a user meets it: real files, exit codes; real processes where the process itself matters."""

import json
import re
from pathlib import Path

import pytest
from tests.front.cli.runs import HELPDESK, run, run_here

from holdfast.vault.codecs.native import find_native_kernel

VERBS = ["check", "scan", "who", "assess", "levers", "explain", "diff", "backtest"]
VERBS += ["keep", "list", "show", "stats", "verify", "restore", "freeze", "thaw", "drop", "prune", "rebuild", "log"]


def test_help_groups_verbs_by_job_and_every_verb_shows_an_example(tmp_path: Path) -> None:
    top = run("--help", home=tmp_path)
    assert top.code == 0
    assert "Know: what we depend on" in top.out
    for verb in VERBS:
        page = run_here(verb, "--help", home=tmp_path)
        assert page.code == 0
        assert "Example:" in page.out, verb
        assert "--json" in page.out, verb


def test_check_names_every_model_of_the_example(tmp_path: Path) -> None:
    done = run("check", HELPDESK, "--json", home=tmp_path)
    assert done.code == 0, done.err
    report = json.loads(done.out)
    # Read off the example's files by hand.
    assert {row["model"] for row in report["rows"]} == {
        "pkg:huggingface/Qwen/Qwen3-8B",
        "pkg:huggingface/FacebookAI/xlm-roberta-base",
        "pkg:huggingface/bartowski/cognitivecomputations_Dolphin3.0-R1-Mistral-24B-GGUF",
        "pkg:huggingface/sentence-transformers/all-MiniLM-L6-v2",
        "pkg:huggingface/acme-helpdesk/ticket-language",
        "pkg:ollama/qwen3:8b",
        "api:anthropic/claude-sonnet-4-5",
        "api:deepseek/deepseek-chat",
        "api:openai/gpt-4.1-mini-2025-04-14",
        "${RERANKER}",
    }
    assert report["horizon"] == "2026-10-06"


def test_a_pipe_gets_plain_text_with_the_horizon_and_no_escape_codes(tmp_path: Path) -> None:
    done = run_here("check", HELPDESK, "--on", "2026-10-01", home=tmp_path)
    assert "\x1b" not in done.out
    assert "evidence to 2026-10-06" in done.out
    assert "not legal advice" in done.out
    assert "Qwen/Qwen3-8B" in done.out


def test_a_scenario_stops_what_it_reaches_and_the_headline_counts_it(tmp_path: Path) -> None:
    done = run_here("check", HELPDESK, "--scenario", "hosts-delist-prc", "--json", home=tmp_path)
    report = json.loads(done.out)
    stopped = {row["model"] for row in report["rows"] if row["stops"]}
    assert "pkg:huggingface/Qwen/Qwen3-8B" in stopped
    assert "pkg:huggingface/FacebookAI/xlm-roberta-base" not in stopped
    uses = sum(len(row["uses"]) for row in report["rows"] if row["stops"])
    assert report["blast"]["uses"] == uses
    assert f"{uses} uses" in report["headline"]


def test_explain_gives_sentences_with_sources_for_a_row_of_the_last_check(tmp_path: Path) -> None:
    run_here("check", HELPDESK, "--scenario", "hosts-delist-prc", home=tmp_path)
    done = run("explain", "1", home=tmp_path)
    assert done.code == 0, done.err
    assert "Qwen" in done.out
    assert "as the scenario supposes" in done.out
    assert "not legal advice" in done.out


def test_explain_without_a_check_says_what_to_do(tmp_path: Path) -> None:
    done = run_here("explain", "1", home=tmp_path)
    assert done.code == 3
    assert "holdfast check" in done.err


def test_diff_shows_only_what_changes_between_two_days(tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "a.py").write_text('from anthropic import Anthropic\nAnthropic().messages.create(model="claude-fable-5")\n')
    done = run_here(
        "diff", app, "--from", "2026-06-11", "--to", "2026-06-15", "--as", "eu-business", "--json", home=tmp_path
    )
    assert done.code == 0, done.err
    changes = json.loads(done.out)["changes"]
    assert {change["lever"] for change in changes} >= {"ear-iil-fable"}
    assert all(change["before"] != change["after"] for change in changes)


def test_the_packaged_episodes_are_all_met(tmp_path: Path) -> None:
    done = run_here("backtest", "--json", home=tmp_path)
    results = json.loads(done.out)
    assert done.code == 0
    assert len(results) >= 25


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["check", "no/such/folder"], 3, "no/such/folder"),
        (["check", "EXAMPLE", "--as", "nobody"], 2, "us-business"),
        (["check", "EXAMPLE", "--scenario", "no-such"], 2, "no-such"),
        (["check", "EXAMPLE", "--on", "yesterday"], 2, "YYYY-MM-DD"),
        (["check", "EXAMPLE", "--on", "1999-01-01"], 7, "begins on"),
        (["check", "EXAMPLE", "--baseline", "no-such.json"], 3, "--write-baseline"),
        (["levers", "no-such-lever"], 2, "no-such-lever"),
        (["levers", "--family", "no-such"], 2, "procurement"),
        (["who", "org:no-such-org-anywhere"], 2, "no-such-org-anywhere"),
        (["diff", "EXAMPLE"], 2, "--from"),
        (["backtest", "no-such.yaml"], 3, "no-such.yaml"),
        (["assess"], 2, "--table"),
        (["no-such-verb"], 2, "no-such-verb"),
        (["check", "--no-such-option"], 2, "no-such-option"),
    ],
)
def test_a_wrong_request_has_its_own_exit_code_and_says_what_next(
    arguments: list[str], code: int, says: str, tmp_path: Path
) -> None:
    words = [str(HELPDESK) if word == "EXAMPLE" else word for word in arguments]
    plain, machine = run_here(*words, home=tmp_path), run_here(*words, "--json", home=tmp_path)
    assert (plain.code, machine.code) == (code, code)
    assert says in plain.err
    told = json.loads(machine.err)
    assert told["exit_code"] == code
    assert says in f"{told['what']} {told['where']} {told['next']}"
    assert "Traceback" not in plain.err + machine.err


def test_a_process_ends_with_the_code_of_its_error_and_tells_it_on_stderr_alone(tmp_path: Path) -> None:
    done = run("check", "no/such/folder", home=tmp_path)
    assert (done.code, done.out) == (3, "")
    assert "no/such/folder" in done.err
    assert "Traceback" not in done.err


def test_version_carries_the_evidence_horizon(tmp_path: Path) -> None:
    assert re.search(r"holdfast \d+\.\d+\.\d+ \(evidence to 2026-10-06", run_here("--version", home=tmp_path).out)


@pytest.mark.parametrize(
    ("choice", "expected"),
    [("plain", "codecs in NumPy"), ("", "codecs native" if find_native_kernel() else "codecs in NumPy")],
)
def test_version_names_the_codecs_that_are_in_use(tmp_path: Path, choice: str, expected: str) -> None:
    assert run("--version", home=tmp_path, HOLDFAST_KERNEL=choice).out.endswith(f", {expected})\n")


def test_config_show_says_where_each_value_came_from(tmp_path: Path) -> None:
    done = run_here("config", "show", HELPDESK, "--json", home=tmp_path, HOLDFAST_JOBS="1")
    origins = {entry["key"]: entry["origin"] for entry in json.loads(done.out)["origins"]}
    assert origins["party"] == "holdfast.toml:2"
    assert origins["jobs"] == "HOLDFAST_JOBS"
    assert origins["target"] == "default"


@pytest.mark.parametrize("verb", ["check", "scan"])
def test_what_is_not_resolved_stands_after_the_models_with_where_its_name_is_set(verb: str, tmp_path: Path) -> None:
    models, _, unresolved = run_here(verb, HELPDESK, home=tmp_path).out.partition("Not resolved")
    assert "9 models, 21 uses (1 not resolved)" in models
    assert "RERANKER" not in models
    # compose.yaml passes RERANKER on from the environment; search/index.py loads it.
    assert re.search(r"\$\{RERANKER\}.*set in compose\.yaml:16 from the environment", unresolved)
    assert "search/index.py:16" in unresolved
