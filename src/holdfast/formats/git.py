"""Git's objects: blobs, trees and commits, and the ids that they hash to (SHA-1, as git and hubs name them).

Computes and parses; runs no git. A commit's id binds, over its tree and the LFS pointers, the sha256 of every file.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from holdfast.formats.errors import BadGitObject

FILE: Final = "100644"
FOLDER: Final = "40000"
AUTHOR: Final = "holdfast <holdfast@localhost>"
_MODES: Final = frozenset({FILE, "100755", "120000", "160000", FOLDER})
_OBJECT_BYTES_MAX: Final = 64 << 20


@dataclass(frozen=True, slots=True)
class GitObject:
    """An object: `kind` is blob, tree or commit, `id` 40 hexadecimal digits, `body` its bytes without git's header."""

    id: str
    kind: str
    body: bytes


@dataclass(frozen=True, slots=True)
class GitEntry:
    """A file of a tree: its path with `/`, and the id of its blob."""

    path: str
    blob: str


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """A line of a tree: a file or a folder (mode 40000), and the id of its object."""

    mode: str
    name: str
    id: str


@dataclass(frozen=True, slots=True)
class Trees:
    """A folder with all below it: `root` is the id of its tree, `objects` are the bodies of all trees by their ids,
    `folders` the ids by path (the root is the empty path)."""

    root: str
    objects: dict[str, bytes]
    folders: dict[str, str]


@dataclass(frozen=True, slots=True)
class CommitSaid:
    """What a commit says beside its tree; `at` in seconds since 1970."""

    message: str
    at: int
    parents: tuple[str, ...] = ()
    author: str = AUTHOR


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as it reads. `author` is a name and an address, `at` when it was committed, in seconds since 1970."""

    tree: str
    parents: tuple[str, ...]
    author: str
    at: int
    message: str


def compute_id(kind: str, body: bytes) -> str:
    """The id of an object."""
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(body)) + body, usedforsecurity=False).hexdigest()


def make_object(kind: str, body: bytes) -> GitObject:
    """An object with its id."""
    return GitObject(compute_id(kind, body), kind, body)


def blob_id(data: bytes) -> str:
    """The id of a file's blob."""
    return compute_id("blob", data)


def compute_pointer(sha256: str, size: int) -> bytes:
    """The LFS pointer that stands for a file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


@dataclass(slots=True)
class _Folder:
    files: dict[str, str] = field(default_factory=dict)
    folders: dict[str, "_Folder"] = field(default_factory=dict)


def compute_trees(entries: Iterable[GitEntry]) -> Trees:
    """The trees of these files. ValueError when a path is a file and a folder at once."""
    top = _Folder()
    for entry in entries:
        here = top
        *above, name = entry.path.split("/")
        for part in above:
            here = here.folders.setdefault(part, _Folder())
        here.files[name] = entry.blob
    trees = Trees("", {}, {})
    root = _hash_folder(top, "", trees)
    return Trees(root, trees.objects, trees.folders)


def _hash_folder(folder: _Folder, path: str, trees: Trees) -> str:
    if both := folder.files.keys() & folder.folders.keys():
        raise ValueError(f"{path}{min(both)} is a file and a folder")
    lines = [TreeEntry(FILE, name, blob) for name, blob in folder.files.items()]
    for name, below in folder.folders.items():
        lines.append(TreeEntry(FOLDER, name, _hash_folder(below, f"{path}{name}/", trees)))
    lines.sort(key=_sort_key)
    body = b"".join(f"{one.mode} {one.name}".encode() + b"\0" + bytes.fromhex(one.id) for one in lines)
    name = compute_id("tree", body)
    trees.objects[name] = body
    trees.folders[path.rstrip("/")] = name
    return name


def _sort_key(entry: TreeEntry) -> bytes:
    """Git sorts a folder as if its name ended in a slash."""
    return entry.name.encode() + (b"/" if entry.mode == FOLDER else b"")


def compute_commit(tree: str, said: CommitSaid) -> GitObject:
    """The commit of a tree; equal words make equal commits."""
    when = f"{said.author} {said.at} +0000"
    lines = [f"tree {tree}", *(f"parent {one}" for one in said.parents), f"author {when}", f"committer {when}"]
    return make_object("commit", ("\n".join(lines) + "\n\n" + said.message.rstrip("\n") + "\n").encode())


def parse_tree(body: bytes, where: Path) -> tuple[TreeEntry, ...]:
    """The lines of a tree. Raises BadGitObject."""
    found: list[TreeEntry] = []
    at = 0
    while at < len(body):
        space, end = body.find(b" ", at), body.find(b"\0", at)
        if not at < space < end or end + 21 > len(body) or len(body) > _OBJECT_BYTES_MAX:
            raise BadGitObject("a line of the tree is cut short", where=f"{where}, byte {at}", next_step=_FETCH_AGAIN)
        mode, name = body[at:space].decode("ascii", "replace"), _decode(body[space + 1 : end], where)
        if mode not in _MODES or not name or "/" in name or name in (".", "..", ".git"):
            raise BadGitObject(f"{mode} {name!r} is no line of a tree", where=str(where), next_step=_FETCH_AGAIN)
        found.append(TreeEntry(mode, name, body[end + 1 : end + 21].hex()))
        at = end + 21
    return tuple(found)


def parse_commit(body: bytes, where: Path) -> Commit:
    """A commit; signatures and what else stands in its head are passed over. Raises BadGitObject."""
    head, _, message = _decode(body[:_OBJECT_BYTES_MAX], where).partition("\n\n")
    fields: dict[str, list[str]] = {}
    for line in head.split("\n"):
        key, _, value = line.partition(" ")
        fields.setdefault(key, []).append(value)
    try:
        (tree,), parents = fields["tree"], tuple(fields.get("parent", ()))
        author = fields["author"][0].rpartition(">")[0] + ">"
        at = int(fields["committer"][0].rpartition(">")[2].split()[0])
        for one in (tree, *parents):
            if len(bytes.fromhex(one)) != 20:
                raise ValueError(f"{one!r} is no id")
    except (KeyError, ValueError, IndexError) as error:
        raise BadGitObject(f"this is no commit: {error!r}", where=str(where), next_step=_FETCH_AGAIN) from error
    return Commit(tree, parents, author, at, message)


_FETCH_AGAIN: Final = "Fetch the object again; its id tells whether it is right."


def _decode(data: bytes, where: Path) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadGitObject("a name in it is no text", where=str(where), next_step=_FETCH_AGAIN) from error


def to_seconds(timestamp: str) -> int:
    """Seconds since 1970 of a time as documents write it; 0 for none."""
    if not timestamp:
        return 0
    return int(datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())
