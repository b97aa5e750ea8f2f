"""Which package a called expression belongs to, and the endpoint its client was made with. Follows one file only."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from tree_sitter import Node

from holdfast.inventory.javascript.bindings import Binding, Bindings
from holdfast.inventory.javascript.packages import ENDPOINT_KEYS, Package, find_package, find_via
from holdfast.inventory.javascript.syntax import (
    CALLS,
    get_arguments,
    get_callee,
    get_callee_names,
    get_text,
    split_chain,
    unwrap,
    walk_pairs,
)
from holdfast.inventory.javascript.values import Resolver, Source

DEPTH_MAX = 12
_HOLE = re.compile(r"\$\{[^}]*\}")
_NESTED = frozenset({"configuration", "clientOptions", "config", "httpOptions", "clientConfig", "openai"})


@dataclass(frozen=True, slots=True)
class Client:
    """An imported name of a package that reaches models, or something made with one."""

    package: Package
    name: str
    made: bool = False
    endpoint: str = ""


class Clients:
    """Answers for the expressions of one file."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._bindings = resolver.bindings
        self._found: dict[int, Client | None] = {}  # by node id: many names lead to one value

    @property
    def bindings(self) -> Bindings:
        """What the names of the file hold."""
        return self._bindings

    def find(self, node: Node, depth: int = 0) -> Client | None:
        """The client that an expression is, or is a part of."""
        if depth > DEPTH_MAX:
            return None
        if node.id not in self._found:
            self._found[node.id] = None  # whoever comes back here while it is being found goes in circles
            self._found[node.id] = self._find(node, depth)
        return self._found[node.id]

    def read_endpoint(self, call: Node) -> str:
        """The base URL among a call's arguments; holes in it are filled with `x`."""
        for argument in get_arguments(call):
            endpoint = self._find_endpoint(argument, 0)
            if endpoint:
                return endpoint
        return ""

    def _find(self, node: Node, depth: int) -> Client | None:
        node, chain = split_chain(node)
        if node.type in CALLS:
            return self._find_made(node, depth)
        if node.type == "identifier":
            return self._find_named(node, chain, depth)
        if node.type == "this" and chain:
            return self._find_field(node, chain[0], depth)
        if node.type in (
            "binary_expression",
            "ternary_expression",
            "assignment_expression",
            "augmented_assignment_expression",
        ):
            fields = ("left", "right", "consequence", "alternative")
            sides = [side for side in map(node.child_by_field_name, fields) if side is not None]
            return self._choose(sides, depth)
        return None

    def _choose(self, nodes: Iterable[Node], depth: int) -> Client | None:
        """The client among several expressions; Azure, where any name goes, gives way to one that knows its names."""
        found = [client for node in nodes if (client := self.find(node, depth + 1)) is not None]
        return next((client for client in found if client.package.via != "azure"), found[0] if found else None)

    def _find_made(self, call: Node, depth: int) -> Client | None:
        callee = get_callee(call)
        if callee is None:
            return None
        found = self.find(callee, depth + 1)
        if found is not None:
            return replace(found, made=True, endpoint=self.read_endpoint(call) or found.endpoint)
        if call.type == "new_expression":
            return None
        return self._choose(self._returned(call), depth)

    def _returned(self, call: Node) -> list[Node]:
        names = get_callee_names(call)
        name = names[-1] if names else ""
        if not name or (len(names) > 1 and names[0] != "this"):
            return []
        functions = self._bindings.functions.get(name, ())
        return [value for function in functions[:2] for value in self._bindings.returns.get(function.id, ())[:6]]

    def _find_named(self, node: Node, chain: tuple[str, ...], depth: int) -> Client | None:
        name = get_text(node)
        known = self._bindings.find(name, node)
        for binding in known:
            found = self._find_bound(binding, node, depth)
            if found is not None:
                return found
        return None if known else self._find_imported(name, chain)

    def _find_bound(self, binding: Binding, node: Node, depth: int) -> Client | None:
        value = unwrap(binding.value) if binding.value is not None else None
        if value is not None and value.id != node.id and value.type not in ("object", "array"):
            found = self.find(value, depth + 1)
            if found is not None:
                return found
        typed = self._find_imported(binding.type_name.split(".")[0], ()) if binding.type_name else None
        return replace(typed, made=True) if typed is not None else None

    def _find_imported(self, name: str, chain: tuple[str, ...]) -> Client | None:
        imported = self._bindings.imports.get(name)
        if imported is None:
            return None
        exported = imported.name
        if exported in ("*", "default"):
            exported = chain[0] if exported == "*" and chain else name
        package = find_package(imported.module, exported)
        return Client(package, exported) if package is not None else None

    def _find_field(self, node: Node, name: str, depth: int) -> Client | None:
        owner = self._bindings.parents.find_class(node)
        values = self._bindings.members.get((owner.id, name), ()) if owner is not None else ()
        getters = [
            one for one in self._bindings.functions.get(name, ()) if one.children and one.children[0].type == "get"
        ]
        returned = [value for getter in getters for value in self._bindings.returns.get(getter.id, ())[:3]]
        return self._choose((*values, *returned), depth)

    def _find_endpoint(self, node: Node, depth: int) -> str:
        holder = self._resolver.find_object(node)
        if holder is None or depth > 2:
            return ""
        for key, value in walk_pairs(holder):
            if key in ENDPOINT_KEYS:
                endpoint = self.find_url(value)
                if endpoint:
                    return endpoint
            elif key in _NESTED:
                endpoint = self._find_endpoint(value, depth + 1)
                if endpoint:
                    return endpoint
        return ""

    def find_url(self, node: Node) -> str:
        """The URL that an expression holds, as far as it can be known."""
        for origin in self._resolver.resolve(node):
            text = origin.text.strip("`")
            if origin.source in (Source.LITERAL, Source.UNKNOWN) and re.match(r"(?:https?|wss?)://", text):
                return _HOLE.sub("x", text)
        return ""


def find_file_via(clients_of_file: set[str], path: str) -> str:
    """The one provider that a file speaks to, by its imports or else its own name; empty for none and for several."""
    if len(clients_of_file) == 1:
        return next(iter(clients_of_file))
    stem = path.rpartition("/")[2].partition(".")[0]
    return "" if clients_of_file else find_via(stem) or ""
