"""What is bound where in one Python module, collected in a single walk. Follows nothing and judges no name."""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

NODES_MAX = 3_000_000

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


class ScopeKind(StrEnum):
    """What a scope belongs to."""

    MODULE = "module"
    CLASS = "class"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Assigned:
    """A name given the value of an expression."""

    expr: ast.expr
    scope: "Scope"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A function's parameter; `index` counts without self, None where only a keyword can carry it."""

    name: str
    index: int | None
    default: ast.expr | None
    annotation: ast.expr | None
    function: "Scope"


@dataclass(frozen=True, slots=True)
class Imported:
    """A name that stands for something of another module."""

    dotted: str


@dataclass(frozen=True, slots=True)
class Looped:
    """A loop variable; `index` is its place when the loop unpacks tuples."""

    iterated: ast.expr
    index: int | None
    scope: "Scope"


@dataclass(frozen=True, slots=True)
class Defined:
    """A function or class of this module."""

    scope: "Scope"


Binding = Assigned | Parameter | Imported | Looped | Defined


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class or function with the names bound in it; for a class also what `self.x = …` binds."""

    kind: ScopeKind
    name: str
    node: ast.AST
    parent: "Scope | None" = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict[str, list[Binding]])
    attributes: dict[str, list[Assigned]] = field(default_factory=dict[str, list[Assigned]])
    returns: list[ast.expr] = field(default_factory=list[ast.expr])

    def bind(self, name: str, binding: Binding) -> None:
        """Add one more thing that `name` may stand for here."""
        self.bindings.setdefault(name, []).append(binding)

    def find_enclosing_class(self) -> "Scope | None":
        """The class around this scope, if any."""
        scope: Scope | None = self
        while scope is not None and scope.kind is not ScopeKind.CLASS:
            scope = scope.parent
        return scope

    def chain(self) -> Iterator["Scope"]:
        """This scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent


@dataclass(frozen=True, slots=True, eq=False)
class CallSite:
    """A call and the scope it stands in; `muted` inside comparisons, mocks and sample answers."""

    call: ast.Call
    scope: Scope
    muted: bool


@dataclass(frozen=True, slots=True, eq=False)
class Slot:
    """A named place that a value is put into: an assignment, a default, a dictionary key, a function's answer."""

    name: str
    expr: ast.expr
    scope: Scope
    beside: ast.Dict | None = None


@dataclass(slots=True, eq=False)
class Module:
    """Everything one walk over a module collects."""

    dotted: str
    root: Scope
    calls: list[CallSite] = field(default_factory=list[CallSite])
    slots: list[Slot] = field(default_factory=list[Slot])
    collections: list[ast.expr] = field(default_factory=list[ast.expr])
    calls_by_name: dict[str, list[CallSite]] = field(default_factory=lambda: defaultdict[str, list[CallSite]](list))
    classes: dict[str, list[Scope]] = field(default_factory=lambda: defaultdict[str, list[Scope]](list))
    imported_roots: set[str] = field(default_factory=set[str])
    texts: list[ast.Constant] = field(default_factory=list[ast.Constant])
    paths: dict[str, list[Assigned]] = field(default_factory=lambda: defaultdict[str, list[Assigned]](list))
    compared: set[str] = field(default_factory=set[str])
    comparisons: list[ast.Compare] = field(default_factory=list[ast.Compare])
    dictionaries: list[ast.Dict] = field(default_factory=list[ast.Dict])
    read: set[str] = field(default_factory=set[str])

    def find_subclasses(self, name: str) -> Iterable[Scope]:
        """Classes of this module that name `name` among their bases."""
        return [scope for scopes in self.classes.values() for scope in scopes if name in get_base_names(scope)]


def get_base_names(scope: Scope) -> list[str]:
    """The last words of a class's bases: `Base` for `pkg.Base`."""
    if not isinstance(scope.node, ast.ClassDef):
        return []
    return [name for base in scope.node.bases if (name := get_last_word(base))]


