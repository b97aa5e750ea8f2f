"""What a name is bound to, and of which class the object behind an expression is; inside one module."""

import ast

from holdfast.inventory.python.scopes import (
    Assigned,
    Binding,
    Defined,
    Imported,
    Looped,
    Parameter,
    Scope,
    ScopeKind,
    find_text,
    get_last_word,
)

CLASS_DEPTH_MAX = 12
BINDINGS_MAX = 12
# Calls that hand their argument, or the object they are asked of, on.
PASSING = frozenset(
    {
        "str",
        "cast",
        "Path",
        "PurePath",
        "fspath",
        "strip",
        "rstrip",
        "lstrip",
        "lower",
        "expanduser",
        "resolve",
        "as_posix",
        "SecretStr",
        "deepcopy",
        "copy",
        "list",
        "tuple",
        "set",
        "sorted",
        "enumerate",
        "reversed",
        "iter",
        "next",
        "keys",
        "values",
        "items",
        "choice",
        "cycle",
        "abspath",
        "realpath",
        "normpath",
        "basename",
        "expandvars",
    }
)


class Classes:
    """Bindings and classes of one module, remembered by node."""

    def __init__(self) -> None:
        self._classes: dict[tuple[int, int], Scope | str | None] = {}
        self._quoted: dict[str, ast.Name] = {}

    def find_class(self, expr: ast.expr, scope: Scope, depth: int = 0) -> "Scope | str | None":
        """The class of the object `expr` stands for: a class of this module, or the dotted name of an imported one."""
        key = (id(expr), id(scope))
        if key not in self._classes and depth <= CLASS_DEPTH_MAX:
            self._classes[key] = None  # a name bound to itself has no class
            self._classes[key] = self._find_class(expr, scope, depth)
        return self._classes.get(key)

    def _find_class(self, expr: ast.expr, scope: Scope, depth: int) -> "Scope | str | None":
        if isinstance(expr, ast.Name):
            if expr.id in ("self", "cls"):
                return scope.find_enclosing_class()
            return self._find_class_of_bindings(self.lookup(expr.id, scope), depth)
        if isinstance(expr, ast.Call):
            return self._find_class_of_call(expr, scope, depth)
        if isinstance(expr, ast.Attribute):
            return self._find_class_of_attribute(expr, scope, depth)
        return None

    def lookup(self, name: str, scope: Scope) -> list[Binding]:
        """What `name` is bound to, seen from `scope`; class bodies are not seen from the functions inside them."""
        for step in scope.chain():
            if name in step.bindings and (step is scope or step.kind is not ScopeKind.CLASS):
                return step.bindings[name]
        return []

    def find_displays(self, expr: ast.expr, scope: Scope, depth: int = 0) -> list[ast.expr]:
        """The list, tuple, set or dictionary displays that an expression stands for."""
        if depth > 4:
            return []
        if isinstance(expr, ast.List | ast.Tuple | ast.Set | ast.Dict):
            return [expr]
        if isinstance(expr, ast.Call):
            inner = expr.func.value if isinstance(expr.func, ast.Attribute) else next(iter(expr.args), None)
            return (
                self.find_displays(inner, scope, depth + 1)
                if inner is not None and get_last_word(expr.func) in PASSING
                else []
            )
        if isinstance(expr, ast.Subscript):
            outer = self.find_displays(expr.value, scope, depth + 1)
            return [one for display in outer for one in _get_inner_displays(display)]
        if isinstance(expr, ast.Attribute):
            owner = self.find_class(expr.value, scope)
            bound = (
                []
                if not isinstance(owner, Scope)
                else [*owner.bindings.get(expr.attr, []), *owner.attributes.get(expr.attr, [])]
            )
        else:
            bound = self.lookup(expr.id, scope) if isinstance(expr, ast.Name) else []
        return [
            found for binding in bound[:BINDINGS_MAX] for found in self._find_displays_of_binding(binding, depth + 1)
        ]

    def _find_displays_of_binding(self, binding: Binding, depth: int) -> list[ast.expr]:
        if isinstance(binding, Assigned):
            return self.find_displays(binding.expr, binding.scope, depth)
        if isinstance(binding, Looped) and binding.index is None:  # `for model in self.models`: each of the list
            outer = self.find_displays(binding.iterated, binding.scope, depth)
            return [
                one for display in outer if not isinstance(display, ast.Dict) for one in _get_inner_displays(display)
            ]
        return []

    def _find_class_of_bindings(self, bindings: list[Binding], depth: int) -> "Scope | str | None":
        for binding in bindings[:BINDINGS_MAX]:
            found: Scope | str | None = None
            if isinstance(binding, Imported):
                found = binding.dotted
            elif isinstance(binding, Defined) and binding.scope.kind is ScopeKind.CLASS:
                found = binding.scope
            elif isinstance(binding, Assigned):
                found = self.find_class(binding.expr, binding.scope, depth + 1)
            elif isinstance(binding, Parameter) and binding.annotation is not None:
                found = self._find_class_of_annotation(binding.annotation, binding.function, depth)
            if found is not None:
                return found
        return None

    def _find_class_of_annotation(self, annotation: ast.expr, scope: Scope, depth: int) -> "Scope | str | None":
        text = find_text(annotation)
        if text is not None and text.isidentifier():
            annotation = self.get_name_node(text)
        if isinstance(annotation, ast.Subscript):
            annotation = annotation.slice
        if isinstance(annotation, ast.BinOp):
            annotation = annotation.left
        return (
            self.find_class(annotation, scope, depth + 1) if isinstance(annotation, ast.Name | ast.Attribute) else None
        )

    def get_name_node(self, text: str) -> ast.Name:
        """A node for a name in a quoted annotation; kept, because nodes are remembered by identity."""
        return self._quoted.setdefault(text, ast.Name(text, ast.Load()))

    def _find_class_of_call(self, call: ast.Call, scope: Scope, depth: int) -> "Scope | str | None":
        if isinstance(call.func, ast.Name):
            for binding in self.lookup(call.func.id, scope):
                if isinstance(binding, Defined) and binding.scope.kind is ScopeKind.FUNCTION:
                    classes = [self.find_class(expr, binding.scope, depth + 1) for expr in binding.scope.returns[:4]]
                    return next((found for found in classes if found is not None), None)
        return self.find_class(call.func, scope, depth + 1)

    def _find_class_of_attribute(self, expr: ast.Attribute, scope: Scope, depth: int) -> "Scope | str | None":
        base = self.find_class(expr.value, scope, depth + 1)
        if isinstance(base, str):
            return f"{base}.{expr.attr}"
        if base is None:
            return None
        bound = [*base.attributes.get(expr.attr, []), *base.bindings.get(expr.attr, [])]
        return self._find_class_of_bindings(bound, depth + 1)


def _get_inner_displays(display: ast.expr) -> list[ast.expr]:
    """The displays inside a list or under the keys of a dictionary."""
    if isinstance(display, ast.Dict):
        parts = display.values
    else:
        parts = display.elts if isinstance(display, ast.List | ast.Tuple | ast.Set) else []
    return [part for part in parts[:64] if isinstance(part, ast.List | ast.Tuple | ast.Set | ast.Dict)]
