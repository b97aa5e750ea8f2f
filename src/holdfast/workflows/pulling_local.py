"""Where a model lies on this machine already: the hub's cache, an Ollama store, a folder of the application itself."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from holdfast.records.errors import HoldfastError
from holdfast.records.model import ModelName, Pin, Revision
from holdfast.records.use import Artefact
from holdfast.workflows.sources import Source, find_hub_cache, find_ollama_store, read_ollama_store, read_source

_WEIGHTS: Final = re.compile(r"\.(safetensors|gguf|bin|pt|pth|onnx|ckpt|h5|msgpack|tflite|pkl)$", re.IGNORECASE)
_REF_BYTES_MAX: Final = 200
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look. `root` is the application; `folders` are those in it that hold weights."""

    root: Path
    folders: tuple[Path, ...]
    hub_cache: Path
    ollama: Path


@dataclass(frozen=True, slots=True)
class LocalCopy:
    """A model that lies here. `place` tells where in words; `is_guess` when its folder's name alone says what it is."""

    source: Source
    place: str
    is_guess: bool = False


def find_places(root: Path, artefacts: Sequence[Artefact], environ: Mapping[str, str]) -> Places:
    """Where models may lie: folders of weights below `root`, and the usual stores."""
    top = root if root.is_dir() else root.parent
    found = {parent for one in artefacts for parent in Path(one.place.path).parents if parent != Path()}
    folders = tuple(top / folder for folder in sorted(found) if (top / folder).is_dir())
    return Places(top, folders, find_hub_cache(environ), find_ollama_store(environ))


def find_local(model: ModelName, revision: Revision, places: Places) -> LocalCopy | None:
    """The copy here that is surely of this model, at this revision when it is an exact one; None when there is none."""
    if model.scheme == "pkg:ollama":
        return _find_tag(model, places)
    if model.scheme == "pkg:huggingface":
        return _find_snapshot(model, revision, places) or _find_named(model, revision, places)
    return None


def find_by_folder(model: ModelName, revision: Revision, places: Places) -> LocalCopy | None:
    """A folder of the application whose name is the last part of the model's: a guess, and said to be one."""
    last = model.path.rpartition("/")[2].lower()
    fitting = (folder for folder in places.folders if folder.name.lower() == last)
    if revision.pin is Pin.EXACT:
        return None
    return next((copy for folder in fitting if (copy := _read(folder, model, places, is_guess=True))), None)


def _find_named(model: ModelName, revision: Revision, places: Places) -> LocalCopy | None:
    """A folder that bears the whole name: `org/name`, `org--name` or `org_name`."""
    if revision.pin is Pin.EXACT or "/" not in model.path:
        return None
    owner, _, name = model.path.lower().partition("/")
    for folder in places.folders:
        parts = [part.lower() for part in folder.relative_to(places.root).parts]
        is_named = parts[-2:] == [owner, name] or parts[-1] in (f"{owner}--{name}", f"{owner}_{name}")
        if is_named and (copy := _read(folder, model, places)):
            return copy
    return None


def _read(folder: Path, model: ModelName, places: Places, *, is_guess: bool = False) -> LocalCopy | None:
    try:
        (source,) = read_source(folder)
    except (HoldfastError, ValueError):
        return None
    if not _has_weights(source):
        return None
    place = f"{folder.relative_to(places.root).as_posix()} of the application"
    return LocalCopy(replace(source, name=model.path), place, is_guess)


def _find_snapshot(model: ModelName, revision: Revision, places: Places) -> LocalCopy | None:
    repository = places.hub_cache / f"models--{model.path.replace('/', '--')}"
    for commit in _list_commits(repository, revision):
        snapshot = repository / "snapshots" / commit
        try:
            (source,) = read_source(snapshot)
        except (HoldfastError, ValueError):
            continue
        if _has_weights(source):
            return LocalCopy(source, "the Hugging Face cache")
    return None


def _list_commits(repository: Path, revision: Revision) -> Iterator[str]:
    """The commit that is pinned; else that which the branch meant when it was last fetched, then the newest."""
    if revision.pin is Pin.EXACT:
        yield from [revision.value] if revision.value and _COMMIT.fullmatch(revision.value) else []
        return
    ref = repository / "refs" / (revision.value or "main")
    if ".." not in ref.parts and ref.is_file() and ref.stat().st_size <= _REF_BYTES_MAX:
        commit = ref.read_text(encoding="ascii", errors="replace").strip()
        yield from [commit] if _COMMIT.fullmatch(commit) else []
    snapshots = [one for one in (repository / "snapshots").glob("*") if _COMMIT.fullmatch(one.name)]
    yield from (one.name for one in sorted(snapshots, key=lambda one: -one.stat().st_mtime))


def _find_tag(model: ModelName, places: Places) -> LocalCopy | None:
    name = model.path if ":" in model.path.rpartition("/")[2] else f"{model.path}:latest"
    try:
        tags = read_ollama_store(places.ollama)
    except (HoldfastError, OSError):
        return None
    found = (source for source in tags if source.name == f"ollama/{name}" and _has_weights(source))
    return next((LocalCopy(source, "the Ollama store") for source in found), None)


def _has_weights(source: Source) -> bool:
    """Whether it is more than the small files that a tool fetched once."""
    return any(_WEIGHTS.search(entry.path) for entry in source.entries)
