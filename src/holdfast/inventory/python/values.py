"""Which texts can an expression stand for? Followed inside one module, with a budget; nothing is executed."""

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from holdfast.inventory.named import is_file
from holdfast.inventory.python.arguments import (
    collect_options,
    find_argument,
    get_elements,
    get_option_names,
    get_parametrized_names,
)
from holdfast.inventory.python.classes import PASSING, Classes
from holdfast.inventory.python.scopes import (
    Assigned,
    Binding,
    CallSite,
    Defined,
    FunctionNode,
    Imported,
    Looped,
    Module,
    Parameter,
    Scope,
    ScopeKind,
    find_text,
    get_base_names,
    get_last_word,
    get_path,
)

STEPS_MAX = 400
TEXTS_MAX = 64
DEPTH_MAX = 24
PURSUITS_MAX = 4


@dataclass(frozen=True, slots=True)
class Text:
    """A string and the line where it stands."""

    value: str
    line: int
    node: ast.expr = field(compare=False)


@dataclass(slots=True)
class Found:
    """What an expression can stand for: texts, names to look up in other files, or a model object loaded elsewhere.

    `parameters` and `members` are those on the way, which callers in other files may fill.
    """

    texts: list[Text] = field(default_factory=list[Text])
    links: list[str] = field(default_factory=list[str])
    loaded: bool = False
    parameters: list[Parameter] = field(default_factory=list[Parameter])
    members: list[tuple[Scope, str]] = field(default_factory=list[tuple[Scope, str]])


@dataclass(slots=True)
class _Trail:
    """One pursuit: what was found, what was visited, how much budget is left."""

    found: Found = field(default_factory=Found)
    seen: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]])
    steps: int = STEPS_MAX
    depth: int = 0


_PRODUCT = re.compile(r"(?i)te?mp|result|out(?:put)?_|output|save|export|dest|dst|train|fixture|work_?dir")
_ENVIRONMENT_READERS = frozenset(
    {
        "getenv",
        "get_env",
        "getenv_or_default",
        "env",
        "get_from_env",
        "from_env",
        "get_from_dict_or_env",
        "str_env",
        "env_str",
    }
)
_OPTION_HOLDERS = frozenset(
    {
        "args",
        "opts",
        "options",
        "opt",
        "parsed",
        "namespace",
        "ns",
        "flags",
        "FLAGS",
        "cli_args",
        "parsed_args",
        "arguments",
        "hparams",
    }
)
_DEFAULT_READERS = re.compile(
    r"(?i)^(?:.*(?:get|config|setting|option|argument|param|field|header|query|form|body|secret|default|input|pop|select|choice|flag).*|str|cast|path|purepath|strip|rstrip|lstrip|lower|expanduser|resolve|as_posix|fspath|coalesce|first|var|value|text_input)$"
)


