"""Calls of known loaders and clients: what each is fed with, here or elsewhere in the project."""

import ast
import re
from dataclasses import replace
from pathlib import PurePosixPath

from holdfast.inventory.named import is_file
from holdfast.inventory.naming import find_hinted, find_named, get_kind_of_client
from holdfast.inventory.python.arguments import describe, find_argument
from holdfast.inventory.python.calls import Calls, Load
from holdfast.inventory.python.findings import Findings, Origin
from holdfast.inventory.python.handings import get_field_index, get_qualified_name
from holdfast.inventory.python.judging import is_test_path
from holdfast.inventory.python.loaders import Argument
from holdfast.inventory.python.scopes import (
    Assigned,
    CallSite,
    Module,
    Parameter,
    Scope,
    ScopeKind,
    find_text,
    get_last_word,
)
from holdfast.inventory.python.surroundings import Surroundings
from holdfast.inventory.python.values import Found, Text
from holdfast.inventory.python.wording import Saying, get_saying, get_words
from holdfast.inventory.sighting import Inlet, Reference, Sighting
from holdfast.records.use import Confidence

NAMES_MAX = 40
FILE = "file"  # the client word of loaders that read files of any kind
INLETS_MAX = 16
STEM_MIN = 4
_DATA = re.compile(
    r"(?i)random|lexicon|norm|stat|feat|text|input|output|expected|data|latent|sample|embed(?:ding)?s$|cache|^tmp"
)
_SAVING = re.compile(r"_*(?:save|push|upload|export)_")
_ASIDE = (".md", ".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg", ".csv", ".wav", ".mp3", ".mp4")
_OBJECTS = frozenset({"model", "models", "encoder", "decoder", "pipeline", "embedder", "reranker", "tokenizer", "llm"})
_PLAIN = ("model", "model_name", "model_id")  # taken by almost every callable under one of these words
_NAMING = (ast.Name, ast.Attribute, ast.Subscript, ast.JoinedStr, ast.BoolOp, ast.IfExp, ast.BinOp)


