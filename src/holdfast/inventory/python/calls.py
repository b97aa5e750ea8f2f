"""Which call loads or asks for a model, through which client, at which endpoint? Looks callables up; reads no names."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, replace

from holdfast.inventory.python.arguments import find_argument
from holdfast.inventory.python.classes import BINDINGS_MAX
from holdfast.inventory.python.loaders import Loader, LoaderTable, get_loader_table
from holdfast.inventory.python.scopes import (
    Assigned,
    Binding,
    Defined,
    Imported,
    Module,
    Parameter,
    Scope,
    ScopeKind,
    find_text,
    get_last_word,
)
from holdfast.inventory.python.values import Values

DEPTH_MAX = 8


@dataclass(frozen=True, slots=True)
class Load:
    """A call of a known callable: the client word and the endpoint it goes through."""

    loader: Loader
    via: str
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class _Object:
    """What an expression is: the dotted name of a class, function or module, and the call that made it."""

    dotted: str
    made_by: ast.Call | None = None
    scope: Scope | None = None
    is_instance: bool = False

    def member(self, name: str) -> "_Object":
        return _Object(f"{self.dotted}.{name}", self.made_by, self.scope)


_WRAPPERS = frozenset(
    {
        "from_openai",
        "from_anthropic",
        "from_litellm",
        "from_groq",
        "from_mistral",
        "from_gemini",
        "from_genai",
        "from_cohere",
        "patch",
        "wrap_openai",
        "wrap_anthropic",
        "wrap",
        "observe",
        "traceable",
        "trace",
        "cast",
        "apatch",
    }
)
_OWN = frozenset({"self", "cls"})


class Calls:
    """Identifies the calls of one module."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._table: LoaderTable = get_loader_table()
        self._known: dict[int, Load | None] = {}
        self._objects: dict[tuple[int, int], _Object | None] = {}
        self.values = Values(module, self._makes_a_model)

    def find_load(self, call: ast.Call, scope: Scope) -> Load | None:
        """The known callable behind a call, if there is one."""
        key = id(call)
        if key not in self._known:
            self._known[key] = None  # a call that depends on itself is not known
            self._known[key] = self._find_load(call, scope)
        return self._known[key]

    def find_dotted(self, expr: ast.expr, scope: Scope) -> str:
        """The dotted name of a callee as far as imports tell; empty when they do not."""
        found = self._find_object(expr, scope, 0)
        return found.dotted if found is not None else ""

    def _makes_a_model(self, call: ast.Call, scope: Scope) -> bool:
        load = self.find_load(call, scope)
        return load is not None and not load.loader.names_tokenizer

    def _find_load(self, call: ast.Call, scope: Scope) -> Load | None:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "__init__":
            return self._find_base_load(call.func, scope)
        found = self._find_object(call.func, scope, 0)
        if found is not None and found.is_instance:
            return None  # a model object that is called is loaded already
        if found is not None:
            load = self._find_client_load(found) or self._find_direct_load(found, call, scope)
            if load is not None:
                return load
        if isinstance(call.func, ast.Attribute):
            return self._find_method_load(call.func, found)
        return None

    def _find_base_load(self, func: ast.Attribute, scope: Scope) -> Load | None:
        """`super().__init__("name")` in a class derived from a known one."""
        owner = scope.find_enclosing_class()
        if owner is None or not isinstance(func.value, ast.Call) or get_last_word(func.value.func) != "super":
            return None
        base = self._find_class_object(owner, 0)
        loader = self._table.find_loader(base.dotted) if base is not None else None
        return Load(loader, loader.via) if loader is not None and not loader.is_client else None

    def _find_client_load(self, found: _Object) -> Load | None:
        """A method of a client object: the client says through whom, and where."""
        parts = found.dotted.split(".")
        for length in range(len(parts) - 1, 0, -1):
            method = self._table.methods.get(".".join(parts[length:]))
            if method is None:
                continue
            client = self._table.find_loader(".".join(parts[:length]))
            if client is not None and client.is_client and self._serves(client, found):
                return Load(method, self._get_client_via(client, found), self._find_endpoint(client, found))
        return None

    def _serves(self, client: Loader, found: _Object) -> bool:
        if client.service is None or found.made_by is None or found.scope is None:
            return client.service is None
        service = self.values.find_single(find_argument(found.made_by, client.service, ("service_name",)), found.scope)
        return service is None or service.startswith("bedrock")

    def _get_client_via(self, client: Loader, found: _Object) -> str:
        if client.vertex and found.made_by is not None:
            flag = find_argument(found.made_by, None, (client.vertex,))
            if isinstance(flag, ast.Constant) and flag.value is True:
                return "vertex"
        return client.via

    def _find_endpoint(self, loader: Loader, found: _Object) -> str:
        if found.made_by is None or found.scope is None or not loader.endpoint:
            return ""
        return self.values.find_single(find_argument(found.made_by, None, loader.endpoint), found.scope) or ""

    def _find_direct_load(self, found: _Object, call: ast.Call, scope: Scope) -> Load | None:
        loader = self._table.find_loader(found.dotted)
        if loader is None:
            return None
        if loader.dataset and self._is_other_repository(call, loader, scope):
            return None
        endpoint = (
            self.values.find_single(find_argument(call, None, loader.endpoint), scope) if loader.endpoint else None
        )
        if found.dotted.startswith("openai."):
            endpoint = endpoint or self._find_module_setting("api_base") or self._find_module_setting("base_url")
            if self._find_module_setting("api_type") == "azure":
                return Load(loader, "azure", endpoint or "")
        provider = (
            self.values.find_single(find_argument(call, None, (loader.provider,)), scope) if loader.provider else None
        )
        return Load(loader, provider or loader.via, endpoint or "")

    def _find_module_setting(self, name: str) -> str | None:
        """`openai.api_base = "http://localhost:8000/v1"`: set once for the whole module."""
        for assigned in self._module.paths.get(f"openai.{name}", []):
            return self.values.find_single(assigned.expr, assigned.scope)
        return None

    def _is_other_repository(self, call: ast.Call, loader: Loader, scope: Scope) -> bool:
        return self.values.find_single(find_argument(call, None, (loader.dataset,)), scope) in ("dataset", "space")

    def _find_method_load(self, func: ast.Attribute, found: _Object | None) -> Load | None:
        """A method that means loading on whatever stands before it."""
        anywhere = self._table.anywhere_methods.get(func.attr)
        if anywhere is not None:
            return self._find_class_method_load(func, found, anywhere)
        chain = _get_chain(func)
        for start in range(len(chain)):
            method = self._table.methods.get(".".join(chain[start:]))
            if method is not None and method.anywhere:
                return Load(method, self._guess_via(method))
        return None

    def _find_class_method_load(self, func: ast.Attribute, found: _Object | None, loader: Loader) -> Load | None:
        receiver = get_last_word(func.value)
        is_super = isinstance(func.value, ast.Call) and get_last_word(func.value.func) == "super"
        if receiver in _OWN or is_super:
            return None
        package = self._table.find_package(found.dotted) if found is not None else None
        return Load(loader, package[0].via if package is not None else loader.via)

    def _guess_via(self, method: Loader) -> str:
        """The one provider among the file's imports, when the client object itself is out of sight."""
        words = {
            package[0].via
            for root in self._module.imported_roots
            if (package := self._table.find_package(f"{root}.x")) is not None and _has_client(package[0].exact.values())
        }
        return words.pop() if len(words) == 1 and method.via == "openai" else method.via

    def _find_object(self, expr: ast.expr, scope: Scope, depth: int) -> _Object | None:
        key = (id(expr), id(scope))
        if key not in self._objects and depth <= DEPTH_MAX:
            self._objects[key] = None  # a name bound to itself is no object
            self._objects[key] = self._find_new_object(expr, scope, depth)
        return self._objects.get(key)

    def _find_new_object(self, expr: ast.expr, scope: Scope, depth: int) -> _Object | None:
        if isinstance(expr, ast.Name):
            return self._find_named_object(expr, scope, depth)
        if isinstance(expr, ast.Attribute):
            return self._find_member_object(expr, scope, depth)
        if isinstance(expr, ast.Call):
            return self._find_made_object(expr, scope, depth)
        if isinstance(expr, ast.Await | ast.Starred | ast.NamedExpr):
            return self._find_object(expr.value, scope, depth + 1)
        if isinstance(expr, ast.BoolOp):
            return self._first_object(expr.values, scope, depth)
        return self._first_object([expr.body, expr.orelse], scope, depth) if isinstance(expr, ast.IfExp) else None

    def _first_object(self, parts: list[ast.expr], scope: Scope, depth: int) -> _Object | None:
        found = [self._find_object(part, scope, depth + 1) for part in parts]
        return self._choose([one for one in found if one is not None])

    def _find_named_object(self, expr: ast.Name, scope: Scope, depth: int) -> _Object | None:
        if expr.id in _OWN:
            return None
        bindings = self.values.classes.lookup(expr.id, scope)
        if not bindings:
            return _Object(expr.id)
        return self._find_bound_object(bindings, depth)

    def _find_bound_object(self, bindings: list[Binding], depth: int) -> _Object | None:
        found = [
            one for binding in bindings[:BINDINGS_MAX] if (one := self._find_one_bound(binding, depth)) is not None
        ]
        return self._choose(found)

    def _choose(self, found: list[_Object]) -> _Object | None:
        """Of several clients that a name may stand for: the plain one, and its address only when they agree on it."""
        if len(found) < 2:
            return found[0] if found else None
        plain = [
            one for one in found if (loader := self._table.find_loader(one.dotted)) is None or loader.via == "openai"
        ]
        first = (plain or found)[0]
        addressed = {_has_address(one.made_by) for one in found}
        return first if len(addressed) == 1 else _Object(first.dotted, None, first.scope, first.is_instance)

    def _find_one_bound(self, binding: Binding, depth: int) -> _Object | None:
        if isinstance(binding, Imported):
            return _Object(binding.dotted)
        if isinstance(binding, Assigned):
            is_text = isinstance(binding.expr, ast.Constant)
            return None if is_text else self._find_object(binding.expr, binding.scope, depth + 1)
        if isinstance(binding, Defined) and binding.scope.kind is ScopeKind.CLASS:
            return self._find_class_object(binding.scope, depth)
        if isinstance(binding, Defined):
            return self._first_object(binding.scope.returns[:4], binding.scope, depth)
        if isinstance(binding, Parameter) and binding.annotation is not None:
            return self._find_annotated_object(binding.annotation, binding.function, depth)
        return None

    def _find_annotated_object(self, annotation: ast.expr, scope: Scope, depth: int) -> _Object | None:
        text = find_text(annotation)
        if text is not None:
            annotation = self.values.classes.get_name_node(text)
        if not isinstance(annotation, ast.Name | ast.Attribute):
            return None
        found = self._find_object(annotation, scope, depth + 1)
        return replace(found, is_instance=True) if found is not None else None

    def _find_class_object(self, owner: Scope, depth: int) -> _Object | None:
        """A class of this module stands for the imported class it derives from."""
        if not isinstance(owner.node, ast.ClassDef) or depth > DEPTH_MAX:
            return None
        outer = owner.parent or owner
        for base in owner.node.bases:
            plain = base.value if isinstance(base, ast.Subscript) else base
            found = self._find_object(plain, outer, depth + 1)
            if found is not None and self._table.find_loader(found.dotted) is not None:
                return found
        return None

    def _find_member_object(self, expr: ast.Attribute, scope: Scope, depth: int) -> _Object | None:
        owner = self.values.classes.find_class(expr.value, scope)
        if isinstance(owner, Scope):
            bound: list[Binding] = [*owner.attributes.get(expr.attr, []), *owner.bindings.get(expr.attr, [])]
            return self._find_bound_object(bound, depth + 1)
        base = self._find_object(expr.value, scope, depth + 1)
        return base.member(expr.attr) if base is not None else None

    def _find_made_object(self, call: ast.Call, scope: Scope, depth: int) -> _Object | None:
        if get_last_word(call.func) in _WRAPPERS and call.args:
            return self._find_object(call.args[-1 if get_last_word(call.func) == "cast" else 0], scope, depth + 1)
        returned = self._find_returned_object(call, scope, depth)
        if returned is not None:
            return returned
        found = self._find_object(call.func, scope, depth + 1)
        if found is None or found.made_by is not None:
            return found
        return _Object(found.dotted, call, scope, is_instance=True)

    def _find_returned_object(self, call: ast.Call, scope: Scope, depth: int) -> _Object | None:
        """A function of this module that makes the client."""
        bindings = self.values.classes.lookup(call.func.id, scope) if isinstance(call.func, ast.Name) else []
        for binding in bindings:
            if isinstance(binding, Defined) and binding.scope.kind is ScopeKind.FUNCTION:
                return self._first_object(binding.scope.returns[:4], binding.scope, depth)
        return None


def _get_chain(func: ast.Attribute) -> list[str]:
    """`[client, chat, completions, create]` for `self.client.chat.completions.create`."""
    names: list[str] = []
    expr: ast.expr = func
    while isinstance(expr, ast.Attribute) and len(names) < 8:
        names.append(expr.attr)
        expr = expr.value
    return names[::-1]


def _has_client(loaders: Iterable[Loader]) -> bool:
    return any(loader.is_client for loader in loaders)


def _has_address(call: ast.Call | None) -> bool:
    words = {keyword.arg for keyword in call.keywords} if call is not None else set[str | None]()
    return bool(words & {"base_url", "api_base", "azure_endpoint", "endpoint"})
