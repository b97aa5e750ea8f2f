"""From what a client calls a revision to a kept copy: by branch, tag, commit, beginning of a commit, own name."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.records.errors import UnknownRepository, UnknownRevision
from holdfast.records.hub_service import MAIN
from holdfast.vault.catalogue.revisions import FROZEN, KEPT, RevisionRow, iterate_revisions
from holdfast.vault.opening import Vault
from holdfast.vault.refs import HEADS, TAGS, Ref, read_refs

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_BEGINNING: Final = re.compile(r"[0-9a-f]{7,40}")
_TOLD: Final = 8


@dataclass(frozen=True, slots=True)
class Repository:
    """All kept and frozen copies of a name, the newest first, and its refs."""

    name: str
    rows: tuple[RevisionRow, ...]
    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A copy, and the branch or tag that named it (empty: a commit did)."""

    row: RevisionRow
    ref: str


def read_repository(vault: Vault, name: str) -> Repository:
    """Raises UnknownRepository."""
    rows = tuple(row for row in iterate_revisions(vault.database, name) if row.state in (KEPT, FROZEN)) if name else ()
    if not rows:
        raise UnknownRepository(
            f"the vault holds no {name}", where=vault.location, next_step="Keep it first; see `holdfast list`."
        )
    return Repository(name, rows, tuple(read_refs(vault.database, name)))


def resolve(repository: Repository, asked: str, commit_of: Callable[[RevisionRow], str]) -> Resolved:
    """The copy that a revision means. Raises UnknownRevision."""
    found = _find_ref(repository, asked) or _find_own_name(repository, asked)
    if found is None and _BEGINNING.fullmatch(asked):
        found = _find_commit(repository, asked, commit_of)
    if found is None:
        known = [name for name, _ in list_names(repository)]
        raise UnknownRevision(
            f"{repository.name} has no revision {asked[:100]!r} here",
            where=repository.name,
            next_step=f"It has: {', '.join(known[:_TOLD])}.",
        )
    return found


def find_main(repository: Repository) -> Resolved:
    """What `main` means: the ref of this name, else the copy of this name, else the newest copy."""
    by_ref = _find_by_ref(repository, HEADS + MAIN)
    own = next((row for row in repository.rows if row.revision == MAIN), None)
    return by_ref or Resolved(own or repository.rows[0], HEADS + MAIN)


def list_names(repository: Repository) -> list[tuple[str, Resolved]]:
    """All branches and tags as full refs, `main` first; a copy's own name is a branch unless it is a commit."""
    found = {HEADS + MAIN: find_main(repository)}
    for ref in repository.refs:
        if (named := _find_by_ref(repository, ref.ref)) is not None:
            found.setdefault(ref.ref, named)
    for row in repository.rows:
        if not _COMMIT.fullmatch(row.revision) and f"{TAGS}{row.revision}" not in found:
            found.setdefault(HEADS + row.revision, Resolved(row, HEADS + row.revision))
    return list(found.items())


def _find_ref(repository: Repository, asked: str) -> Resolved | None:
    if asked in (MAIN, "HEAD", HEADS + MAIN):
        return find_main(repository)
    for ref in (asked, HEADS + asked, TAGS + asked):
        if (found := _find_by_ref(repository, ref)) is not None:
            return found
    return None


def _find_by_ref(repository: Repository, name: str) -> Resolved | None:
    manifest = next((ref.manifest for ref in repository.refs if ref.ref == name), None)
    row = next((row for row in repository.rows if row.manifest == manifest), None)
    return None if row is None else Resolved(row, name)


def _find_own_name(repository: Repository, asked: str) -> Resolved | None:
    plain = asked.removeprefix(HEADS)
    row = next((row for row in repository.rows if row.revision == plain), None)
    if row is None:
        return None
    return Resolved(row, "" if _COMMIT.fullmatch(plain) else HEADS + plain)


def _find_commit(repository: Repository, asked: str, commit_of: Callable[[RevisionRow], str]) -> Resolved | None:
    fitting = [row for row in repository.rows if row.revision.startswith(asked)]
    fitting += [row for row in repository.rows if row not in fitting and commit_of(row).startswith(asked)]
    return Resolved(fitting[0], "") if _is_one(fitting, asked) else None


def _is_one(rows: Sequence[RevisionRow], asked: str) -> bool:
    """A whole commit may be that of several copies of the same bytes, a beginning must fit one."""
    return len(rows) == 1 or (bool(rows) and len(asked) == 40)
