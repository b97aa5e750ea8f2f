"""What the vault serves to a hub's clients: repositories, revisions, files, refs and commits, in the hub's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from holdfast.records.errors import FrozenCopy
from holdfast.records.vault import ObjectId

MAIN = "main"


@dataclass(frozen=True, slots=True)
class ServedFile:
    """A file of a revision. `blob` is git's id of what lies in the tree: of the file, or of the LFS pointer for it."""

    path: str
    size: int
    sha256: str
    blob: str
    pointer_size: int
    manifest: ObjectId

    @property
    def is_lfs(self) -> bool:
        """Whether a pointer stands for it in git."""
        return self.pointer_size > 0

    @property
    def etag(self) -> str:
        """By what clients name the content in their caches: the sha256 of a large file, the blob id of another."""
        return self.sha256 if self.is_lfs else self.blob


@dataclass(frozen=True, slots=True)
class ServedTree:
    """All files and folders of a copy by path, and the commit that binds them. `folders` holds git's tree ids, the
    root's under the empty path."""

    commit: str
    files: Mapping[str, ServedFile]
    folders: Mapping[str, str]
    size: int


@dataclass(frozen=True, slots=True)
class ServedRevision:
    """A copy as it was asked for. `ref` is the branch or tag (`refs/heads/main`), empty when a commit was named; times
    are ISO 8601 in UTC, `verified_at` None when a part of it never was since it was kept."""

    name: str
    ref: str
    revision: str
    manifest: ObjectId
    tree: ServedTree
    kept_at: str
    retrieved_at: str
    source: str
    licence: str
    bases: tuple[str, ...]
    verified_at: str | None
    is_mirrored: bool
    """Whether it came from a hub, where the ref may have moved on since."""

    @property
    def commit(self) -> str:
        """40 hexadecimal digits."""
        return self.tree.commit


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a copy's card and configuration declare: the card's front matter as plain JSON, tags, the task
    (`text-generation`) and library; empty where they declare nothing."""

    card: Mapping[str, Any]
    tags: tuple[str, ...]
    task: str
    library: str
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServedRef:
    """A branch or tag and the commit that it names. `name` is `main` for `refs/heads/main`."""

    name: str
    ref: str
    commit: str


@dataclass(frozen=True, slots=True)
class ServedCommit:
    """A commit; `at` is ISO 8601 in UTC."""

    id: str
    title: str
    message: str
    author: str
    at: str


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A repository in a list: its newest copy. `is_frozen` when that copy is not given out."""

    name: str
    revision: str
    kept_at: str
    copies: int
    is_frozen: bool


@dataclass(frozen=True, slots=True)
class Freeze:
    """Why a copy is not given out: who decided it, when and why; `levers` are the ids that the reason names."""

    model: str
    levers: tuple[str, ...]
    decision: str
    by: str
    at: str


class HeldBack(FrozenCopy):
    """A frozen copy that a client asked for, with the decision that froze it."""

    sentence = "The copy is frozen by a recorded decision."

    def __init__(self, what: str, freeze: Freeze, *, where: str = "", next_step: str = "") -> None:
        super().__init__(what, where=where, next_step=next_step)
        self.freeze = freeze
