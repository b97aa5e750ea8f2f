"""Models on disk: caches and stores by their layout, loose files by their headers."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

from holdfast.inventory.scan import ScanOptions, scan
from holdfast.records.model import Pin
from holdfast.records.use import Artefact, Inventory

FILES = Path(__file__).parents[2] / "formats" / "fixtures"
COMMIT = "e73636d4f797dec63c3081bb6ed5c7b0bb3f2089"


def put(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def copy(name: str, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(FILES / name, target))


def by_path(inventory: Inventory) -> dict[str, Artefact]:
    return {artefact.place.path: artefact for artefact in inventory.artefacts}


def reasons(inventory: Inventory) -> dict[str, str]:
    return {skipped.path: skipped.reason for skipped in inventory.skipped}


def make_hub_cache(root: Path) -> Path:
    repository = root / "models--acme--tiny"
    copy("tiny.safetensors", repository / "blobs" / "aaa")
    put(repository / "blobs" / "bbb", json.dumps({"architectures": ["BertModel"], "_name_or_path": "acme/parent"}))
    put(repository / "blobs" / "ccc", "---\nbase_model: acme/base\nbase_model_relation: finetune\nlicense: mit\n---\n")
    snapshot = repository / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    for name, blob in (("model.safetensors", "aaa"), ("config.json", "bbb"), ("README.md", "ccc"), ("gone.bin", "zzz")):
        (snapshot / name).symlink_to(f"../../blobs/{blob}")
    put(repository / "refs" / "main", COMMIT)
    return repository


def test_a_snapshot_in_a_hub_cache_is_a_model_at_an_exact_commit(tmp_path: Path) -> None:
    make_hub_cache(tmp_path)
    inventory = scan(tmp_path, ScanOptions())
    (artefact,) = inventory.artefacts
    assert artefact.place.path == f"models--acme--tiny/snapshots/{COMMIT}"
    assert str(artefact.model) == "pkg:huggingface/acme/tiny"
    assert (artefact.revision.value, artefact.revision.pin) == (COMMIT, Pin.EXACT)
    assert artefact.architecture == "BertModel"
    assert "at main" in artefact.evidence
    assert "incomplete: 1 files" in artefact.evidence
    assert {(claim.base, claim.relation, claim.source) for claim in artefact.claims} == {
        ("acme/base", "finetune", "card"),
        ("acme/parent", "unknown", "config"),
    }
    assert [(str(use.model), use.rule) for use in inventory.uses] == [("pkg:huggingface/acme/tiny", "disk.hf-cache")]


def test_a_snapshot_whose_link_leaves_the_cache_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "secret.json", '{"_name_or_path": "secret/name"}')
    snapshot = tmp_path / "hub" / "models--acme--evil" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to(tmp_path / "secret.json")
    inventory = scan(tmp_path / "hub", ScanOptions())
    assert "leaves the cache" in " ".join(reasons(inventory).values())
    assert "secret" not in repr(inventory.artefacts)


def test_a_cache_entry_without_a_snapshot_is_reported(tmp_path: Path) -> None:
    put(tmp_path / "models--acme--x" / "refs" / "main", COMMIT)
    assert "without a snapshot" in reasons(scan(tmp_path, ScanOptions()))["models--acme--x"]


def make_ollama_store(root: Path) -> str:
    data = (FILES / "tiny.gguf").read_bytes()
    digest = sha256(data).hexdigest()
    put(root / "blobs" / f"sha256-{digest}", data)
    layers = [
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": len(data)},
        {"mediaType": "application/vnd.ollama.image.license", "digest": f"sha256:{'0' * 64}", "size": 11},
    ]
    manifest = json.dumps({"schemaVersion": 2, "layers": layers})
    for path in (
        "registry.ollama.ai/library/qwen3/8b",
        "registry.ollama.ai/someone/mine/latest",
        "hf.co/acme/tiny-GGUF/Q4_K_M",
    ):
        put(root / "manifests" / path, manifest)
    return digest


def test_tags_of_an_ollama_store_are_models_at_the_digest_of_their_weights(tmp_path: Path) -> None:
    digest = make_ollama_store(tmp_path / "models")
    inventory = scan(tmp_path, ScanOptions())
    found = {str(artefact.model): artefact for artefact in inventory.artefacts}
    assert set(found) == {"pkg:ollama/qwen3:8b", "pkg:ollama/someone/mine:latest", "pkg:huggingface/acme/tiny-GGUF"}
    artefact = found["pkg:ollama/qwen3:8b"]
    assert (artefact.revision.value, artefact.revision.pin) == (f"sha256:{digest}", Pin.EXACT)
    assert artefact.architecture == "llama"
    assert artefact.size_bytes == (FILES / "tiny.gguf").stat().st_size + 11
    assert [claim.base for claim in artefact.claims] == ["tiny-org/tiny-base"]


def test_an_ollama_manifest_that_is_no_json_is_reported(tmp_path: Path) -> None:
    put(tmp_path / "manifests/registry.ollama.ai/library/x/latest", "not json")
    assert "not JSON" in reasons(scan(tmp_path, ScanOptions()))["manifests/registry.ollama.ai/library/x/latest"]


def test_an_ollama_tag_without_its_blob_is_still_named(tmp_path: Path) -> None:
    layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{'1' * 64}", "size": 5}
    put(tmp_path / "manifests/registry.ollama.ai/library/x/latest", json.dumps({"layers": [layer]}))
    (artefact,) = scan(tmp_path, ScanOptions()).artefacts
    assert "weights are not here" in artefact.evidence


def test_an_lm_studio_folder_names_publisher_and_model(tmp_path: Path) -> None:
    copy("tiny.gguf", tmp_path / ".lmstudio/models/acme/Tiny-Chat/tiny-Q4.gguf")
    (artefact,) = scan(tmp_path, ScanOptions()).artefacts
    assert str(artefact.model) == "pkg:huggingface/acme/Tiny-Chat"


def test_a_llama_cpp_cache_is_named_by_its_manifest_or_its_note(tmp_path: Path) -> None:
    cache = tmp_path / "llama.cpp"
    copy("tiny.gguf", cache / "acme_tiny-GGUF_tiny-Q4.gguf")
    put(cache / "manifest=acme=tiny-GGUF=latest.json", "{}")
    copy("tiny.gguf", tmp_path / "old" / "file.gguf")
    put(
        tmp_path / "old" / "file.gguf.json",
        json.dumps({"url": "https://huggingface.co/acme/old/resolve/main/file.gguf"}),
    )
    found = {path: str(artefact.model) for path, artefact in by_path(scan(tmp_path, ScanOptions())).items()}
    assert found == {
        "llama.cpp/acme_tiny-GGUF_tiny-Q4.gguf": "pkg:huggingface/acme/tiny-GGUF",
        "old/file.gguf": "pkg:huggingface/acme/old",
    }


def test_loose_files_are_told_by_their_headers_and_are_no_uses(tmp_path: Path) -> None:
    for name in ("tiny.gguf", "tiny.safetensors", "tiny.onnx", "state.pt", "evil.pt"):
        copy(name, tmp_path / "weights" / name)
    inventory = scan(tmp_path, ScanOptions())
    found = by_path(inventory)
    assert {artefact.format for artefact in found.values()} == {"gguf", "safetensors", "onnx", "torch"}
    assert "quantized_by somebody" in found["weights/tiny.gguf"].evidence
    assert "opset ai.onnx 17" in found["weights/tiny.onnx"].evidence
    assert "would call posix.system" in found["weights/evil.pt"].evidence
    assert [claim.base for claim in found["weights/tiny.onnx"].claims] == ["tiny-org/tiny-base"]
    assert inventory.uses == ()


def test_weights_split_into_parts_are_one_artefact_with_the_size_of_all(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        copy("tiny.safetensors", tmp_path / f"model-{number:05}-of-00003.safetensors")
    put(tmp_path / "config.json", json.dumps({"architectures": ["LlamaForCausalLM"], "model_type": "llama"}))
    (artefact,) = scan(tmp_path, ScanOptions()).artefacts
    assert artefact.size_bytes == 3 * (FILES / "tiny.safetensors").stat().st_size
    assert artefact.architecture == "LlamaForCausalLM"


def test_a_pointer_of_large_file_storage_gives_digest_and_size(tmp_path: Path) -> None:
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 4567\n"
    put(tmp_path / "model.safetensors", text)
    (artefact,) = scan(tmp_path, ScanOptions()).artefacts
    assert (artefact.revision.value, artefact.size_bytes) == (f"sha256:{'ab' * 32}", 4567)


def test_a_damaged_header_is_reported_with_its_reason(tmp_path: Path) -> None:
    put(tmp_path / "a.safetensors", b"\xff" * 20)
    put(tmp_path / "b.gguf", (FILES / "tiny.gguf").read_bytes()[:100])
    put(tmp_path / "c.onnx", b"<html>")
    put(tmp_path / "d.bin", b"nothing that was promised")
    said = reasons(scan(tmp_path, ScanOptions()))
    assert "limit" in said["a.safetensors"]
    assert "at byte" in said["b.gguf"]
    assert "c.onnx" in said
    assert "d.bin" not in said


def test_a_source_folder_named_like_a_store_is_still_scanned(tmp_path: Path) -> None:
    put(tmp_path / "manifests/prod/app.env", "CHAT_MODEL=gpt-4o\n")
    put(tmp_path / "hf.co/app.env", "CHAT_MODEL=gpt-4o\n")
    assert {use.place.path for use in scan(tmp_path, ScanOptions()).uses} == {"manifests/prod/app.env", "hf.co/app.env"}
