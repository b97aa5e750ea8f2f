"""Named places that hold a model's name without a known loader: arguments, defaults, constants, keys, answers."""

import ast
import re
from pathlib import PurePosixPath

from holdfast.inventory.named import is_file, says_more_than_suffix
from holdfast.inventory.naming import Grade, find_named, grade
from holdfast.inventory.python.arguments import find_argument
from holdfast.inventory.python.calls import Calls
from holdfast.inventory.python.findings import Findings, Origin
from holdfast.inventory.python.judging import POSITIONS_MAX, TEXT_MAX, Context, Judge
from holdfast.inventory.python.loaders import get_loader_table
from holdfast.inventory.python.scopes import (
    MUTING_CALLS,
    CallSite,
    Defined,
    Module,
    Parameter,
    Scope,
    ScopeKind,
    Slot,
    find_text,
    get_last_word,
)
from holdfast.inventory.python.surroundings import Surroundings
from holdfast.inventory.python.wording import Saying, asks_about, counts, get_hints, get_saying, get_words

LABEL_MAX = 40
_DOWNLOAD = re.compile(
    r"https?://(?:huggingface\.co|hf\.co|hf-mirror\.com|(?:www\.)?modelscope\.cn)/[\w./-]+/resolve/[\w./%+-]+"
)
_WEIGHTS = re.compile(
    r"https?://[\w./%:@-]+\.(?:gguf|safetensors|onnx|pth?|th|ckpt|llamafile|tflite|nemo|h5|keras|caffemodel|pdparams|mlmodel"
    r"|t7|task|jit)(?:\.tar)?(?:\?[\w=&]*)?(?![\w/])"
)
_HUB_FILE = re.compile(r"hf://[\w.-]+/[\w.-]+(?:@[\w.-]+)?(?:/[\w./-]+)?")
_PACKED = re.compile(r"https?://[\w./%:@-]+\.(?:zip|tar|tar\.gz|tgz|tar\.bz2|tar\.xz|7z)")
_PROVIDER_KEYS = frozenset(
    {"provider", "model_provider", "llm_provider", "api_type", "vendor", "backend", "engine", "framework", "client"}
)
_DISPLAYS = (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.Constant)


