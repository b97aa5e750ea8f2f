"""What the calls of one module hand on: texts and parameters given to functions and classes that may be the project's.

Which of them reach a loader is known only when all files are joined (holdfast.inventory.wrappers).
"""

import ast
import re
import sys
from collections.abc import Iterator

from holdfast.inventory.named import is_file
from holdfast.inventory.python.calls import Calls
from holdfast.inventory.python.findings import Findings
from holdfast.inventory.python.scopes import (
    MUTING_CALLS,
    Assigned,
    CallSite,
    Defined,
    Imported,
    Module,
    Scope,
    ScopeKind,
    find_text,
    get_last_word,
)
from holdfast.inventory.python.values import Found
from holdfast.inventory.python.wording import Saying, asks_about, get_saying, get_words
from holdfast.inventory.sighting import Handing

HANDINGS_MAX = 1_000
POSITIONS_MAX = 4
FOLLOWED_MAX = 8
_INITS = frozenset({"__init__", "__new__", "__post_init__"})
# Roots whose callables are nobody's wrapper: to leave them out here saves more than half of all calls.
_FOREIGN = frozenset(sys.stdlib_module_names) | {
    "absl", "aiohttp", "click", "cv2", "django", "fastapi", "flask", "gradio", "httpx", "jax", "loguru", "matplotlib",
    "np", "numpy", "pandas", "pd", "PIL", "plotly", "plt", "polars", "pydantic", "pytest", "requests", "rich", "scipy",
    "seaborn", "setuptools", "sklearn", "sqlalchemy", "st", "starlette", "streamlit", "tensorflow", "tf", "torch",
    "torchvision", "tqdm", "typer", "wandb", "yaml",
}  # fmt: skip
# Callables of the language, of logging, of forms and of tests, which take many words and load nothing.
_NOBODYS = frozenset(
    {
        "Column", "Enum", "Field", "ForeignKey", "TypeVar", "add_argument", "add_option", "append", "critical", "debug",
        "delattr", "dict", "endswith", "error", "exception", "field", "find", "format", "get", "getattr", "getenv",
        "getLogger", "get_logger", "group", "hasattr", "index", "info", "insert", "isinstance", "join", "log",
        "namedtuple",
        "open", "parametrize", "pop", "print", "relationship", "remove", "reverse", "set", "setattr",
        "setdefault", "sort",
        "split", "startswith", "str", "strftime", "strip", "symbols", "type", "update", "warn", "warning", "write",
    }
)  # fmt: skip
_TEXT = re.compile(r"[A-Za-z0-9~./][\w./:@+-]{1,159}")
_NAMED = (ast.Name, ast.Attribute, ast.IfExp, ast.BoolOp)
_WORDS = frozenset({"model", "models", "size", "arch", "pretrained", "variant", "ckpt", "checkpoint", "weights"})


def get_qualified_name(module: Module, scope: Scope) -> str:
    """`app.models.Encoder.load`; what makes an object stands for its class."""
    names = [step.name for step in scope.chain() if step.kind is not ScopeKind.MODULE]
    if names and names[0] in _INITS and len(names) > 1:
        names = names[1:]
    return ".".join([*([module.dotted] if module.dotted else []), *reversed(names)])


def get_field_index(owner: Scope, name: str) -> int | None:
    """The position of a field among those of a class without a constructor of its own, as dataclasses take them."""
    if not isinstance(owner.node, ast.ClassDef) or _INITS & owner.bindings.keys():
        return None
    fields = [node.target for node in owner.node.body if isinstance(node, ast.AnnAssign)]
    names = [target.id for target in fields if isinstance(target, ast.Name)]
    return names.index(name) if name in names else None


def collect_handings(module: Module, calls: Calls, findings: Findings) -> tuple[Handing, ...]:
    """Every handing of one module, in the order of lines."""
    reader = _Reader(module, calls, findings)
    found: dict[Handing, None] = {}
    for site in module.calls:
        if not site.muted and (site.call.args or site.call.keywords):
            found.update(dict.fromkeys(reader.read_call(site)))
        if len(found) >= HANDINGS_MAX:
            break
    for scopes in module.classes.values():
        for scope in scopes:
            found.update(dict.fromkeys(reader.read_class(scope)))
    return tuple(sorted(found, key=lambda one: (one.line, one.callee, one.argument))[:HANDINGS_MAX])


