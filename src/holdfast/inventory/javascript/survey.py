"""One walk over a syntax tree: collects the nodes that later steps ask for, by kind and in document order."""

from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node, Tree

DEPTH_MAX = 1_500
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


@dataclass(frozen=True, slots=True)
class Survey:
    """The nodes of one file by kind. `too_deep` says that branches below DEPTH_MAX were left out."""

    root: Node
    nodes: Mapping[str, list[Node]]
    too_deep: bool

    def all(self, *kinds: str) -> list[Node]:
        """Every node of these kinds, kind by kind, each in document order."""
        return [node for kind in kinds for node in self.nodes.get(kind, ())]


def survey_tree(tree: Tree) -> Survey:
    """Walk the whole tree once, without recursion."""
    nodes: dict[str, list[Node]] = {kind: [] for kind in KINDS}
    cursor = tree.walk()
    depth, too_deep = 0, False
    while True:
        node = cursor.node
        found = nodes.get(node.type) if node is not None else None
        if found is not None and node is not None:
            found.append(node)
        if depth < DEPTH_MAX and cursor.goto_first_child():
            depth += 1
            continue
        too_deep = too_deep or depth >= DEPTH_MAX
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return Survey(tree.root_node, nodes, too_deep)
            depth -= 1
