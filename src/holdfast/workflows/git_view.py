"""A repository of the vault as git clones it: commits, trees, small files, and pointers where large files stand.

What is held of history is given out; where it ends, the commit is told as git tells one of a shallow repository.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdfast.formats.git import (
    CommitSaid,
    GitEntry,
    GitObject,
    compute_commit,
    compute_trees,
    parse_commit,
    to_seconds,
)
from holdfast.records.access import BadRequest
from holdfast.records.errors import DamagedVault, InputError, StorageError, UnknownRepository, UnknownRevision
from holdfast.records.hub_service import MAIN, HeldBack, ServedFile, ServedRevision
from holdfast.vault.git_objects import find_git_object
from holdfast.workflows.serve import Service, make_pointer

HEAD: Final = f"refs/heads/{MAIN}"
_COMMITS_MAX: Final = 5_000


@dataclass(frozen=True, slots=True)
class GitCommit:
    """A commit as git gets it: the copy behind it, and those of its parents that are given out too."""

    object: GitObject
    revision: ServedRevision
    parents: tuple[str, ...]
    is_cut: bool
    """Whether it has a parent that is not given out: here history ends."""


@dataclass(slots=True)
class History:
    """Refs by their full names, `main` first, and all commits that can be reached from them."""

    refs: dict[str, str] = field(default_factory=dict[str, str])
    commits: dict[str, GitCommit] = field(default_factory=dict[str, GitCommit])

    @property
    def cuts(self) -> list[str]:
        """The commits at which it ends."""
        return [name for name, commit in self.commits.items() if commit.is_cut]


@dataclass(frozen=True, slots=True)
class Packing:
    """What a client is sent: where its history is cut from now on, where no longer, and the objects that it lacks."""

    shallow: tuple[str, ...]
    unshallow: tuple[str, ...]
    count: int
    objects: Iterator[GitObject]


class GitView:
    """Asks a service. Its methods may be called by many threads."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def read_history(self, name: str) -> History:
        """What a repository has for git. Raises UnknownRepository, or HeldBack when all of it is frozen."""
        history, held_back = History(), list[HeldBack]()
        for ref in self._service.list_refs(name):
            try:
                revision = self._service.find_revision(name, ref.ref)
            except HeldBack as error:
                held_back.append(error)
                continue
            history.refs[ref.ref] = self._add(history, revision)
        if not history.refs and held_back:
            raise held_back[0]
        return history

    def _add(self, history: History, revision: ServedRevision) -> str:
        """Take in a commit and all before it; its id."""
        first = self._make_commit(revision)
        waiting = deque([first])
        while waiting:
            commit = waiting.popleft()
            if commit.object.id in history.commits:
                continue
            history.commits[commit.object.id] = commit
            if len(history.commits) < _COMMITS_MAX:
                waiting.extend(self._make_commit(one) for one in self._list_parents(commit))
        return first.object.id

    def _list_parents(self, commit: GitCommit) -> Iterator[ServedRevision]:
        for parent in commit.parents:
            found = self._find(commit.revision.name, parent)
            if found is not None:
                yield found

    def _find(self, name: str, commit: str) -> ServedRevision | None:
        try:
            found = self._service.find_revision(name, commit)
        except (UnknownRepository, UnknownRevision, HeldBack, DamagedVault):
            return None
        return found if found.commit == commit else None

    def _make_commit(self, revision: ServedRevision) -> GitCommit:
        """The commit of a copy: git's own object where it is held, else one without a parent that says which copy."""
        root = revision.tree.folders[""]
        held = self._find_object(revision.commit, root)
        if held is None:
            message = f"{revision.name}@{revision.revision}"
            made = compute_commit(root, CommitSaid(message, to_seconds(revision.retrieved_at)))
            return GitCommit(made, revision, (), is_cut=False)
        stated = parse_commit(held.body, Path(held.id)).parents
        given = tuple(one for one in stated if self._can_be_given(revision.name, one))
        is_cut = len(given) < len(stated)
        return GitCommit(held, revision, () if is_cut else given, is_cut)

    def _can_be_given(self, name: str, commit: str) -> bool:
        """Whether a parent is served under its own id, and its object held: else children of it are cut."""
        found = self._find(name, commit)
        if found is None:
            return False
        root = found.tree.folders[""]
        made = compute_commit(root, CommitSaid(f"{name}@{found.revision}", to_seconds(found.retrieved_at)))
        return made.id == commit or self._find_object(commit, root) is not None

    def _find_object(self, commit: str, root: str) -> GitObject | None:
        """The object of a commit, if it is held whole and binds this tree."""
        try:
            found = find_git_object(self._service.vault, commit)
            if found is None or found.kind != "commit" or parse_commit(found.body, Path(commit)).tree != root:
                return None
        except (DamagedVault, StorageError, InputError):
            return None
        return found

    def plan(
        self, history: History, wants: Iterable[str], haves: Iterable[str], depth: int, shallow: frozenset[str]
    ) -> Packing:
        """What a client lacks that wants some commits and has others. `shallow` is where its history ends now, `depth`
        how much of it shall be told (0: all). Raises BadRequest for a commit that is not told of."""
        wanted, cut = walk(history, check_wants(history, wants), depth)
        had, _ = walk(history, [one for one in haves if one in history.commits], 0, shallow)
        objects = _Objects(self._service)
        for name in had:
            objects.skip(history.commits[name])
        if not depth:
            wanted = {name: None for name in wanted if name not in had}
        for name in wanted:
            objects.add(history.commits[name])
        told = [name for name in wanted if name in cut and name not in shallow]
        gone = [name for name in shallow if name in wanted and name not in cut]
        return Packing(tuple(told), tuple(gone), len(objects), iter(objects))


