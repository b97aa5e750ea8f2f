"""smoke: a copy that runs where there is no network is ready, and list, show, check and the log say so."""

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tokenizers
from tests.front.cli.models import COMMIT, OTHER_COMMIT, Home, make_home, write_model
from tests.front.cli.runs import HELPDESK

from holdfast.records.smoke import NAMESPACE
from holdfast.workflows.engines.child.models import PROBE_TEXT
from holdfast.workflows.engines.processes import CHILD

onnxruntime: Any = import_module("onnxruntime")  # it has no types
LANGUAGE = HELPDESK / "models" / "ticket-language"
MODEL = "acme-helpdesk/ticket-language"
APP = f'from transformers import AutoModel\nAutoModel.from_pretrained("{MODEL}", revision="{COMMIT}")\n'


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home that holds the help desk's own model, not tested yet."""
    found = Home(tmp_path_factory.mktemp("template"), {"HOLDFAST_BY": "Ana"})
    found.keep(LANGUAGE, MODEL, COMMIT)
    return found


@pytest.fixture
def home(tmp_path: Path, template: Home) -> Home:
    return make_home(tmp_path, template)


@pytest.fixture(scope="module")
def tested(tmp_path_factory: pytest.TempPathFactory, template: Home) -> tuple[Home, Any]:
    """The same after a smoke test, and what it printed."""
    found = make_home(tmp_path_factory.mktemp("tested"), template)
    return found, found.get("smoke", MODEL, "--engine", "onnxruntime")


