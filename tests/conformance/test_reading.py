"""Unmodified clients read from a vault as from a hub, each version in a process of its own."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from holdfast.formats.git import blob_id, compute_pointer
from tests.conformance.clients import PYTHON_CLIENTS, Served, client_environ, hash_files, run_script
from tests.conformance.conftest import EMPTY, MODEL, get_client

LARGE = "model.safetensors"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("name", PYTHON_CLIENTS)
def test_huggingface_hub_reads_everything(name: str, served: Served, model_folder: Path, tmp_path: Path) -> None:
    client = get_client(name)
    told = run_script(client, "read.py", client_environ(tmp_path, served.address), MODEL, tmp_path / "out")
    truth = hash_files(model_folder)
    data = (model_folder / LARGE).read_bytes()
    assert told["snapshot"] == hash_files(tmp_path / "out") == truth
    assert told["files"] == told["siblings"] == told["paths"] == sorted(truth)
    sizes = {path: (model_folder / path).stat().st_size for path in truth}
    assert told["tree"] == {**sizes, "extra": None} or told["tree"] == {**sizes, "extra": 0}
    assert told["lfs"][LARGE] == truth[LARGE] == told["etag"]
    assert told["blobs"]["config.json"] == blob_id((model_folder / "config.json").read_bytes())
    assert told["blobs"][LARGE] == blob_id(compute_pointer(truth[LARGE], len(data)))
    assert told["range"] == sha256(data[12345 : 12345 + 54321])
    assert told["size"] == len(data)
    assert told["branches"]["main"] == told["sha"]
    assert told["commits"][0] == told["sha"] == told["commit"] == told["cached"]
    assert told["top"] == sorted(["README.md", "config.json", "extra", LARGE, "name with spaces & such.txt"])
    assert told["listed"] == [f"{MODEL}/{path}" for path in told["top"]]
    assert told["exist"] == [True, False, True, False, True, False]
    assert told["models"] == [MODEL]
    entry, revision, repository, also_revision = told["errors"]
    assert entry in ("EntryNotFoundError", "RemoteEntryNotFoundError")
    assert (revision, repository, also_revision) == (
        "RevisionNotFoundError",
        "RepositoryNotFoundError",
        "RevisionNotFoundError",
    )


@pytest.mark.parametrize("name", PYTHON_CLIENTS)
def test_hf_download_writes_the_files(name: str, served: Served, model_folder: Path, tmp_path: Path) -> None:
    client = get_client(name)
    done = subprocess.run(
        [client / "bin" / "hf", "download", MODEL, "--local-dir", tmp_path / "out"],
        check=False,
        env=client_environ(tmp_path / "home", served.address),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert hash_files(tmp_path / "out") == hash_files(model_folder)


def test_a_file_without_a_byte_is_downloaded(served: Served, tmp_path: Path) -> None:
    client = get_client(PYTHON_CLIENTS[-1])
    download = [f"{client}/bin/hf", "download", EMPTY, "--local-dir", f"{tmp_path}/out"]
    environ = client_environ(tmp_path / "home", served.address)
    assert subprocess.run(download, check=False, env=environ, capture_output=True).returncode == 0
    assert hash_files(tmp_path / "out") == {"nothing.txt": sha256(b"")}


def test_the_javascript_client_reads_everything(served: Served, model_folder: Path, tmp_path: Path) -> None:
    client = get_client("javascript")
    told = run_script(client, "read.mjs", client_environ(tmp_path, served.address), MODEL, tmp_path / "out")
    truth = hash_files(model_folder)
    data = (model_folder / LARGE).read_bytes()
    assert told["hashes"] == truth
    assert told["files"] == {path: (model_folder / path).stat().st_size for path in truth}
    assert told["size"] == len(data)
    assert told["etag"].strip('"') == truth[LARGE]
    assert told["range"] == sha256(data[12345 : 12345 + 54321])
    assert told["exist"] == [True, False, True, False]
    assert told["models"] == [MODEL]
    assert told["paths"] == ["config.json"]
    assert hash_files(Path(told["snapshot"])) == truth
