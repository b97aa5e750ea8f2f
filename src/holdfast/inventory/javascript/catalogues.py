"""Long lists of models: one literal with eight names or more. Such names are counted, never told as uses."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from tree_sitter import Node

from holdfast.inventory.javascript.survey import Parents
from holdfast.inventory.javascript.syntax import WRAPPERS, find_string, get_callee_names, get_line
from holdfast.inventory.naming import looks_like_model
from holdfast.records.use import Catalogue, Place

LENGTH_MIN = 8
SAMPLE_MAX = 5
CLIMB_MAX = 40
SPLIT_DEPTH_MAX = 20
_PLAUSIBLE = re.compile(r"(?=.*[\d/:-])[\w@~./][\w./:@+#=-]{2,149}")
_HOLDERS = frozenset({"object", "array", "union_type", "enum_body"})
_INSIDE = WRAPPERS | {
    "pair",
    "spread_element",
    "literal_type",
    "enum_assignment",
    "computed_property_name",
    "parenthesized_type",
}
_BUILDERS = frozenset({"Set", "Map", "freeze", "fromEntries", "enum", "assign"})


@dataclass(frozen=True, slots=True)
class Listed:
    """Where the long lists of a file stand: spans of bytes, in order, none inside another."""

    spans: tuple[tuple[int, int], ...] = ()

    def holds(self, node: Node) -> bool:
        """Whether a node stands in a long list."""
        index = bisect_right(self.spans, (node.start_byte, 1 << 62)) - 1
        return index >= 0 and node.start_byte < self.spans[index][1]


@dataclass(slots=True)
class _Literal:
    """One array, object, enumeration or union, with the names in it."""

    node: Node
    names: dict[int, str] = field(default_factory=dict[int, str])  # by byte offset
    inner: dict[int, "_Literal"] = field(default_factory=dict[int, "_Literal"])  # by node id


class CatalogueReader:
    """Counts the names in every literal of one file."""

    def __init__(self, unions: list[Node], parents: Parents) -> None:
        self._parents = parents
        self._unions = _keep_outermost(unions)
        self._starts = [union.start_byte for union in self._unions]
        self._literals: dict[int, _Literal] = {}
        self._outermost: dict[int, _Literal] = {}
        self._mapped: set[int] = set()  # names that another name is mapped to: one line of a list, not two

    def read(self, strings: list[Node]) -> None:
        """Take in the strings of a file, property keys included."""
        for node in strings:
            text = find_string(node)
            if text is not None and _PLAUSIBLE.fullmatch(text) and looks_like_model(text):
                self._take(node, text)
                if self._is_mapped(node):
                    self._mapped.add(node.start_byte)

    def find_all(self, path: str) -> tuple[tuple[Catalogue, ...], Listed]:
        """The catalogue of the file, if any, and where its lists stand."""
        found: list[tuple[Node, dict[int, str]]] = []
        for literal in self._outermost.values():
            _split(literal, found)
        if not found:
            return (), Listed()
        names = tuple(
            dict.fromkeys(text for _, inside in found for start, text in inside.items() if start not in self._mapped)
        )
        longest = max(found, key=lambda one: len(one[1]))[0]
        catalogue = Catalogue(Place(path, get_line(longest)), len(names), names[:SAMPLE_MAX])
        return (catalogue,), Listed(_merge(sorted((node.start_byte, node.end_byte) for node, _ in found)))

    def _find_union(self, node: Node) -> Node | None:
        """The whole union type that a string stands in."""
        index = bisect_right(self._starts, node.start_byte) - 1
        found = self._unions[index] if index >= 0 else None
        return found if found is not None and node.end_byte <= found.end_byte else None

    def _take(self, node: Node, text: str) -> None:
        inner: _Literal | None = None
        parent = self._find_union(node) or self._parents.find(node)
        for _ in range(CLIMB_MAX):
            if parent is None or not self._reaches(parent):
                break
            if parent.type in _HOLDERS:
                literal = self._literals.setdefault(parent.id, _Literal(parent))
                literal.names[node.start_byte] = text
                if inner is not None:
                    literal.inner[inner.node.id] = inner
                inner = literal
            parent = self._parents.find(parent)
        if inner is not None:
            self._outermost[inner.node.id] = inner

    def _reaches(self, parent: Node) -> bool:
        if parent.type in _HOLDERS or parent.type in _INSIDE:
            return True
        call = self._parents.find(parent) if parent.type == "arguments" else None
        if call is not None:
            return bool(_BUILDERS.intersection(get_callee_names(call)[-1:]))
        return parent.type in ("new_expression", "call_expression")

    def _is_mapped(self, node: Node) -> bool:
        pair = self._parents.find(node)
        key = pair.child_by_field_name("key") if pair is not None and pair.type == "pair" else None
        text = find_string(key)
        if key is None or key.id == node.id or text is None:
            return False
        return _PLAUSIBLE.fullmatch(text) is not None and looks_like_model(text)


def _split(literal: _Literal, found: list[tuple[Node, dict[int, str]]], depth: int = 0) -> None:
    """The longest lists inside a literal, and the literal itself if enough is left over."""
    left = dict(literal.names)
    for inner in literal.inner.values():
        if _is_long(inner.names) and depth < SPLIT_DEPTH_MAX:
            _split(inner, found, depth + 1)
            left = {start: text for start, text in left.items() if start not in inner.names}
    if _is_long(left):
        found.append((literal.node, left))


def _is_long(names: dict[int, str]) -> bool:
    return len(names) >= LENGTH_MIN and len(set(names.values())) >= LENGTH_MIN


def _keep_outermost(unions: list[Node]) -> list[Node]:
    """`a | b | c` nests one union a name deep; only the whole counts."""
    kept: list[Node] = []
    for union in unions:
        if not kept or union.start_byte >= kept[-1].end_byte:
            kept.append(union)
    return kept


def _merge(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Spans without those that lie inside an earlier one."""
    kept: list[tuple[int, int]] = []
    for span in spans:
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return tuple(kept)