class _Reader:
    """Reads calls and class bodies into handings."""

    def __init__(self, module: Module, calls: Calls, findings: Findings) -> None:
        self._module = module
        self._calls = calls
        self._values = calls.values
        self._findings = findings

    def read_call(self, site: CallSite) -> Iterator[Handing]:
        """What one call hands to a callable that no table knows."""
        word = get_last_word(site.call.func)
        given = [*_list_given(site.call, word)] if word and word not in _NOBODYS else []
        if not given or self._calls.find_load(site.call, site.scope) is not None:
            return
        for callee in self._find_callees(site):
            word = callee.rpartition(".")[2]
            if not callee or callee.partition(".")[0] in _FOREIGN or word in MUTING_CALLS or asks_about(word):
                continue
            for argument, expr in given:
                yield from self._hand(callee, argument, expr, site)

    def read_class(self, scope: Scope) -> Iterator[Handing]:
        """What a class hands to those it derives from: all it is made with, and the attributes that it sets."""
        if not isinstance(scope.node, ast.ClassDef) or not scope.node.bases:
            return
        own = get_qualified_name(self._module, scope)
        for base in scope.node.bases[:4]:
            callee = self._name(base.value if isinstance(base, ast.Subscript) else base, scope.parent or scope)
            if not callee or callee.partition(".")[0] in _FOREIGN:
                continue
            if not _INITS & scope.bindings.keys():
                yield Handing(callee, "*", scope.node.lineno, source=f"{own}:*:")
            else:
                yield Handing(callee, "class", scope.node.lineno, source=f"{own}:class:")
            for name, bindings in scope.bindings.items():
                for binding in bindings[:2]:
                    text = find_text(binding.expr) if isinstance(binding, Assigned) else None
                    if isinstance(binding, Assigned) and _is_telling(text) and _says_model(name):
                        yield Handing(callee, name, binding.expr.lineno, value=text)

    def _hand(self, callee: str, argument: str, expr: ast.expr, site: CallSite) -> Iterator[Handing]:
        line = site.call.lineno
        text = find_text(expr)
        if argument in ("*", "**"):
            sources = [(own, argument) for own in (self._find_function(site.scope),) if own]
            yield from (Handing(callee, argument, line, source=f"{own}:{given}:") for own, given in sources)
        elif text is not None:
            if not self._findings.is_listed(expr.lineno):
                yield Handing(callee, argument, expr.lineno, value=text)
        else:
            yield from self._follow(callee, argument, self._values.follow(expr, site.scope), line)

    def _follow(self, callee: str, argument: str, found: Found, line: int) -> Iterator[Handing]:
        for text in found.texts[:FOLLOWED_MAX]:
            is_written = not (isinstance(text.node, ast.Name | ast.Attribute) and is_file(text.value))
            if is_written and _is_telling(text.value) and not self._findings.is_listed(text.line):
                yield Handing(callee, argument, text.line, value=text.value)
        for link in found.links[:FOLLOWED_MAX]:
            yield Handing(callee, argument, line, link=link)
        for parameter in found.parameters[:FOLLOWED_MAX]:
            owner = get_qualified_name(self._module, parameter.function)
            yield Handing(callee, argument, line, source=f"{owner}:{parameter.name}:{_show(parameter.index)}")
        for scope, name in found.members[:FOLLOWED_MAX]:
            owner = get_qualified_name(self._module, scope)
            yield Handing(
                callee, argument, line, source=f"{owner}:{name.lstrip('_')}:{_show(get_field_index(scope, name))}"
            )

    def _find_function(self, scope: Scope) -> str:
        """The function around a call that hands on everything it is given."""
        return get_qualified_name(self._module, scope) if scope.kind is ScopeKind.FUNCTION else ""

    def _find_callees(self, site: CallSite) -> list[str]:
        func = site.call.func
        if isinstance(func, ast.Attribute) and func.attr == "__init__" and isinstance(func.value, ast.Call):
            owner = site.scope.find_enclosing_class()
            if owner is not None and isinstance(owner.node, ast.ClassDef):
                return [self._name(base, owner.parent or owner) for base in owner.node.bases[:4]]
        return [self._name(func, site.scope)]

    def _name(self, func: ast.expr, scope: Scope) -> str:
        """The callable as dotted as this module tells; `.load` when its object is of a class that it does not."""
        if isinstance(func, ast.Name):
            return self._name_plain(func.id, scope)
        if not isinstance(func, ast.Attribute):
            return ""
        owner = self._values.classes.find_class(func.value, scope)
        if isinstance(owner, Scope):
            return f"{get_qualified_name(self._module, owner)}.{func.attr}"
        return f"{owner or ''}.{func.attr}"

    def _name_plain(self, name: str, scope: Scope) -> str:
        if name == "cls":
            owner = scope.find_enclosing_class()
            return get_qualified_name(self._module, owner) if owner is not None else ""
        for binding in self._values.classes.lookup(name, scope):
            if isinstance(binding, Imported):
                return binding.dotted
            if isinstance(binding, Defined):
                return get_qualified_name(self._module, binding.scope)
        return ""


def _show(index: int | None) -> str:
    return "" if index is None else str(index)


def _list_given(call: ast.Call, word: str) -> Iterator[tuple[str, ast.expr]]:
    """Arguments by keyword or position, as far as they may carry a name."""
    for index, expr in enumerate(call.args[:POSITIONS_MAX]):
        if isinstance(expr, ast.Starred):
            break
        if _may_hold_a_name("", expr, word):
            yield str(index), expr
    for keyword in call.keywords:
        expr = keyword.value
        if keyword.arg is None:
            if isinstance(expr, ast.Name) and expr.id in ("kwargs", "kw"):
                yield "**", expr
        elif _may_hold_a_name(keyword.arg, expr, word):
            yield keyword.arg, expr


def _is_telling(text: str | None) -> bool:
    return text is not None and _TEXT.fullmatch(text) is not None and not text.isdigit()


def _says_model(word: str) -> bool:
    return get_saying(word) >= Saying.WEAK or not _WORDS.isdisjoint(get_words(word))


def _may_hold_a_name(keyword: str, expr: ast.expr, callee: str) -> bool:
    """`size="tiny"`, `size=size`, `load_model(name)`, `Encoder(self.path)`: a word, or something that says model."""
    if isinstance(expr, ast.Constant):
        return isinstance(expr.value, str) and _is_telling(expr.value)
    if not isinstance(expr, _NAMED):
        return False
    given = expr.attr if isinstance(expr, ast.Attribute) else expr.id if isinstance(expr, ast.Name) else ""
    if any(_says_model(word) for word in (given, keyword) if word):
        return True
    return get_saying(callee) >= Saying.FAIR and not isinstance(expr, ast.Attribute)
