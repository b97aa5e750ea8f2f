"""Which names of a file are bound to what, and where: constants, parameters, imports, members. Evaluates nothing."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from holdfast.inventory.javascript.survey import DEPTH_MAX, Parents, Survey
from holdfast.inventory.javascript.syntax import (
    FUNCTIONS,
    SCOPES,
    find_key,
    find_string,
    get_arguments,
    get_callee,
    get_callee_names,
    get_text,
    split_chain,
    unwrap,
    walk_pairs,
)

PATTERN_DEPTH_MAX = 8
BINDINGS_MAX = 40  # of one name in one scope
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Import:
    """What a local name was imported as; `name` is the exported name, `default`, or `*` for the whole module."""

    module: str
    name: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function of this file."""

    function: Node
    index: int


@dataclass(frozen=True, slots=True)
class Binding:
    """A name holds `value`, or what lies at `path` in it, between two byte offsets."""

    start: int
    end: int
    value: Node | None
    path: Path = ()
    parameter: Parameter | None = None
    type_name: str = ""


Scopes = dict[tuple[int, int], list[Binding]]


def _lists() -> defaultdict[str, list[Node]]:
    return defaultdict(list)


@dataclass(slots=True)
class Bindings:
    """Everything that names hold in one file."""

    parents: Parents
    names: defaultdict[str, Scopes] = field(default_factory=lambda: defaultdict(Scopes))
    imports: dict[str, Import] = field(default_factory=dict[str, Import])
    calls: defaultdict[str, list[Node]] = field(default_factory=_lists)  # by the last name of the callee
    functions: defaultdict[str, list[Node]] = field(default_factory=_lists)  # methods and functions, by name
    returns: defaultdict[int, list[Node]] = field(default_factory=lambda: defaultdict(list))  # by function id
    members: defaultdict[tuple[int, str], list[Node]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, binding: Binding) -> None:
        """Keep a binding; of very many in one scope the first ones tell enough."""
        held = self.names[name].setdefault((binding.start, binding.end), [])
        if len(held) < BINDINGS_MAX:
            held.append(binding)

    def find(self, name: str, at: Node) -> list[Binding]:
        """The bindings of the innermost scope that holds `name` at this node, in document order."""
        scopes = self.names.get(name)
        if not scopes:
            return []
        for above in self.parents.walk_up(at, DEPTH_MAX):
            held = scopes.get((above.start_byte, above.end_byte)) if above.type in SCOPES else None
            if held:
                return held
        return []


def read_bindings(survey: Survey) -> Bindings:
    """Collect every binding of a file."""
    found = Bindings(survey.parents)
    for statement in survey.all("import_statement"):
        found.imports.update(_read_import(statement))
    for declarator in survey.all("variable_declarator"):
        _bind_declarator(found, declarator)
    for function in survey.all(*FUNCTIONS):
        _bind_function(found, function)
    for declared in survey.all("enum_declaration", "class_declaration"):
        _bind(found, declared.child_by_field_name("name"), Binding(*_scope_of(found, declared), declared))
    for loop in survey.all("for_in_statement"):
        span = (loop.start_byte, loop.end_byte)
        _bind(found, loop.child_by_field_name("left"), Binding(*span, loop.child_by_field_name("right"), ("*",)))
    for assignment in survey.all("assignment_expression", "augmented_assignment_expression"):
        _bind_assignment(found, assignment)
    for declared in survey.all("public_field_definition"):
        _bind_field(found, declared)
    _index_calls(found, survey)
    return found


def _scope_of(found: Bindings, node: Node) -> tuple[int, int]:
    scope = found.parents.find_owner(node, SCOPES)
    return (scope.start_byte, scope.end_byte) if scope is not None else (0, 1 << 62)


