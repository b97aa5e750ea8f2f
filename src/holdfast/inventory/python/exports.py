"""What other files of the project may reach in one module: its string constants, defaults, and re-exported names."""

import ast

from holdfast.inventory.naming import find_distinct
from holdfast.inventory.python.arguments import find_argument
from holdfast.inventory.python.scopes import (
    Assigned,
    Binding,
    Defined,
    Imported,
    Module,
    Scope,
    ScopeKind,
    find_text,
    get_last_word,
)
from holdfast.inventory.python.values import Values
from holdfast.inventory.python.wording import Saying, get_saying
from holdfast.inventory.sighting import Definition

DEFINITIONS_MAX = 2_000
TEXT_MAX = 200
_PLUMBING = frozenset({"settings", "config", "cfg", "conf", "constants", "defaults", "options", "env"})


def collect_definitions(module: Module, values: Values) -> tuple[Definition, ...]:
    """Definitions by dotted name, in the order of lines."""
    found: list[Definition] = []
    for name, bindings in module.root.bindings.items():
        found += _define(module.dotted, name, bindings, values)
    for scopes in module.classes.values():
        for scope in scopes:
            if scope.parent is module.root:
                found += _define_class(f"{module.dotted}.{scope.name}", scope, values)
    found += _define_options(values)
    found += _define_callers(module)
    return tuple(
        sorted(set(found), key=lambda entry: (entry.line, entry.name, entry.value or "", entry.alias or ""))[
            :DEFINITIONS_MAX
        ]
    )


def _define_options(values: Values) -> list[Definition]:
    """Options of a command line, whose values reach other files in a dictionary or a namespace."""
    found: list[Definition] = []
    for name, options in values.options.items():
        if get_saying(name) < Saying.WEAK:
            continue
        texts = [text for option in options for text in values.follow(option.expr, option.scope).texts]
        found += [
            Definition(f"option:{name}", text.line, value=text.value) for text in texts[:4] if _is_short(text.value)
        ]
        found += [Definition(f"option:{name}", 1)] if not texts else []
    return found


def _define_callers(module: Module) -> list[Definition]:
    """Somebody passes a model to a function: `call:complete.model`, without saying which."""
    found: list[Definition] = []
    for site in module.calls:
        for keyword in site.call.keywords:
            if keyword.arg is not None and get_saying(keyword.arg) >= Saying.FAIR and not _is_nothing(keyword.value):
                name = get_last_word(site.call.func)
                found.append(Definition(f"call:{name}.{keyword.arg}", site.call.lineno))
    return found


def _is_nothing(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and not expr.value


def _define_class(dotted: str, scope: Scope, values: Values) -> list[Definition]:
    found: list[Definition] = []
    prefix = _find_environment_prefix(scope)
    bound: dict[str, list[Binding]] = {**scope.bindings}
    for name, assigned in scope.attributes.items():
        bound[name] = [*bound.get(name, []), *assigned]
    for name, bindings in bound.items():
        found += _define(dotted, name, bindings, values)
    if prefix is not None:
        found += _define_environment(dotted, scope, prefix)
    return found


def _define(owner: str, name: str, bindings: list[Binding], values: Values) -> list[Definition]:
    found: list[Definition] = []
    for binding in bindings:
        dotted = f"{owner}.{name}"
        if isinstance(binding, Imported) and _may_carry(name) and binding.dotted != dotted:
            found.append(Definition(dotted, 1, alias=binding.dotted))
        elif isinstance(binding, Assigned) and _may_carry(name):
            found += _define_assigned(dotted, name, binding, values)
        elif isinstance(binding, Defined) and binding.scope.kind is ScopeKind.FUNCTION and _may_carry(name):
            found += _define_function(dotted, binding.scope, values)
    return found


def _may_carry(name: str) -> bool:
    return name.isupper() or get_saying(name) is not Saying.NO or any(word in name.lower() for word in _PLUMBING)


def _define_assigned(dotted: str, name: str, binding: Assigned, values: Values) -> list[Definition]:
    if isinstance(binding.expr, ast.Dict | ast.List | ast.Tuple | ast.Set):
        return []
    line = binding.expr.lineno
    followed = values.follow(binding.expr, binding.scope)
    texts = [
        text
        for text in followed.texts
        if _is_short(text.value) and (name.isupper() or _may_matter(name) or find_distinct(text.value))
    ]
    found = [Definition(dotted, text.line, value=text.value) for text in texts[:8]]
    found += [Definition(dotted, line, alias=link) for link in followed.links[:4] if link != dotted]
    made = values.classes.find_class(binding.expr, binding.scope) if isinstance(binding.expr, ast.Call) else None
    if made is not None and not found:
        alias = made if isinstance(made, str) else f"{dotted.rpartition('.')[0]}.{made.name}"
        found.append(Definition(dotted, line, alias=alias))
    return found


def _may_matter(name: str) -> bool:
    """A name that says model, or a revision that a loader elsewhere asks for."""
    return get_saying(name) >= Saying.FAIR or "revision" in name.lower() or "commit" in name.lower()


def _define_function(dotted: str, function: Scope, values: Values) -> list[Definition]:
    """`get_settings()` stands for what it returns; `default_model()` for the name that it answers with."""
    found: list[Definition] = []
    for expr in function.returns[:4]:
        made = values.classes.find_class(expr, function) if isinstance(expr, ast.Call | ast.Name) else None
        if made is not None:
            alias = made if isinstance(made, str) else f"{dotted.rpartition('.')[0]}.{made.name}"
            found.append(Definition(dotted, expr.lineno, alias=alias))
        found += [
            Definition(dotted, text.line, value=text.value)
            for text in values.follow(expr, function).texts[:4]
            if _is_short(text.value)
        ]
    return found


def _is_short(text: str) -> bool:
    return len(text) <= TEXT_MAX and not any(character.isspace() for character in text)


def _find_environment_prefix(scope: Scope) -> str | None:
    """The prefix under which pydantic settings read their fields from the environment; None for other classes."""
    if not isinstance(scope.node, ast.ClassDef) or not any(
        "Settings" in ast.unparse(base)[:80] for base in scope.node.bases
    ):
        return None
    for binding in scope.bindings.get("model_config", []):
        if isinstance(binding, Assigned) and isinstance(binding.expr, ast.Call):
            return find_text(find_argument(binding.expr, None, ("env_prefix",))) or ""
    for binding in scope.bindings.get("Config", []):
        if isinstance(binding, Defined):
            inner = [one.expr for one in binding.scope.bindings.get("env_prefix", []) if isinstance(one, Assigned)]
            return find_text(inner[0]) or "" if inner else ""
    return ""


def _define_environment(dotted: str, scope: Scope, prefix: str) -> list[Definition]:
    if not isinstance(scope.node, ast.ClassDef):
        return []
    fields = [node for node in scope.node.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    return [
        Definition(f"{dotted}.{node.target.id}", node.lineno, alias=f"env:{(prefix + node.target.id).upper()}")
        for node in fields
        if isinstance(node.target, ast.Name) and get_saying(node.target.id) is not Saying.NO
    ]