def get_last_word(expr: ast.expr) -> str:
    """`create` for `client.chat.create`, the name itself for a name, nothing for anything else."""
    if isinstance(expr, ast.Attribute):
        return expr.attr
    if isinstance(expr, ast.Subscript):
        return get_last_word(expr.value)
    return expr.id if isinstance(expr, ast.Name) else ""


def get_path(expr: ast.expr) -> str:
    """`self.config.model` for that chain of attributes; empty for anything else."""
    if isinstance(expr, ast.Name):
        return expr.id
    base = get_path(expr.value) if isinstance(expr, ast.Attribute) else ""
    return f"{base}.{expr.attr}" if base and isinstance(expr, ast.Attribute) else ""


def find_text(expr: ast.expr | None) -> str | None:
    """The text of a string constant."""
    return expr.value if isinstance(expr, ast.Constant) and isinstance(expr.value, str) else None


def collect_module(tree: ast.Module, dotted: str, is_package: bool) -> Module:
    """Walk a parsed module once; the walk keeps its own stack, so deep nesting cannot exhaust the interpreter's."""
    module = Module(dotted, Scope(ScopeKind.MODULE, dotted, tree))
    _Walk(module, is_package).run(tree)
    return module


# Calls whose arguments are compared, made up, or counted: no model is used in them.
MUTING_CALLS = frozenset(
    {
        "AsyncMock", "MagicMock", "Mock", "PropertyMock", "assertDictEqual", "assertEqual", "assertEquals",
        "assertFalse", "assertIn", "assertListEqual", "assertNotEqual", "assertNotIn", "assertRaises",
        "assertRegex", "assertTrue", "assert_any_call", "assert_awaited_once_with", "assert_awaited_with",
        "assert_called_once_with", "assert_called_with", "assert_has_calls", "compile", "cost_per_token",
        "create_autospec", "deprecated", "encoding_for_model", "endswith", "findall", "fullmatch", "get_encoding",
        "hasattr",
        "isinstance", "match", "mock_open", "model_cost", "patch", "raises", "replace", "search", "skipif",
        "startswith", "sub", "warns", "xfail",
    }
)  # fmt: skip
_ADDRESS = "://"
_LEAVES = frozenset(
    {
        ast.Load,
        ast.Store,
        ast.Del,
        ast.Pass,
        ast.Break,
        ast.Continue,
        ast.alias,
        ast.Global,
        ast.Nonlocal,
        ast.arguments,
    }
)
_STAND_IN = re.compile(r"(?i)(?:self\.)?_*(?:mock|fake|stub|dummy|expected)")
_ANSWER_KEYS = frozenset(
    {
        "choices",
        "finish_reason",
        "usage",
        "completion_tokens",
        "prompt_tokens",
        "total_tokens",
        "stop_reason",
        "object",
        "input_cost_per_token",
        "input_tokens",
    }
)


