import json
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.front.cli.runs import REPOSITORY, compose, run_here

from holdfast.measure.mock.spec import Distribution, MockSpec
from holdfast.measure.mock.starting import start_mock

BILL = REPOSITORY / "tests" / "measure" / "cost" / "bills"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with start_mock(MockSpec(Distribution(mean=0.01), Distribution(mean=0.001), tokens_max=20)) as mock:
        yield mock.url


@pytest.fixture(scope="module")
def run_file(url: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    file = home / "run.hfrun"
    ran = run_here(
        "measure", "--endpoint", f"local={url}", "--concurrency", "2,4", "--duration", "0.6", "--warmup", "0.1",
        "--no-calibrate", "--suite", "probe:easy:choice", "--tasks", "6", "--slo", "e2e=5", "--price", "local=1/4",
        "--output-tokens", "8", "--out", file, home=home,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    for said in ("Under load", "2 at a time", "first token", "choice/easy", "a right answer", "knee", str(file)):
        assert said in ran.out
    return file


def test_a_run_is_shown_as_it_was_printed_and_as_json(run_file: Path, tmp_path: Path) -> None:
    shown = run_here("measure", "show", run_file, home=tmp_path)
    assert "Latency, from the schedule" in shown.out
    header = json.loads(run_here("measure", "show", run_file, "--json", home=tmp_path).out)
    assert header["endpoints"][0]["name"] == "local"
    assert {"loads", "knees", "quality", "comparisons", "costs"} <= set(header["figures"])


def test_a_fresh_seed_is_drawn_and_recorded(run_file: Path, tmp_path: Path) -> None:
    header = json.loads(run_here("measure", "show", run_file, "--json", home=tmp_path).out)
    assert header["seed"] > 0
    assert f"seed {header['seed']}" in header["suites"][0]["origin"]


def test_verify_exits_12_for_a_figure_that_the_samples_do_not_give(run_file: Path, tmp_path: Path) -> None:
    from holdfast.measure.results.file import RunFile, decode_run, encode_run

    ran = run_here("measure", "verify", run_file, home=tmp_path)
    assert (ran.code, ran.out.split()[0]) == (0, "right")
    run = decode_run(run_file.read_bytes(), "run")
    altered = tmp_path / "altered.hfrun"
    altered.write_bytes(encode_run(RunFile(run.header, run.samples[:-1], run.answers[1:])))
    ran = run_here("measure", "verify", altered, home=tmp_path)
    assert ran.code == 12
    assert "differs: quality" in ran.out


def test_runs_are_compared_figure_by_figure(run_file: Path, tmp_path: Path) -> None:
    ran = run_here("measure", "compare", run_file, run_file, home=tmp_path)
    assert ran.code == 0
    assert "ttft mean" in ran.out
    assert "not seen" in ran.out
    rows = json.loads(run_here("measure", "compare", run_file, run_file, "--json", home=tmp_path).out)["rows"]
    assert {row["what"] for row in rows} >= {"ttft p50", "end_to_end p95", "requests_per_s", "right: choice/easy"}


def test_what_is_no_run_file_is_an_error_with_its_place(tmp_path: Path) -> None:
    other = tmp_path / "other.hfrun"
    other.write_text("nothing")
    for verb in ("show", "verify"):
        ran = run_here("measure", verb, other, "--json", home=tmp_path)
        error = json.loads(ran.err)
        assert (ran.code, error["where"]) == (3, str(other))
    assert run_here("measure", "show", tmp_path / "none", home=tmp_path).code == 3


def test_a_month_is_priced_elsewhere(tmp_path: Path) -> None:
    export = next(path for path in sorted(BILL.iterdir()) if "openai" in path.name and path.suffix == ".csv")
    ran = run_here("measure", "bill", export, "--against", "anthropic/claude-sonnet-4-5", home=tmp_path)
    assert ran.code == 0, ran.err
    assert "as listed" in ran.out
    assert "anthropic/claude-sonnet-4-5" in ran.out
    answer = json.loads(run_here("measure", "bill", export, "--json", home=tmp_path).out)
    assert answer["places"][0]["name"] == "as listed"
    unknown = run_here("measure", "bill", export, "--against", "openai/gpt-99", home=tmp_path)
    assert unknown.code == 2


def test_a_log_of_another_tool_becomes_a_run_file(tmp_path: Path) -> None:
    log = next((REPOSITORY / "tests" / "measure" / "quality" / "fixtures" / "inspect").glob("*.eval"))
    out = tmp_path / "imported.hfrun"
    ran = run_here("measure", "import", log, "--out", out, home=tmp_path)
    assert ran.code == 0, ran.err
    assert "Quality" in ran.out
    assert run_here("measure", "verify", out, home=tmp_path).code == 0


def test_calibration_says_what_the_client_adds(tmp_path: Path) -> None:
    ran = run_here(
        "measure", "calibrate", "--concurrency", "2", "--duration", "1", "--ttft", "0.01", "--gap", "0.001",
        "--output-tokens", "8", "--json", home=tmp_path,
    )  # fmt: skip
    found = json.loads(ran.out)
    assert found["verdict"] in ("usable", "not usable", "could not tell")
    assert (ran.code == 1) == (found["verdict"] == "not usable")
    assert found["ttft_p50"]["samples"] > 20


def test_the_mock_serves_until_it_is_told_to_end_and_says_what_it_did(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "holdfast", "measure", "mock", "--ttft", "0", "--gap", "0", "--json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=compose(tmp_path, {})
    ) as process:
        assert process.stderr is not None
        url = process.stderr.readline().split()[2]
        body = json.dumps({"model": "m", "max_tokens": 3, "messages": [{"role": "user", "content": "hello"}]})
        request = urllib.request.Request(f"{url}/chat/completions", body.encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            said = json.loads(answer.read())
        assert said["usage"]["completion_tokens"] == 3
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert json.loads(out)["requests"] == 1


def test_a_stopped_measurement_keeps_what_it_saw_and_exits_130(url: str, tmp_path: Path) -> None:
    file = tmp_path / "run.hfrun"
    command = [
        sys.executable, "-m", "holdfast", "measure", "--endpoint", f"local={url}", "--concurrency", "2", "--duration",
        "60", "--warmup", "0", "--out", str(file),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=compose(tmp_path, {})
    ) as process:
        _wait_for_requests(url, 5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "stopped" in out
    header = json.loads(run_here("measure", "show", file, "--json", home=tmp_path).out)
    assert not header["is_whole"]
    assert header["figures"]["loads"][0]["requests"] > 0
    assert "stopped early" in header["figures"]["loads"][0]["marks"]


def _wait_for_requests(url: str, more: int) -> None:
    before = _count_requests(url)
    ends = time.monotonic() + 60
    while _count_requests(url) < before + more:
        assert time.monotonic() < ends, "nothing was asked"
        time.sleep(0.1)


def _count_requests(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/truth") as answer:
        return int(json.loads(answer.read())["requests"])


def test_no_key_is_printed_when_an_endpoint_refuses_it(url: str, tmp_path: Path) -> None:
    ran = run_here(
        "measure", "--endpoint", "local=http://127.0.0.1:9/v1#m", "--key", "local=THE_KEY", "--concurrency", "1",
        "--json", home=tmp_path, THE_KEY="sk-never-shown",
    )  # fmt: skip
    assert ran.code == 9
    assert "sk-never-shown" not in ran.out + ran.err
