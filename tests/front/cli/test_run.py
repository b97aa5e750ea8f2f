"""run: an engine on a kept copy answers on loopback until it is told to end, and then nothing of it is left."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from tests.front.cli.models import COMMIT, Home, make_home, write_model
from tests.front.cli.runs import HELPDESK
from tests.vault.models import make_bf16, write_safetensors

from holdfast.records.smoke import NAMESPACE

LANGUAGE = HELPDESK / "models" / "ticket-language"
MODEL = "acme-helpdesk/ticket-language"
STAND_IN = Path(__file__).with_name("engine_server.py")
WAIT_S = 120


@dataclass(frozen=True)
class Run:
    """A `holdfast run` that answers: what it printed as JSON, and its process."""

    said: dict[str, Any]
    process: "subprocess.Popen[str]"

    def ask(self, path: str, body: dict[str, object] | None = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        address = self.said["url"].removesuffix("/v1") + path
        request = urllib.request.Request(address, data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def read(self, path: str, body: dict[str, object]) -> str:
        """A whole stream."""
        address = self.said["url"].removesuffix("/v1") + path
        request = urllib.request.Request(address, json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=WAIT_S) as answer:
            return str(answer.read(), "utf-8")

    def list_children(self) -> list[int]:
        """The processes that it started, and theirs."""
        found = [self.process.pid]
        for number in found:
            text = Path(f"/proc/{number}/task/{number}/children").read_text()
            found += [int(word) for word in text.split()]
        return found[1:]


@contextmanager
def running(home: Home, *arguments: str, **environ: str) -> Generator[Run]:
    """`holdfast run ARGUMENTS --port 0`, and its end by Ctrl-C."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HOLDFAST_"))}
    places = {"HOME": str(home.folder), "XDG_CACHE_HOME": str(home.folder.parent / "cache"), "NO_COLOR": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "holdfast", "run", *arguments, "--port", "0", "--json"],
        cwd=home.folder,
        env={**mine, **places, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        text = ""
        while (line := process.stdout.readline()) and line != "}\n":
            text += line
        if not line:
            raise AssertionError(process.stderr.read() if process.stderr else "")
        yield Run(json.loads(text + "}"), process)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(WAIT_S)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with the help desk's own model, and one that only vLLM's stand-in can be asked about."""
    found = Home(tmp_path_factory.mktemp("template"))
    found.keep(LANGUAGE, MODEL, COMMIT)
    folder = write_model(found.folder / "weights")
    (folder / "weights.bin").unlink()
    (folder / "config.json").write_text('{"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"}')
    write_safetensors(folder / "model.safetensors", {"w": ("BF16", make_bf16(100, 1))})
    found.keep(folder, "acme/Weights", COMMIT)
    return found


@pytest.fixture
def home(tmp_path: Path, template: Home) -> Home:
    return make_home(tmp_path, template)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with the stand-in under the engines' names."""
    folder = tmp_path / "programs"
    folder.mkdir()
    for name in ("vllm", "llama-server", "ollama"):
        shutil.copy(STAND_IN, folder / f"{name}.py")
        text = STAND_IN.read_text()
        (folder / name).write_text(f"#!{sys.executable} -I\n{text}")
        (folder / name).chmod(0o755)
    return folder


def is_gone(number: int) -> bool:
    """Whether a process ends soon."""
    deadline = monotonic() + WAIT_S
    while monotonic() < deadline:
        try:
            if ") Z" in Path(f"/proc/{number}/stat").read_text():
                return True
        except OSError:
            return True
        sleep(0.02)
    return False


def test_the_help_desks_model_answers_over_http_and_ends_with_ctrl_c(home: Home) -> None:
    with running(home, MODEL, "--engine", "onnxruntime") as run:
        texts = ["Bitte setzen Sie das Passwort meines Kontos zurück.", "Impossible d'ouvrir la page de connexion."]
        status, said = run.ask("/classify", {"model": MODEL, "input": texts})
        assert (status, [one["label"] for one in said["data"]]) == (200, ["de", "fr"])
        assert [one["id"] for one in run.ask("/v1/models")[1]["data"]] == [MODEL]
        assert run.ask("/v1/completions", {"model": MODEL, "prompt": "x"})[0] == 400
        assert run.said["isolation"] == NAMESPACE or run.said["isolation"].startswith("none (network namespaces")
        children = run.list_children()
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(WAIT_S) == 0
    assert children
    assert all(is_gone(number) for number in children)
    assert Path(run.said["folder"], "onnx", "model.onnx").read_bytes() == (LANGUAGE / "onnx/model.onnx").read_bytes()


def test_an_engine_does_not_outlive_a_run_that_was_killed(home: Home) -> None:
    with running(home, MODEL, "--engine", "onnxruntime") as run:
        children = run.list_children()
        run.process.kill()
        run.process.wait(WAIT_S)
    assert children
    assert all(is_gone(number) for number in children)


def test_an_engine_that_dies_ends_the_run_with_its_reason_and_its_log(home: Home) -> None:
    with running(home, MODEL, "--engine", "onnxruntime") as run:
        os.kill(run.list_children()[0], signal.SIGSEGV)
        assert run.process.wait(WAIT_S) == 16
        assert run.process.stderr is not None
        said = json.loads(run.process.stderr.read().splitlines()[-1])
    assert (said["error"], said["what"]) == ("EngineError", "the engine crashed (SIGSEGV)")
    assert run.said["log"] in said["next"]


def test_a_port_that_is_taken_is_told(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = home.run("run", MODEL, "--engine", "onnxruntime", "--port", str(taken.getsockname()[1]))
    assert (done.code, "cannot be used" in done.err) == (2, True), done.err


def test_a_server_engine_is_started_on_the_run_folder_offline_and_without_secrets(home: Home, programs: Path) -> None:
    more = {"PATH": f"{programs}:{os.environ['PATH']}", "HF_TOKEN": "hf_secret", "HTTPS_PROXY": "http://proxy"}
    with running(home, "acme/Weights", "--engine", "vllm", **more) as run:
        started = json.loads((programs / "started-serve.json").read_text())
        assert started["arguments"][:2] == ["serve", run.said["folder"]]
        assert started["arguments"][2:6] == ["--served-model-name", "acme/Weights", "--host", "127.0.0.1"]
        assert "--trust-remote-code" not in started["arguments"]
        assert started["environ"]["HF_HUB_OFFLINE"] == "1"
        assert not {"HF_TOKEN", "HTTPS_PROXY"} & set(started["environ"])
        assert run.said["version"] == "vllm stand-in 1.2.3"
        assert sorted(path.name for path in Path(run.said["folder"]).iterdir()) == ["config.json", "model.safetensors"]
        status, said = run.ask("/v1/completions", {"model": "acme/Weights", "prompt": "x"})
        assert (status, said["choices"][0]["text"]) == (200, "after x")
        run.process.send_signal(signal.SIGTERM)
        assert run.process.wait(WAIT_S) == 0
    assert is_gone(started["pid"])


def keep_gguf(home: Home) -> None:
    """A file that begins as a GGUF does and has nothing in it."""
    (home.folder / "quantised").mkdir()
    head = b"GGUF" + (3).to_bytes(4, "little") + bytes(16)
    (home.folder / "quantised" / "Tiny-Q4_K_M.gguf").write_bytes(head + bytes(40))
    home.get("keep", home.folder / "quantised", "--as", "acme/Tiny GGUF", "--as-bytes")


def test_ollama_gets_the_file_in_a_store_of_its_own_under_a_name_that_it_takes(home: Home, programs: Path) -> None:
    keep_gguf(home)
    with running(home, "acme/Tiny GGUF", "--engine", "ollama", PATH=f"{programs}:{os.environ['PATH']}") as run:
        created = json.loads((programs / "started-create.json").read_text())
        served = json.loads((programs / "started-serve.json").read_text())
        assert created["arguments"][:3] == ["create", "acme/tiny-gguf", "-f"]
        assert created["environ"]["OLLAMA_HOST"] == served["environ"]["OLLAMA_HOST"]
        assert served["environ"]["OLLAMA_MODELS"] == created["environ"]["OLLAMA_MODELS"]
        assert run.said["model"] == "acme/tiny-gguf"


def smoke(home: Home, programs: Path, *arguments: str, **environ: str) -> dict[str, Any]:
    home.environ = {"PATH": f"{programs}:{os.environ['PATH']}", **environ}
    found: dict[str, Any] = json.loads(home.run("smoke", *arguments, "--json").out)["smoked"]["result"]
    return found


def test_a_server_engine_is_asked_once_inside_its_namespace_by_a_smoke_test(home: Home, programs: Path) -> None:
    keep_gguf(home)
    result = smoke(home, programs, "acme/Tiny GGUF")
    assert (result["outcome"], result["engine"], result["version"]) == (
        "passed",
        "llama.cpp",
        "llama.cpp stand-in 1.2.3",
    )
    assert (result["checked"], result["shape"]) == ("8 tokens generated", [1, 8])
    started = json.loads((programs / "started-server.json").read_text())
    assert started["arguments"][0] == "--model"
    assert is_gone(started["pid"])


def test_a_server_whose_probabilities_are_no_numbers_fails_its_smoke_test(home: Home, programs: Path) -> None:
    keep_gguf(home)
    result = smoke(home, programs, "acme/Tiny GGUF", OMP_STAND_IN_LOGPROB="nan")
    assert (result["outcome"], "infinite or none" in result["reason"]) == ("failed", True)


def test_a_server_that_ends_at_once_leaves_it_unknown_whether_the_copy_runs(home: Home, programs: Path) -> None:
    (programs / "vllm").write_text(f"#!{sys.executable} -I\nraise SystemExit('no room')\n")
    result = smoke(home, programs, "acme/Weights", "--engine", "vllm")
    assert (result["outcome"], result["reason"]) == ("unknown", "the engine ended before it was ready")
