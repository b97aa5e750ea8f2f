"""Upstream's own objects of git: the commit and its trees, kept so that what the commit means can be proved offline.

They prove and are not needed: where a hub offers none, the copy is kept all the same, and that is said.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from holdfast.formats.errors import BadGitObject
from holdfast.formats.git import FOLDER, GitObject, blob_id, compute_pointer, parse_commit, parse_tree
from holdfast.formats.git_pack import read_pack
from holdfast.records.errors import DamagedVault, InputError, NetworkError
from holdfast.records.hub import HubFile, HubRevision
from holdfast.upstream.git_objects import fetch_commit_pack
from holdfast.upstream.line import Line
from holdfast.vault.git_objects import find_git_object, put_git_object
from holdfast.vault.opening import Vault


def keep_git_objects(vault: Vault, line: Line, revision: HubRevision, wanted: Sequence[HubFile]) -> Iterator[str]:
    """Keep what the vault lacks of them; what could not be had, in words."""
    try:
        if not _holds_all(vault, revision.commit):
            pack = line.ask(fetch_commit_pack(line.client.wire, revision.name, revision.commit))
            _keep_reachable(vault, revision.commit, read_pack(pack, Path(f"{revision.name}.git")))
    except (NetworkError, InputError) as error:
        yield f"without upstream's git objects, so its commit is not proved: {error.what}"
        return
    for file in wanted:
        try:
            _keep_odd_pointer(vault, line, revision, file)
        except (NetworkError, InputError) as error:
            yield f"without upstream's pointer of {file.path}, so it is not proved: {error.what}"


def _holds_all(vault: Vault, commit: str) -> bool:
    try:
        found = find_git_object(vault, commit)
        return found is not None and all(one is not None for one in _walk(vault, _get_tree(found)))
    except (DamagedVault, BadGitObject):
        return False


def _get_tree(commit: GitObject) -> str:
    return parse_commit(commit.body, Path(commit.id)).tree


def _walk(vault: Vault, root: str) -> Iterator[GitObject | None]:
    """The trees that are held, and None for one that is not."""
    waiting, seen = [root], {root}
    while waiting:
        found = find_git_object(vault, waiting.pop())
        yield found
        below = list_folders(found) if found is not None else []
        waiting += [one for one in below if one not in seen]
        seen.update(below)


def list_folders(tree: GitObject) -> list[str]:
    """The ids of the folders in a tree."""
    return [entry.id for entry in parse_tree(tree.body, Path(tree.id)) if entry.mode == FOLDER]


def _keep_reachable(vault: Vault, commit: str, objects: Sequence[GitObject]) -> None:
    """Put the commit, and every tree below it; whatever else was sent is left. The commit is put last."""
    sent = {one.id: one for one in objects}
    top = _find(sent, commit, "commit")
    waiting, seen = [_get_tree(top)], set[str]()
    while waiting:
        tree = _find(sent, waiting.pop(), "tree")
        seen.add(tree.id)
        put_git_object(vault, tree.kind, tree.body)
        waiting += [one for one in list_folders(tree) if one not in seen]
    put_git_object(vault, top.kind, top.body)


def _find(sent: dict[str, GitObject], name: str, kind: str) -> GitObject:
    found = sent.get(name)
    if found is None or found.kind != kind:
        raise BadGitObject(f"the {kind} {name} was not sent", where=name, next_step="")
    return found


def _keep_odd_pointer(vault: Vault, line: Line, revision: HubRevision, file: HubFile) -> None:
    """A large file's pointer that is not worded as git-lfs words it now, as some old ones are not."""
    if not file.sha256 or not file.git_blob or blob_id(compute_pointer(file.sha256, file.size)) == file.git_blob:
        return
    if find_git_object(vault, file.git_blob) is not None:
        return
    pointer = line.ask(line.client.fetch_pointer(revision.name, revision.commit, file.path))
    if blob_id(pointer) != file.git_blob:
        raise BadGitObject("what the hub sends is not that pointer", where=file.path, next_step="")
    put_git_object(vault, "blob", pointer)
