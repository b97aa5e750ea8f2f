"""A disk in memory that crashes, fills up, refuses and rots where a plan says so. Every choice replays from its seed.

    disk = SimulatedDisk(seed).plan(crash_at=17)
    try:
        work(LocalStorage(Path("/vault"), disk))
    except Crashed:
        disk = disk.after_crash()       # a power cut; disk.after_kill() when only the process died
    check(LocalStorage(Path("/vault"), disk))

One thread at a time: the order of operations is part of the history.
"""

import copy
import errno
import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from random import Random
from typing import Literal, TypeAlias

from holdfast.vault.storage.disk import Bytes, DiskFile, Seen, storage_error
from tests.vault.simulated_medium import File, Folder, Needs, Node, list_contents, surviving_tree, visible_files

Operation: TypeAlias = Literal[
    "create", "make folder", "write", "sync", "sync folder", "rename", "remove", "read", "list"
]
Fault: TypeAlias = Literal[
    "crash",  # the machine stops in the middle of the operation
    "no space",  # ENOSPC, a part of a write done
    "denied",  # EACCES
    "failed",  # EIO; a failed sync leaves part of the data unwritten for ever
    "short write",  # a part is written, then EIO
    "lost write",  # acknowledged, and zeros on the medium
    "flip",  # one bit at rest, in any file
    "bad read",  # one bit of what is read; the medium is whole
]

WRITING: frozenset[Operation] = frozenset(("create", "make folder", "write", "rename", "remove"))
SUITING: dict[Fault, frozenset[Operation]] = {
    "no space": frozenset(("create", "make folder", "write", "sync", "rename")),
    "denied": WRITING | {"read", "list"},
    "short write": frozenset(("write",)),
    "lost write": frozenset(("write",)),
    "bad read": frozenset(("read",)),
}
ERRNOS: dict[Fault, int] = {
    "no space": errno.ENOSPC,
    "denied": errno.EACCES,
    "failed": errno.EIO,
    "short write": errno.EIO,
}


class Crashed(BaseException):
    """The machine stopped. No handler of ordinary errors may see it, and nothing more reaches this disk."""


