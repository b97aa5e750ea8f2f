"""The one shape that YAML, JSON, TOML and HCL are read into: leaves, tables and listings, each knowing its line.

Holds no meaning. Limits on what comes from outside live here too, so that every reader refuses the same things.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

NODES_MAX = 400_000
DEPTH_MAX = 200
LEAF_CHARACTERS_MAX = 200_000


class Unparsable(Exception):
    """The text is not what its format says, or goes past a limit. Never leaves this package."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(f"line {line}: {reason}")
        self.reason = reason
        self.line = line


@dataclass(slots=True)
class Leaf:
    """A scalar. `raw` is the text as it stands in the file where that differs: scripts keep their line breaks there."""

    text: str
    line: int
    quoted: bool = False
    is_text: bool = True  # False for numbers, booleans and nulls of formats that have them
    raw: str | None = None
    raw_line: int = 0

    @property
    def script(self) -> tuple[str, int]:
        """The text to read as a script and the line that it starts on."""
        return (self.raw, self.raw_line) if self.raw is not None else (self.text, self.line)


@dataclass(slots=True)
class Entry:
    """One key of a table."""

    key: str
    line: int
    node: "Node"


@dataclass(slots=True)
class Table:
    """A mapping, in the order of the file. HCL blocks keep their labels."""

    line: int
    entries: list[Entry] = field(default_factory=list[Entry])
    labels: tuple[str, ...] = ()

    def find(self, *keys: str) -> "Node | None":
        """The node of the first entry whose key, in lower case, is one of these."""
        for entry in self.entries:
            if entry.key.lower() in keys:
                return entry.node
        return None

    def find_text(self, *keys: str) -> str:
        """The text of the first such leaf; empty when there is none."""
        for entry in self.entries:
            if entry.key.lower() in keys and isinstance(entry.node, Leaf):
                return entry.node.text
        return ""

    @property
    def keys(self) -> frozenset[str]:
        """All keys in lower case."""
        return frozenset(entry.key.lower() for entry in self.entries)


@dataclass(slots=True)
class Listing:
    """A sequence."""

    line: int
    items: list["Node"] = field(default_factory=list["Node"])

    @property
    def leaves(self) -> list[Leaf]:
        """The scalars among the items."""
        return [item for item in self.items if isinstance(item, Leaf)]


Node = Leaf | Table | Listing


def iterate_children(node: Node) -> Iterator[Node]:
    """The nodes directly below."""
    if isinstance(node, Table):
        yield from (entry.node for entry in node.entries)
    elif isinstance(node, Listing):
        yield from node.items


class Lines:
    """Where the lines of a text begin, so that many offsets cost one pass."""

    __slots__ = ("_starts",)

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def get(self, offset: int) -> int:
        """The line, from 1, of a character offset."""
        return bisect_right(self._starts, offset)