class PlaceReader:
    """Reads every named place of one module into findings."""

    def __init__(self, module: Module, calls: Calls, findings: Findings, path: PurePosixPath) -> None:
        self._module = module
        self._calls = calls
        self._findings = findings
        self._surroundings = Surroundings(path)
        self._judge = Judge(module, calls, findings, path)

    def read(self) -> None:
        """Assignments, defaults, keys and answers first, then the arguments of calls."""
        for slot in self._module.slots:
            self._read_slot(slot)
        for text in self._module.texts:
            self._read_addresses(text)
        for site in self._module.calls:
            if not site.muted and self._calls.find_load(site.call, site.scope) is None:
                self._read_call(site)

    def _read_slot(self, slot: Slot) -> None:
        self._read_packed(slot)
        saying = get_saying(slot.name)
        if saying is Saying.NO or self._is_only_compared(slot) or _spells_itself(slot):
            return
        in_function = slot.scope.kind is ScopeKind.FUNCTION
        if in_function and counts(slot.scope.name):
            return
        is_answer = in_function and slot.name == slot.scope.name
        if is_answer and (saying < Saying.FAIR or asks_about(slot.name)):
            return
        if saying is Saying.WEAK and _is_about_models(slot.scope):
            saying = Saying.FAIR  # `def get_pretrained(name="org/name")`
        context = Context(
            Saying.FAIR if is_answer else saying,
            slot.expr.lineno,
            lambda: self._get_slot_hints(slot),
            lambda: self._find_revision(slot.name, slot.beside, slot.scope),
        )
        self._judge.read(slot.expr, slot.scope, context)

    def _read_packed(self, slot: Slot) -> None:
        """`{"filename": "craft.pth", "url": "https://…/craft.zip"}`: what the archive holds stands beside it."""
        text = find_text(slot.expr)
        if slot.beside is None or text is None or not _PACKED.fullmatch(text):
            return
        beside = (find_text(value) for value in slot.beside.values)
        if any(one is not None and one != text and is_file(one) and says_more_than_suffix(one) for one in beside):
            self._findings.add(text, slot.expr.lineno, Origin("python.download-address", "archive"), slot.expr.lineno)

    def _is_only_compared(self, slot: Slot) -> bool:
        """A constant that the module only compares with names no model that it uses."""
        compared = slot.name in self._module.compared and slot.name not in self._module.read
        return (
            compared and isinstance(slot.expr, _DISPLAYS) and slot.beside is None and slot.name in slot.scope.bindings
        )

    def _get_slot_hints(self, slot: Slot) -> tuple[str, ...]:
        return (*get_hints(slot.name), *_get_sibling_hints(slot.beside), *self._surroundings.get_hints(slot.scope))

    def _find_revision(self, name: str, beside: ast.Dict | ast.Call | None, scope: Scope) -> str | None:
        """`revision` beside `path`, `onnx_revision` beside `onnx_path`."""
        prefix = name.rpartition("_")[0]
        wanted = {f"{name}_revision", f"{prefix}_revision" if prefix else "revision"}
        if prefix in ("model", "repo"):
            wanted.add("revision")
        if isinstance(beside, ast.Call):
            pairs = [(keyword.arg, keyword.value) for keyword in beside.keywords]
        else:
            pairs = [(find_text(key), value) for key, value in _get_items(beside)]
        given = next((value for key, value in pairs if key is not None and key.lower() in wanted), None)
        return self._calls.values.find_single(given, scope)

    def _read_addresses(self, text: ast.Constant) -> None:
        """A download address inside a longer text, as in a configuration that the module writes."""
        value = str(text.value)
        pattern = _DOWNLOAD if "/resolve/" in value else _HUB_FILE if "hf://" in value else _WEIGHTS
        for match in pattern.finditer(value):
            line = text.lineno + value.count("\n", 0, match.start())
            if "{" not in match.group() and find_named(match.group()) is not None:
                self._findings.add(match.group(), line, Origin("python.download-address"), line)

    def _read_call(self, site: CallSite) -> None:
        callee = get_last_word(site.call.func)
        if asks_about(callee) or callee in MUTING_CALLS:
            return
        self._read_keywords(site, callee)
        self._read_positions(site, callee)
        self._read_default(site, callee)

    def _get_call_hints(self, site: CallSite, callee: str) -> tuple[str, ...]:
        dotted = self._calls.find_dotted(site.call.func, site.scope)
        package = get_loader_table().find_package(dotted) if dotted else None
        of_package = (package[0].via,) if package is not None else get_hints(dotted.partition(".")[0])
        return (*get_hints(callee), *of_package, *self._surroundings.get_hints(site.scope))

    def _read_keywords(self, site: CallSite, callee: str) -> None:
        about_models = get_saying(callee) >= Saying.FAIR
        for keyword in site.call.keywords:
            name = keyword.arg
            saying = get_saying(name) if name is not None else Saying.NO
            if name is None or saying is Saying.NO or isinstance(keyword.value, ast.Dict):
                continue
            self._read_keyword(
                site, name, keyword.value, Saying.FAIR if about_models and saying is Saying.WEAK else saying
            )

    def _read_keyword(self, site: CallSite, name: str, value: ast.expr, saying: Saying) -> None:
        callee = get_last_word(site.call.func)
        context = Context(
            saying,
            site.call.lineno,
            lambda: (*get_hints(name), *self._get_call_hints(site, callee)),
            lambda: self._find_revision(name, site.call, site.scope),
        )
        self._judge.read(value, site.scope, context)

    def _read_positions(self, site: CallSite, callee: str) -> None:
        parameters = self._find_parameters(site)
        about_models = _uses_models(site.call.func, callee)
        for index, expr in enumerate(site.call.args[:POSITIONS_MAX]):
            if isinstance(expr, ast.Starred | ast.Dict | ast.Call) or _is_long(expr):
                continue
            saying = Saying.WEAK if about_models else Saying.SILENT
            if index in parameters:
                saying = get_saying(parameters[index])
            if saying is not Saying.NO:
                hints = lambda: self._get_call_hints(site, callee)  # noqa: E731
                context = Context(saying, site.call.lineno, hints, is_loading=get_saying(callee) >= Saying.FAIR)
                self._judge.read(expr, site.scope, context)

    def _find_parameters(self, site: CallSite) -> dict[int, str]:
        """The names of the positional parameters, where the function or class is one of this module."""
        func = site.call.func
        bindings = self._calls.values.classes.lookup(func.id, site.scope) if isinstance(func, ast.Name) else []
        for binding in bindings:
            if isinstance(binding, Defined):
                return _get_parameter_names(binding.scope)
        return {}

    def _read_default(self, site: CallSite, callee: str) -> None:
        """`getenv("LLM_MODEL", "x")`, `add_argument("--model", default="x")`: the first argument names the place."""
        labels = [find_argument(site.call, None, (word,)) for word in ("label", "name", "dest")]
        parts = [part for part in (*site.call.args[:3], *labels) if part is not None]
        names = [text for part in parts if (text := find_text(part)) is not None and len(text) <= LABEL_MAX][:2]
        saying = max((get_saying(name) for name in names), default=Saying.NO)
        given = find_argument(site.call, None, ("default", "value", "fallback"))
        if given is None and len(site.call.args) == 2 and names and not names[0].startswith("-"):
            given = site.call.args[1] if callee not in ("join", "setattr", "isinstance") else None
        if saying < Saying.FAIR or given is None:
            return
        context = Context(
            saying,
            site.call.lineno,
            lambda: (*(hint for name in names for hint in get_hints(name)), *self._get_call_hints(site, callee)),
        )
        self._judge.read(given, site.scope, context)