class SimulatedDisk:
    """A `Disk` of its own world, in which only `/` exists. `operations` counts those at which a plan can strike.

    `space_bytes` limits what files may hold together, and `read_only` refuses every change, while they are set.
    """

    def __init__(self, seed: int | Random = 0) -> None:
        self.random = seed if isinstance(seed, Random) else Random(seed)
        self.operations = 0
        self.trace: list[tuple[Operation, str]] = []
        self.space_bytes: int | None = None
        self.read_only = False
        self.struck: list[tuple[int, Fault]] = []
        self._root = Folder()
        self._planned: list[tuple[int, Fault]] = []
        self._stopped = False

    def plan(self, *, crash_at: int | None = None, faults: Mapping[int, Fault] | None = None) -> "SimulatedDisk":
        """Strike at the first suitable operation from a number on, operations counted from 1 and from now."""
        wanted: list[tuple[int, Fault]] = list((faults or {}).items())
        if crash_at is not None:
            wanted.append((crash_at, "crash"))
        self._planned = sorted((self.operations + at, fault) for at, fault in wanted)
        return self

    def plan_at_random(self, operations: int, kinds: Iterable[Fault], *, count: int = 1) -> "SimulatedDisk":
        """`count` faults of these kinds somewhere in the next so many operations."""
        choices = tuple(kinds)
        return self.plan(faults={self.random.randint(1, operations): self.random.choice(choices) for _ in range(count)})

    @property
    def is_stopped(self) -> bool:
        """Whether the machine stopped."""
        return self._stopped

    def stop(self) -> None:
        """The machine stops now; whatever asks this disk for something after that is `Crashed`."""
        self._stopped = True

    def after_crash(self) -> "SimulatedDisk":
        """A disk with one of the states that a power cut may leave. The plan is over. Ask again for another state."""
        self._stopped = True
        disk = SimulatedDisk(self.random)
        disk._root = surviving_tree(self._root, self.random)
        return disk

    def after_kill(self) -> "SimulatedDisk":
        """The disk as the next process finds it: all that was in sight still is, synced or not."""
        self._stopped = True
        disk = SimulatedDisk(self.random)
        disk._root = self._root
        return disk

    def fork(self, seed: int) -> "SimulatedDisk":
        """A copy of this moment with its own chances, for trying many ends of one beginning."""
        disk = SimulatedDisk(seed)
        disk._root = copy.deepcopy(self._root)
        disk.operations = self.operations
        disk.space_bytes, disk.read_only = self.space_bytes, self.read_only
        return disk

    def fingerprint(self) -> bytes:
        """The same for disks on which the same is in sight; no operation of a plan."""
        return hashlib.sha256(repr([*list_contents(self._root)]).encode()).digest()

    def flip_bit(self, path: Path, bit: int) -> None:
        """At rest, as a disk rots: seen once memory is dropped."""
        self._file(path).flip_bit(bit)

    # -- the seam --------------------------------------------------------------------------------------------------

    def create(self, path: Path) -> DiskFile:
        """As the real disk does."""
        folder = self._folder(path.parent)
        if folder.find(path.name) is not None:
            raise _error(errno.EEXIST, path)
        file = File()
        self._do("create", path, lambda: folder.set(path.name, file, self.operations))
        return _SimulatedFile(self, path, file)

    def make_folder(self, path: Path) -> None:
        """As the real disk does."""
        folder = self._folder(path.parent)
        there = folder.find(path.name)
        if isinstance(there, File):
            raise _error(errno.EEXIST, path)
        if there is None:
            self._do("make folder", path, lambda: folder.set(path.name, Folder(), self.operations))

    def sync(self, path: Path) -> None:
        """As the real disk does."""
        self.sync_file(path, self._file(path))

    def sync_folder(self, path: Path) -> None:
        """As the real disk does."""
        self._do("sync folder", path, lambda: None)
        self._folder(path).sync()

    def rename(self, old: Path, new: Path) -> None:
        """As the real disk does; the two names may reach the medium at different times, the new one first."""
        source, target, file = self._folder(old.parent), self._folder(new.parent), self._file(old)
        if isinstance(target.find(new.name), Folder):
            raise _error(errno.EISDIR, new)

        def move() -> None:
            values = target.set(new.name, file, self.operations)
            source.set(old.name, None, self.operations, Needs(values, self.operations))

        self._do("rename", new, move if old != new else lambda: None)

    def remove(self, path: Path) -> None:
        """As the real disk does."""
        self._file(path)
        folder = self._folder(path.parent)
        self._do("remove", path, lambda: folder.set(path.name, None, self.operations))

    def read(self, path: Path, offset: int, length: int) -> bytes:
        """As the real disk does: from memory when it is there."""
        fault = self._do("read", path, lambda: None)
        data = self._file(path).data[offset : offset + length]
        if fault == "bad read" and data:
            bit = self.random.randrange(len(data) * 8)
            data[bit // 8] ^= 1 << bit % 8
        return bytes(data)

    def look(self, path: Path) -> Seen | None:
        """As the real disk does; no operation of a plan."""
        self._check_running()
        node = self._find(path)
        if node is None:
            return None
        return Seen("file", len(node.data)) if isinstance(node, File) else Seen("folder", 0)

    def list_folder(self, path: Path) -> dict[str, Seen]:
        """As the real disk does, in an order of chance."""
        self._do("list", path, lambda: None)
        node = self._find(path)
        names = node.visible() if isinstance(node, Folder) else []
        self.random.shuffle(names)
        return {name: seen for name in names if (seen := self.look(path / name)) is not None}

    def drop_cache(self, path: Path) -> None:
        """As the real disk does; no operation of a plan."""
        self._check_running()
        self._file(path).drop_cache()

    # -- what a file needs -----------------------------------------------------------------------------------------

    def write_file(self, path: Path, file: File, data: Bytes) -> None:
        """Append; a fault or a full disk leaves a part."""
        piece = bytes(data)
        fault = self._strike("write", path)
        if self.space_bytes is not None and self._used_bytes() + len(piece) > self.space_bytes:
            fault = "no space"
        if fault == "lost write":
            file.append_nowhere(piece)
            return
        part = piece if fault is None else piece[: self.random.randrange(len(piece) + 1)]
        file.append(part)
        self._raise(fault, path)

    def sync_file(self, path: Path, file: File) -> None:
        """Flush; a failed flush is not made good by the next one."""
        fault = self._strike("sync", path)
        if fault in ("failed", "no space"):
            file.fail_to_sync(self.random)
        self._raise(fault, path)
        file.sync()

    # -- faults ----------------------------------------------------------------------------------------------------

    def _do(self, operation: Operation, path: Path, effect: Callable[[], object]) -> Fault | None:
        fault = self._strike(operation, path)
        # A crash in the middle of a change: it may have come as far as memory.
        if fault is None or fault == "bad read" or (fault == "crash" and self.random.random() < 0.5):
            effect()
        self._raise(fault, path)
        return fault

    def _strike(self, operation: Operation, path: Path) -> Fault | None:
        self._check_running()
        self.operations += 1
        self.trace.append((operation, str(path)))
        if self.read_only and operation in WRITING:
            return "denied"
        while (fault := self._due(operation)) == "flip":
            self._rot()
        return fault

    def _due(self, operation: Operation) -> Fault | None:
        for index, (at, fault) in enumerate(self._planned):
            if at > self.operations:
                return None
            if fault not in SUITING or operation in SUITING[fault]:
                del self._planned[index]
                self.struck.append((self.operations, fault))
                return fault
        return None

    def _rot(self) -> None:
        files = [file for file in visible_files(self._root) if file.synced]
        if files:
            file = self.random.choice(files)
            size = file.synced if file.medium is None else len(file.medium)
            if size:
                file.flip_bit(self.random.randrange(size * 8))

    def _raise(self, fault: Fault | None, path: Path) -> None:
        if fault == "crash":
            self._stopped = True
            raise Crashed(f"at operation {self.operations}, {self.trace[-1]}")
        if fault in ERRNOS:
            raise _error(ERRNOS[fault], path)

    def _check_running(self) -> None:
        if self._stopped:
            raise Crashed("the machine stopped before")

    # -- the tree --------------------------------------------------------------------------------------------------

    def _find(self, path: Path) -> Node | None:
        node: Node | None = self._root
        for name in path.parts[1:]:
            if not isinstance(node, Folder):
                return None
            node = node.find(name)
        return node

    def _folder(self, path: Path) -> Folder:
        node = self._find(path)
        if not isinstance(node, Folder):
            raise _error(errno.ENOENT if node is None else errno.ENOTDIR, path)
        return node

    def _file(self, path: Path) -> File:
        node = self._find(path)
        if not isinstance(node, File):
            raise _error(errno.ENOENT if node is None else errno.EISDIR, path)
        return node

    def _used_bytes(self) -> int:
        return sum(len(file.data) for file in visible_files(self._root))


class _SimulatedFile:
    def __init__(self, disk: SimulatedDisk, path: Path, file: File) -> None:
        self._disk = disk
        self._path = path
        self._file = file

    def write(self, data: Bytes) -> None:
        self._disk.write_file(self._path, self._file, data)

    def sync(self) -> None:
        self._disk.sync_file(self._path, self._file)

    def close(self) -> None:
        """Nothing to let go of."""


def _error(number: int, path: Path) -> Exception:
    return storage_error(OSError(number, "simulated"), path)
