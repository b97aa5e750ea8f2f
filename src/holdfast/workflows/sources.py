"""Models on disk, as they are to be kept: a folder, a file, a snapshot of a hub's cache, a tag of an Ollama store.

Names, revisions and digests are taken from where the source states them; links are followed only inside the source.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from holdfast.formats.configs import read_json_object
from holdfast.records.errors import InputError, MissingPath
from holdfast.vault.keeping.revisions import SourceEntry

_SKIPPED_FOLDERS: Final = frozenset({".git", ".cache", "__pycache__", ".ipynb_checkpoints"})
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_GIT_BLOB: Final = re.compile(r"[0-9a-f]{40}")
_MANIFEST_BYTES_MAX: Final = 1 << 20
_OLLAMA_NAMES: Final = {"model": "model.gguf", "adapter": "adapter.gguf", "projector": "projector.gguf"}
_OLLAMA_REGISTRY: Final = "registry.ollama.ai"


@dataclass(frozen=True, slots=True)
class Source:
    """A model to keep. `revision` is empty when the source states none; `folder` is where its small files lie."""

    name: str
    revision: str
    location: str
    entries: tuple[SourceEntry, ...]
    folder: Path | None = None
    commit: str = ""
    notes: tuple[str, ...] = field(default=())


def read_source(path: Path) -> list[Source]:
    """What lies at a path: a folder or file is one model; a `models--…` folder of a cache has one a snapshot."""
    if not path.exists():
        raise MissingPath("there is no such file or folder", where=str(path), next_step="Check the path.")
    whole = path.absolute()
    if whole.name.startswith("models--") and (whole / "snapshots").is_dir():
        return list(_read_snapshots(whole))
    if whole.parent.name == "snapshots" and whole.parent.parent.name.startswith("models--"):
        return [_read_snapshot(whole)]
    if whole.is_file():
        return [Source(whole.stem, "", str(whole), (SourceEntry(whole.name, whole),), whole.parent)]
    return [_read_folder(whole)]


def _read_folder(folder: Path) -> Source:
    entries = tuple(_list_files(folder, inside=folder))
    if not entries:
        raise InputError("there is no file in it", where=str(folder), next_step="Name a folder that holds a model.")
    return Source(folder.name, "", str(folder), entries, folder)


def _list_files(folder: Path, inside: Path) -> Iterator[SourceEntry]:
    """Regular files below a folder, by path. Raises InputError at a link that leaves `inside`."""
    root = os.path.realpath(inside) + os.sep
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS)
        for name in sorted([*names, *(one for one in folders if Path(base, one).is_symlink())]):
            path = Path(base, name)
            target = os.path.realpath(path)
            if path.is_symlink() and not target.startswith(root):
                raise InputError(
                    f"a link leaves the folder, to {target}",
                    where=str(path),
                    next_step="Keep the folder that the link leads to, or replace the link by the file.",
                )
            if os.path.isfile(target):
                yield _make_entry(path.relative_to(folder).as_posix(), Path(target))


def _make_entry(path: str, target: Path) -> SourceEntry:
    """Blobs of a hub's cache and of Ollama are named by their digest: it is what the source states."""
    name = target.name
    if target.parent.name == "blobs":
        if _SHA256.fullmatch(name):
            return SourceEntry(path, target, sha256=name)
        if _GIT_BLOB.fullmatch(name):
            return SourceEntry(path, target, git_blob=name)
    return SourceEntry(path, target)


# --- Hugging Face cache -----------------------------------------------------------------------------------------------


def find_hub_cache(environ: Mapping[str, str]) -> Path:
    """Where the hub's client keeps its files."""
    if environ.get("HF_HUB_CACHE"):
        return Path(environ["HF_HUB_CACHE"])
    home = environ.get("HF_HOME") or Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    return Path(home) / "hub"


def read_hub_cache(cache: Path) -> list[Source]:
    """Every snapshot of every model in a cache."""
    folders = sorted(folder for folder in cache.glob("models--*") if folder.is_dir())
    found = [source for folder in folders for source in _read_snapshots(folder)]
    if not found:
        raise MissingPath(
            "there is no model in this cache", where=str(cache), next_step="Name it: --from-hf-cache DIR."
        )
    return found


def _read_snapshots(folder: Path) -> Iterator[Source]:
    for snapshot in sorted((folder / "snapshots").iterdir()):
        if snapshot.is_dir():
            yield _read_snapshot(snapshot)


def _read_snapshot(snapshot: Path) -> Source:
    repository = snapshot.parent.parent
    name = repository.name.removeprefix("models--").replace("--", "/")
    entries = tuple(_list_files(snapshot, inside=repository))
    missing = [path.name for path in snapshot.rglob("*") if path.is_symlink() and not path.exists()]
    notes = tuple(f"{one} is not in the cache" for one in missing)
    if not entries:
        notes = (*notes, "no file of this snapshot is in the cache")
    return Source(name, snapshot.name, str(snapshot), entries, snapshot, commit=snapshot.name, notes=notes)


# --- Ollama -----------------------------------------------------------------------------------------------------------


def find_ollama_store(environ: Mapping[str, str]) -> Path:
    """Where Ollama keeps its models."""
    return Path(environ["OLLAMA_MODELS"]) if environ.get("OLLAMA_MODELS") else Path.home() / ".ollama" / "models"


def read_ollama_store(store: Path) -> list[Source]:
    """Every tag in a store: its layers by their kind, and the manifest that names them."""
    manifests = sorted(path for path in (store / "manifests").glob("*/*/*/*") if path.is_file())
    if not manifests:
        raise MissingPath("there is no model in this store", where=str(store), next_step="Name it: --from-ollama DIR.")
    return [_read_tag(store, path) for path in manifests]


def _read_tag(store: Path, path: Path) -> Source:
    registry, namespace, name, tag = path.relative_to(store / "manifests").parts
    manifest = read_json_object(path, _MANIFEST_BYTES_MAX)
    layers = [layer for layer in _list_layers(manifest) if layer[1]]
    entries: dict[str, SourceEntry] = {"manifest.json": SourceEntry("manifest.json", path)}
    notes: list[str] = []
    for kind, digest in layers:
        blob = store / "blobs" / digest.replace(":", "-")
        shown = _find_free_name(_OLLAMA_NAMES.get(kind, kind), entries)
        if blob.is_file():
            entries[shown] = SourceEntry(shown, blob, sha256=digest.partition(":")[2])
        else:
            notes.append(f"the {kind} layer is not in the store")
    full = f"{name}:{tag}" if namespace == "library" else f"{namespace}/{name}:{tag}"
    full = f"ollama/{full}" if registry == _OLLAMA_REGISTRY else f"{registry}/{full}"
    revision = f"sha256-{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
    return Source(full, revision, str(path), tuple(entries.values()), None, notes=tuple(notes))


def _list_layers(manifest: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The last word of each layer's media type, and its digest; the configuration too."""
    parts: list[object] = [manifest.get("config"), *(manifest.get("layers") or [])]
    for part in parts:
        if isinstance(part, dict):
            said = cast("dict[str, object]", part)
            kind = str(said.get("mediaType") or "").partition("+")[0].rpartition(".")[2]
            digest = str(said.get("digest") or "")
            yield ("config.json" if "config" in str(said.get("mediaType")) or part is parts[0] else kind), digest


def _find_free_name(wanted: str, taken: Mapping[str, object]) -> str:
    stem, dot, ending = wanted.partition(".")
    names = (wanted, *(f"{stem}-{number}{dot}{ending}" for number in range(2, 1000)))
    return next(name for name in names if name not in taken)
