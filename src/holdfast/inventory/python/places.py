"""Named places that hold a model's name without a known loader: arguments, defaults, constants, keys, answers."""

import ast
import re
from collections.abc import Iterable
from pathlib import PurePosixPath

from holdfast.inventory.naming import Grade, find_hinted, find_named, grade
from holdfast.inventory.python.calls import Calls
from holdfast.inventory.python.findings import Findings, Origin
from holdfast.inventory.python.loaders import get_loader_table
from holdfast.inventory.python.scopes import (
    CallSite,
    Defined,
    Module,
    Parameter,
    Scope,
    ScopeKind,
    Slot,
    find_text,
    get_base_names,
    get_last_word,
)
from holdfast.inventory.python.values import Found, Text, describe, find_argument
from holdfast.inventory.python.wording import Saying, asks_about, get_hints, get_saying, get_words
from holdfast.inventory.sighting import Reference, Sighting
from holdfast.records.use import Confidence

POSITIONS_MAX = 3
TEXT_MAX = 200
LABEL_MAX = 40
# How plainly a text must be a name, where the place says so much: a hub repository of a known laboratory needs no word.
_NEEDED = {
    Saying.STRONG: Grade.POSSIBLE,
    Saying.FAIR: Grade.LIKELY,
    Saying.WEAK: Grade.PLAIN,
    Saying.SILENT: Grade.SURE,
    Saying.NO: Grade.NEVER,
}
_DOWNLOAD = re.compile(
    r"https?://(?:huggingface\.co|hf\.co|hf-mirror\.com|(?:www\.)?modelscope\.cn)/[\w./-]+/resolve/[\w./%+-]+"
)
_PROVIDER_KEYS = (
    "provider",
    "model_provider",
    "llm_provider",
    "api_type",
    "vendor",
    "backend",
    "engine",
    "framework",
    "type",
    "client",
)


