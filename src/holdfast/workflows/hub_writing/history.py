"""The commits behind a commit, as far as git's objects are held: all of what was pushed, and what upstream gave."""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from holdfast.formats.git import Commit, parse_commit
from holdfast.records.errors import DamagedVault, InputError, StorageError
from holdfast.records.hub_service import ServedCommit
from holdfast.vault.git_objects import find_git_object
from holdfast.vault.opening import Vault

_COMMITS_MAX: Final = 10_000


def iterate_history(vault: Vault, commit: str) -> Iterator[ServedCommit]:
    """A commit and those before it, the newest first; none when it is not held. It ends where objects are missing."""
    waiting: list[tuple[int, str, Commit]] = []
    seen: set[str] = set()
    _push(vault, commit, waiting, seen)
    while waiting and len(seen) <= _COMMITS_MAX:
        _, name, said = heapq.heappop(waiting)
        yield _tell(name, said)
        for parent in said.parents:
            _push(vault, parent, waiting, seen)


def find_commit(vault: Vault, name: str) -> Commit | None:
    """A commit by its id; None when it is not held whole."""
    try:
        found = find_git_object(vault, name)
        return None if found is None or found.kind != "commit" else parse_commit(found.body, Path(name))
    except (DamagedVault, StorageError, InputError):
        return None


def _push(vault: Vault, name: str, waiting: list[tuple[int, str, Commit]], seen: set[str]) -> None:
    if name in seen:
        return
    seen.add(name)
    said = find_commit(vault, name)
    if said is not None:
        heapq.heappush(waiting, (-said.at, name, said))


def _tell(name: str, said: Commit) -> ServedCommit:
    title, _, rest = said.message.partition("\n")
    author = said.author.partition(" <")[0] or "unknown"
    at = datetime.fromtimestamp(min(max(said.at, 0), 253402300799), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ServedCommit(name, title.strip(), rest.strip("\n"), author, at)
