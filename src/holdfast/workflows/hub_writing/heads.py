"""The branch that is written to: one writer at a time, the copy that it names now, and its files as git has them."""

import contextlib
import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import Final

from holdfast.formats.git import CommitSaid, GitEntry, compute_commit, compute_trees, to_seconds
from holdfast.records.access import BadRequest
from holdfast.records.errors import FrozenCopy
from holdfast.records.hub_service import MAIN, ServedTree
from holdfast.records.vault import RevisionManifest
from holdfast.vault.catalogue.revisions import FROZEN, RevisionRow
from holdfast.vault.catalogue.serving import read_blobs
from holdfast.vault.checking import read_revision
from holdfast.vault.git_objects import find_git_object, put_git_object
from holdfast.vault.intake import KnownFile
from holdfast.vault.opening import Vault
from holdfast.vault.refs import HEADS, check_ref, point
from holdfast.workflows.deciding import say_frozen
from holdfast.workflows.hub_names import Repository, find_main, read_repository, resolve
from holdfast.workflows.hub_views import make_tree
from holdfast.workflows.hub_writing.file_sets import FileSet, Placed
from holdfast.workflows.vaults import holding

_MAIN: Final = HEADS + MAIN


@dataclass(frozen=True, slots=True)
class Head:
    """A branch as it stands: its full name, the copy that it names, and what that copy is in git."""

    ref: str
    row: RevisionRow
    manifest: RevisionManifest
    tree: ServedTree

    @property
    def commit(self) -> str:
        """40 hexadecimal digits."""
        return self.tree.commit

    @property
    def root(self) -> str:
        """The id of its tree."""
        return self.tree.folders[""]


@contextlib.contextmanager
def writing_alone(vault: Vault, name: str) -> Generator[None]:
    """Nobody else changes this model's branches meanwhile. Raises BusyVault after a minute."""
    with holding(vault, f"push-{hashlib.sha256(name.encode()).hexdigest()[:32]}"):
        yield


def read_head(vault: Vault, name: str, branch: str) -> Head:
    """What a branch names. Raises UnknownRepository, UnknownRevision, BadRequest for a tag or commit, or FrozenCopy."""
    found = resolve(read_repository(vault, name), branch, lambda row: _view(vault, row)[1].commit)
    if not found.ref.startswith(HEADS):
        raise BadRequest(
            f"{branch[:100]!r} is no branch", where=name, next_step="Commit to a branch, `main` or another."
        )
    if found.row.state == FROZEN:
        raise FrozenCopy(
            f"{say_frozen(vault, found.row)}; nothing is built on a frozen copy",
            where=name,
            next_step=f"Whoever may decide it thaws it first: holdfast thaw {found.row.model} --by NAME --why TEXT",
        )
    manifest, tree = _view(vault, found.row)
    return Head(found.ref, found.row, manifest, tree)


def _view(vault: Vault, row: RevisionRow) -> tuple[RevisionManifest, ServedTree]:
    manifest = read_revision(vault, row.manifest)
    return manifest, make_tree(vault, row, manifest)


def read_file_set(vault: Vault, head: Head) -> FileSet:
    """The files of a branch."""
    blobs = read_blobs(vault.database, head.row.id)
    return {
        path: Placed(
            KnownFile(file.manifest, file.size, file.sha256, blobs[path].git_blob, blobs[path].format), file.is_lfs
        )
        for path, file in head.tree.files.items()
    }


def settle_main(vault: Vault, name: str, by: str) -> Repository:
    """See to it that `main` is a ref: a copy kept from disk has none, and the next commit to any branch
    would become its main."""
    repository = read_repository(vault, name)
    if not any(ref.ref == _MAIN for ref in repository.refs):
        point(vault, name, _MAIN, find_main(repository).row.manifest, by, "the copy that main has meant so far")
        return read_repository(vault, name)
    return repository


def put_history(vault: Vault, head: Head) -> None:
    """See to it that the commit which a copy without one of its own is served as is held, before another names it as
    parent. A commit of upstream's that upstream did not offer stays unknown."""
    manifest = head.manifest
    said = CommitSaid(f"{manifest.name}@{manifest.revision}", to_seconds(manifest.origin.retrieved_at))
    commit = compute_commit(head.root, said)
    if commit.id != head.commit or find_git_object(vault, commit.id) is not None:
        return
    trees = compute_trees(GitEntry(file.path, file.blob) for file in head.tree.files.values())
    for body in trees.objects.values():
        put_git_object(vault, "tree", body)
    put_git_object(vault, "commit", commit.body)


def get_branch_ref(branch: str) -> str:
    """The full name of a branch. Raises UsageError when git would not take it."""
    return check_ref(branch if branch.startswith("refs/") else HEADS + branch)
