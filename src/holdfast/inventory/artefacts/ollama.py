"""An Ollama store: `manifests/<registry>/<namespace>/<name>/<tag>` and `blobs/sha256-…`. Reads manifests, headers."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from holdfast.formats.configs import read_json_object
from holdfast.formats.plain import get_text, is_list, is_object
from holdfast.inventory.artefacts.loose import Header, read_gguf
from holdfast.records.errors import InputError
from holdfast.records.model import ModelName, Pin, Revision
from holdfast.records.use import Artefact, Place, Skipped

_MANIFEST_BYTES_MAX: Final = 1_000_000
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_MODEL: Final = "application/vnd.ollama.image.model"
_ADAPTER: Final = "application/vnd.ollama.image.adapter"
_HUBS: Final = frozenset({"hf.co", "huggingface.co"})


def read_ollama_registry(folder: Path, shown: str) -> tuple[list[Artefact], list[Skipped]]:
    """One artefact for each tag below a registry's folder."""
    artefacts: list[Artefact] = []
    skipped: list[Skipped] = []
    blobs = folder.parent.parent / "blobs"
    for path in _list_manifests(folder):
        place = f"{shown}/{path.relative_to(folder).as_posix()}"
        try:
            artefacts.append(_read_tag(path, place, _name(folder.name, path.relative_to(folder).parts), blobs))
        except InputError as error:
            skipped.append(Skipped(place, error.what))
    return artefacts, skipped


def _name(registry: str, parts: tuple[str, ...]) -> ModelName:
    namespace, name, tag = parts
    if registry in _HUBS:
        return ModelName("pkg:huggingface", f"{namespace}/{name}")
    return ModelName("pkg:ollama", f"{name}:{tag}" if namespace == "library" else f"{namespace}/{name}:{tag}")


def _read_tag(path: Path, place: str, model: ModelName, blobs: Path) -> Artefact:
    layers = list(_list_layers(read_json_object(path, _MANIFEST_BYTES_MAX)))
    weights = next((digest for kind, digest, _ in layers if kind == _MODEL), "")
    header, here = _read_weights(blobs, weights, place)
    kinds = sorted({kind.rpartition(".")[2] for kind, _, _ in layers})
    said = [f"tag {path.name}", f"layers {', '.join(kinds)}", here, header.evidence]
    return Artefact(
        place=Place(place, 1),
        format="ollama",
        model=model,
        revision=Revision(weights, Pin.EXACT) if weights else Revision(path.name, Pin.MOVING),
        architecture=header.architecture,
        size_bytes=sum(size for _, _, size in layers),
        claims=tuple(replace(claim, child=str(model)) for claim in header.claims),
        evidence="; ".join(part for part in said if part),
    )


def _read_weights(blobs: Path, digest: str, place: str) -> tuple[Header, str]:
    """Header of the weights' blob, and a word when the blob is missing or unreadable."""
    blob = blobs / digest.replace(":", "-")
    if not digest or not blob.is_file():
        return Header(), "weights are not here" if digest else "no weights in the manifest"
    try:
        return read_gguf(blob, place), ""
    except InputError as error:
        return Header(), f"weights' header: {error.what}"


def _list_layers(manifest: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    layers: object = manifest.get("layers")
    for layer in layers if is_list(layers) else []:
        if not is_object(layer):
            continue
        digest, size = get_text(layer.get("digest")), layer.get("size")
        if _DIGEST.fullmatch(digest):
            yield get_text(layer.get("mediaType")), digest, size if isinstance(size, int) else 0


def _list_manifests(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*/*") if path.is_file() and not path.is_symlink())
