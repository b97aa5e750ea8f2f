"""Repositories, branches and tags: made, moved and taken away, each by a decision that the journal remembers."""

import re
from pathlib import Path
from typing import Final

from holdfast.formats.git import CommitSaid, compute_commit, compute_trees
from holdfast.records.access import BadRequest
from holdfast.records.errors import UnknownRepository, UnknownRevision
from holdfast.records.hub_service import MAIN
from holdfast.records.hub_writing import CommitHeader, Committed, ExistsAlready, NotOffered, WriteTo
from holdfast.records.vault_log import LogVerb
from holdfast.vault.catalogue.revisions import RevisionRow
from holdfast.vault.checking import read_revision
from holdfast.vault.intake import Intake
from holdfast.vault.opening import Vault
from holdfast.vault.refs import HEADS, TAGS, check_ref, point, read_refs, unpoint
from holdfast.workflows.deciding import DecideAsked, check_decidable, record
from holdfast.workflows.hub_names import Repository, list_names, read_repository, resolve
from holdfast.workflows.hub_views import make_tree
from holdfast.workflows.hub_writing.attributes import ATTRIBUTES, make_attributes
from holdfast.workflows.hub_writing.committing import Written, keep, make_author, read_any_layout
from holdfast.workflows.hub_writing.describing import Describer
from holdfast.workflows.hub_writing.file_sets import Placed, list_entries
from holdfast.workflows.hub_writing.heads import get_branch_ref, settle_main, writing_alone
from holdfast.workflows.vaults import VaultAsked, holding

_PART: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9])?")
_LENGTH_MAX: Final = 96
DATASETS: Final = "datasets/"
_RESERVED: Final = frozenset(
    {"api", "buckets", "collections", "datasets", "kernels", "models", "ollama", "papers", "spaces", "v1", "v2"}
)


def check_new_name(name: str) -> str:
    """The name itself if a hub would take it for a new model's; after `datasets/` a data set's. Raises BadRequest."""
    parts = name.removeprefix(DATASETS).split("/")
    fits = len(parts) == 2 and all(_PART.fullmatch(part) for part in parts) and len(name) <= _LENGTH_MAX
    if not fits or ".." in name or "--" in name or name.endswith(".git") or parts[0].lower() in _RESERVED:
        raise BadRequest(
            f"{name[:100]!r} cannot be the name of a model",
            where="repos/create",
            next_step="Write organisation/name with letters, digits, single dashes, dots and underscores.",
        )
    return name


def create_repository(vault: Vault, describer: Describer, to: WriteTo, folder: Path) -> Committed:
    """A new model whose first commit holds nothing but `.gitattributes`. Raises ExistsAlready or BadRequest."""
    check_new_name(to.name)
    with writing_alone(vault, to.name):
        if _exists(vault, to.name):
            raise ExistsAlready(f"{to.name} exists already", where=to.name, next_step="Push to it, or choose a name.")
        source = folder / "attributes"
        source.write_bytes(make_attributes())
        known = Intake(vault, read_any_layout).add(source)
        source.unlink()
        files = {ATTRIBUTES: Placed(known, is_large=False)}
        trees = compute_trees(list_entries(files))
        header = CommitHeader("initial commit")
        commit = compute_commit(trees.root, CommitSaid(header.message, vault.now, (), make_author(to.by)))
        keep(vault, describer, to, Written(commit, trees, files, header), HEADS + MAIN, folder)
        return Committed(to.name, MAIN, commit.id, is_new=True)


def _exists(vault: Vault, name: str) -> bool:
    try:
        read_repository(vault, name)
    except UnknownRepository:
        return False
    return True


def delete_repository(vault: Vault, asked: VaultAsked, name: str, by: str) -> int:
    """Drop every copy of a model, by a decision each; how many. Their bytes stay until a prune after the grace period.

    Raises UnknownRepository, or FrozenCopy when one of them is frozen, before anything was dropped.
    """
    with writing_alone(vault, name), holding(vault, "journal"):
        repository = read_repository(vault, name)
        for row in repository.rows:
            check_decidable(vault, row, LogVerb.DROP)
        for ref in repository.refs:
            unpoint(vault, name, ref.ref, by, _DELETED)
        decided = DecideAsked(asked, name, by, _DELETED)
        for row in repository.rows:
            record(vault, decided, row, LogVerb.DROP)
        return len(repository.rows)


_DELETED: Final = "the repository was deleted over the hub's API"


def create_branch(vault: Vault, to: WriteTo, start: str) -> None:
    """A new branch at a branch, tag or commit (`main` when none is named). Raises ExistsAlready or UnknownRevision."""
    ref = get_branch_ref(to.branch)
    _create_ref(vault, to, ref, start, "")


def create_tag(vault: Vault, to: WriteTo, tag: str, why: str) -> None:
    """A new tag at what `to.branch` names. Raises ExistsAlready or UnknownRevision."""
    _create_ref(vault, to, check_ref(tag if tag.startswith(TAGS) else TAGS + tag), to.branch, why)


def _create_ref(vault: Vault, to: WriteTo, ref: str, start: str, why: str) -> None:
    with writing_alone(vault, to.name):
        repository = settle_main(vault, to.name, to.by)
        if any(name == ref for name, _ in list_names(repository)):
            raise ExistsAlready(f"{ref} exists already", where=to.name, next_step="Choose another name, or delete it.")
        point(vault, to.name, ref, _find_start(vault, repository, start or MAIN).manifest, to.by, why)


def _find_start(vault: Vault, repository: Repository, start: str) -> RevisionRow:
    def commit_of(row: RevisionRow) -> str:
        return make_tree(vault, row, read_revision(vault, row.manifest)).commit

    return resolve(repository, start, commit_of).row


def delete_branch(vault: Vault, to: WriteTo) -> None:
    """Take a branch away; its copies stay. Raises NotOffered for `main`, UnknownRevision when there is none."""
    ref = get_branch_ref(to.branch)
    if ref == HEADS + MAIN:
        raise NotOffered("main is never deleted", where=to.name, next_step="Delete the repository, or push to main.")
    _delete_ref(vault, to, ref)


def delete_tag(vault: Vault, to: WriteTo, tag: str) -> None:
    """Take a tag away; the copy stays. Raises UnknownRevision when there is none."""
    _delete_ref(vault, to, check_ref(tag if tag.startswith(TAGS) else TAGS + tag))


def _delete_ref(vault: Vault, to: WriteTo, ref: str) -> None:
    with writing_alone(vault, to.name):
        repository = read_repository(vault, to.name)
        if any(one.ref == ref for one in read_refs(vault.database, to.name)):
            settle_main(vault, to.name, to.by)
            unpoint(vault, to.name, ref, to.by)
            return
        if any(name == ref for name, _ in list_names(repository)):
            raise NotOffered(
                f"{ref} is the name of a copy itself",
                where=to.name,
                next_step=f"Drop the copy instead: holdfast drop {to.name}@{ref.removeprefix(HEADS)} --why TEXT",
            )
        raise UnknownRevision(f"there is no {ref}", where=to.name, next_step="See the refs of the repository.")