def smoke(home: Home, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the result."""
    done = home.run("smoke", *arguments, "--json")
    return done.code, json.loads(done.out)["smoked"]["result"]


def can_isolate() -> bool:
    command = [sys.executable, str(CHILD / "isolating.py"), '{"isolate": true, "memory_bytes": 0}', "/bin/true"]
    return not json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["reason"]


def compute_labels() -> Any:
    """The model's answer to the fixed text, computed here without holdfast."""
    ids = tokenizers.Tokenizer.from_file(str(LANGUAGE / "tokenizer.json")).encode(PROBE_TEXT).ids
    session = onnxruntime.InferenceSession(str(LANGUAGE / "onnx" / "model.onnx"))
    given = {"input_ids": ids, "attention_mask": [1] * len(ids), "token_type_ids": [0] * len(ids)}
    known = {one.name for one in session.get_inputs()}
    (logits,) = session.run(None, {name: np.array([row]) for name, row in given.items() if name in known})
    return logits


def test_the_recorded_output_is_what_the_model_computes(tested: tuple[Home, Any]) -> None:
    result = tested[1]["smoked"]["result"]
    logits = compute_labels()
    assert (result["outcome"], result["reason"], result["shape"]) == ("passed", "", list(logits.shape))
    assert result["output_sha256"] == hashlib.sha256(logits.astype("<f4").tobytes()).hexdigest()
    lies_there = {path.relative_to(LANGUAGE).as_posix() for path in LANGUAGE.rglob("*") if path.is_file()}
    assert result["files"] == sorted(lies_there - {"model.safetensors"})
    assert result["version"].startswith(f"onnxruntime {onnxruntime.__version__}")
    assert result["peak_memory_bytes"] > (LANGUAGE / "onnx" / "model.onnx").stat().st_size


def test_it_ran_where_there_is_loopback_alone(tested: tuple[Home, Any]) -> None:
    isolation = tested[1]["smoked"]["result"]["isolation"]
    assert isolation == NAMESPACE if can_isolate() else isolation.startswith("none (")


def test_a_copy_that_passed_is_ready_in_list_show_check_and_log(tested: tuple[Home, Any]) -> None:
    home, said = tested
    (row,) = home.get("list")["copies"]
    assert (row["state"], row["ready"].split(",")[0]) == ("kept", "ready")
    assert row["smoke"] == said["smoked"]
    assert "ready" in home.run("list").out
    shown = home.run("show", MODEL).out
    assert "smoke test passed with onnxruntime" in shown
    assert "smoke by Ana: passed with onnxruntime" in shown
    (home.folder / "app").mkdir(exist_ok=True)
    (home.folder / "app" / "app.py").write_text(APP)
    (checked,) = home.get("check", home.folder / "app")["rows"]
    assert (checked["copy"], checked["copy_says"]) == ("ready", f"ready at {COMMIT[:12]}")
    (event,) = [one for one in home.get("log", "--model", MODEL)["events"] if one["verb"] == "smoke"]
    assert (event["outcome"], event["by"]) == ("passed", "Ana")


def test_the_words_for_people_say_the_same(home: Home) -> None:
    done = home.run("smoke", MODEL)
    assert done.code == 0, done.err
    assert f"passed  {MODEL}@{COMMIT}: ready" in done.out
    assert ("network namespace with loopback only" in done.out) == can_isolate()


def test_a_copy_of_other_bytes_has_to_be_tested_anew(home: Home, tested: tuple[Home, Any]) -> None:
    other = make_home(home.folder / "other", tested[0])
    other.keep(write_model(other.folder / "new"), MODEL, OTHER_COMMIT)
    ready = {row["revision"]: row["ready"] for row in other.get("list")["copies"]}
    assert ready[OTHER_COMMIT] == "not tested"
    assert ready[COMMIT].startswith("ready")


def test_a_copy_that_was_damaged_is_not_ready_any_more(home: Home, tested: tuple[Home, Any]) -> None:
    hurt = make_home(home.folder / "hurt", tested[0])
    pack = max((hurt.vault / "packs").rglob("*.pack"), key=lambda path: path.stat().st_size)
    pack.chmod(0o600)
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    assert hurt.run("verify").code == 12
    (row,) = hurt.get("list")["copies"]
    assert (row["state"], row["ready"]) == ("damaged", "no: damaged")
    before = len(hurt.get("show", MODEL)["decisions"])
    assert hurt.run("smoke", MODEL, "--engine", "onnxruntime").code == 12
    assert len(hurt.get("show", MODEL)["decisions"]) == before


def test_a_frozen_copy_is_neither_tested_nor_run(home: Home) -> None:
    home.get("freeze", MODEL, "--why", "counsel asks", "--by", "Ben")
    for verb in ("smoke", "run"):
        done = home.run(verb, MODEL)
        assert (done.code, "frozen by Ben" in done.err) == (13, True)


def keep_changed(home: Home, change: Callable[[bytes], bytes]) -> str:
    """Keep the model with its graph changed; its name."""
    folder = home.folder / "changed"
    shutil.copytree(LANGUAGE, folder)
    graph = folder / "onnx" / "model.onnx"
    graph.write_bytes(change(graph.read_bytes()))
    home.get("keep", folder, "--as", "acme/changed", "--as-bytes")
    return "acme/changed"


def spoil(data: bytes) -> bytes:
    """The bias of the last layer as no numbers: in a TensorProto field 9, the bytes, follows field 8, the name."""
    name, size = b"classifier.bias", 4 * int(compute_labels().shape[1])
    start = data.index(bytes([0x42, len(name)]) + name + bytes([0x4A, size])) + len(name) + 4
    return data[:start] + struct.pack("<f", float("nan")) * (size // 4) + data[start + size :]


def test_a_model_whose_output_is_no_number_failed_and_that_is_recorded(home: Home) -> None:
    name = keep_changed(home, spoil)
    code, result = smoke(home, name, "--engine", "onnxruntime")
    assert (code, result["outcome"]) == (1, "failed")
    assert result["reason"] == "the output has numbers that are infinite or none at all"
    assert next(row["ready"] for row in home.get("list", name)["copies"]) == "failed"


def test_a_graph_that_the_runtime_refuses_failed_with_the_runtimes_own_words(home: Home) -> None:
    name = keep_changed(home, lambda data: data[: len(data) // 2])
    code, result = smoke(home, name, "--engine", "onnxruntime")
    assert (code, result["outcome"]) == (1, "failed")
    assert "model.onnx" in result["reason"]
    assert "smoke by Ana: failed with" in home.run("show", name).out


def test_what_took_too_long_is_unknown_and_no_failure(home: Home) -> None:
    code, result = smoke(home, MODEL, "--engine", "onnxruntime", "--timeout", "0.01")
    assert (code, result["outcome"]) == (1, "unknown")
    assert "did not answer within" in result["reason"]


def test_what_had_too_little_memory_is_unknown_and_no_traceback(home: Home) -> None:
    code, result = smoke(home, MODEL, "--engine", "onnxruntime", "--memory", "24MB")
    assert (code, result["outcome"]) == (1, "unknown"), result["reason"]
    assert result["reason"]


def test_the_run_folder_goes_after_a_test_unless_it_was_there_or_is_to_stay(home: Home) -> None:
    runs = home.folder.parent / "cache" / "holdfast" / "run"
    shutil.rmtree(runs, ignore_errors=True)
    smoke(home, MODEL, "--engine", "onnxruntime")
    assert [path for path in runs.rglob("*") if path.is_file()] == []
    smoke(home, MODEL, "--engine", "onnxruntime", "--keep-files")
    (graph,) = runs.rglob("model.onnx")
    folder = graph.parents[1]
    (folder / "onnxruntime.py").write_text("raise SystemExit('taken over')")
    (folder / "link").symlink_to("/etc")
    graph.write_bytes(b"another graph")
    code, _ = smoke(home, MODEL, "--engine", "onnxruntime")
    assert code == 0
    assert not (folder / "onnxruntime.py").exists()
    assert not (folder / "link").is_symlink()
    assert graph.read_bytes() == (LANGUAGE / "onnx" / "model.onnx").read_bytes()


def test_where_no_namespace_is_permitted_it_is_ready_but_not_proven_offline(home: Home) -> None:
    places = {"XDG_CACHE_HOME": str(home.folder.parent / "cache"), "HOME": str(home.folder), "NO_COLOR": "1"}
    mine = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    forbid = "for kind in net user; do echo 0 > /proc/sys/user/max_${kind}_namespaces || exit 77; done; exec "
    command = f"{forbid}{sys.executable} -m holdfast smoke {MODEL} --engine onnxruntime"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", command],
        capture_output=True,
        text=True,
        env={**mine, **places},
        cwd=home.folder,
        check=False,
    )
    if done.returncode == 77 or "unshare failed" in done.stderr:
        pytest.skip("namespaces cannot be forbidden here")
    assert done.returncode == 0, done.stderr
    assert "isolation  none (network namespaces are not permitted here" in done.stdout
    assert "so that it runs offline is not proven" in done.stdout
    (row,) = home.get("list")["copies"]
    assert row["ready"] == "ready, not proven offline"


def test_a_missing_engine_is_an_error_that_says_how_to_get_one_and_records_nothing(home: Home) -> None:
    done = home.run("smoke", MODEL, "--engine", "vllm")
    assert done.code == 16
    assert "put vllm on PATH" in done.err
    assert [one["verb"] for one in home.get("show", MODEL)["decisions"]] == ["keep"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--engine", "abacus"), 2, "Known: transformers, onnxruntime, llama.cpp, vllm, ollama"),
        (("--python", "/nothing/python"), 3, "there is no such Python"),
        (("--python", "/bin/true"), 5, "it does not answer as a Python does"),
        (("--memory", "much"), 2, "no size"),
        (("--file", "*.gguf"), 16, "onnx/model.onnx"),
    ],
)
def test_a_wrong_option_is_told_with_what_would_be_right(
    home: Home, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = home.run("smoke", MODEL, *arguments)
    assert (done.code, says in done.err) == (code, True), done.err


def test_pickled_weights_are_refused_unless_asked_for(home: Home) -> None:
    home.keep(write_model(home.folder / "pickled"), "acme/pickled")
    done = home.run("smoke", "acme/pickled")
    assert done.code == 16
    assert "--allow-pickle" in done.err