class _Walk:
    """One pass over the tree; every visitor pushes the children it wants walked."""

    def __init__(self, module: Module, is_package: bool) -> None:
        self._module = module
        self._package = module.dotted if is_package else module.dotted.rpartition(".")[0]
        self._stack: list[tuple[ast.AST, Scope, bool]] = []

    def run(self, tree: ast.Module) -> None:
        self._push_all(tree.body, self._module.root, muted=False)
        seen = 0
        while self._stack:
            node, scope, muted = self._stack.pop()
            seen += 1
            if seen > NODES_MAX:
                raise ValueError(f"more than {NODES_MAX} syntax nodes")
            visit = _VISITORS.get(type(node))
            if visit is not None:
                visit(self, node, scope, muted)
            else:
                self._push_all(ast.iter_child_nodes(node), scope, muted)

    def _push_all(self, nodes: Iterable[ast.AST], scope: Scope, muted: bool) -> None:
        kept: list[tuple[ast.AST, Scope, bool]] = []
        for node in nodes:
            kind = node.__class__
            if isinstance(node, ast.Name):  # half of all nodes: not worth a step of its own
                if not muted:
                    self._module.read.add(node.id)
            elif kind is ast.Constant:
                self._constant(node)
            elif kind not in _LEAVES:
                kept.append((node, scope, muted))
        kept.reverse()
        self._stack.extend(kept)

    def _constant(self, node: ast.AST) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ADDRESS in node.value:
            self._module.texts.append(node)

    def _slot(self, name: str, expr: ast.expr, scope: Scope, beside: ast.Dict | None = None) -> None:
        self._module.slots.append(Slot(name, expr, scope, beside))

    def import_(self, node: ast.Import, scope: Scope, _: bool) -> None:
        for alias in node.names:
            self._module.imported_roots.add(alias.name)
            if alias.asname:
                scope.bind(alias.asname, Imported(alias.name))
            else:
                root = alias.name.partition(".")[0]
                scope.bind(root, Imported(root))

    def import_from(self, node: ast.ImportFrom, scope: Scope, _: bool) -> None:
        origin = self._get_origin(node)
        self._module.imported_roots.add(origin)
        for alias in node.names:
            if alias.name != "*":
                scope.bind(alias.asname or alias.name, Imported(f"{origin}.{alias.name}" if origin else alias.name))

    def _get_origin(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        parts = self._package.split(".") if self._package else []
        kept = parts[: len(parts) - (node.level - 1)] if node.level > 1 else parts
        return ".".join([*kept, *([node.module] if node.module else [])])

    def function(self, node: FunctionNode, scope: Scope, muted: bool) -> None:
        inner = Scope(ScopeKind.FUNCTION, node.name, node, scope)
        scope.bind(node.name, Defined(inner))
        self._bind_parameters(node, inner, is_method=scope.kind is ScopeKind.CLASS)
        defaults = [*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)]
        self._push_all(node.body, inner, muted)
        self._push_all(defaults, scope, muted)
        self._push_all(node.decorator_list, scope, muted)

    def _bind_parameters(self, node: FunctionNode, inner: Scope, is_method: bool) -> None:
        static = any(get_last_word(decorator) == "staticmethod" for decorator in node.decorator_list)
        positional = [*node.args.posonlyargs, *node.args.args]
        defaults: list[ast.expr | None] = [None] * (len(positional) - len(node.args.defaults))
        shift = 1 if is_method and not static else 0
        for index, (arg, default) in enumerate(zip(positional, [*defaults, *node.args.defaults], strict=True)):
            self._bind_parameter(arg, index - shift, default, inner)
        for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
            self._bind_parameter(arg, None, default, inner)

    def _bind_parameter(self, arg: ast.arg, index: int | None, default: ast.expr | None, inner: Scope) -> None:
        if index is not None and index < 0:
            return
        default = default if default is not None else _find_annotated_default(arg.annotation)
        inner.bind(arg.arg, Parameter(arg.arg, index, default, arg.annotation, inner))
        if default is not None and inner.parent is not None:
            self._slot(arg.arg, default, inner)

    def lambda_(self, node: ast.Lambda, scope: Scope, muted: bool) -> None:
        self._push_all([*node.args.defaults, node.body], scope, muted)

    def class_(self, node: ast.ClassDef, scope: Scope, muted: bool) -> None:
        inner = Scope(ScopeKind.CLASS, node.name, node, scope)
        scope.bind(node.name, Defined(inner))
        self._module.classes[node.name].append(inner)
        self._push_all(node.body, inner, muted)
        self._push_all([*node.decorator_list, *node.bases, *(keyword.value for keyword in node.keywords)], scope, muted)

    def assign(self, node: ast.Assign, scope: Scope, muted: bool) -> None:
        muted = muted or any(_STAND_IN.match(get_path(target)) for target in node.targets)
        for target in node.targets:
            self._assign_target(target, node.value, scope, muted)
        self._push_all([node.value], scope, muted)

    def ann_assign(self, node: ast.AnnAssign, scope: Scope, muted: bool) -> None:
        value = node.value if node.value is not None else _find_annotated_default(node.annotation)
        if value is not None:
            self._assign_target(node.target, value, scope, muted)
            self._push_all([value], scope, muted)

    def named(self, node: ast.NamedExpr, scope: Scope, muted: bool) -> None:
        self._assign_target(node.target, node.value, scope, muted)
        self._push_all([node.value], scope, muted)

    def aug_assign(self, node: ast.AugAssign, scope: Scope, muted: bool) -> None:
        self._push_all([node.value], scope, muted)

    def _assign_target(self, target: ast.expr, value: ast.expr, scope: Scope, muted: bool) -> None:
        if isinstance(target, ast.Name):
            scope.bind(target.id, Assigned(value, scope))
            self._slot_unless(muted, target.id, value, scope)
        elif isinstance(target, ast.Attribute):
            owner = scope.find_enclosing_class()
            if owner is not None and isinstance(target.value, ast.Name) and target.value.id in ("self", "cls"):
                owner.attributes.setdefault(target.attr, []).append(Assigned(value, scope))
            self._module.paths[get_path(target)].append(Assigned(value, scope))
            self._slot_unless(muted, target.attr, value, scope)
        elif isinstance(target, ast.Subscript):
            key = find_text(target.slice)
            self._slot_unless(muted or key is None, key or "", value, scope)
        elif isinstance(target, ast.Tuple | ast.List):
            self._assign_unpacked(target, value, scope, muted)

    def _assign_unpacked(self, target: ast.Tuple | ast.List, value: ast.expr, scope: Scope, muted: bool) -> None:
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            for one, given in zip(target.elts, value.elts, strict=True):
                self._assign_target(one, given, scope, muted)

    def _slot_unless(self, muted: bool, name: str, value: ast.expr, scope: Scope) -> None:
        if not muted:
            self._slot(name, value, scope)

    def for_(self, node: ast.For | ast.AsyncFor | ast.comprehension, scope: Scope, muted: bool) -> None:
        if isinstance(node.target, ast.Name):
            scope.bind(node.target.id, Looped(node.iter, None, scope))
        elif isinstance(node.target, ast.Tuple | ast.List):
            for index, element in enumerate(node.target.elts):
                if isinstance(element, ast.Name):
                    scope.bind(element.id, Looped(node.iter, index, scope))
        self._push_all((child for child in ast.iter_child_nodes(node) if child is not node.target), scope, muted)

    def with_(self, node: ast.With | ast.AsyncWith, scope: Scope, muted: bool) -> None:
        for item in node.items:
            if isinstance(item.optional_vars, ast.Name):
                scope.bind(item.optional_vars.id, Assigned(item.context_expr, scope))
        self._push_all([*(item.context_expr for item in node.items), *node.body], scope, muted)

    def statement(self, node: ast.Expr, scope: Scope, muted: bool) -> None:
        if not isinstance(node.value, ast.Constant):  # a text that stands alone is prose
            self._push_all([node.value], scope, muted)

    def return_(self, node: ast.Return | ast.Yield, scope: Scope, muted: bool) -> None:
        if node.value is None:
            return
        if scope.kind is ScopeKind.FUNCTION:
            scope.returns.append(node.value)
            if not muted and isinstance(node, ast.Return):
                self._slot(scope.name, node.value, scope)
        self._push_all([node.value], scope, muted)

    def compare(self, node: ast.Compare, scope: Scope, _: bool) -> None:
        self._module.comparisons.append(node)
        for part in [node.left, *node.comparators]:
            word = get_last_word(part)
            if word:
                self._module.compared.add(word)
        self._push_all(
            (part for part in [node.left, *node.comparators] if not isinstance(part, ast.Name)), scope, muted=True
        )

    def call(self, node: ast.Call, scope: Scope, muted: bool) -> None:
        word = get_last_word(node.func)
        site = CallSite(node, scope, muted)
        self._module.calls.append(site)
        if word == "__init__" and isinstance(node.func, ast.Attribute):
            self._index_base_call(site, node.func)
        elif word:
            self._module.calls_by_name[word].append(site)
        self._push_all([node.func], scope, muted)
        muted = muted or word in MUTING_CALLS
        self._push_all([*node.args, *(keyword.value for keyword in node.keywords)], scope, muted)

    def _index_base_call(self, site: CallSite, func: ast.Attribute) -> None:
        owner = site.scope.find_enclosing_class()
        if owner is not None and isinstance(func.value, ast.Call) and get_last_word(func.value.func) == "super":
            for base in get_base_names(owner):
                self._module.calls_by_name[base].append(site)

    def dict_(self, node: ast.Dict, scope: Scope, muted: bool) -> None:
        keys = [find_text(key) for key in node.keys]
        muted = muted or any(key in _ANSWER_KEYS for key in keys)
        if not muted:
            self._module.dictionaries.append(node)
            self._collect(node, node.values)
            for key, value in zip(keys, node.values, strict=True):
                if key is not None:
                    self._slot(key, value, scope, node)
        self._push_all(node.values, scope, muted)
        self._push_all((key for key in node.keys if key is not None), scope, muted=True)

    def list_(self, node: ast.List | ast.Tuple | ast.Set, scope: Scope, muted: bool) -> None:
        if not muted:
            self._collect(node, node.elts)
        self._push_all(node.elts, scope, muted)

    def _collect(self, node: ast.expr, values: list[ast.expr]) -> None:
        """Displays that may be catalogues: long ones, and tables of tables."""
        if len(values) >= 8 or (len(values) > 1 and isinstance(values[0], ast.Dict | ast.List | ast.Tuple)):
            self._module.collections.append(node)

    def subscript(self, node: ast.Subscript, scope: Scope, muted: bool) -> None:
        if get_last_word(node.value) not in ("Literal", "Annotated"):  # a type hint names no model to use
            self._push_all([node.value, node.slice], scope, muted)

    def attribute(self, node: ast.Attribute, scope: Scope, muted: bool) -> None:
        if isinstance(node.ctx, ast.Load) and not muted:
            self._module.read.add(node.attr)
        self._push_all([node.value], scope, muted)