def _bind(found: Bindings, pattern: Node | None, binding: Binding, depth: int = 0) -> None:
    if pattern is None or depth > PATTERN_DEPTH_MAX:
        return
    kind = pattern.type
    if kind in ("identifier", "type_identifier", "shorthand_property_identifier_pattern"):
        found.add(get_text(pattern), binding)
    elif kind in ("assignment_pattern", "object_assignment_pattern"):
        left, right = pattern.child_by_field_name("left"), pattern.child_by_field_name("right")
        _bind(found, left, Binding(binding.start, binding.end, right), depth + 1)
        _bind(found, left, _at_key(binding, left), depth + 1)
    elif kind == "rest_pattern":
        _bind(found, next(iter(pattern.named_children), None), binding, depth + 1)
    elif kind in ("object_pattern", "array_pattern"):
        for inner, key in _walk_pattern(pattern):
            _bind(found, inner, _into(binding, key), depth + 1)


def _walk_pattern(pattern: Node) -> Iterator[tuple[Node | None, str]]:
    if pattern.type == "array_pattern":
        index = 0
        for child in pattern.children:
            index += child.type == ","
            if child.is_named:
                yield child, str(index)
        return
    for child in pattern.named_children:
        if child.type == "pair_pattern":
            yield child.child_by_field_name("value"), find_key(child.child_by_field_name("key")) or "*"
        elif child.type == "shorthand_property_identifier_pattern":
            yield child, get_text(child)
        else:  # a default or a rest: they take their key themselves
            yield child, ""


def _into(binding: Binding, key: str) -> Binding:
    path = (*binding.path, key) if key else binding.path
    return Binding(binding.start, binding.end, binding.value, path, binding.parameter)


def _at_key(binding: Binding, left: Node | None) -> Binding:
    shorthand = left is not None and left.type == "shorthand_property_identifier_pattern"
    return _into(binding, get_text(left)) if shorthand and left is not None else binding


def _bind_declarator(found: Bindings, declarator: Node) -> None:
    pattern, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
    if pattern is None:
        return
    required = _find_required(value)
    if required is not None:
        found.imports.update(_read_required(pattern, required))
        return
    type_name = _read_type(declarator)
    if value is not None or type_name:
        start, end = _scope_of(found, declarator)
        _bind(found, pattern, Binding(start, end, value, type_name=type_name))
    if value is not None and unwrap(value).type in FUNCTIONS and pattern.type == "identifier":
        found.functions[get_text(pattern)].append(unwrap(value))


def _read_type(node: Node) -> str:
    annotation = node.child_by_field_name("type")
    text = get_text(annotation).lstrip(": ").strip() if annotation is not None else ""
    return text.split("<")[0].split("|")[0].strip() if len(text) < 200 else ""


def _bind_function(found: Bindings, function: Node) -> None:
    span = (function.start_byte, function.end_byte)
    single = function.child_by_field_name("parameter")
    holder = function.child_by_field_name("parameters")
    parameters = [single] if single is not None else holder.named_children if holder is not None else []
    for index, parameter in enumerate(p for p in parameters if p.type != "comment"):
        pattern = parameter.child_by_field_name("pattern") or parameter
        default = parameter.child_by_field_name("value")
        type_name = _read_type(parameter)
        if default is not None:
            _bind(found, pattern, Binding(*span, default, type_name=type_name))
        _bind(found, pattern, Binding(*span, None, (), Parameter(function, index), type_name))
        if parameter.children and parameter.children[0].type in ("accessibility_modifier", "readonly"):
            _bind_member(found, function, pattern, pattern)
    name = function.child_by_field_name("name")
    if name is not None:
        found.functions[find_key(name) or ""].append(function)
        if function.type.endswith("declaration"):
            _bind(found, name, Binding(*_scope_of(found, function), function))
    if function.type == "arrow_function":
        body = function.child_by_field_name("body")
        if body is not None and body.type != "statement_block":
            found.returns[function.id].append(body)


