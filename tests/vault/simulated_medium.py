"""What a simulated disk is made of: files and folders, of which part is on the medium and part only in memory.

A file is written at its end only. What was not synced may survive a power cut in any part; a name that its folder did
not sync may be any of those it had since. One promise of file systems is kept: a rename never loses both names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias


@dataclass(slots=True)
class File:
    """`data` is what a reader sees; its first `synced` bytes are on the medium, or `medium` where the two differ."""

    data: bytearray = field(default_factory=bytearray)
    synced: int = 0
    medium: bytearray | None = None

    def append(self, piece: bytes | memoryview) -> None:
        """Into memory only."""
        self.data += piece

    def sync(self) -> None:
        """What memory holds beyond what was synced goes to the medium."""
        self._write_out(bytes(self.data[self.synced :]))

    def fail_to_sync(self, random: Random) -> None:
        """The system forgets that the pages were not written: another sync will say it is done, and it is not."""
        self._write_out(surviving_tail(bytes(self.data[self.synced :]), random))

    def append_nowhere(self, piece: bytes | memoryview) -> None:
        """Memory and the size are right, the medium has zeros: a write that the disk lost and acknowledged."""
        self.sync()
        self.data += piece
        self._write_out(bytes(len(piece)))

    def flip_bit(self, bit: int) -> None:
        """On the medium; a reader sees it when memory is dropped."""
        medium = self._own_medium()
        medium[bit // 8] ^= 1 << bit % 8

    def drop_cache(self) -> None:
        """The next read comes from the medium, except what is not there yet."""
        if self.medium is not None:
            self.data[: self.synced] = self.medium
            self.synced = len(self.medium)
            self.medium = None

    def surviving(self, random: Random) -> "File":
        """The file as a power cut leaves it."""
        medium = self.data[: self.synced] if self.medium is None else self.medium
        kept = bytearray(medium)
        kept += surviving_tail(bytes(self.data[self.synced :]), random)
        return File(kept, len(kept))

    def _write_out(self, tail: bytes) -> None:
        if self.medium is not None or tail != self.data[self.synced :]:
            medium = self._own_medium()
            medium.extend(bytes(self.synced - len(medium)))  # a hole where an earlier flush failed
            medium.extend(tail)
        self.synced = len(self.data)

    def _own_medium(self) -> bytearray:
        if self.medium is None:
            self.medium = bytearray(self.data[: self.synced])
        return self.medium


@dataclass(slots=True)
class Name:
    """One value of a name. `needs` is a name that must be as young as `needs.stamp` before this value may be seen."""

    node: "Node | None"
    stamp: int
    needs: "Needs | None" = None


@dataclass(frozen=True, slots=True)
class Needs:
    """The other end of a rename."""

    values: list[Name]
    stamp: int


@dataclass(slots=True)
class Folder:
    """For each name its values since the last sync: the first is on the medium, the last is in sight."""

    names: dict[str, list[Name]] = field(default_factory=dict)
    unsynced: set[str] = field(default_factory=set)

    def find(self, name: str) -> "Node | None":
        """What the name stands for now."""
        values = self.names.get(name)
        return values[-1].node if values else None

    def set(self, name: str, node: "Node | None", stamp: int, needs: Needs | None = None) -> list[Name]:
        """Give the name a value, in memory only; all values of the name."""
        values = self.names.setdefault(name, [Name(None, 0)])
        values.append(Name(node, stamp, needs))
        self.unsynced.add(name)
        return values

    def sync(self) -> None:
        """Only the value in sight stays."""
        for name in self.unsynced:
            values = self.names[name]
            _commit(values, len(values) - 1)
            if values[0].node is None:
                del self.names[name]
        self.unsynced.clear()

    def visible(self) -> list[str]:
        """The names that stand for something."""
        return [name for name, values in self.names.items() if values[-1].node is not None]


Node: TypeAlias = File | Folder


def surviving_tree(root: Folder, random: Random) -> Folder:
    """One of the trees that a power cut may leave, all of it on the medium."""
    chosen = _choose_values(list(_unsettled(root)), random)
    seen: dict[int, Node] = {}

    def survive(node: Node) -> Node:
        if id(node) not in seen:
            seen[id(node)] = node.surviving(random) if isinstance(node, File) else survive_folder(node)
        return seen[id(node)]

    def survive_folder(folder: Folder) -> Folder:
        kept = Folder()
        for name, values in folder.names.items():
            node = values[chosen.get(id(values), 0)].node
            if node is not None:
                kept.names[name] = [Name(survive(node), 0)]
        return kept

    return survive_folder(root)


def visible_files(folder: Folder) -> Iterator[File]:
    """Every file in sight, in order of its path."""
    for name in sorted(folder.names):
        node = folder.find(name)
        if isinstance(node, File):
            yield node
        elif node is not None:
            yield from visible_files(node)


def list_contents(folder: Folder, at: str = "") -> Iterator[tuple[str, bytes, bytes | None]]:
    """All in sight: folders by their path, files with their bytes, and with those on the medium where they are others.
    Names in staging are drawn anew each time: files there are told without them."""
    for name in sorted(folder.names):
        node = folder.find(name)
        if isinstance(node, File):
            told = "" if at.endswith("/staging") else name
            yield f"{at}/{told}", bytes(node.data), None if node.medium is None else bytes(node.medium)
        elif node is not None:
            yield f"{at}/{name}", b"", None
            yield from list_contents(node, f"{at}/{name}")


def surviving_tail(tail: bytes, random: Random) -> bytes:
    """What may be left of bytes that were not synced: nothing, all, a part, zeros, or pieces with holes."""
    match random.randrange(5) if tail else 0:
        case 0:
            return b""
        case 1:
            return tail
        case 2:
            return tail[: random.randrange(len(tail) + 1)]
        case 3:
            return bytes(random.randrange(len(tail) + 1))
        case _:
            return _with_holes(tail, random)


def _with_holes(tail: bytes, random: Random) -> bytes:
    cuts = sorted(random.randrange(len(tail) + 1) for _ in range(random.randint(1, 4)))
    pieces = [tail[start:end] for start, end in zip([0, *cuts], [*cuts, len(tail)], strict=True)]
    whole = b"".join(_piece_of_chance(piece, random) for piece in pieces)
    return whole[: random.choice((len(whole), random.randrange(len(whole) + 1)))]


def _piece_of_chance(piece: bytes, random: Random) -> bytes:
    match random.randrange(3):
        case 0:
            return piece
        case 1:
            return bytes(len(piece))
        case _:
            return random.randbytes(len(piece))


def _unsettled(folder: Folder) -> Iterator[list[Name]]:
    # Folders that any value of a name leads to: an older folder may be the one that survives.
    for values in folder.names.values():
        if len(values) > 1:
            yield values
        for value in values:
            if isinstance(value.node, Folder):
                yield from _unsettled(value.node)


def _choose_values(unsettled: list[list[Name]], random: Random) -> dict[int, int]:
    mode = random.randrange(4)
    chosen = {
        id(values): (0, len(values) - 1, random.randrange(len(values)), random.randrange(len(values)))[mode]
        for values in unsettled
    }
    changed = True
    while changed:
        changed = False
        for values in unsettled:
            for value in values[1 : chosen[id(values)] + 1]:
                other = value.needs.values if value.needs else values
                least = _index_of(other, value.needs.stamp) if value.needs else 0
                if chosen.get(id(other), 0) < least:
                    chosen[id(other)] = least
                    changed = True
    return chosen


def _commit(values: list[Name], index: int) -> None:
    for value in values[1 : index + 1]:
        if value.needs is not None:
            _commit(value.needs.values, _index_of(value.needs.values, value.needs.stamp))
    del values[:index]
    values[0].needs = None


def _index_of(values: list[Name], stamp: int) -> int:
    return next((index for index, value in enumerate(values) if value.stamp >= stamp), 0)
