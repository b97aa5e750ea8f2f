"""Where an expression's text can come from: literals, environment variables, imports, or nobody knows. Runs nothing."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

from tree_sitter import Node

from holdfast.inventory.javascript.bindings import Bindings, Path
from holdfast.inventory.javascript.chains import Step, read_call_step
from holdfast.inventory.javascript.modules import compute_import_key
from holdfast.inventory.javascript.syntax import (
    FUNCTIONS,
    find_string,
    get_arguments,
    get_callee_names,
    get_line,
    get_text,
    split_chain,
    unwrap,
    walk_pairs,
)

DEPTH_MAX = 24
STEPS_MAX = 400  # for one question
FILE_STEPS_MAX = 100_000
TEXT_MAX = 200


class Source(StrEnum):
    """What stands at the end of a chain of values."""

    LITERAL = "literal"
    ENVIRONMENT = "environment"
    IMPORT = "import"
    OBJECT = "object"  # a model object, a function, a class: no text at all
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Origin:
    """One place that an expression's text can come from. `text` is the literal, the variable, the dotted import."""

    source: Source
    text: str
    node: Node
    is_among: bool = False  # one of several that a list or a map holds, and nobody can say which

    @property
    def line(self) -> int:
        """The line on which the text stands."""
        return get_line(self.node)


@dataclass(slots=True)
class _Trail:
    """How far one question has gone: what it has seen, and how many steps it has left."""

    seen: set[tuple[int, Path]] = field(default_factory=set[tuple[int, Path]])
    steps: int = STEPS_MAX


Origins = tuple[Origin, ...]
_UPPER = re.compile(r"[A-Z][A-Z0-9_]*")
_EACH = ("*",)
_TEXTLESS = ("null", "undefined", "true", "false", "number", "regex", "unary_expression")
_ITERATORS = frozenset({"map", "forEach", "flatMap", "filter", "some", "every", "find", "findLast"})