def _find_annotated_default(annotation: ast.expr | None) -> ast.expr | None:
    """`Annotated[str, Option("x", default=…)]`: the last call inside may carry a default."""
    if not isinstance(annotation, ast.Subscript) or get_last_word(annotation) != "Annotated":
        return None
    parts = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else []
    return next((part for part in reversed(parts) if isinstance(part, ast.Call)), None)


_VISITORS: dict[type[ast.AST], Callable[[_Walk, Any, Scope, bool], None]] = {
    ast.Import: _Walk.import_,
    ast.ImportFrom: _Walk.import_from,
    ast.FunctionDef: _Walk.function,
    ast.AsyncFunctionDef: _Walk.function,
    ast.Lambda: _Walk.lambda_,
    ast.ClassDef: _Walk.class_,
    ast.Assign: _Walk.assign,
    ast.AnnAssign: _Walk.ann_assign,
    ast.NamedExpr: _Walk.named,
    ast.AugAssign: _Walk.aug_assign,
    ast.For: _Walk.for_,
    ast.AsyncFor: _Walk.for_,
    ast.comprehension: _Walk.for_,
    ast.With: _Walk.with_,
    ast.AsyncWith: _Walk.with_,
    ast.Expr: _Walk.statement,
    ast.Return: _Walk.return_,
    ast.Yield: _Walk.return_,
    ast.Compare: _Walk.compare,
    ast.Call: _Walk.call,
    ast.Dict: _Walk.dict_,
    ast.List: _Walk.list_,
    ast.Tuple: _Walk.list_,
    ast.Set: _Walk.list_,
    ast.Subscript: _Walk.subscript,
    ast.Attribute: _Walk.attribute,
}