def _bind_member(found: Bindings, at: Node, name: Node, value: Node) -> None:
    owner = found.parents.find_class(at)
    key = find_key(name)
    if owner is not None and key is not None:
        found.members[owner.id, key].append(value)


def _bind_field(found: Bindings, declared: Node) -> None:
    name, value = declared.child_by_field_name("name"), declared.child_by_field_name("value")
    if name is not None and value is not None:
        _bind_member(found, declared, name, value)


def _bind_assignment(found: Bindings, assignment: Node) -> None:
    left, right = assignment.child_by_field_name("left"), assignment.child_by_field_name("right")
    if left is None or right is None:
        return
    if left.type == "identifier":
        known = found.find(get_text(left), left)
        if known:
            found.add(get_text(left), Binding(known[0].start, known[0].end, right))
        return
    root, chain = split_chain(left)
    prop = left.child_by_field_name("property")
    if root.type == "this" and len(chain) == 1 and prop is not None:
        _bind_member(found, assignment, prop, right)


def _index_calls(found: Bindings, survey: Survey) -> None:
    for call in survey.all("call_expression", "new_expression"):
        names = get_callee_names(call)
        if names:
            found.calls[names[-1]].append(call)
    for statement in survey.all("return_statement"):
        owner = found.parents.find_owner(statement, FUNCTIONS)
        value = statement.named_child(0) if statement.named_child_count else None
        if owner is not None and value is not None:
            found.returns[owner.id].append(value)
    for pair in survey.all("pair"):
        value = pair.child_by_field_name("value")
        if value is not None and value.type in FUNCTIONS:
            found.functions[find_key(pair.child_by_field_name("key")) or ""].append(value)


def _read_import(statement: Node) -> dict[str, Import]:
    for child in statement.named_children:
        if child.type == "import_require_clause":
            return _read_clause(child, find_string(child.child_by_field_name("source")) or "")
    module = find_string(statement.child_by_field_name("source")) or ""
    clause = next((child for child in statement.named_children if child.type == "import_clause"), None)
    return _read_clause(clause, module) if clause is not None else {}


def _read_clause(clause: Node, module: str) -> dict[str, Import]:
    found: dict[str, Import] = {}
    for child in clause.named_children:
        if child.type == "identifier":
            found[get_text(child)] = Import(module, "default" if clause.type == "import_clause" else "*")
        elif child.type == "namespace_import" and child.named_child_count:
            found[get_text(child.named_children[0])] = Import(module, "*")
        elif child.type == "named_imports":
            found.update(_read_specifier(one, module) for one in child.named_children if one.type == "import_specifier")
    return found


def _read_specifier(specifier: Node, module: str) -> tuple[str, Import]:
    name = specifier.child_by_field_name("name")
    exported = get_text(name) if name is not None else ""
    alias = specifier.child_by_field_name("alias")
    return (get_text(alias) if alias is not None else exported), Import(module, exported)


def _find_required(value: Node | None) -> Import | None:
    """`require("x")`, `await import("x")`, and a member of either."""
    if value is None:
        return None
    root, chain = split_chain(value)
    callee = get_callee(root) if root.type == "call_expression" else None
    if callee is None or get_text(callee) not in ("require", "import"):
        return None
    arguments = get_arguments(root)
    module = find_string(arguments[0]) if arguments else None
    return Import(module, chain[0] if chain else "*") if module else None


def _read_required(pattern: Node, required: Import) -> dict[str, Import]:
    if pattern.type == "identifier":
        return {get_text(pattern): required}
    found: dict[str, Import] = {}
    for inner, key in _walk_pattern(pattern):
        if inner is not None and inner.type in ("identifier", "shorthand_property_identifier_pattern"):
            found[get_text(inner)] = Import(required.module, key)
    return found


def find_value(node: Node, key: str) -> Node | None:
    """The value under `key` in an object, an enum or a class body; the last one wins, as it does at run time."""
    return next((value for name, value in reversed(list(walk_pairs(node))) if name == key), None)