def check_wants(history: History, wants: Iterable[str]) -> list[str]:
    """The commits that are wanted. Raises BadRequest for one that no ref names."""
    told = set(history.refs.values())
    wanted = list(dict.fromkeys(wants))
    for one in wanted:
        if one not in told:
            raise BadRequest(f"no branch or tag names {one}", where="the request", next_step="Fetch again.")
    return wanted


def walk(
    history: History, begin: Iterable[str], depth: int, ends: frozenset[str] = frozenset()
) -> tuple[dict[str, None], set[str]]:
    """The commits that are reached, in order, not beyond those in `ends`; and those of them at which the walk was cut,
    by `depth` (0: none) or since history ends there."""
    reached: dict[str, None] = {}
    cut: set[str] = set()
    level = list(dict.fromkeys(begin))
    steps = 0
    while level:
        steps += 1
        following: list[str] = []
        for name in level:
            if name in reached:
                continue
            reached[name] = None
            commit = history.commits[name]
            if commit.is_cut or (depth and steps >= depth and commit.parents):
                cut.add(name)
            elif name not in ends:
                following += commit.parents
        level = following
    return reached, cut


class _Objects:
    """The objects of some commits, each once: commits and trees as they are, files read when their turn comes."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._seen: set[str] = set()
        self._plain: list[GitObject] = []
        self._files: list[tuple[str, ServedFile]] = []

    def __len__(self) -> int:
        return len(self._plain) + len(self._files)

    def skip(self, commit: GitCommit) -> None:
        """What belongs to a commit that the client has is not sent."""
        revision = commit.revision
        self._seen |= {commit.object.id, *revision.tree.folders.values()}
        self._seen |= {file.blob for file in revision.tree.files.values()}

    def add(self, commit: GitCommit) -> None:
        """Everything that belongs to a commit."""
        self._take(commit.object)
        files = commit.revision.tree.files.values()
        if not set(commit.revision.tree.folders.values()) <= self._seen:
            for name, body in compute_trees(GitEntry(file.path, file.blob) for file in files).objects.items():
                self._take(GitObject(name, "tree", body))
        for file in files:
            if file.blob not in self._seen:
                self._seen.add(file.blob)
                self._files.append((file.blob, file))

    def _take(self, one: GitObject) -> None:
        if one.id not in self._seen:
            self._seen.add(one.id)
            self._plain.append(one)

    def __iter__(self) -> Iterator[GitObject]:
        yield from self._plain
        for name, file in self._files:
            body = make_pointer(file) if file.is_lfs else self._service.read_range(file, 0, file.size)
            yield GitObject(name, "blob", body)
