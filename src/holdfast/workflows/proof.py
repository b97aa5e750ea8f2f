"""`holdfast show MODEL --proof`: from upstream's commit by its trees to the sha256 of every file, with what is held.

Each object's id is computed from its bytes. The files' own digests were compared when they were kept; `holdfast verify`
reads them again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.formats.git import FOLDER, GitObject, blob_id, compute_pointer, parse_commit, parse_tree
from holdfast.formats.pointer import find_pointer
from holdfast.records.errors import DamagedVault, MalformedFile
from holdfast.records.vault import FileEntry, RevisionManifest
from holdfast.vault.catalogue.serving import read_blobs
from holdfast.vault.checking import read_revision
from holdfast.vault.git_objects import find_git_object
from holdfast.vault.opening import Vault
from holdfast.workflows.vaults import VaultAsked, find_revision, open_vault

PROVED: Final = "proved"
DIFFERS: Final = "differs"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class ProvenFile:
    """A file of a copy. `blob` is what the commit's tree names; `via` is blob, or pointer for a large file."""

    path: str
    sha256: str
    size: int
    blob: str
    via: str
    answer: str
    says: str = ""


@dataclass(frozen=True, slots=True)
class CopyProof:
    """What binds a copy to a commit. `trees` are ids by folder, the root's under the empty path; `missing` are the
    commit's files that the copy has not."""

    model: str
    revision: str
    commit: str
    tree: str
    trees: tuple[tuple[str, str], ...]
    files: tuple[ProvenFile, ...]
    missing: tuple[str, ...]
    answer: str
    says: str


def run_proof(asked: VaultAsked, model: str) -> CopyProof:
    """The proof of one copy. Raises UnknownName."""
    with open_vault(asked) as vault:
        return prove_copy(vault, model)


def prove_copy(vault: Vault, model: str) -> CopyProof:
    """The proof of one copy of an open vault. What is not held makes unknown, never no."""
    row = find_revision(vault, model)
    manifest = read_revision(vault, row.manifest)
    blobs = {path: blob.git_blob for path, blob in read_blobs(vault.database, row.id).items()}
    commit = manifest.origin.commit
    if not commit:
        return _unknown(manifest, "", "its source names no commit")
    try:
        top = _read(vault, commit, "commit")
        tree = parse_commit(top.body, Path(commit)).tree
        folders, entries = _read_trees(vault, tree)
    except (DamagedVault, MalformedFile) as error:
        return _unknown(manifest, commit, f"{error.what} ({error.where})" if error.where else error.what)
    files = tuple(_prove(vault, file, entries, blobs) for file in manifest.files)
    answer, says = _conclude(files)
    held = {file.path for file in manifest.files}
    missing = tuple(path for path in sorted(entries) if path not in held)
    return CopyProof(
        manifest.name, manifest.revision, commit, tree, tuple(sorted(folders.items())), files, missing, answer, says
    )


def _unknown(manifest: RevisionManifest, commit: str, says: str) -> CopyProof:
    files = tuple(ProvenFile(file.path, file.sha256, file.size, "", "", UNKNOWN) for file in manifest.files)
    return CopyProof(manifest.name, manifest.revision, commit, "", (), files, (), UNKNOWN, says)


def _conclude(files: tuple[ProvenFile, ...]) -> tuple[str, str]:
    counts = {answer: sum(1 for file in files if file.answer == answer) for answer in (PROVED, DIFFERS, UNKNOWN)}
    if counts[DIFFERS]:
        return DIFFERS, f"{counts[DIFFERS]} of {len(files)} files are not those of the commit"
    if counts[UNKNOWN]:
        return UNKNOWN, f"{counts[UNKNOWN]} of {len(files)} files are not proved"
    return PROVED, f"all {len(files)} files are those of the commit"


def _read(vault: Vault, name: str, kind: str) -> GitObject:
    found = find_git_object(vault, name)
    if found is None or found.kind != kind:
        raise DamagedVault(f"upstream's {kind} {name} is not held", where="", next_step="Pull the model again.")
    return found


def _read_trees(vault: Vault, root: str) -> tuple[dict[str, str], dict[str, str]]:
    """Folders and files below a tree, by path, with the ids of their objects."""
    folders: dict[str, str] = {}
    files: dict[str, str] = {}
    waiting = [("", root)]
    while waiting:
        path, name = waiting.pop()
        folders[path] = name
        for entry in parse_tree(_read(vault, name, "tree").body, Path(name)):
            place = f"{path}/{entry.name}" if path else entry.name
            if entry.mode == FOLDER:
                waiting.append((place, entry.id))
            else:
                files[place] = entry.id
    return folders, files


def _prove(vault: Vault, file: FileEntry, entries: Mapping[str, str], blobs: Mapping[str, str]) -> ProvenFile:
    named = entries.get(file.path, "")
    if not named:
        return ProvenFile(file.path, file.sha256, file.size, "", "", DIFFERS, "the commit has no such file")
    for via, known in _list_ids(vault, file, named, blobs):
        if known == named:
            return ProvenFile(file.path, file.sha256, file.size, named, via, PROVED)
    says = "neither the file nor its pointer is what the commit names"
    answer = DIFFERS if file.path in blobs else UNKNOWN
    return ProvenFile(file.path, file.sha256, file.size, named, "", answer, says)


def _list_ids(vault: Vault, file: FileEntry, named: str, blobs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What git may call a file: by its own bytes, by its pointer, by a pointer in other words that is held."""
    yield "blob", blobs.get(file.path, "")
    yield "pointer", blob_id(compute_pointer(file.sha256, file.size))
    odd = find_git_object(vault, named)
    pointer = find_pointer(odd.body) if odd is not None and odd.kind == "blob" else None
    if pointer is not None and (pointer.sha256, pointer.size_bytes) == (file.sha256, file.size):
        yield "pointer", named
