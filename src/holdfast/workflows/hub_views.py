"""From a kept copy to what a hub's client sees of it: which files git would call large, their ids, the commit."""

import re
from pathlib import Path
from typing import Final

from holdfast.formats.git import (
    CommitSaid,
    GitEntry,
    blob_id,
    compute_commit,
    compute_pointer,
    compute_trees,
    parse_commit,
    to_seconds,
)
from holdfast.records.errors import DamagedVault
from holdfast.records.hub_service import ServedFile, ServedTree
from holdfast.records.vault import FileEntry, Origin, RevisionManifest
from holdfast.vault.catalogue.revisions import RevisionRow
from holdfast.vault.catalogue.serving import BlobRow, read_blobs
from holdfast.vault.git_objects import find_git_object
from holdfast.vault.opening import Vault

LARGE_BYTES: Final = 1 << 20
COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_PLAIN: Final = "bytes"


def make_tree(vault: Vault, row: RevisionRow, manifest: RevisionManifest) -> ServedTree:
    """The files of a copy as git would hold them. Raises DamagedVault where the manifest of a file is not known."""
    stated = dict(manifest.origin.upstream)
    blobs = read_blobs(vault.database, row.id)
    files = {entry.path: _serve(entry, blobs.get(entry.path), stated.get(entry.path, "")) for entry in manifest.files}
    trees = compute_trees(GitEntry(file.path, file.blob) for file in files.values())
    commit = find_upstream_commit(vault, manifest, trees.root) or compute_own_commit(manifest, trees.root)
    return ServedTree(commit, files, trees.folders, sum(file.size for file in files.values()))


def _serve(entry: FileEntry, blob: BlobRow | None, stated: str) -> ServedFile:
    if blob is None:
        raise DamagedVault(
            "the manifest of a file cannot be read", where=entry.path, next_step="Run `holdfast verify`."
        )
    if not is_large(entry, blob.format, stated):
        return ServedFile(entry.path, entry.size, entry.sha256, blob.git_blob, 0, entry.manifest)
    pointer = compute_pointer(entry.sha256, entry.size)
    return ServedFile(entry.path, entry.size, entry.sha256, blob_id(pointer), len(pointer), entry.manifest)


def is_large(entry: FileEntry, kind: str, stated: str) -> bool:
    """Whether an LFS pointer stands for a file: as its source stated, else by its size and format."""
    if stated.startswith("sha256:"):
        return True
    if stated.startswith("git-blob:"):
        return False
    return entry.size >= LARGE_BYTES or kind != _PLAIN


def find_upstream_commit(vault: Vault, manifest: RevisionManifest, root: str) -> str | None:
    """The commit that upstream names for exactly these files; None when it named none, or for more than these."""
    commit = manifest.origin.commit
    if not COMMIT.fullmatch(commit):
        return None
    if is_told_whole(manifest.origin, {entry.path for entry in manifest.files}):
        return commit
    return commit if _proves(vault, commit, root) else None


def is_told_whole(origin: Origin, held: set[str]) -> bool:
    """Whether the source is a hub that stated a digest for every file of its commit, and all of these are held.

    What lies in a cache is as much as somebody once used of a commit: that it is all of it is not known.
    """
    stated = {path for path, _ in origin.upstream}
    return "://" in origin.source and bool(stated) and stated == held


def _proves(vault: Vault, commit: str, root: str) -> bool:
    """Whether the commit itself is held and binds this tree."""
    found = find_git_object(vault, commit)
    if found is None or found.kind != "commit":
        return False
    return parse_commit(found.body, Path(commit)).tree == root


def compute_own_commit(manifest: RevisionManifest, root: str) -> str:
    """The commit of a copy whose source named none for it: of its tree, at the time of retrieval, without a parent."""
    message = f"{manifest.name}@{manifest.revision}"
    return compute_commit(root, CommitSaid(message, to_seconds(manifest.origin.retrieved_at))).id