class Values:
    """Follows expressions of one module. `is_loader` says whether a call makes a model object rather than a name."""

    def __init__(self, module: Module, is_loader: Callable[[ast.Call, Scope], bool]) -> None:
        self._module = module
        self._is_loader = is_loader
        self.classes = Classes()
        self._pursuits = 0  # pursuits that a pursuit started, e.g. for a loader's endpoint
        self.options: dict[str, list[Assigned]] = collect_options(module)

    def follow(self, expr: ast.expr, scope: Scope) -> Found:
        """Everything `expr` can stand for, in the order it was met."""
        trail = _Trail()
        if self._pursuits >= PURSUITS_MAX:
            return trail.found
        self._pursuits += 1
        try:
            self._follow(expr, scope, trail)
        except RecursionError:
            pass  # what was found until here is still true
        finally:
            self._pursuits -= 1
        return trail.found

    def find_single(self, expr: ast.expr | None, scope: Scope) -> str | None:
        """The one text that `expr` stands for, if there is exactly one."""
        if expr is None:
            return None
        values = {text.value for text in self.follow(expr, scope).texts}
        return values.pop() if len(values) == 1 else None

    def _follow(self, expr: ast.expr, scope: Scope, trail: _Trail) -> None:
        key = (id(expr), id(scope))
        if key in trail.seen or trail.steps <= 0 or trail.depth > DEPTH_MAX or len(trail.found.texts) >= TEXTS_MAX:
            return
        trail.seen.add(key)
        trail.steps -= 1
        trail.depth += 1
        step = _STEPS.get(type(expr))
        if step is not None:
            step(self, expr, scope, trail)
        trail.depth -= 1

    def _joined_path(self, expr: ast.Call, scope: Scope, trail: _Trail) -> None:
        """`os.path.join(folder, "model.gguf")`: a weight file's own name is enough, whatever the folder."""
        if expr.args:
            self._last_part(expr.args[-1], scope, trail)

    def _last_part(self, part: ast.expr, scope: Scope, trail: _Trail) -> None:
        name = self._find_single_within(part, scope, trail)
        if name is not None and "." in name and "://" not in name:  # an address counts where it stands
            trail.found.texts.append(Text(name, part.lineno, part))

    def step_constant(self, expr: ast.Constant, _: Scope, trail: _Trail) -> None:
        if isinstance(expr.value, str) and expr.value.strip():
            trail.found.texts.append(Text(expr.value, expr.lineno, expr))

    def step_name(self, expr: ast.Name, scope: Scope, trail: _Trail) -> None:
        for binding in self.classes.lookup(expr.id, scope):
            self._binding(binding, trail)

    def _binding(self, binding: Binding, trail: _Trail) -> None:
        if isinstance(binding, Assigned):
            self._follow(binding.expr, binding.scope, trail)
        elif isinstance(binding, Imported):
            trail.found.links.append(binding.dotted)
        elif isinstance(binding, Parameter):
            self._parameter(binding, trail)
        elif isinstance(binding, Looped):
            self._looped(binding, trail)
        elif binding.scope.kind is ScopeKind.FUNCTION and isinstance(
            binding.scope.node, ast.FunctionDef | ast.AsyncFunctionDef
        ):
            self._returned(binding.scope, trail)

    def _returned(self, function: Scope, trail: _Trail) -> None:
        for expr in function.returns[:16]:
            self._follow(expr, function, trail)

    def _parameter(self, parameter: Parameter, trail: _Trail) -> None:
        trail.found.parameters.append(parameter)
        if parameter.default is not None:
            self._follow(parameter.default, parameter.function.parent or parameter.function, trail)
        node = parameter.function.node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            self._decorated(parameter, node, trail)
        for site in self._find_callers(parameter.function):
            given = find_argument(site.call, parameter.index, (parameter.name,))
            if given is not None:
                self._follow(given, site.scope, trail)

    def _decorated(self, parameter: Parameter, node: FunctionNode, trail: _Trail) -> None:
        """`@click.option("--model", default=…)` and `@pytest.mark.parametrize("model", […])` feed parameters."""
        outer = parameter.function.parent or parameter.function
        for decorator in node.decorator_list:
            if not isinstance(decorator, ast.Call):
                continue
            if get_last_word(decorator.func) == "parametrize":
                self._parametrized(parameter.name, decorator, outer, trail)
            elif parameter.name in get_option_names(decorator):
                default = find_argument(decorator, None, ("default",))
                if default is not None:
                    self._follow(default, outer, trail)

    def _parametrized(self, name: str, decorator: ast.Call, scope: Scope, trail: _Trail) -> None:
        names = get_parametrized_names(decorator)
        if name not in names or len(decorator.args) < 2:
            return
        index = names.index(name)
        for row in get_elements(decorator.args[1]):
            cells = [row] if len(names) == 1 else get_elements(row)
            if isinstance(row, ast.Call):
                cells = row.args
            if index < len(cells):
                self._follow(cells[index], scope, trail)

    def _find_callers(self, function: Scope) -> list[CallSite]:
        owner = function.parent
        if function.name == "__init__" and owner is not None and owner.kind is ScopeKind.CLASS:
            return self._module.calls_by_name.get(owner.name, [])[:32]
        sites = self._module.calls_by_name.get(function.name, [])
        return [site for site in sites[:64] if self._calls(site, function)]

    def _calls(self, site: CallSite, function: Scope) -> bool:
        """Whether this call, which carries the function's name, can really be a call of it."""
        func = site.call.func
        is_method = function.parent is not None and function.parent.kind is ScopeKind.CLASS
        if isinstance(func, ast.Name):
            return any(
                isinstance(binding, Defined) and binding.scope is function
                for binding in self.classes.lookup(func.id, site.scope)
            )
        if not is_method or not isinstance(func, ast.Attribute):
            return False
        base = self.classes.find_class(func.value, site.scope)
        return base is function.parent or (base is None and len(function.name) > 4)

    def _looped(self, binding: Looped, trail: _Trail) -> None:
        for container in self.classes.find_displays(binding.iterated, binding.scope):
            if isinstance(container, ast.Dict):
                self._looped_dict(container, binding, trail)
                continue
            for element in get_elements(container):
                cells = get_elements(element) if binding.index is not None else [element]
                index = binding.index or 0
                if index < len(cells):
                    self._follow(cells[index], binding.scope, trail)

    def _looped_dict(self, container: ast.Dict, binding: Looped, trail: _Trail) -> None:
        call = binding.iterated
        word = get_last_word(call.func) if isinstance(call, ast.Call) else ""
        wants_values = word == "values" or (word == "items" and binding.index == 1)
        for expr in container.values if wants_values else container.keys:
            if expr is not None:
                self._follow(expr, binding.scope, trail)

    def step_attribute(self, expr: ast.Attribute, scope: Scope, trail: _Trail) -> None:
        if expr.attr == "value" and isinstance(expr.value, ast.Attribute):
            self.step_attribute(expr.value, scope, trail)  # an enumeration's member
            return
        owner = self.classes.find_class(expr.value, scope)
        if isinstance(owner, Scope):
            self._member(owner, expr.attr, trail)
        elif isinstance(owner, str) and not self._is_namespace(owner):
            trail.found.links.append(f"{owner}.{expr.attr}")
        path = get_path(expr)
        for assigned in self._module.paths.get(path, []) if path.count(".") > 1 else []:
            self._follow(assigned.expr, assigned.scope, trail)
        if not trail.found.texts:
            self._option(expr.value, expr.attr, trail)

    def _option(self, base: ast.expr, name: str, trail: _Trail) -> None:
        """`args.model`, `args["model"]`: the default of the option, or the option of that name in another file."""
        options = self.options.get(name, [])
        for option in options:
            self._follow(option.expr, option.scope, trail)
        if name not in self.options and get_last_word(base) in _OPTION_HOLDERS:
            trail.found.links.append(f"option:{name}")

    def _is_namespace(self, dotted: str) -> bool:
        return dotted.endswith(".parse_args") or dotted.startswith("argparse.")

    def _member(self, owner: Scope, name: str, trail: _Trail) -> None:
        trail.found.members.append((owner, name))
        bound: list[Binding] = [*owner.bindings.get(name, []), *owner.attributes.get(name, [])]
        for binding in bound:
            self._binding(binding, trail)
        if "__init__" not in owner.bindings:
            self._fields(owner, name, trail)
        elif not bound:
            self._passed_on(owner, name, trail)
        self._inherited(owner, name, trail)

    def _passed_on(self, owner: Scope, name: str, trail: _Trail) -> None:
        """`super().__init__(model_name)` in another file keeps the parameter under its own name."""
        for init in owner.bindings["__init__"]:
            if isinstance(init, Defined):
                for binding in init.scope.bindings.get(name.lstrip("_"), []):
                    self._binding(binding, trail)

    def _fields(self, owner: Scope, name: str, trail: _Trail) -> None:
        """Dataclasses and pydantic models take their fields as keywords."""
        for site in self._module.calls_by_name.get(owner.name, [])[:32]:
            given = find_argument(site.call, None, (name,))
            if given is not None:
                self._follow(given, site.scope, trail)

    def _inherited(self, owner: Scope, name: str, trail: _Trail) -> None:
        for base in get_base_names(owner):
            for scope in self._module.classes.get(base, []):
                self._own(scope, name, trail)
        for scope in self._module.find_subclasses(owner.name):
            self._own(scope, name, trail)

    def _own(self, owner: Scope, name: str, trail: _Trail) -> None:
        bound: list[Binding] = [*owner.bindings.get(name, []), *owner.attributes.get(name, [])]
        for binding in bound:
            self._binding(binding, trail)

    def step_subscript(self, expr: ast.Subscript, scope: Scope, trail: _Trail) -> None:
        key = find_text(expr.slice)
        if get_last_word(expr.value) == "environ":
            if key is not None:
                trail.found.links.append(f"env:{key}")
            return
        for container in self.classes.find_displays(expr.value, scope):
            self._picked(container, key, expr.slice, scope, trail)
        if isinstance(expr.slice, ast.Call | ast.BoolOp | ast.IfExp):
            self._follow(expr.slice, scope, trail)  # `NAMES[getenv("SIZE") or "small"]`: the default picks
        if key is not None and not trail.found.texts:
            self._option(expr.value, key, trail)

    def _picked(self, container: ast.expr, key: str | None, index: ast.expr, scope: Scope, trail: _Trail) -> None:
        if isinstance(container, ast.Dict):
            wanted = key if key is not None else self._find_single_within(index, scope, trail)
            for name, value in zip(container.keys, container.values, strict=True):
                if wanted is None or find_text(name) == wanted:
                    self._follow(value, scope, trail)
            return
        for element in get_elements(container):
            self._follow(element, scope, trail)

    def step_call(self, expr: ast.Call, scope: Scope, trail: _Trail) -> None:
        word = get_last_word(expr.func)
        if word in _ENVIRONMENT_READERS or (word in ("get", "str") and _is_environment(expr.func)):
            self._environment(expr, scope, trail)
        elif self._is_loader(expr, scope):
            trail.found.loaded = True
        elif word in ("join", "joinpath"):
            self._joined_path(expr, scope, trail)
        elif word in PASSING:
            self._passed(expr, word, scope, trail)
        elif isinstance(expr.func, ast.Name) and self._is_own_function(expr.func.id, scope):
            self.step_name(expr.func, scope, trail)
        elif word in ("get", "pop", "setdefault") and self._find_displays_of(expr, scope):
            self._got(expr, scope, trail)
        elif _DEFAULT_READERS.match(word):
            self._default(expr, scope, trail)
            if word in ("get", "pop") and isinstance(expr.func, ast.Attribute) and not trail.found.texts:
                self._option(expr.func.value, find_text(next(iter(expr.args), None)) or "", trail)
        elif isinstance(expr.func, ast.Attribute):
            owner = self.classes.find_class(expr.func.value, scope)
            if isinstance(owner, Scope):
                self._member(owner, expr.func.attr, trail)

    def _is_own_function(self, name: str, scope: Scope) -> bool:
        return any(
            isinstance(binding, Defined) and binding.scope.kind is ScopeKind.FUNCTION
            for binding in self.classes.lookup(name, scope)
        )

    def _environment(self, expr: ast.Call, scope: Scope, trail: _Trail) -> None:
        key = find_text(next(iter(expr.args), None))
        if key is not None:
            trail.found.links.append(f"env:{key}")
        default = find_argument(expr, 1, ("default", "fallback"))
        if default is not None:
            self._follow(default, scope, trail)

    def _passed(self, expr: ast.Call, word: str, scope: Scope, trail: _Trail) -> None:
        if expr.args:
            self._follow(expr.args[-1 if word == "cast" else 0], scope, trail)
        elif isinstance(expr.func, ast.Attribute):
            self._follow(expr.func.value, scope, trail)

    def _find_displays_of(self, expr: ast.Call, scope: Scope) -> list[ast.expr]:
        return self.classes.find_displays(expr.func.value, scope) if isinstance(expr.func, ast.Attribute) else []

    def _got(self, expr: ast.Call, scope: Scope, trail: _Trail) -> None:
        key = find_text(next(iter(expr.args), None))
        for container in self._find_displays_of(expr, scope):
            self._picked(container, key, expr.args[0] if expr.args else expr, scope, trail)
        if len(expr.args) > 1:
            self._follow(expr.args[1], scope, trail)

    def _default(self, expr: ast.Call, scope: Scope, trail: _Trail) -> None:
        """`Field("x")`, `config("MODEL", default="x")`, `cfg.get("model", "x")`: the default is the value."""
        given = find_argument(expr, None, ("default", "value", "fallback"))
        factory = find_argument(expr, None, ("default_factory",))
        word = get_last_word(expr.func)
        if given is None and word in ("Field", "field", "Option", "Argument", "Query", "Form", "Body", "mapped_column"):
            given = next(iter(expr.args), None)
        elif given is None and len(expr.args) > 1 and find_text(expr.args[0]) is not None:
            given = expr.args[1]
        elif given is None and word == "getattr" and len(expr.args) > 2:
            given = expr.args[2]
        for found in (given, factory.body if isinstance(factory, ast.Lambda) else None):
            if found is not None:
                self._follow(found, scope, trail)

    def _each(self, parts: list[ast.expr], scope: Scope, trail: _Trail) -> None:
        for part in parts:
            self._follow(part, scope, trail)

    def step_conditional(self, expr: ast.IfExp, scope: Scope, trail: _Trail) -> None:
        self._each([expr.body, expr.orelse], scope, trail)

    def step_alternatives(self, expr: ast.BoolOp, scope: Scope, trail: _Trail) -> None:
        self._each(expr.values, scope, trail)

    def step_elements(self, expr: ast.List | ast.Tuple | ast.Set, scope: Scope, trail: _Trail) -> None:
        self._each(expr.elts, scope, trail)

    def step_inner(self, expr: ast.Await | ast.Starred | ast.NamedExpr, scope: Scope, trail: _Trail) -> None:
        self._follow(expr.value, scope, trail)

    def step_lambda(self, expr: ast.Lambda, scope: Scope, trail: _Trail) -> None:
        self._follow(expr.body, scope, trail)

    def step_joined(self, expr: ast.JoinedStr, scope: Scope, trail: _Trail) -> None:
        parts = [self._find_part(part, scope, trail) for part in expr.values]
        if all(part is not None for part in parts):
            trail.found.texts.append(Text("".join(part or "" for part in parts), expr.lineno, expr))
        elif expr.values and "/" in (find_text(expr.values[-1]) or "") and not _PRODUCT.search(ast.unparse(expr)):
            last = expr.values[-1]  # `f"{PACKAGE}/weights/rd64-uni.pth"`: the file's own name is enough
            name = (find_text(last) or "").rpartition("/")[2]
            if is_file(name):
                trail.found.texts.append(Text(name, last.lineno, last))

    def _find_part(self, part: ast.expr, scope: Scope, trail: _Trail) -> str | None:
        if isinstance(part, ast.FormattedValue):
            return self._find_single_within(part.value, scope, trail) if part.format_spec is None else None
        return find_text(part)

    def _find_single_within(self, expr: ast.expr, scope: Scope, trail: _Trail) -> str | None:
        given = min(trail.steps, 60)
        inner = _Trail(seen=set(trail.seen), steps=given, depth=trail.depth)
        self._follow(expr, scope, inner)
        trail.steps -= given - inner.steps  # one budget for the whole pursuit, or sums of sums would never end
        values = {text.value for text in inner.found.texts}
        return values.pop() if len(values) == 1 and not inner.found.links else None

    def step_added(self, expr: ast.BinOp, scope: Scope, trail: _Trail) -> None:
        if isinstance(expr.op, ast.Div) and isinstance(expr.right, ast.Constant | ast.Name) and not _is_product(expr):
            self._last_part(expr.right, scope, trail)
        if not isinstance(expr.op, ast.Add):
            return
        left, right = (self._find_single_within(side, scope, trail) for side in (expr.left, expr.right))
        if left is not None and right is not None:
            trail.found.texts.append(Text(left + right, expr.lineno, expr))
        elif isinstance(expr.left, ast.List | ast.Tuple) or isinstance(expr.right, ast.List | ast.Tuple):
            self._each([expr.left, expr.right], scope, trail)


def _is_product(path: ast.BinOp) -> bool:
    """`tmp_path / "tagger.pt"`: what the code itself wrote."""
    left: ast.expr = path.left
    while isinstance(left, ast.BinOp):
        left = left.left
    return bool(_PRODUCT.search(get_path(left)))


def _is_environment(func: ast.expr) -> bool:
    return isinstance(func, ast.Attribute) and get_last_word(func.value) in ("environ", "env", "ENV")


_STEPS: dict[type[ast.expr], Callable[[Values, Any, Scope, _Trail], None]] = {
    ast.Constant: Values.step_constant,
    ast.Name: Values.step_name,
    ast.Attribute: Values.step_attribute,
    ast.Subscript: Values.step_subscript,
    ast.Call: Values.step_call,
    ast.IfExp: Values.step_conditional,
    ast.BoolOp: Values.step_alternatives,
    ast.List: Values.step_elements,
    ast.Tuple: Values.step_elements,
    ast.Set: Values.step_elements,
    ast.Await: Values.step_inner,
    ast.Starred: Values.step_inner,
    ast.NamedExpr: Values.step_inner,
    ast.Lambda: Values.step_lambda,
    ast.JoinedStr: Values.step_joined,
    ast.BinOp: Values.step_added,
}
