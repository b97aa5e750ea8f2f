"""Copies loaded by transformers itself: what runs is what transformers computes, and what must not run does not."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from holdfast.records.smoke import NAMESPACE
from tests.conformance.clients import run_script
from tests.conformance.conftest import get_client
from tests.front.cli.models import Home
from tests.front.cli.runs import HELPDESK
from tests.front.cli.test_run import running

MODEL = "acme/small"
KINDS = ("writer", "encoder", "lacking", "spoiled", "coded", "pickled", "trapped")
PROBE = "The day the network went dark, the team kept working:"


@pytest.fixture(scope="module")
def python() -> Path:
    """A Python that has torch and transformers."""
    return get_client("transformers") / "bin" / "python"


@dataclass(frozen=True)
class Models:
    """A folder with a model of every kind, and what transformers computes with each."""

    folder: Path
    told: dict[str, Any]

    def keep(self, home: Home, kind: str) -> Any:
        """Keep the one of a kind; what transformers computes with it."""
        home.get("keep", self.folder / kind, "--as", MODEL)
        return self.told[kind]


@pytest.fixture(scope="module")
def models(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Models:
    folder = tmp_path_factory.mktemp("models")
    return Models(folder, run_script(python.parents[1], "make_model.py", dict(os.environ), folder, *KINDS))


def smoke(home: Home, python: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = home.run("smoke", MODEL, "--python", python, *arguments, "--json")
    return done.code, json.loads(done.out)["smoked"]["result"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    return Home(tmp_path / "home")


def test_a_decoder_generates_what_transformers_generates(home: Home, python: Path, models: Models) -> None:
    told = models.keep(home, "writer")
    code, result = smoke(home, python)
    assert (code, result["outcome"], result["reason"]) == (0, "passed", "")
    assert (result["output_sha256"], result["shape"]) == (told["digest"], [told["tokens"], 1, 400])
    assert result["version"].startswith("transformers ")
    assert result["isolation"] == NAMESPACE or "not permitted" in result["isolation"]


def test_an_encoder_gives_the_pooled_vector_of_its_own_settings(home: Home, python: Path, models: Models) -> None:
    told = models.keep(home, "encoder")
    with running(home, MODEL, "--python", str(python)) as run:
        assert run.said["kind"] == "embed"
        (found,) = run.ask("/v1/embeddings", {"model": MODEL, "input": PROBE})[1]["data"]
        assert found["embedding"] == pytest.approx(told["vector"], abs=1e-5)
        both = run.ask("/v1/embeddings", {"model": MODEL, "input": ["x", PROBE]})[1]["data"]
        assert both[1]["embedding"] == pytest.approx(told["vector"], abs=1e-5)  # padding beside it changes nothing


def test_a_tensor_that_is_missing_fails_though_transformers_would_fill_it_with_noise(
    home: Home, python: Path, models: Models
) -> None:
    models.keep(home, "lacking")
    code, result = smoke(home, python)
    assert (code, result["outcome"]) == (1, "failed")
    assert "model.layers.0.mlp.up_proj.weight" in result["reason"]


def test_a_weight_that_is_no_number_fails(home: Home, python: Path, models: Models) -> None:
    models.keep(home, "spoiled")
    code, result = smoke(home, python)
    assert (code, result["outcome"]) == (1, "failed"), result
    assert "infinite or none" in result["reason"]


def test_code_that_a_copy_brings_is_never_run_and_the_result_is_unknown(
    home: Home, python: Path, models: Models
) -> None:
    models.keep(home, "coded")
    code, result = smoke(home, python)
    assert (code, result["outcome"]) == (1, "unknown")
    assert "code of its own" in result["reason"]
    assert "own.py" not in result["files"]
    assert not (models.folder / "coded" / "trace").exists()


def test_pickled_weights_run_when_they_are_asked_for_and_a_trap_in_them_does_not(
    home: Home, python: Path, models: Models
) -> None:
    told = models.keep(home, "pickled")
    assert home.run("smoke", MODEL, "--python", python).code == 16
    code, result = smoke(home, python, "--allow-pickle")
    assert (code, result["output_sha256"]) == (0, told["digest"]), result
    models.keep(home, "trapped")
    trap = home.get("list", MODEL)["copies"][0]["revision"]
    done = home.run("smoke", f"{MODEL}@{trap}", "--python", python, "--allow-pickle", "--json")
    assert json.loads(done.out)["smoked"]["result"]["outcome"] != "passed"
    assert not (models.folder / "trapped" / "trace").exists()


def read_pieces(text: str) -> str:
    """The text of a stream's pieces."""
    said = [json.loads(part.removeprefix("data: ")) for part in text.split("\n\n") if part and "[DONE]" not in part]
    return "".join(one["choices"][0]["delta"].get("content", "") for one in said)


def test_a_chat_is_answered_alike_streamed_or_whole_and_stops_where_it_is_told(
    home: Home, python: Path, models: Models
) -> None:
    models.keep(home, "writer")
    with running(home, MODEL, "--python", str(python)) as run:
        asked = {
            "model": MODEL,
            "messages": [{"role": "user", "content": "good day"}],
            "max_tokens": 24,
            "temperature": 0,
        }
        whole = run.ask("/v1/chat/completions", asked)[1]
        text = whole["choices"][0]["message"]["content"]
        assert whole["usage"]["completion_tokens"] <= 24
        assert text
        assert read_pieces(run.read("/v1/chat/completions", {**asked, "stream": True})) == text
        middle = text[len(text) // 2 :][:3]
        stopped = run.ask("/v1/chat/completions", {**asked, "stop": middle})[1]["choices"][0]
        assert (stopped["message"]["content"], stopped["finish_reason"]) == (text[: text.index(middle)], "stop")
        drawn = {"model": MODEL, "prompt": "good", "max_tokens": 12, "temperature": 1.0}
        seeded = [run.ask("/v1/completions", {**drawn, "seed": 7})[1]["choices"][0]["text"] for _ in range(2)]
        assert seeded[0] == seeded[1]
        status, refused = run.ask("/v1/completions", {"model": MODEL, "prompt": "network " * 200})
        assert (status, "and the model takes 128" in refused["error"]["message"]) == (400, True)
        assert run.ask("/v1/embeddings", {"model": MODEL, "input": "x"})[0] == 400


def test_the_help_desks_model_says_the_same_from_its_safetensors_as_from_its_onnx_graph(
    home: Home, python: Path
) -> None:
    shutil.copytree(HELPDESK / "models" / "ticket-language", home.folder / "language")
    home.get("keep", home.folder / "language", "--as", MODEL)
    texts = ["Bitte setzen Sie das Passwort meines Kontos zurück.", "Impossible d'ouvrir la page de connexion."]
    chances = []
    for engine, more in (("transformers", ("--python", str(python))), ("onnxruntime", ())):
        with running(home, MODEL, "--engine", engine, *more) as run:
            said = run.ask("/classify", {"model": MODEL, "input": texts})[1]["data"]
            assert [one["label"] for one in said] == ["de", "fr"]
            chances += [number for one in said for number in one["probs"]]
    half = len(chances) // 2
    assert chances[:half] == pytest.approx(chances[half:], abs=0.02)  # the safetensors are of half the precision