class PlaceReader:
    """Reads every named place of one module into findings."""

    def __init__(self, module: Module, calls: Calls, findings: Findings, path: PurePosixPath) -> None:
        self._module = module
        self._calls = calls
        self._values = calls.values
        self._findings = findings
        self._file_hints = (*get_hints(path.stem), *get_hints(path.parent.name))
        self._router = self._find_router()

    def read(self) -> None:
        """Assignments, defaults, keys and answers first, then the arguments of calls."""
        for slot in self._module.slots:
            self._read_slot(slot)
        for text in self._module.texts:
            self._read_addresses(text)
        for site in self._module.calls:
            if not site.muted and self._calls.find_load(site.call, site.scope) is None:
                self._read_call(site)

    def _read_addresses(self, text: ast.Constant) -> None:
        """A download address inside a longer text, as in a configuration that the module writes."""
        value = str(text.value)
        for match in _DOWNLOAD.finditer(value):
            line = text.lineno + value.count("\n", 0, match.start())
            if "{" not in match.group() and find_named(match.group()) is not None:
                self._findings.add(match.group(), line, Origin("python.download-address"), line)

    def _find_router(self) -> str:
        """The one package among the imports that reads `provider/model` strings."""
        routers = (
            "litellm",
            "pydantic_ai",
            "dspy",
            "crewai",
            "aisuite",
            "marvin",
            "any_llm",
            "inspect_ai",
            "agno",
            "langchain",
        )
        roots = {root.partition(".")[0] for root in self._module.imported_roots}
        return next((router for router in routers if router in roots), "")

    def _read_slot(self, slot: Slot) -> None:
        saying = get_saying(slot.name)
        if saying is Saying.NO or self._is_only_compared(slot):
            return
        is_answer = slot.scope.kind is ScopeKind.FUNCTION and slot.name == slot.scope.name
        if is_answer and (saying < Saying.FAIR or asks_about(slot.name)):
            return
        if saying is Saying.WEAK and any(
            get_saying(step.name) is Saying.STRONG for step in slot.scope.chain() if step.parent
        ):
            saying = Saying.FAIR  # `def get_pretrained(name="org/name")`
        hints = (*get_hints(slot.name), *self._get_sibling_hints(slot.beside), *self._get_scope_hints(slot.scope))
        revision = self._find_revision(slot.name, slot.beside, slot.scope)
        self._read_value(slot.expr, slot.scope, Saying.FAIR if is_answer else saying, hints, slot.expr.lineno, revision)

    def _is_only_compared(self, slot: Slot) -> bool:
        """A constant that the module only compares with names no model that it uses."""
        compared = slot.name in self._module.compared and slot.name not in self._module.read
        is_display = isinstance(slot.expr, ast.List | ast.Tuple | ast.Set | ast.Dict | ast.Constant)
        return compared and is_display and slot.beside is None and slot.name in slot.scope.bindings

    def _get_sibling_hints(self, beside: ast.Dict | None) -> tuple[str, ...]:
        if beside is None:
            return ()
        texts = [
            find_text(value)
            for key, value in zip(beside.keys, beside.values, strict=True)
            if find_text(key) in _PROVIDER_KEYS
        ]
        return tuple(hint for text in texts if text for hint in get_hints(text))

    def _get_scope_hints(self, scope: Scope) -> tuple[str, ...]:
        hints: list[str] = []
        for step in scope.chain():
            if step.kind is not ScopeKind.MODULE:
                hints += get_hints(step.name)
                hints += [hint for base in get_base_names(step) for hint in get_hints(base)]
        return (*hints, *self._file_hints)

    def _find_revision(self, name: str, beside: ast.Dict | ast.Call | None, scope: Scope) -> str | None:
        """`revision` beside `path`, `onnx_revision` beside `onnx_path`."""
        prefix = name.rpartition("_")[0]
        wanted = (f"{prefix}_revision", f"{name}_revision") if prefix else ("revision", f"{name}_revision")
        wanted = (*wanted, "revision") if prefix in ("model", "repo", "") else wanted
        if isinstance(beside, ast.Call):
            return self._values.find_single(find_argument(beside, None, wanted), scope) if beside.keywords else None
        for key, value in zip(beside.keys, beside.values, strict=True) if beside is not None else ():
            if (find_text(key) or "").lower() in wanted:
                return self._values.find_single(value, scope)
        return None

    def _read_value(
        self, expr: ast.expr, scope: Scope, saying: Saying, hints: Iterable[str], line: int, revision: str | None = None
    ) -> None:
        if isinstance(expr, ast.Constant) and (not isinstance(expr.value, str) or len(expr.value) > TEXT_MAX):
            return
        if isinstance(expr, ast.Dict):
            self._read_display(expr, scope, saying, hints)
            return
        found = self._values.follow(expr, scope)
        for text in found.texts:
            self._accept(text, saying, hints, line, revision)
        if saying is Saying.STRONG:
            self._link(found, expr, line)

    def _read_display(self, display: ast.Dict, scope: Scope, saying: Saying, hints: Iterable[str]) -> None:
        """`MODELS = {"fast": "gpt-4o-mini"}`: the values are names, unless their keys say otherwise."""
        for key, value in zip(display.keys, display.values, strict=True):
            name = find_text(key) or ""
            if (
                isinstance(value, ast.Constant | ast.Name | ast.IfExp | ast.BoolOp)
                and get_saying(f"model {name}") is not Saying.NO
            ):
                inner = (*get_hints(name), *hints)
                self._read_value(value, scope, min(saying, Saying.FAIR), inner, value.lineno)

    def _accept(self, text: Text, saying: Saying, hints: Iterable[str], line: int, revision: str | None) -> None:
        hinted = find_hinted(text.value, hints)
        if hinted is not None and saying >= Saying.FAIR:
            self._findings.add(text.value, text.line, Origin("python.named-place", hinted[1], revision=revision), line)
        elif self._is_name(text.value, saying):
            via = self._router if find_named(text.value) is None else ""
            self._findings.add(text.value, text.line, Origin("python.named-place", via, revision=revision), line)

    def _is_name(self, text: str, saying: Saying) -> bool:
        needed = _NEEDED[saying]
        if grade(text) >= needed:
            return True
        return saying is Saying.STRONG and self._router != "" and find_named(text, self._router) is not None

    def _link(self, found: Found, expr: ast.expr, line: int) -> None:
        """Reported only when another file holds the name: a named place alone is no loader."""
        for name in dict.fromkeys(found.links):
            sighting = Sighting(line, describe(expr), "python.named-place", confidence=Confidence.INFERRED)
            self._findings.add_reference(Reference(line, name, sighting))

    def _read_call(self, site: CallSite) -> None:
        callee = get_last_word(site.call.func)
        if asks_about(callee):
            return
        dotted = self._calls.find_dotted(site.call.func, site.scope)
        hints = (*get_hints(callee), *self._get_package_hints(dotted), *self._get_scope_hints(site.scope))
        self._read_keywords(site, callee, hints)
        self._read_positions(site, callee, hints)
        self._read_default(site, callee, hints)

    def _get_package_hints(self, dotted: str) -> tuple[str, ...]:
        package = get_loader_table().find_package(dotted) if dotted else None
        return (package[0].via,) if package is not None else get_hints(dotted.partition(".")[0])

    def _read_keywords(self, site: CallSite, callee: str, hints: tuple[str, ...]) -> None:
        about_models = get_saying(callee) >= Saying.FAIR
        for keyword in site.call.keywords:
            if keyword.arg is None:
                continue
            saying = get_saying(keyword.arg)
            if saying is Saying.WEAK and about_models:
                saying = Saying.FAIR
            if saying is not Saying.NO and not isinstance(keyword.value, ast.Dict):
                inner = (*get_hints(keyword.arg), *hints)
                revision = self._find_revision(keyword.arg, site.call, site.scope)
                self._read_value(keyword.value, site.scope, saying, inner, site.call.lineno, revision)

    def _read_positions(self, site: CallSite, callee: str, hints: tuple[str, ...]) -> None:
        parameters = self._find_parameters(site)
        words = get_words(callee)
        about_models = get_saying(callee) >= Saying.FAIR or "agent" in words or bool(get_hints(callee))
        for index, expr in enumerate(site.call.args[:POSITIONS_MAX]):
            if isinstance(expr, ast.Starred | ast.Dict | ast.Call):
                continue
            saying = (
                get_saying(parameters[index]) if index in parameters else Saying.WEAK if about_models else Saying.SILENT
            )
            if saying is not Saying.NO and not _is_long(expr):
                self._read_value(expr, site.scope, saying, hints, site.call.lineno)

    def _find_parameters(self, site: CallSite) -> dict[int, str]:
        """The names of the positional parameters, where the function or class is one of this module."""
        func = site.call.func
        bindings = self._values.lookup(func.id, site.scope) if isinstance(func, ast.Name) else []
        for binding in bindings:
            if isinstance(binding, Defined):
                return _get_parameter_names(binding.scope)
        return {}

    def _read_default(self, site: CallSite, callee: str, hints: tuple[str, ...]) -> None:
        """`getenv("LLM_MODEL", "x")`, `add_argument("--model", default="x")`: the first argument names the place."""
        labels = [find_argument(site.call, None, (word,)) for word in ("label", "name", "dest")]
        parts = [part for part in (*site.call.args[:3], *labels) if part is not None]
        names = [text for part in parts if (text := find_text(part)) is not None and len(text) <= LABEL_MAX]
        if not names or not any(get_saying(name) >= Saying.FAIR for name in names[:2]):
            return
        saying = max(get_saying(name) for name in names[:2])
        inner = (*(hint for name in names[:2] for hint in get_hints(name)), *hints)
        given = find_argument(site.call, None, ("default", "value", "fallback"))
        if given is not None:
            self._read_value(given, site.scope, saying, inner, site.call.lineno)
        elif (
            len(site.call.args) == 2
            and not names[0].startswith("-")
            and callee not in ("join", "setattr", "isinstance")
        ):
            self._read_value(site.call.args[1], site.scope, saying, inner, site.call.lineno)


def _get_parameter_names(scope: Scope) -> dict[int, str]:
    if scope.kind is ScopeKind.CLASS:
        inits = [binding.scope for binding in scope.bindings.get("__init__", []) if isinstance(binding, Defined)]
        return _get_parameter_names(inits[0]) if inits else {}
    parameters = [
        binding for bindings in scope.bindings.values() for binding in bindings if isinstance(binding, Parameter)
    ]
    return {parameter.index: parameter.name for parameter in parameters if parameter.index is not None}


def _is_long(expr: ast.expr) -> bool:
    text = find_text(expr)
    return text is not None and (len(text) > TEXT_MAX or " " in text)
