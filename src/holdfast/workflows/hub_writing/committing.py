"""A commit becomes a kept revision: its files are known, its trees and commit are git's, it is read back, and then the
branch names it. All of it or nothing: until the branch moved, nobody sees it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.formats.git import CommitSaid, GitObject, Trees, compute_commit, compute_trees
from holdfast.formats.layout import layout_as_bytes, read_layout
from holdfast.records.errors import MalformedFile
from holdfast.records.hub_writing import (
    AddedFile,
    AddedLarge,
    AskedCommit,
    CommitHeader,
    Committed,
    NotUploaded,
    StaleParent,
    WriteTo,
    WrongContent,
)
from holdfast.records.vault import FileLayout, Origin, RevisionManifest
from holdfast.records.vault_log import LogVerb
from holdfast.vault.git_objects import put_git_object
from holdfast.vault.intake import Composed, Intake, KnownFile, keep_known
from holdfast.vault.keeping.revisions import SourceEntry
from holdfast.vault.opening import Vault
from holdfast.vault.refs import HEADS, point
from holdfast.workflows.hub_writing.describing import Describer
from holdfast.workflows.hub_writing.file_sets import FileSet, apply_operations, list_entries
from holdfast.workflows.hub_writing.heads import (
    Head,
    put_history,
    read_file_set,
    read_head,
    settle_main,
    writing_alone,
)
from holdfast.workflows.hub_writing.history import find_commit
from holdfast.workflows.vaults import Event, log_event

FindLarge = Callable[[str], KnownFile | None]
"""Finds a file by its sha256 that whoever commits may commit."""
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f<>]")
_TOLD: Final = 5


@dataclass(frozen=True, slots=True)
class Written:
    """A commit with its trees, not yet kept."""

    commit: GitObject
    trees: Trees
    files: FileSet
    header: CommitHeader


def commit(
    vault: Vault, describer: Describer, to: WriteTo, asked: AskedCommit, find_large: FindLarge, folder: Path
) -> Committed:
    """Do what a commit says. Raises StaleParent, NotUploaded, WrongContent, UnknownEntry, and what reading a head does;
    then nothing was changed. `folder` is an empty one."""
    known = gather(vault, to, asked, find_large)
    with writing_alone(vault, to.name):
        settle_main(vault, to.name, to.by)
        head = read_head(vault, to.name, to.branch)
        files = apply_operations(read_file_set(vault, head), asked.operations, known)
        trees = compute_trees(list_entries(files))
        branch = head.ref.removeprefix(HEADS)
        if trees.root == head.root and _is_meant(vault, head, asked.header):
            return Committed(to.name, branch, head.commit, is_new=False)
        _check_parent(head, asked.header)
        put_history(vault, head)
        said = CommitSaid(asked.header.message, vault.now, (head.commit,), make_author(to.by))
        written = Written(compute_commit(trees.root, said), trees, files, asked.header)
        keep(vault, describer, to, written, head.ref, folder)
        return Committed(to.name, branch, written.commit.id, is_new=True)


def gather(vault: Vault, to: WriteTo, asked: AskedCommit, find_large: FindLarge) -> Mapping[str, KnownFile]:
    """The files that a commit adds, taken in: by path those that came with it, by sha256 the large ones."""
    known = _gather_large(to, [one for one in asked.operations if isinstance(one, AddedLarge)], find_large)
    added = {one.path: one for one in asked.operations if isinstance(one, AddedFile)}
    entries = [SourceEntry(path, one.source) for path, one in added.items()]
    taken = Intake(vault, read_any_layout).add_all(entries) if entries else []
    return {**known, **dict(zip(added, taken, strict=True))}


def _gather_large(to: WriteTo, added: list[AddedLarge], find_large: FindLarge) -> dict[str, KnownFile]:
    found = {sha256: find_large(sha256) for sha256 in {one.sha256 for one in added}}
    if lacking := [one for one in added if found[one.sha256] is None]:
        shown = ", ".join(f"{one.path} (sha256 {one.sha256})" for one in lacking[:_TOLD])
        raise NotUploaded(
            f"{len(lacking)} of its large files did not arrive here: {shown}",
            where=to.name,
            next_step="Upload them, then commit again. Nothing was changed.",
        )
    known = {sha256: file for sha256, file in found.items() if file is not None}
    for one in added:
        if one.size is not None and one.size != known[one.sha256].size:
            raise WrongContent(
                f"{one.path} has {known[one.sha256].size:,} bytes, the commit says {one.size:,}",
                where=f"sha256 {one.sha256}",
                next_step="Commit again with the right size. Nothing was changed.",
            )
    return known


def read_any_layout(path: Path) -> FileLayout:
    """A file cut by its format, and as bytes when it breaks its format's rules: what is pushed is kept as it is."""
    try:
        return read_layout(path)
    except MalformedFile as error:
        layout = layout_as_bytes(path)
        return FileLayout(
            layout.format, layout.size, layout.stretches, (*layout.warnings, f"kept as bytes: {error.what}")
        )


def _is_meant(vault: Vault, head: Head, header: CommitHeader) -> bool:
    """Whether a branch that has these files already is what the commit asks for: it builds on it, or it is the very
    commit, sent again since its answer was lost."""
    if not header.parent or head.commit.startswith(header.parent):
        return True
    said = find_commit(vault, head.commit)
    return said is not None and any(parent.startswith(header.parent) for parent in said.parents)


def _check_parent(head: Head, header: CommitHeader) -> None:
    if header.parent and not head.commit.startswith(header.parent):
        raise StaleParent(
            f"the branch is at {head.commit}, the commit was made on {header.parent}",
            where=f"{head.row.name}@{head.ref.removeprefix(HEADS)}",
            next_step="See what changed, then commit on that. Nothing was changed.",
        )


def keep(vault: Vault, describer: Describer, to: WriteTo, written: Written, ref: str, folder: Path) -> None:
    """Keep a revision under its commit's id, and let the branch name it."""
    for body in written.trees.objects.values():
        put_git_object(vault, "tree", body)
    put_git_object(vault, "commit", written.commit.body)
    why = written.header.summary
    revision = describer.describe(
        vault, _make_revision(vault, to, written), {path: one.file for path, one in written.files.items()}, folder
    )
    composed = Composed(revision, tuple((path, one.file) for path, one in written.files.items()), to.by, why)
    kept = keep_known(vault, composed, lambda _phase, _count: None)
    point(vault, to.name, ref, kept.manifest, to.by, why)
    log_event(vault, Event(LogVerb.KEEP, f"{to.name}@{written.commit.id}", why, "kept", kept.manifest, to.by))


def _make_revision(vault: Vault, to: WriteTo, written: Written) -> RevisionManifest:
    origin = Origin(
        source=f"pushed by {to.by}",
        retrieved_at=vault.timestamp,
        commit=written.commit.id,
        upstream=tuple((path, one.stated) for path, one in written.files.items()),
    )
    return RevisionManifest(to.name, written.commit.id, origin, ())


def make_author(by: str) -> str:
    """A name and an address, as git wants them of an author."""
    name = _UNFIT.sub("", by).strip() or "unknown"
    address = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "unknown"
    return f"{name} <{address}@localhost>"
