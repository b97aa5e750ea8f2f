"""Unmodified clients push and fetch by Xet, each version in a process of its own."""

import subprocess
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

import hf_xet  # type: ignore[import-untyped]
import pytest

from holdfast.records.access import Grant, Scope
from holdfast.vault.opening import open_local_vault
from holdfast.workflows.token import TokenAsked, run_token_create
from holdfast.workflows.vaults import VaultAsked
from tests.conformance.clients import Served, client_environ, hash_files, keep, run_script, serving
from tests.conformance.conftest import MODEL, get_client, write_model
from tests.front.hub.serving import wait_until
from tests.vault.models import make_bf16, write_safetensors

ATTRIBUTES = ".gitattributes"
PUSHING = ("hub-1.33", "hub-2.4")
FETCHING = ("hub-0.36", "hub-1.33")  # the newest one fetches what it pushed itself


@dataclass(frozen=True)
class Pushed:
    """A served vault, a token that may do everything, and the server's own log."""

    served: Served
    token: str
    log: Path

    def environ(self, home: Path) -> dict[str, str]:
        """What a client is told."""
        return client_environ(home, self.served.address, self.token)

    def list_requests(self, model: str, word: str) -> list[str]:
        """The lines of the log about a model or about Xet's store, with this word."""
        return [
            line for line in self.log.read_text().splitlines() if word in line and (model in line or "/xet/" in line)
        ]


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Generator[Pushed]:
    home = tmp_path_factory.mktemp("pushed")
    open_local_vault(home / "vault").close()
    token = run_token_create(TokenAsked(VaultAsked(str(home / "vault")), "Ana", (Grant(Scope.ADMIN, "*"),))).secret
    with serving(home / "vault", "--xet-from", "0", "--log-file", str(home / "log")) as served:
        yield Pushed(served, token, home / "log")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_model(tmp_path_factory.mktemp("to-push") / "model")
    write_safetensors(folder / "second.safetensors", {"w": ("BF16", make_bf16(5 << 20, 11))})
    return folder


@pytest.mark.parametrize("name", PUSHING)
def test_huggingface_hub_pushes_and_fetches_by_xet(name: str, pushed: Pushed, folder: Path, tmp_path: Path) -> None:
    client, model = get_client(name), f"team/{name}"
    told = run_script(client, "xet.py", pushed.environ(tmp_path / "home"), model, folder, tmp_path / "out", 1_000_000)
    expected = {**hash_files(folder), "more.bin": told["more"]}
    assert told["down"].pop(ATTRIBUTES)
    assert told["down"] == expected
    assert ATTRIBUTES in told["cached"]
    assert {path: told["cached"][path] for path in expected} == expected
    truth = {
        name: hf_xet.hash_files([str(folder / name)])[0].hash for name in ("model.safetensors", "second.safetensors")
    }
    assert {path: told["hashes"][path] for path in truth} == truth
    assert told["hashes"]["more.bin"] == hf_xet.hash_files([str(tmp_path / "out" / "more.bin")])[0].hash
    assert pushed.list_requests(model, "xet-write-token")
    assert not pushed.list_requests(model, "info/lfs")


@pytest.mark.parametrize("name", PUSHING)
def test_hf_upload_and_download_go_by_xet(name: str, pushed: Pushed, folder: Path, tmp_path: Path) -> None:
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
    assert pushed.list_requests(model, "xet-read-token")
    wait_until(lambda: any("/xet/data/" in line and model in line for line in pushed.list_requests(model, "GET")))


@pytest.fixture(scope="module")
def uploaded(pushed: Pushed, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A model that the newest version pushed."""
    command = [str(get_client("hub-2.4") / "bin" / "hf"), "upload", "team/uploaded", str(folder), "."]
    environ = pushed.environ(tmp_path_factory.mktemp("pusher") / "home")
    subprocess.run(command, check=True, env=environ, capture_output=True)
    return "team/uploaded"


@pytest.mark.parametrize("name", FETCHING)
def test_what_one_version_pushed_another_fetches(
    name: str, pushed: Pushed, uploaded: str, folder: Path, tmp_path: Path
) -> None:
    def count_fetches() -> int:
        return sum(uploaded in line for line in pushed.list_requests(uploaded, "/xet/data/"))

    before = count_fetches()
    command = [str(get_client(name) / "bin" / "hf"), "download", uploaded, "--local-dir", str(tmp_path / "out")]
    subprocess.run(command, check=True, env=pushed.environ(tmp_path / "home"), capture_output=True)
    found = hash_files(tmp_path / "out")
    assert found.pop(ATTRIBUTES)
    assert found == hash_files(folder)
    wait_until(lambda: count_fetches() > before)  # its line is written after the answer


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> Generator[Served]:
    """A kept model, served with Xet's hashes beside its files."""
    home = tmp_path_factory.mktemp("marked")
    keep(home / "vault", write_model(home / "model"), MODEL)
    with serving(home / "vault", "--xet-from", "0") as served:
        wait_until(lambda: is_marked(served))
        yield served


@pytest.mark.parametrize("script", ["read.mjs", "read.py"])
def test_clients_that_know_no_xet_read_marked_files_from_their_plain_addresses(
    script: str, marked: Served, tmp_path: Path
) -> None:
    client = get_client("javascript" if script == "read.mjs" else "hub-2.4")
    environ = {**client_environ(tmp_path, marked.address), "HF_HUB_DISABLE_XET": "1"}
    told = run_script(client, script, environ, MODEL, tmp_path / "out")
    folder = marked.vault.parent / "model"
    truth = hash_files(folder)
    snapshot = hash_files(Path(told["snapshot"])) if script == "read.mjs" else told["snapshot"]
    assert snapshot == truth
    assert told["etag"].strip('"') == truth["model.safetensors"]
    assert told["size"] == (folder / "model.safetensors").stat().st_size


def is_marked(served: Served) -> bool:
    with urlopen(f"{served.address}/{MODEL}/resolve/main/model.safetensors") as answer:
        return "X-Xet-Hash" in answer.headers