def _spells_itself(slot: Slot) -> bool:
    """`LLM_MODEL = "transcriber/llm-model"`: the key of a setting, spelt as its own constant; no laboratory's name."""
    text = find_text(slot.expr) or ""
    own = re.sub(r"[\W_]", "", slot.name).lower()
    return "/" in text and re.sub(r"[\W_]", "", text).lower().endswith(own) and grade(text) < Grade.PLAIN


def _is_about_models(scope: Scope) -> bool:
    return any(get_saying(step.name) is Saying.STRONG for step in scope.chain() if step.parent is not None)


def _uses_models(func: ast.expr, callee: str) -> bool:
    """`load_llm(…)`, `EmbeddingModel.from_name(…)`, `OllamaAgent(…)`."""
    owner = get_last_word(func.value) if isinstance(func, ast.Attribute) else ""
    says = any(get_saying(word) >= Saying.FAIR for word in (callee, owner))
    return says or "agent" in get_words(callee) or bool(get_hints(callee))


def _get_items(display: ast.Dict | None) -> list[tuple[ast.expr | None, ast.expr]]:
    return list(zip(display.keys, display.values, strict=True)) if display is not None else []


def _get_sibling_hints(beside: ast.Dict | None) -> tuple[str, ...]:
    texts = [find_text(value) for key, value in _get_items(beside) if find_text(key) in _PROVIDER_KEYS]
    return tuple(hint for text in texts if text for hint in get_hints(text))


def _get_parameter_names(scope: Scope) -> dict[int, str]:
    if scope.kind is ScopeKind.CLASS:
        inits = [binding.scope for binding in scope.bindings.get("__init__", []) if isinstance(binding, Defined)]
        return _get_parameter_names(inits[0]) if inits else {}
    parameters = [one for bindings in scope.bindings.values() for one in bindings if isinstance(one, Parameter)]
    return {parameter.index: parameter.name for parameter in parameters if parameter.index is not None}


def _is_long(expr: ast.expr) -> bool:
    text = find_text(expr)
    return text is not None and (len(text) > TEXT_MAX or " " in text)
