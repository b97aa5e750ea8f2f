"""A repository in a Hugging Face cache: `models--org--name` with snapshots, refs, blobs. Follows no link out of it."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from holdfast.inventory.artefacts.folder import FolderFacts, read_folder_facts
from holdfast.records.model import ModelName, classify_revision
from holdfast.records.use import Artefact, Place, Skipped

_WEIGHT_ENDINGS: Final = (
    ".safetensors",
    ".gguf",
    ".bin",
    ".pt",
    ".pth",
    ".onnx",
    ".ckpt",
    ".h5",
    ".msgpack",
    ".tflite",
)
_FILES_MAX: Final = 20_000

Found = tuple[list[Artefact], list[Skipped]]


def read_hub_repository(folder: Path, shown: str) -> Found:
    """One artefact for each snapshot that the cache holds."""
    name = folder.name.removeprefix("models--").replace("--", "/")
    model = ModelName("pkg:huggingface", name)
    artefacts: list[Artefact] = []
    skipped: list[Skipped] = []
    snapshots = _list_folders(folder / "snapshots")
    if not snapshots:
        skipped.append(Skipped(shown, "a Hugging Face cache entry without a snapshot"))
    names_by_commit = _read_refs(folder / "refs")
    for snapshot in snapshots:
        place = f"{shown}/snapshots/{snapshot.name}"
        files = _Files(snapshot, folder.parent, place)
        facts = read_folder_facts(snapshot, place, str(model)) if not files.outside else FolderFacts()
        artefacts.append(
            Artefact(
                place=Place(place, 1),
                format="hf-cache",
                model=model,
                revision=classify_revision(snapshot.name),
                architecture=facts.architecture,
                size_bytes=files.size_bytes,
                claims=facts.claims,
                evidence="; ".join(_describe(files, names_by_commit.get(snapshot.name, []), facts)),
            )
        )
        skipped.extend([*files.problems, *facts.skipped])
    return artefacts, skipped


def _describe(files: "_Files", refs: list[str], facts: FolderFacts) -> Iterator[str]:
    if refs:
        yield f"at {', '.join(sorted(refs))}"
    yield f"{files.weights} weight files" if files.weights else "no weight files"
    if files.missing:
        yield f"incomplete: {files.missing} files not downloaded"
    if words := facts.describe():
        yield words


class _Files:
    """The files of one snapshot: links into the cache, or plain files where links are not supported."""

    def __init__(self, snapshot: Path, cache: Path, shown: str) -> None:
        self.size_bytes = 0
        self.weights = 0
        self.missing = 0
        self.outside = False
        self.problems: list[Skipped] = []
        inside = os.path.realpath(cache) + os.sep
        for count, path in enumerate(_walk_files(snapshot)):
            if count >= _FILES_MAX:
                self.problems.append(Skipped(shown, f"more than {_FILES_MAX:,} files in a snapshot"))
                break
            self._take(path, inside, shown)

    def _take(self, path: Path, inside: str, shown: str) -> None:
        target = os.path.realpath(path)
        if not target.startswith(inside):
            self.outside = True
            self.problems.append(Skipped(f"{shown}/{path.name}", "link that leaves the cache"))
        elif not os.path.isfile(target):
            self.missing += 1
        else:
            self.size_bytes += os.path.getsize(target)
            self.weights += path.name.endswith(_WEIGHT_ENDINGS)


def _walk_files(folder: Path) -> Iterator[Path]:
    for base, _, names in os.walk(folder):
        for name in sorted(names):
            yield Path(base, name)


def _list_folders(folder: Path) -> list[Path]:
    try:
        return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink())
    except OSError:
        return []


def _read_refs(folder: Path) -> dict[str, list[str]]:
    """Names of refs by the commit that they hold."""
    found: dict[str, list[str]] = {}
    for path in _walk_files(folder):
        try:
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= 200:
                commit = path.read_text(encoding="ascii", errors="replace").strip()
                found.setdefault(commit, []).append(path.relative_to(folder).as_posix())
        except OSError:
            continue
    return found
