"""Loose model files: safetensors, GGUF, ONNX, torch. Reads headers only, and only repeats what they say."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from holdfast.formats.errors import BadMagic
from holdfast.formats.gguf import GgufHeader, LongArray, read_gguf_header
from holdfast.formats.onnx import read_onnx_header
from holdfast.formats.pointer import read_pointer
from holdfast.formats.safetensors import read_safetensors_header
from holdfast.formats.torch_file import read_torch_file
from holdfast.inventory.artefacts.folder import read_folder_facts
from holdfast.inventory.artefacts.layouts import find_layout_name
from holdfast.inventory.sighting import FileReport
from holdfast.records.errors import InputError
from holdfast.records.model import ModelName, Pin, Revision
from holdfast.records.use import Artefact, LineageClaim, Place, Skipped

_SHARD: Final = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<ending>\.\w+)")
_HUB_LINK: Final = re.compile(r"(?:https?://)?(?:huggingface\.co|hf\.co)/(?P<name>[\w.-]+/[\w.-]+?)(?:/.*)?")
_BASE_KEYS: Final = ("base_model", "modelspec.base_model", "ss_base_model_version", "ss_sd_model_name")


@dataclass(frozen=True, slots=True)
class Header:
    """What a header says, whatever its format."""

    architecture: str = ""
    model: ModelName | None = None
    claims: tuple[LineageClaim, ...] = ()
    evidence: str = ""


def read_artefact(path: Path, shown: str, format_name: str) -> FileReport:
    """The artefact that a file is, as its header tells; a damaged header is reported as skipped with its reason."""
    shard = _SHARD.fullmatch(path.name)
    if shard and int(shard["number"]) != 1:
        return FileReport(shown)  # told by the first shard
    try:
        pointer = read_pointer(path)
        if pointer is not None:
            revision = Revision(f"sha256:{pointer.sha256}", Pin.EXACT)
            evidence = "git-lfs pointer: the file itself is not here"
            found = Artefact(
                Place(shown, 1), format_name, _name_file(shown), revision, "", pointer.size_bytes, (), evidence
            )
            return FileReport(shown, artefacts=(found,))
        header = _READERS[format_name](path, shown)
    except BadMagic as error:
        # `.bin` and `.pt` are names of many things that are no models.
        return FileReport(shown) if format_name == "torch" else _skip(shown, error.what)
    except InputError as error:
        return _skip(shown, f"{error.what} ({error.where.removeprefix(str(path)).strip()})".replace(" ()", ""))
    except OSError as error:
        return _skip(shown, f"cannot be read: {error.strerror}")
    return _build(path, shown, format_name, header)


def _build(path: Path, shown: str, format_name: str, header: Header) -> FileReport:
    model = header.model or find_layout_name(path) or _name_file(shown)
    facts = read_folder_facts(path.parent, shown.rpartition("/")[0], str(model))
    own = tuple(replace(claim, child=str(model)) for claim in header.claims)
    artefact = Artefact(
        place=Place(shown, 1),
        format=format_name,
        model=model,
        revision=Revision(None, Pin.UNKNOWN),
        architecture=header.architecture or facts.architecture,
        size_bytes=_measure(path),
        claims=(*own, *facts.claims),
        evidence="; ".join(part for part in (header.evidence, facts.describe()) if part),
    )
    skipped = facts.skipped[0] if facts.skipped else None
    return FileReport(shown, artefacts=(artefact,), skipped=skipped)


def _measure(path: Path) -> int:
    """Bytes of the file, of all its shards when it is the first of several."""
    shard = _SHARD.fullmatch(path.name)
    if not shard:
        return path.stat().st_size
    siblings = path.parent.glob(f"*-of-{shard['count']}{shard['ending']}")
    return sum(one.stat().st_size for one in siblings if one.name.startswith(shard["stem"] + "-"))


def _name_file(shown: str) -> ModelName:
    return ModelName("pkg:generic", f"file/{shown}")


def _skip(shown: str, reason: str) -> FileReport:
    return FileReport(shown, skipped=Skipped(shown, reason))


def _read_safetensors(path: Path, shown: str) -> Header:
    header = read_safetensors_header(path)
    metadata = dict(header.metadata)
    claims = tuple(
        LineageClaim("", metadata[key], "unknown", "safetensors", shown) for key in _BASE_KEYS if metadata.get(key)
    )
    said = [
        f"{key}={value[:80]}"
        for key, value in header.metadata
        if key in ("format", "modelspec.title", "modelspec.author")
    ]
    return Header(
        metadata.get("modelspec.architecture", ""), None, claims, "; ".join([f"{len(header.tensors)} tensors", *said])
    )


def read_gguf(path: Path, shown: str) -> Header:
    """What a GGUF header says of name, architecture, origin and vocabulary."""
    header = read_gguf_header(path)
    tokens = dict(header.metadata).get("tokenizer.ggml.tokens")
    said = [f"{key.rpartition('.')[2]} {text}" for key in _GGUF_SAID if (text := header.find_text(key))]
    if isinstance(tokens, LongArray):
        said.append(f"vocabulary sha256:{tokens.sha256[:16]}")
    return Header(
        header.find_text("general.architecture"),
        _find_own_repository(header),
        _list_gguf_claims(header, shown),
        "; ".join(said),
    )


_GGUF_SAID: Final = (
    "general.name",
    "general.basename",
    "general.size_label",
    "general.finetune",
    "general.quantized_by",
    "general.license",
)


def _find_own_repository(header: GgufHeader) -> ModelName | None:
    match = _HUB_LINK.fullmatch(header.find_text("general.repo_url"))
    return ModelName("pkg:huggingface", match["name"]) if match else None


def _list_gguf_claims(header: GgufHeader, shown: str) -> tuple[LineageClaim, ...]:
    claims: list[LineageClaim] = []
    for key in ("general.source.repo_url", "general.source.url", "general.source.huggingface.repository"):
        if text := header.find_text(key):
            claims.append(LineageClaim("", _shorten(text), "converted", "gguf", shown))
            break
    count = dict(header.metadata).get("general.base_model.count")
    for number in range(count if isinstance(count, int) and 0 < count <= 64 else 0):
        prefix = f"general.base_model.{number}."
        link = header.find_text(prefix + "repo_url")
        words = [header.find_text(prefix + "organization"), header.find_text(prefix + "name")]
        base = _shorten(link) if link else "/".join(word for word in words if word)
        if base:
            claims.append(LineageClaim("", base, "unknown", "gguf", shown))
    return tuple(claims)


def _shorten(link: str) -> str:
    match = _HUB_LINK.fullmatch(link)
    return match["name"] if match else link


def _read_onnx(path: Path, shown: str) -> Header:
    header = read_onnx_header(path)
    metadata = dict(header.metadata)
    claims = tuple(LineageClaim("", metadata[key], "unknown", "onnx", shown) for key in _BASE_KEYS if metadata.get(key))
    opsets = ", ".join(f"{domain or 'ai.onnx'} {version}" for domain, version in header.opsets)
    said = [
        f"graph {header.graph_name}",
        f"producer {header.producer} {header.producer_version}".strip(),
        f"opset {opsets}",
    ]
    return Header("", None, claims, "; ".join(said))


def _read_torch(path: Path, shown: str) -> Header:
    found = read_torch_file(path)
    if not any(name.startswith(("torch", "__torch__")) for name in found.names):
        raise BadMagic("a pickle without torch in it", where=shown)
    foreign = found.get_foreign_names()
    said = [f"{found.layout} pickle", *([f"would call {', '.join(foreign[:8])} when loaded"] if foreign else [])]
    return Header("", None, (), "; ".join(said))


_READERS: Final[Mapping[str, Callable[[Path, str], Header]]] = {
    "safetensors": _read_safetensors,
    "gguf": read_gguf,
    "onnx": _read_onnx,
    "torch": _read_torch,
}
