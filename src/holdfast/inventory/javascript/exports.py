"""What a module lets other modules reach: constants with text, defaults of the environment, names handed on."""

import re
from collections.abc import Iterator

from tree_sitter import Node

from holdfast.inventory.javascript.modules import compute_import_key, compute_module_key
from holdfast.inventory.javascript.survey import Survey
from holdfast.inventory.javascript.syntax import (
    FUNCTIONS,
    find_key,
    find_string,
    get_line,
    get_text,
    split_chain,
    unwrap,
    walk_pairs,
)
from holdfast.inventory.javascript.values import Resolver, Source
from holdfast.inventory.sighting import Definition

COUNT_MAX = 500
DEPTH_MAX = 3
_PLAUSIBLE = re.compile(r"[\w@~./][\w./:@+#=-]{1,199}")
_HOLDERS = frozenset({"enum_body", "class_body", "object", "array"})
_NEVER = FUNCTIONS | {
    "number",
    "true",
    "false",
    "null",
    "regex",
    "jsx_element",
    "jsx_self_closing_element",
    "unary_expression",
}


class ExportReader:
    """Reads the definitions of one file."""

    def __init__(self, survey: Survey, resolver: Resolver, path: str) -> None:
        self._survey = survey
        self._resolver = resolver
        self._path = path
        self._key = compute_module_key(path)

    def read(self) -> tuple[Definition, ...]:
        """At most COUNT_MAX definitions, by line."""
        found: dict[tuple[str, str | None, str | None], Definition] = {}
        for name, node in self._walk_exported():
            for definition in self._define(name, node, 0):
                found.setdefault((definition.name, definition.value, definition.alias), definition)
            if len(found) > COUNT_MAX:
                break
        for definition in self._walk_handed_on():
            found.setdefault((definition.name, None, definition.alias), definition)
        return tuple(sorted(found.values(), key=lambda d: (d.line, d.name)))[:COUNT_MAX]

    def _walk_exported(self) -> Iterator[tuple[str, Node]]:
        for statement in self._survey.all("export_statement"):
            declared = statement.child_by_field_name("declaration")
            value = statement.child_by_field_name("value")
            if value is not None:
                yield f"{self._key}.default", value
            elif declared is not None:
                yield from self._walk_declared(declared)
            elif statement.child_by_field_name("source") is None:
                yield from self._walk_clause(statement)
        for assignment in self._survey.all("assignment_expression"):
            yield from self._walk_commonjs(assignment)

    def _walk_declared(self, declared: Node) -> Iterator[tuple[str, Node]]:
        if declared.type in ("enum_declaration", "class_declaration"):
            name = declared.child_by_field_name("name")
            body = declared.child_by_field_name("body")
            if name is not None and body is not None:
                yield f"{self._key}.{get_text(name)}", body
        for declarator in declared.named_children:
            name, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
            if (
                declarator.type == "variable_declarator"
                and name is not None
                and value is not None
                and name.type == "identifier"
            ):
                yield f"{self._key}.{get_text(name)}", value

    def _walk_clause(self, statement: Node) -> Iterator[tuple[str, Node]]:
        for clause in statement.named_children:
            for specifier in clause.named_children if clause.type == "export_clause" else ():
                name = specifier.child_by_field_name("name")
                alias = specifier.child_by_field_name("alias") or name
                if name is not None and alias is not None:
                    yield f"{self._key}.{get_text(alias)}", name

    def _walk_commonjs(self, assignment: Node) -> Iterator[tuple[str, Node]]:
        left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
        if left is None or right is None or left.type != "member_expression":
            return
        root, chain = split_chain(left)
        names = (get_text(root), *chain) if root.type == "identifier" else chain
        if names[:2] == ("module", "exports"):
            names = names[1:]
        if names[:1] != ("exports",):
            return
        yield ".".join((self._key, *names[1:])), right
        if len(names) == 1:
            yield f"{self._key}.default", right

    def _define(self, name: str, node: Node, depth: int) -> Iterator[Definition]:
        node = unwrap(node)
        if node.type == "string" or node.type in _NEVER:
            text = find_string(node)
            if text is not None and _PLAUSIBLE.fullmatch(text):
                yield Definition(name, get_line(node), value=text)
            return
        for origin in self._resolver.resolve(node) if node.type not in _HOLDERS else ():
            if origin.source is Source.LITERAL and _PLAUSIBLE.fullmatch(origin.text):
                yield Definition(name, origin.line, value=origin.text)
            elif origin.source is Source.ENVIRONMENT:
                yield Definition(name, get_line(node), alias=f"env:{origin.text}")
            elif origin.source is Source.IMPORT:
                yield Definition(name, get_line(node), alias=origin.text)
        holder = node if node.type in _HOLDERS else self._resolver.find_object(node)
        if holder is not None and depth < DEPTH_MAX:
            for key, value in self._walk_members(holder):
                yield from self._define(f"{name}.{key}", value, depth + 1)

    def _walk_members(self, holder: Node) -> Iterator[tuple[str, Node]]:
        if holder.type == "array":
            items = [item for item in holder.named_children if item.type != "comment"]
            yield from ((str(index), item) for index, item in enumerate(items[:20]))
            return
        body = holder.child_by_field_name("body") if holder.type == "enum_declaration" else holder
        yield from walk_pairs(body or holder)

    def _walk_handed_on(self) -> Iterator[Definition]:
        """`export { A } from "./x"` and `export * from "./x"`."""
        for statement in self._survey.all("export_statement"):
            module = find_string(statement.child_by_field_name("source"))
            if module is None:
                continue
            target, line = compute_import_key(module, self._path), get_line(statement)
            clauses = [
                child for child in statement.named_children if child.type in ("export_clause", "namespace_export")
            ]
            if not clauses:
                yield Definition(self._key, line, alias=target)
            for clause in clauses:
                yield from self._hand_on(clause, target, line)

    def _hand_on(self, clause: Node, target: str, line: int) -> Iterator[Definition]:
        if clause.type == "namespace_export" and clause.named_child_count:
            yield Definition(f"{self._key}.{get_text(clause.named_children[0])}", line, alias=target)
            return
        for specifier in clause.named_children:
            name = find_key(specifier.child_by_field_name("name"))
            alias = find_key(specifier.child_by_field_name("alias")) or name
            if name and alias:
                yield Definition(f"{self._key}.{alias}", line, alias=f"{target}.{name}")