class Resolver:
    """Follows values through one file."""

    def __init__(self, bindings: Bindings, path: str) -> None:
        self.bindings = bindings
        self._path = path
        self._handlers = self._list_handlers()
        self._steps = FILE_STEPS_MAX

    @property
    def is_exhausted(self) -> bool:
        """Whether the values of this file took more steps than one file may."""
        return self._steps <= 0

    def resolve(self, node: Node | None, path: Path = ()) -> Origins:
        """Every origin of an expression, or of what lies at `path` in it; without repeats."""
        found = self._go(node, path, _Trail(), 0) if node is not None else ()
        return tuple({(o.source, o.text, o.node.id): o for o in found}.values())

    def find_object(self, node: Node | None, path: Path = ()) -> Node | None:
        """The object, array or enum that an expression leads to."""
        return next((o.node for o in self.resolve(node, path) if o.source is Source.OBJECT), None)

    def find_imported_module(self, node: Node) -> str | None:
        """The module that the name at the root of an expression was imported from."""
        root = split_chain(node)[0]
        imported = self.bindings.imports.get(get_text(root)) if root.type == "identifier" else None
        return imported.module if imported is not None else None

    def _go(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        node = unwrap(node)
        trail.steps -= 1
        self._steps -= 1
        if depth > DEPTH_MAX or trail.steps < 0 or self.is_exhausted or (node.id, path) in trail.seen:
            return ()
        trail.seen.add((node.id, path))
        handler = self._handlers.get(node.type)
        if handler is None:
            return (Origin(Source.UNKNOWN, get_text(node)[:TEXT_MAX], node),)
        return handler(node, path, trail, depth + 1)

    def _list_handlers(self) -> dict[str, Callable[[Node, Path, _Trail, int], Origins]]:
        return {
            "string": self._string,
            "template_string": self._template,
            "binary_expression": self._binary,
            "ternary_expression": self._ternary,
            "identifier": self._identifier,
            "shorthand_property_identifier": self._identifier,
            "member_expression": self._member,
            "subscript_expression": self._member,
            "object": self._object,
            "enum_declaration": self._object,
            "array": self._array,
            "class_declaration": self._class,
            "new_expression": self._new,
            "call_expression": self._call,
            "assignment_expression": self._assigned,
            "augmented_assignment_expression": self._assigned,
            **dict.fromkeys(FUNCTIONS, self._function),
            **dict.fromkeys(_TEXTLESS, self._nothing),
        }

    def _string(self, node: Node, path: Path, _trail: _Trail, _depth: int) -> Origins:
        text = find_string(node)
        return (Origin(Source.LITERAL, text, node),) if text is not None and not path else ()

    def _template(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        if path:
            return ()
        texts: list[str] = []
        place, holes = node, 0
        for child in node.named_children:
            if child.type != "template_substitution":
                texts.append(get_text(child))
                continue
            holes += 1
            inner = child.named_children[0] if child.named_child_count else child
            found = self._go(inner, (), trail, depth)
            literal = next((o for o in found if o.source is Source.LITERAL), None)
            if literal is None:
                return (Origin(Source.UNKNOWN, get_text(node)[:TEXT_MAX], node),)
            texts.append(literal.text)
            place = literal.node
        return (Origin(Source.LITERAL, "".join(texts)[:1000], place if holes == 1 else node),)

    def _binary(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return ()
        if operator.type in ("||", "??"):
            return self._go(left, path, trail, depth) + self._go(right, path, trail, depth)
        if operator.type == "&&":
            return self._go(right, path, trail, depth)
        if operator.type == "+":
            return self._concatenation(node, (left, right), trail, depth)
        return ()

    def _concatenation(self, node: Node, sides: tuple[Node, Node], trail: _Trail, depth: int) -> Origins:
        texts: list[Origin] = []
        for side in sides:
            literal = next((o for o in self._go(side, (), trail, depth) if o.source is Source.LITERAL), None)
            if literal is None:
                return (Origin(Source.UNKNOWN, get_text(node)[:TEXT_MAX], node),)
            texts.append(literal)
        return (
            Origin(Source.LITERAL, "".join(o.text for o in texts)[:1000], max(texts, key=lambda o: len(o.text)).node),
        )

    def _ternary(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        sides = (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
        return tuple(o for side in sides if side is not None for o in self._go(side, path, trail, depth))

    def _identifier(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        name = get_text(node)
        if name in ("undefined", "null", "NaN"):
            return ()
        known = self.bindings.find(name, node)
        if not known and name in self.bindings.imports:
            return (self._imported(name, path, node),)
        if not known:
            return (Origin(Source.UNKNOWN, ".".join((name, *path)), node),)
        found: Origins = ()
        for binding in known:
            inner = binding.path + path
            if binding.value is not None:
                found += self._go(binding.value, inner, trail, depth)
            elif binding.parameter is not None:
                found += self._passed(binding.parameter.function, binding.parameter.index, inner, trail, depth)
        return found or (Origin(Source.UNKNOWN, ".".join((name, *path)), node),)

    def _imported(self, name: str, path: Path, node: Node) -> Origin:
        imported = self.bindings.imports[name]
        if imported.module.startswith("$env/") or imported.module.endswith("/env"):
            upper = next((part for part in (imported.name, *path) if _UPPER.fullmatch(part)), None)
            if upper is not None:
                return Origin(Source.ENVIRONMENT, upper, node)
        key = compute_import_key(imported.module, self._path)
        names = path if imported.name == "*" else (imported.name, *path)
        return Origin(Source.IMPORT, ".".join((key, *names)), node)

    def _passed(self, function: Node, index: int, path: Path, trail: _Trail, depth: int) -> Origins:
        """What the callers in this file pass for a parameter."""
        holder = self.bindings.parents.find(function)
        call = self.bindings.parents.find(holder) if holder is not None and holder.type == "arguments" else None
        if call is not None:
            return self._passed_by_iterator(call, index, path, trail, depth)
        found: Origins = ()
        for call in self.bindings.calls.get(self._name_of(function), ()):
            arguments = get_arguments(call)
            if index < len(arguments) and not function.start_byte <= call.start_byte < function.end_byte:
                found += self._go(arguments[index], path, trail, depth)
        return found

    def _passed_by_iterator(self, call: Node, index: int, path: Path, trail: _Trail, depth: int) -> Origins:
        callee = call.child_by_field_name("function")
        owner = callee.child_by_field_name("object") if callee is not None else None
        if (
            index != 0
            or owner is None
            or get_callee_names(call)[-1:] == ()
            or get_callee_names(call)[-1] not in _ITERATORS
        ):
            return ()
        return self._go(owner, (*_EACH, *path), trail, depth)

    def _name_of(self, function: Node) -> str:
        name = function.child_by_field_name("name")
        if name is not None:
            text = get_text(name)
            owner = self.bindings.parents.find_class(function) if text == "constructor" else None
            named = owner.child_by_field_name("name") if owner is not None else None
            return get_text(named) if named is not None else text
        holder = self.bindings.parents.find(function)
        label = None if holder is None else holder.child_by_field_name("name") or holder.child_by_field_name("key")
        return get_text(label) if label is not None else ""

    def _member(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        root, chain = split_chain(node)
        chain = chain + path
        variable = _find_variable(root, chain)
        if variable is not None:
            return (Origin(Source.ENVIRONMENT, variable, node),)
        if root.type == "this" and chain:
            return self._field(self.bindings.parents.find_class(node), chain, node, trail, depth)
        if root.id == node.id:
            return self._computed(node, path, trail, depth)
        found = self._go(root, chain, trail, depth)
        if found and all(o.source is Source.UNKNOWN for o in found):
            return (Origin(Source.UNKNOWN, get_text(node)[:TEXT_MAX], node),)
        return found

    def _computed(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        """`map[key]`: any value of the map, and the defaults of the key."""
        owner, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        if owner is None or index is None:
            return (Origin(Source.UNKNOWN, get_text(node)[:TEXT_MAX], node),)
        if index.type == "number":
            return self._go(owner, (get_text(index), *path), trail, depth)
        keys = self._go(index, (), trail, depth)
        literal = [o for o in keys if o.source is Source.LITERAL]
        if literal and len(literal) == len(keys):
            return tuple(o for key in literal for o in self._go(owner, (key.text, *path), trail, depth))
        values = self._go(owner, (*_EACH, *path), trail, depth)
        unknown = Origin(Source.UNKNOWN, get_text(node)[:TEXT_MAX], node)
        return (*values, *(literal if not path else ())) or (unknown,)

    def _field(self, owner: Node | None, chain: Path, node: Node, trail: _Trail, depth: int) -> Origins:
        values = self.bindings.members.get((owner.id, chain[0]), ()) if owner is not None else ()
        found = tuple(o for value in values for o in self._go(value, chain[1:], trail, depth))
        return found or (Origin(Source.UNKNOWN, get_text(node)[:TEXT_MAX], node),)

    def _object(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        if not path:
            return (Origin(Source.OBJECT, "", node),)
        body = node.child_by_field_name("body") if node.type == "enum_declaration" else node
        found: Origins = ()
        for key, value in walk_pairs(body or node):
            if path[0] in ("*", key):
                found += self._go(value, path[1:], trail, depth)
        if path[0] == "*":
            found = _among(found)
        elif found:
            return found
        for child in node.named_children:
            if child.type == "spread_element" and child.named_child_count:
                found += self._go(child.named_children[0], path, trail, depth)
        return found

    def _array(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        if not path:
            return (Origin(Source.OBJECT, "", node),)
        items = [child for child in node.named_children if child.type != "comment"]
        if path[0].isdigit():
            items = items[int(path[0][:6]) :][:1]
        found: Origins = ()
        for item in items:
            inner = item.named_children[0] if item.type == "spread_element" and item.named_child_count else item
            found += self._go(inner, path if item.type == "spread_element" else path[1:], trail, depth)
        return found if path[0].isdigit() else _among(found)

    def _class(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        return self._field(node, path, node, trail, depth) if path else (Origin(Source.OBJECT, "", node),)

    def _new(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        if not path:
            return (Origin(Source.OBJECT, "", node),)
        callee = node.child_by_field_name("constructor")
        return self._go(callee, path, trail, depth) if callee is not None and callee.type == "identifier" else ()

    def _call(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        step = read_call_step(node, path)
        if step is not None:
            return self._follow(step, trail, depth)
        returned = self._returned(node)
        found = tuple(o for value in returned for o in self._go(value, path, trail, depth))
        return found or (Origin(Source.UNKNOWN, get_text(node)[:TEXT_MAX], node),)

    def _follow(self, step: Step, trail: _Trail, depth: int) -> Origins:
        found: Origins = ()
        if step.variable is not None:
            found += (Origin(Source.ENVIRONMENT, step.variable, step.call),)
        for value, path in step.values:
            found += self._go(value, path, trail, depth)
        return found

    def _returned(self, call: Node) -> list[Node]:
        """The values that a function of this file returns."""
        names = get_callee_names(call)
        functions = self.bindings.functions.get(names[-1], ()) if names else ()
        if len(names) > 1 and names[0] != "this" and names[0] in self.bindings.imports:
            return []
        return [value for function in functions[:3] for value in self.bindings.returns.get(function.id, ())]

    def _function(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        """A function handed on as a value, as in `useMemo(() => x)`: with the path `()` it is called."""
        if path[:1] != ("()",):
            return (Origin(Source.OBJECT, "", node),)
        values = self.bindings.returns.get(node.id, ())
        return tuple(o for value in values for o in self._go(value, path[1:], trail, depth))

    def _assigned(self, node: Node, path: Path, trail: _Trail, depth: int) -> Origins:
        right = node.child_by_field_name("right")
        return self._go(right, path, trail, depth) if right is not None else ()

    def _nothing(self, _node: Node, _path: Path, _trail: _Trail, _depth: int) -> Origins:
        return ()


def _among(origins: Origins) -> Origins:
    return tuple(replace(origin, is_among=True) for origin in origins)


def _find_variable(root: Node, chain: Path) -> str | None:
    """`process.env.X`, `import.meta.env.X`, `Bun.env.X`, `c.env.X`, `env.X`."""
    names = (get_text(root) if root.type in ("identifier", "this") else "", *chain)
    for before, name in pairwise(names):
        if before in ("env", "ENV") and _UPPER.fullmatch(name):
            return name
    if (
        root.type == "member_expression"
        and get_text(root) == "import.meta"
        and chain[:1] == ("env",)
        and len(chain) > 1
    ):
        return chain[1]
    return None
