"""One walk over a syntax tree: collects the nodes that later steps ask for, by kind and in document order."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tree_sitter import Node, Tree

DEPTH_MAX = 2_000
KINDS = frozenset(
    {
        "import_statement",
        "export_statement",
        "variable_declarator",
        "required_parameter",
        "optional_parameter",
        "assignment_pattern",
        "object_assignment_pattern",
        "assignment_expression",
        "augmented_assignment_expression",
        "pair",
        "enum_declaration",
        "public_field_definition",
        "class_declaration",
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "return_statement",
        "for_in_statement",
        "call_expression",
        "new_expression",
        "jsx_attribute",
        "string",
        "template_string",
        "object",
        "array",
        "union_type",
    }
)


class Parents:
    """Who stands above whom. Kept from the walk, because a tree finds the parent of a node from its root each time."""

    def __init__(self, above: Mapping[int, Node]) -> None:
        self._above = above

    def find(self, node: Node) -> Node | None:
        """The parent of a node."""
        return self._above.get(node.id)

    def walk_up(self, node: Node, limit: int = 60) -> Iterator[Node]:
        """The ancestors of a node, nearest first; at most `limit`."""
        above = self._above.get(node.id)
        for _ in range(limit):
            if above is None:
                return
            yield above
            above = self._above.get(above.id)

    def find_owner(self, node: Node, kinds: frozenset[str]) -> Node | None:
        """The nearest ancestor of one of these kinds."""
        return next((above for above in self.walk_up(node, DEPTH_MAX) if above.type in kinds), None)

    def find_class(self, node: Node) -> Node | None:
        """The class around a node."""
        return self.find_owner(node, _CLASSES)


_CLASSES = frozenset({"class_declaration", "class", "abstract_class_declaration"})


@dataclass(frozen=True, slots=True)
class Survey:
    """The nodes of one file by kind. `too_deep` says that branches below DEPTH_MAX were left out."""

    root: Node
    parents: Parents
    nodes: Mapping[str, list[Node]]
    too_deep: bool

    def all(self, *kinds: str) -> list[Node]:
        """Every node of these kinds, kind by kind, each in document order."""
        return [node for kind in kinds for node in self.nodes.get(kind, ())]


def survey_tree(tree: Tree) -> Survey:
    """Walk the whole tree once, without recursion."""
    nodes: dict[str, list[Node]] = {kind: [] for kind in KINDS}
    above: dict[int, Node] = {}
    path: list[Node] = []
    too_deep = False
    cursor = tree.walk()
    while True:
        node = cursor.node
        assert node is not None
        if path:
            above[node.id] = path[-1]
        found = nodes.get(node.type)
        if found is not None:
            found.append(node)
        if len(path) < DEPTH_MAX and cursor.goto_first_child():
            path.append(node)
            continue
        too_deep = too_deep or len(path) >= DEPTH_MAX
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return Survey(tree.root_node, Parents(above), nodes, too_deep)
            path.pop()
