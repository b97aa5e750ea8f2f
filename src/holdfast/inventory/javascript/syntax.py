"""Small questions to one node of a syntax tree: its text, line, key, callee, arguments. Knows nothing of models."""

import re
from collections.abc import Iterator

from tree_sitter import Node

WRAPPERS = frozenset(
    {
        "parenthesized_expression",
        "as_expression",
        "satisfies_expression",
        "non_null_expression",
        "await_expression",
        "jsx_expression",
    }
)
FUNCTIONS = frozenset(
    {
        "function_declaration",
        "function_expression",
        "arrow_function",
        "method_definition",
        "generator_function",
        "generator_function_declaration",
    }
)
SCOPES = FUNCTIONS | {"statement_block", "class_body", "program", "for_in_statement", "for_statement", "catch_clause"}
CALLS = frozenset({"call_expression", "new_expression"})
CHAIN_MAX = 40


def name_set(text: str) -> frozenset[str]:
    """The words of a text; for long tables of names."""
    return frozenset(text.split())


def get_text(node: Node) -> str:
    """The source text of a node."""
    return (node.text or b"").decode("utf-8", "replace")


def get_line(node: Node) -> int:
    """The line on which a node starts, counted from 1."""
    return node.start_point[0] + 1


def find_string(node: Node | None) -> str | None:
    """The value of a string, or of a template without holes; None for everything else."""
    if node is None:
        return None
    if node.type == "string":
        return get_text(node)[1:-1]
    if node.type != "template_string" or any(child.type == "template_substitution" for child in node.named_children):
        return None
    return get_text(node)[1:-1]


def unwrap(node: Node) -> Node:
    """What stands inside parentheses, `as T`, `satisfies T`, `!`, `await` and JSX braces."""
    for _ in range(CHAIN_MAX):
        if node.type == "type_assertion":
            inner = node.named_child(node.named_child_count - 1)
        elif node.type in WRAPPERS and node.named_child_count:
            inner = node.named_child(0)
        else:
            return node
        node = inner
    return node


def find_key(node: Node | None) -> str | None:
    """The name that a property, a field or a binding goes by; None for one that is computed."""
    if node is None:
        return None
    if node.type == "computed_property_name":
        return find_string(node.named_child(0)) if node.named_child_count else None
    if node.type == "string":
        return find_string(node)
    return get_text(node).lstrip("#") if node.named_child_count == 0 else None


def split_chain(node: Node) -> tuple[Node, tuple[str, ...]]:
    """`a.b["c"]` → the node of `a` and (`b`, `c`). The root is any expression; calls inside end the chain."""
    names: list[str] = []
    for _ in range(CHAIN_MAX):
        node = unwrap(node)
        name = _find_member(node)
        inner = node.child_by_field_name("object") if name is not None else None
        if inner is None or name is None:
            break
        names.append(name)
        node = inner
    return node, tuple(reversed(names))


def _find_member(node: Node) -> str | None:
    if node.type == "member_expression":
        return find_key(node.child_by_field_name("property"))
    if node.type == "subscript_expression":
        return find_string(node.child_by_field_name("index"))
    return None


def get_callee(call: Node) -> Node | None:
    """The expression that is called or constructed."""
    return call.child_by_field_name("constructor" if call.type == "new_expression" else "function")


def get_callee_names(call: Node) -> tuple[str, ...]:
    """The dotted name of what is called; calls on the way are looked through: `a().b()` → (`a`, `b`)."""
    names: list[str] = []
    node: Node | None = get_callee(call)
    for _ in range(CHAIN_MAX):
        if node is None:
            break
        root, chain = split_chain(node)
        names.extend(reversed(chain))
        if root.type not in CALLS:
            if root.type in ("identifier", "this", "super", "import"):
                names.append(get_text(root))
            break
        node = get_callee(root)
    return tuple(reversed(names))


def get_arguments(call: Node) -> list[Node]:
    """The arguments of a call, without comments; empty for `new X` and tagged templates."""
    holder = call.child_by_field_name("arguments")
    if holder is None or holder.type != "arguments":
        return []
    return [child for child in holder.named_children if child.type != "comment"]


def walk_pairs(node: Node) -> Iterator[tuple[str, Node]]:
    """Keys and values of an object, an enum or a class body, in order; `{a}` gives its own identifier."""
    for child in node.named_children:
        if child.type in ("pair", "enum_assignment", "public_field_definition"):
            key = find_key(child.child_by_field_name("key") or child.child_by_field_name("name"))
            value = child.child_by_field_name("value")
            if key is not None and value is not None:
                yield key, value
        elif child.type == "shorthand_property_identifier":
            yield get_text(child), child


_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")


def split_words(name: str) -> tuple[str, ...]:
    """The words of an identifier, lower case: `DEFAULT_chatModel` → (`default`, `chat`, `model`)."""
    return tuple(word.lower() for word in _WORD.findall(name[:200]))