class LoadReader:
    """Reads every known call of one module into findings."""

    def __init__(self, module: Module, calls: Calls, findings: Findings, path: PurePosixPath) -> None:
        self._surroundings = Surroundings(path)
        self._is_test = is_test_path(path)
        self._module = module
        self._calls = calls
        self._findings = findings

    def read(self) -> None:
        """All calls, in the order of the file."""
        for site in self._module.calls:
            load = self._calls.find_load(site.call, site.scope)
            if load is None or load.loader.names_tokenizer:
                continue
            if load.loader.stands_alone:
                self._read_alone(site, load)
            self._read_arguments(site, load)

    def _read_alone(self, site: CallSite, load: Load) -> None:
        word = get_last_word(site.call.func)
        self._findings.add(
            word, site.call.func.end_lineno or site.call.lineno, self._origin(load, site), site.call.lineno
        )

    def _read_arguments(self, site: CallSite, load: Load) -> None:
        origin = self._origin(load, site)
        read: list[tuple[ast.expr, Found, bool]] = []
        for argument in (load.loader.argument, *load.loader.also):
            given = self._find_given(site, argument, load)
            if given is not None:
                found = self._calls.values.follow(*given)
                read.append((given[0], found, argument is load.loader.argument))
        named = any(found.texts or found.loaded for _, found, _ in read)
        for expr, found, is_main in read:
            self._open(found, origin, site)
            for text in found.texts[:NAMES_MAX]:
                self._add(text, origin, site)
            is_certain = is_main and not named and not load.loader.is_quiet
            self._link(found, expr, origin, site, is_certain=is_certain)
            if load.loader.is_quiet:
                continue
            if is_main and not named and not found.links and self._may_be_told(expr, site):
                self._add_unresolved(expr, origin, site)

    def _may_be_told(self, expr: ast.expr, site: CallSite) -> bool:
        """Whether a name may come from outside: not what a test makes, what the code itself saves, or an object."""
        function = next((step for step in site.scope.chain() if step.kind is ScopeKind.FUNCTION), None)
        if not _may_hold_a_name(expr) or (function is not None and _SAVING.match(function.name)):
            return False
        return not _fetches_an_aside(site.call) and not (
            isinstance(expr, ast.Name) and self._is_object(expr, site.scope)
        )

    def _is_object(self, expr: ast.Name, scope: Scope) -> bool:
        """`model = get_model(…)`, `net = Net(…)`, a fixture of a test: an object, and no name."""
        bindings = self._calls.values.classes.lookup(expr.id, scope)
        if self._is_test:
            return all(isinstance(one, Parameter) and one.function.name.startswith("test") for one in bindings)
        made = [one.expr for one in bindings if isinstance(one, Assigned) and isinstance(one.expr, ast.Call)]
        return bool(made) and len(made) == len(bindings) and all(_makes_an_object(call) for call in made)

    def _open(self, found: Found, origin: Origin, site: CallSite) -> None:
        """What callers in other files hand to parameters and fields on the way names a model too."""
        sighting = self._inferred("", origin, site)
        for parameter in found.parameters[:INLETS_MAX]:
            owner = get_qualified_name(self._module, parameter.function)
            self._findings.add_inlet(Inlet(owner, parameter.name, parameter.index, sighting))
        for owner_scope, name in found.members[:INLETS_MAX]:
            owner = get_qualified_name(self._module, owner_scope)
            self._findings.add_inlet(Inlet(owner, name.lstrip("_"), get_field_index(owner_scope, name), sighting))

    def _add_unresolved(self, expr: ast.expr, origin: Origin, site: CallSite) -> None:
        """What the caller gives; when some caller in another file gives it by keyword, it is told there."""
        sighting = self._unresolved(expr, origin, site)
        parameter = self._find_parameter(expr, site.scope)
        if parameter is None:
            self._findings.add_unresolved(sighting)
        else:
            self._findings.add_reference(Reference(site.call.lineno, parameter, sighting))

    def _find_parameter(self, expr: ast.expr, scope: Scope) -> str | None:
        if isinstance(expr, ast.Attribute):
            return self._find_field(expr, scope)
        if not isinstance(expr, ast.Name):
            return None
        for binding in self._calls.values.classes.lookup(expr.id, scope):
            if isinstance(binding, Parameter):
                function = binding.function
                owner = function.parent.name if function.name == "__init__" and function.parent else function.name
                return f"call:{owner}.{binding.name}"
        return None

    def _find_field(self, expr: ast.Attribute, scope: Scope) -> str | None:
        """`self.model`: what the class is made with, in this file or another."""
        owner = scope.find_enclosing_class()
        is_own = isinstance(expr.value, ast.Name) and expr.value.id == "self"
        return f"call:{owner.name}.{expr.attr.lstrip('_')}" if owner is not None and is_own else None

    def _find_given(self, site: CallSite, argument: Argument, load: Load) -> tuple[ast.expr, Scope] | None:
        given = find_argument(site.call, argument.index, argument.keywords)
        if given is None and argument is load.loader.argument and not load.loader.is_client:
            given = find_argument(site.call, None, _PLAIN)
        if given is not None:
            return given, site.scope
        for keyword in site.call.keywords:
            if keyword.arg is None:
                found = self._find_in_mapping(keyword.value, argument, site.scope)
                if found is not None:
                    return found
        return None

    def _find_in_mapping(self, mapping: ast.expr, argument: Argument, scope: Scope) -> tuple[ast.expr, Scope] | None:
        """`**cfg`: the dictionaries that `cfg` stands for carry the argument under its keyword."""
        for display in self._calls.values.classes.find_displays(mapping, scope):
            if isinstance(display, ast.Dict):
                for key, value in zip(display.keys, display.values, strict=True):
                    if find_text(key) in argument.keywords:
                        return value, scope
        return None

    def _add(self, text: Text, origin: Origin, site: CallSite) -> None:
        if origin.via == "openai" and not origin.endpoint:
            origin = self._redirect(text, origin, site)
        if origin.via == FILE and not self._is_weight_file(text):
            return
        if find_named(text.value, origin.via, origin.endpoint) is not None:
            self._findings.add(text.value, text.line, origin, site.call.lineno)

    def _is_weight_file(self, text: Text) -> bool:
        """A file's own name, written out, that is neither a test's data nor statistics."""
        stem = text.value.rpartition("/")[2].partition(".")[0]
        is_plain = isinstance(text.node, ast.Constant) and len(stem) >= STEM_MIN and not _DATA.search(stem)
        return is_plain and not self._is_test and (is_file(text.value) or text.value.startswith(("http", "hf://")))

    def _redirect(self, text: Text, origin: Origin, site: CallSite) -> Origin:
        """Everyone's client speaks to anyone: without an address, `class GroqClient` or `together.py` tells whose."""
        hints = [hint for hint in self._surroundings.get_hints(site.scope) if hint not in ("openai", "azure")]
        hinted = find_hinted(text.value, hints)
        return replace(origin, via=hinted[1]) if hinted is not None else origin

    def _link(self, found: Found, expr: ast.expr, origin: Origin, site: CallSite, *, is_certain: bool) -> None:
        """Names of other files: reported as unresolved there, unless this file holds a value already."""
        if not found.links:
            return
        sighting = self._inferred(describe(expr), origin, site)
        if is_certain:
            sighting = replace(sighting, confidence=Confidence.UNRESOLVED)
        for name in dict.fromkeys(found.links):
            self._findings.add_reference(Reference(site.call.lineno, name, sighting))

    def _inferred(self, text: str, origin: Origin, site: CallSite) -> Sighting:
        return Sighting(
            line=site.call.lineno,
            text=text,
            rule=origin.rule,
            via=origin.via,
            kind=origin.kind or get_kind_of_client(origin.via),
            confidence=Confidence.INFERRED,
            revision=origin.revision,
            revision_name=origin.revision_name,
            endpoint=origin.endpoint,
        )

    def _unresolved(self, expr: ast.expr, origin: Origin, site: CallSite) -> Sighting:
        return Sighting(
            line=site.call.lineno,
            text=describe(expr),
            rule=origin.rule,
            via=origin.via,
            kind=get_kind_of_client(origin.via),
            confidence=Confidence.UNRESOLVED,
            endpoint=origin.endpoint,
            note="fed by a value that this file does not hold",
        )

    def _origin(self, load: Load, site: CallSite) -> Origin:
        origin = Origin(load.loader.rule, load.via, load.endpoint, by_loader=True)
        given = find_argument(site.call, None, (load.loader.revision,)) if load.loader.revision else None
        if given is None:
            return origin
        followed = self._calls.values.follow(given, site.scope)
        link = followed.links[0] if len(followed.links) == 1 and not followed.texts else ""
        revision = self._calls.values.find_single(given, site.scope)
        return replace(origin, revision=revision, revision_name=link)


def _makes_an_object(call: ast.expr) -> bool:
    """`Model(…)`, `get_model(…)`, `load_encoder(…)`; but not `Path(…)`, `get_model_name(…)`, `Field(…)`."""
    word = get_last_word(call.func) if isinstance(call, ast.Call) else ""
    words = get_words(word)
    if not words or words[0] in ("path", "pure", "field", "str", "string", "option", "argument"):
        return False
    return word[:1].isupper() or (words[0] in ("get", "load", "build", "create", "make") and words[-1] in _OBJECTS)


def _fetches_an_aside(call: ast.Call) -> bool:
    """`hf_hub_download(repo, "README.md")`: a page or a picture beside the weights."""
    given = find_argument(call, 1, ("filename",))
    last = given.values[-1] if isinstance(given, ast.JoinedStr) and given.values else given
    return (find_text(last) or "").lower().endswith(_ASIDE)


def _may_hold_a_name(expr: ast.expr) -> bool:
    """`config.model` may; `self.llm.client` is an object."""
    return isinstance(expr, _NAMING) and not (isinstance(expr, ast.Attribute) and get_saying(expr.attr) < Saying.WEAK)
