"""Ollama pulls from the vault: request by request as its client makes them, every blob compared with its name."""

import hashlib
import json
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from holdfast.records.access import Grant, Scope
from holdfast.records.vault_log import LogVerb
from holdfast.workflows.deciding import DecideAsked, run_decision
from holdfast.workflows.keep import KeepAsked, run_keep
from holdfast.workflows.ollama_view import OllamaView
from holdfast.workflows.serve import ServeAsked, open_service
from holdfast.workflows.sources import read_ollama_store, read_source
from tests.front.hub.pushing_server import Answer, Server, serving
from tests.front.hub.serving import wait_until
from tests.vault.models import say_nothing

ACCEPT = {"Accept": "application/vnd.docker.distribution.manifest.v2+json"}
CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
LAYER = "application/vnd.ollama.image."


LONG = 60_000
"""So many tokens that the header is longer than what is read at first."""


def write_gguf(path: Path, seed: int, template: str = "", tokens: int = 100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_size_label("8B")
    writer.add_file_type(15)
    if template:
        writer.add_chat_template(template)
    writer.add_token_list([f"token{number}" for number in range(tokens)])
    writer.add_tensor("w", np.random.default_rng(seed).standard_normal((700, 700)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_store(store: Path, weights: bytes) -> dict[str, bytes]:
    """An Ollama store with one tag; its manifest and layers by their digests."""
    layers = {"model": weights, "template": b"{{ .Prompt }}", "params": b'{"stop":["x"]}'}
    blobs = {f"sha256:{hashlib.sha256(data).hexdigest()}": data for data in (*layers.values(), b"{}")}
    described = [
        {"mediaType": LAYER + kind, "digest": f"sha256:{hashlib.sha256(data).hexdigest()}", "size": len(data)}
        for kind, data in layers.items()
    ]
    config = {"mediaType": "application/vnd.docker.container.image.v1+json", "digest": list(blobs)[-1], "size": 2}
    manifest = json.dumps({"schemaVersion": 2, "config": config, "layers": described}, indent=1).encode()
    place = store / "manifests" / "registry.ollama.ai" / "library" / "qwen3" / "8b"
    place.parent.mkdir(parents=True)
    place.write_bytes(manifest)
    (store / "blobs").mkdir()
    for digest, data in blobs.items():
        (store / "blobs" / digest.replace(":", "-")).write_bytes(data)
    return {"manifest": manifest, **blobs}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with serving(tmp_path_factory.mktemp("served"), others={"stranger": Grant(Scope.READ, "elsewhere/*")}) as found:
        yield found


@pytest.fixture(scope="module")
def folder(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with several quantisations, kept."""
    place = tmp_path_factory.mktemp("model")
    write_gguf(place / "tiny-Q8_0.gguf", 0, CHATML)
    write_gguf(place / "tiny-Q4_K_M.gguf", 1, CHATML, LONG)
    write_gguf(place / "mmproj-tiny-f16.gguf", 7)
    write_gguf(place / "big-00001-of-00002.gguf", 8)
    (place / "LICENSE").write_text("Take it.\n")
    (place / "README.md").write_text("# tiny\n")
    keep(server, place, "acme/tiny")
    return place


def keep(server: Server, place: Path, name: str) -> None:
    run_keep(KeepAsked(server.asked, tuple(read_source(place)), name=name), say_nothing)


def get_manifest(server: Server, name: str, tag: str, status: int = 200) -> Answer:
    answers: list[Answer] = []

    def is_answered() -> bool:
        answers.append(server.ask("GET", f"/v2/{name}/manifests/{tag}", headers=ACCEPT))
        return answers[-1].status == status

    wait_until(is_answered, 5)  # names are as of half a second ago
    return answers[-1]


def pull(server: Server, name: str, tag: str) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the client does: the manifest, then of every blob its size, a look where it lies, and its parts."""
    manifest: dict[str, Any] = get_manifest(server, name, tag).json
    blobs: dict[str, bytes] = {}
    for layer in (*manifest["layers"], manifest["config"]):
        path = f"/v2/{name}/blobs/{layer['digest']}"
        head = server.ask("HEAD", path)
        assert (head.status, head.headers["Content-Length"]) == (200, str(layer["size"]))
        look = server.ask("GET", path)
        assert (look.status, look.headers["Location"]) == (200, path)
        cut = layer["size"] // 3 + 1
        parts = [
            server.ask("GET", path, headers={"Range": f"bytes={at}-{min(at + cut, layer['size']) - 1}"})
            for at in range(0, layer["size"], cut)
        ]
        assert {part.status for part in parts} == {206}
        data = b"".join(part.body for part in parts)
        assert data == look.body
        assert f"sha256:{hashlib.sha256(data).hexdigest()}" == layer["digest"]
        blobs[layer["mediaType"].rpartition(".")[2]] = data
    return manifest, blobs


def test_a_quantisation_is_pulled_with_what_lies_beside_it(server: Server, folder: Path) -> None:
    manifest, blobs = pull(server, "acme/tiny", "q8_0")
    assert manifest["mediaType"] == ACCEPT["Accept"]
    assert [layer["mediaType"] for layer in manifest["layers"]] == [
        f"{LAYER}{kind}" for kind in ("model", "projector", "template", "params", "license")
    ]
    assert blobs["model"] == (folder / "tiny-Q8_0.gguf").read_bytes()
    assert blobs["projector"] == (folder / "mmproj-tiny-f16.gguf").read_bytes()
    assert blobs["license"] == b"Take it.\n"
    assert json.loads(blobs["params"]) == {"stop": ["<|im_start|>", "<|im_end|>"]}
    config = json.loads(blobs["v1+json"])
    assert (config["model_family"], config["model_type"], config["file_type"]) == ("llama", "8B", "Q4_K_M")
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]


def test_a_template_is_told_as_its_family_writes_turns(server: Server, folder: Path) -> None:
    template = pull(server, "acme/tiny", "latest")[1]["template"].decode()
    messages = [("system", "be brief"), ("user", "hello"), ("assistant", "hi"), ("user", "bye")]
    shown = render(template, messages)
    assert shown == "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for role, text in messages) + (
        "<|im_start|>assistant\n"
    )


def render(template: str, messages: list[tuple[str, str]]) -> str:
    """What Go's text/template makes of the one form that is written here."""
    loop = template.partition("{{ range .Messages }}")[2].partition("{{ end }}{{ end }}")[0]
    branches = {part.split('"')[1]: part.partition("}}")[2] for part in loop.split("{{ if")[1:]}
    for part in loop.split("{{ else if")[1:]:
        branches[part.split('"')[1]] = part.partition("}}")[2]
    branches = {role: text.partition("{{ else if")[0] for role, text in branches.items()}
    said = "".join(branches[role].replace("{{ .Content }}", text) for role, text in messages)
    return said + template.partition("{{ end }}{{ end }}")[2]


def test_latest_is_the_usual_quantisation_and_a_manifest_is_the_same_every_time(server: Server, folder: Path) -> None:
    first = get_manifest(server, "acme/tiny", "latest")
    weights = hashlib.sha256((folder / "tiny-Q4_K_M.gguf").read_bytes()).hexdigest()
    assert first.json["layers"][0]["digest"] == f"sha256:{weights}"
    commit = first.headers["X-Repo-Commit"]
    for tag in ("Q4_K_M", "tiny-q4_k_m", commit, "main"):
        assert get_manifest(server, "acme/tiny", tag).body == first.body
    assert first.headers["Docker-Content-Digest"] == f"sha256:{hashlib.sha256(first.body).hexdigest()}"


def test_a_blob_is_found_by_a_server_that_never_told_its_manifest(server: Server, folder: Path, tmp_path: Path) -> None:
    manifest, blobs = pull(server, "acme/tiny", "latest")
    other = OllamaView(open_service(ServeAsked(server.asked)))
    for layer in (*manifest["layers"], manifest["config"]):
        found = other.find_blob("acme", "tiny", layer["digest"], lambda _name: True)
        size = found.file.size if found.file is not None else len(found.made)
        assert size == layer["size"]
    assert blobs


def test_a_tag_from_a_store_is_given_back_word_for_word(server: Server, tmp_path: Path) -> None:
    truth = write_store(tmp_path / "store", write_gguf(tmp_path / "w.gguf", 3).read_bytes())
    run_keep(KeepAsked(server.asked, tuple(read_ollama_store(tmp_path / "store"))), say_nothing)
    assert get_manifest(server, "library/qwen3", "8b").body == truth["manifest"]
    _, blobs = pull(server, "library/qwen3", "8b")
    assert sorted(blobs.values()) == sorted(data for digest, data in truth.items() if digest != "manifest")
    refused = get_manifest(server, "library/qwen3", "4b", 404)
    assert "Its tags: 8b" in refused.json["error"]


def test_files_of_the_repository_s_own_stand_for_what_would_be_made(server: Server, tmp_path: Path) -> None:
    write_gguf(tmp_path / "m" / "own.gguf", 4, CHATML)
    beside: Mapping[str, str] = {"template": "T {{ .Prompt }}", "params": '{"temperature": 0}', "system": "be kind"}
    for name, text in beside.items():
        (tmp_path / "m" / name).write_text(text)
    keep(server, tmp_path / "m", "acme/own")
    _, blobs = pull(server, "acme/own", "latest")
    assert {name: blobs[name].decode() for name in beside} == beside


def test_a_template_of_no_known_family_is_left_out(server: Server, tmp_path: Path) -> None:
    write_gguf(tmp_path / "m" / "odd.gguf", 5, "{{ messages }} <|im_start|> <|im_end|> [INST] <|start_header_id|>")
    keep(server, tmp_path / "m", "acme/odd")
    assert "template" in pull(server, "acme/odd", "latest")[1]
    text = "<|im_start|><|im_end|><|start_header_id|><|end_header_id|><|eot_id|>"
    write_gguf(tmp_path / "n" / "both.gguf", 6, text)
    keep(server, tmp_path / "n", "acme/both")
    assert set(pull(server, "acme/both", "latest")[1]) == {"model", "v1+json"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("acme/tiny/manifests/q2_k", 404),
        ("acme/none/manifests/latest", 404),
        ("acme/tiny/blobs/sha256:" + "0" * 64, 404),
        ("acme/tiny/blobs/sha256:zz", 400),
        ("acme/tiny/blobs/..", 400),
        ("acme/tiny/uploads/", 404),
    ],
)
def test_what_is_not_there_is_told_so(server: Server, folder: Path, path: str, status: int) -> None:
    assert server.ask("GET", f"/v2/{path}").status == status


def test_a_model_in_parts_is_refused_in_words(server: Server, tmp_path: Path) -> None:
    write_gguf(tmp_path / "m" / "big-00001-of-00002.gguf", 9)
    keep(server, tmp_path / "m", "acme/parts")
    assert "one piece" in get_manifest(server, "acme/parts", "latest", 501).json["error"]


def test_who_may_not_read_a_model_does_not_hear_of_it(server: Server, folder: Path) -> None:
    for path in ("manifests/latest", "blobs/sha256:" + "0" * 64):
        assert server.ask("GET", f"/v2/acme/tiny/{path}", token=server.others["stranger"]).status == 404


def test_a_frozen_model_is_not_pulled_and_its_blobs_neither(server: Server, tmp_path: Path) -> None:
    write_gguf(tmp_path / "m" / "cold.gguf", 11)
    keep(server, tmp_path / "m", "acme/cold")
    digest = get_manifest(server, "acme/cold", "latest").json["layers"][0]["digest"]
    run_decision(DecideAsked(server.asked, "acme/cold", "Law", "because"), LogVerb.FREEZE)
    server.desk.site.service.notice()
    refused = get_manifest(server, "acme/cold", "latest", 451)
    assert refused.json["frozen"]["by"] == "Law"
    assert server.ask("GET", f"/v2/acme/cold/blobs/{digest}").status == 451


def test_ranges_outside_of_a_blob_are_416(server: Server, folder: Path) -> None:
    manifest = get_manifest(server, "acme/tiny", "latest").json
    for layer in (manifest["layers"][0], manifest["config"]):
        path = f"/v2/acme/tiny/blobs/{layer['digest']}"
        answer = server.ask("GET", path, headers={"Range": f"bytes={layer['size']}-"})
        assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{layer['size']}")


def test_the_protocol_s_version_is_told(server: Server) -> None:
    answer = server.ask("GET", "/v2/", token=None)
    assert (answer.status, answer.headers["Docker-Distribution-API-Version"]) == (200, "registry/2.0")
