"""Unmodified clients push to a vault as to a hub over LFS, each version in a process of its own."""

import hashlib
import json
import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from holdfast.records.access import Grant, Scope
from holdfast.vault.opening import open_local_vault
from holdfast.workflows.token import TokenAsked, run_token_create
from holdfast.workflows.vaults import VaultAsked
from tests.conformance.clients import PYTHON_CLIENTS, Served, client_environ, hash_files, run_script, run_verb, serving
from tests.conformance.conftest import get_client, write_model
from tests.vault.models import make_bf16, write_safetensors

ATTRIBUTES = ".gitattributes"
LARGE = "model.safetensors"


@dataclass(frozen=True)
class Pushed:
    """A served vault, and a token that may do everything."""

    served: Served
    token: str

    def environ(self, home: Path) -> dict[str, str]:
        """What a client is told that is to push by LFS."""
        return {**client_environ(home, self.served.address, self.token), "HF_HUB_DISABLE_XET": "1"}

    def run(self, *words: object) -> Any:
        """What a verb says of the vault, as JSON."""
        done = run_verb(self.served.vault, *words, "--json")
        assert done.code == 0, done.err
        return json.loads(done.out)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Generator[Pushed]:
    home = tmp_path_factory.mktemp("pushed")
    open_local_vault(home / "vault").close()
    asked = VaultAsked(str(home / "vault"))
    token = run_token_create(TokenAsked(asked, "Ana", (Grant(Scope.ADMIN, "*"),))).secret
    with serving(home / "vault") as served:
        yield Pushed(served, token)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("to-push") / "model")


@pytest.mark.parametrize("name", PYTHON_CLIENTS)
def test_huggingface_hub_writes_everything(name: str, pushed: Pushed, folder: Path, tmp_path: Path) -> None:
    client, model = get_client(name), f"team/{name}"
    told = run_script(client, "write.py", pushed.environ(tmp_path / "home"), model, folder, tmp_path)
    truth = hash_files(folder)

    def without_attributes(files: dict[str, str]) -> dict[str, str]:
        return {path: digest for path, digest in files.items() if path != ATTRIBUTES}

    assert told["url"] == told["again"] == f"{pushed.served.address}/{model}"
    assert told["exists"] == told["branch_exists"] == told["tag_exists"] == 409
    assert told["head"] == told["pushed"] == told["unchanged"]
    assert without_attributes(told["down"]) == without_attributes(told["main"]) == truth
    blob = hashlib.sha256(bytes(range(256)) * 9000).hexdigest()
    changed = {"notes/b.bin": blob, "copies/of it": truth[find_large(told)], "copies/config.json": truth["config.json"]}
    expected = {path: digest for path, digest in truth.items() if path != "README.md"} | changed
    assert without_attributes(told["dev"]) == expected
    assert told["stale"][:2] == [412, "HfHubHTTPError"]
    assert [title for title, _ in told["commits"]] == ["gone", "many things", "one", "Push it", "initial commit"]
    assert told["commits"][3][1] == told["pushed"]
    assert told["commits"][4][1] == told["first"]
    assert told["left"] == sorted([ATTRIBUTES, "notes/b.bin", *(path for path in truth if path != "README.md")])
    assert told["refs"] == [["dev", "main"], ["v1"]]
    assert told["refs_after"] == [["main"], []]
    assert told["pull_request"][0] == 501
    assert "no pull requests" in told["pull_request"][2]
    assert told["missing_file"][0] == 404
    assert (told["move"][0], told["squash"][0]) == (501, 501)
    assert told["kept"] == [ATTRIBUTES]


def find_large(told: dict[str, Any]) -> str:
    down: dict[str, str] = told["down"]
    return next(path for path, digest in down.items() if digest == told["dev"]["copies/of it"])


@pytest.mark.parametrize("name", PYTHON_CLIENTS)
def test_hf_upload_pushes_a_folder(name: str, pushed: Pushed, folder: Path, tmp_path: Path) -> None:
    client, model = get_client(name), f"team/cli-{name}"
    environ = pushed.environ(tmp_path / "home")
    for command in (["upload", model, str(folder), "."], ["download", model, "--local-dir", str(tmp_path / "out")]):
        done = subprocess.run(
            [str(client / "bin" / "hf"), *command], check=False, env=environ, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
    found = hash_files(tmp_path / "out")
    assert found.pop(ATTRIBUTES)
    assert found == hash_files(folder)


def test_javascript_writes_everything(pushed: Pushed, tmp_path: Path) -> None:
    client = get_client("javascript")
    weights = write_safetensors(tmp_path / "w.safetensors", {"w": ("BF16", make_bf16(1 << 20, 5))}).read_bytes()
    told = run_script(client, "write.mjs", pushed.environ(tmp_path / "home"), "team/js", tmp_path / "w.safetensors")
    assert told["created"] == {"repoUrl": f"{pushed.served.address}/team/js", "id": "team/js"}
    assert told["exists"] == 409
    assert told["stale"][0] == 412
    assert told["hashes"].pop(ATTRIBUTES)
    assert told["hashes"] == {
        "README.md": hashlib.sha256("# ü\n".encode()).hexdigest(),
        "empty.txt": hashlib.sha256(b"").hexdigest(),
        "w2.safetensors": hashlib.sha256(weights[:1000]).hexdigest(),
        "weights/w.bin": hashlib.sha256(weights).hexdigest(),
    }
    assert told["titles"][1:] == ["several", "Add weights/w.bin", "initial commit"]
    assert told["count"] == 4
    assert told["pull_request"][0] == 501
    assert told["gone"]


def test_what_clients_pushed_is_whole_and_survives_a_rebuild(pushed: Pushed) -> None:
    before = pushed.run("list")
    assert before["copies"]
    assert pushed.run("verify")["damage"] == []
    pushed.run("rebuild")
    assert pushed.run("list")["copies"] == before["copies"]
