"""Is a text in a named place a model's name? The less the place says, the plainer the text must be."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from holdfast.inventory.naming import Grade, find_hinted, find_named, grade
from holdfast.inventory.python.arguments import describe
from holdfast.inventory.python.calls import Calls
from holdfast.inventory.python.findings import Findings, Origin
from holdfast.inventory.python.scopes import MUTING_CALLS, Module, Scope, find_text, get_last_word
from holdfast.inventory.python.values import Found
from holdfast.inventory.python.wording import Saying, asks_about, get_hints, get_saying
from holdfast.inventory.sighting import Reference, Sighting
from holdfast.records.use import Confidence

RULE = "python.named-place"
POSITIONS_MAX = 3
TEXT_MAX = 200
PLAIN_MAX = 64


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a value: how plainly its place says "model", its line, and what is looked up only when needed."""

    saying: Saying
    line: int
    hints: Callable[[], tuple[str, ...]]
    revision: Callable[[], str | None] = lambda: None
    is_loading: bool = False  # `load_model(…)`: the callee says model, the place does not

    def enter(self, key: str, line: int) -> "Context":
        """The context of the value under `key`."""
        return replace(self, line=line, hints=lambda: (*get_hints(key), *self.hints()))

    def weaken(self, saying: Saying) -> "Context":
        """The same context for a place that says less."""
        return replace(self, saying=min(self.saying, saying))


# A hub repository of a known laboratory needs no word beside it; any `org/name` will do where the place says "model".
_NEEDED = {
    Saying.STRONG: Grade.POSSIBLE,
    Saying.FAIR: Grade.LIKELY,
    Saying.WEAK: Grade.PLAIN,
    Saying.SILENT: Grade.SURE,
    Saying.NO: Grade.NEVER,
}
_TEST_PATH = re.compile(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test_[^/]*|[^/]*_test|conftest)\.py$")
# Packages that read `provider/model` strings.
_ROUTERS = (
    "litellm", "pydantic_ai", "dspy", "crewai", "aisuite", "marvin", "any_llm", "inspect_ai", "agno", "langchain",
)  # fmt: skip


def is_test_path(path: PurePosixPath) -> bool:
    """Whether a file is a test's, where names are made up most often."""
    return bool(_TEST_PATH.search(str(path)))


class Judge:
    """Reads the value of a named place and adds what is a name to the findings of one module."""

    def __init__(self, module: Module, calls: Calls, findings: Findings, path: PurePosixPath) -> None:
        self._calls = calls
        self._findings = findings
        self._is_test = is_test_path(path)
        roots = {root.partition(".")[0] for root in module.imported_roots}
        self._router = next((router for router in _ROUTERS if router in roots), "")

    def read(self, expr: ast.expr, scope: Scope, context: Context) -> None:
        """Every name that `expr` stands for, as far as the context lets it count."""
        if isinstance(expr, ast.Dict):
            self._read_display(expr, scope, context)
        elif context.saying < Saying.FAIR:
            for part in _iterate_plain(expr):
                self._accept(str(part.value), part.lineno, context)
        elif not _is_no_text(expr):
            self._read_followed(expr, scope, context)

    def _read_followed(self, expr: ast.expr, scope: Scope, context: Context) -> None:
        if isinstance(expr, ast.Call) and self._may_use(expr, scope):
            for part in expr.args[:POSITIONS_MAX]:  # `self.embedding_model = select_backend("name")`
                if isinstance(part, ast.Constant):
                    self.read(part, scope, context.weaken(Saying.WEAK))
        found = self._calls.values.follow(expr, scope)
        for text in found.texts:
            self._accept(text.value, text.line, context)
        if context.saying is Saying.STRONG:
            self._link(found, expr, context.line)

    def _may_use(self, call: ast.Call, scope: Scope) -> bool:
        word = get_last_word(call.func)
        return word not in MUTING_CALLS and not asks_about(word) and self._calls.find_load(call, scope) is None

    def _read_display(self, display: ast.Dict, scope: Scope, context: Context) -> None:
        """`MODELS = {"fast": "gpt-4o-mini"}`: the values are names, unless their keys say otherwise."""
        if context.saying < Saying.WEAK:
            return
        for key, value in zip(display.keys, display.values, strict=True):
            name = find_text(key) or ""
            if isinstance(value, ast.Constant | ast.Name | ast.IfExp | ast.BoolOp) and get_saying(f"model {name}"):
                self.read(value, scope, context.weaken(Saying.FAIR).enter(name, value.lineno))

    def _accept(self, text: str, line: int, context: Context) -> None:
        if len(text) > TEXT_MAX:
            return
        hinted = find_hinted(text, context.hints()) if context.saying >= Saying.FAIR else None
        if hinted is not None:
            self._add(text, line, hinted[1], context)
        elif self._is_name(text, context.saying):
            hinted = find_hinted(text, context.hints())
            via = hinted[1] if hinted is not None else self._router if find_named(text) is None else ""
            self._add(text, line, via, context)
        elif context.saying is Saying.STRONG or context.is_loading:
            self._findings.add_suspect(text, line, RULE)

    def _add(self, text: str, line: int, via: str, context: Context) -> None:
        self._findings.add(text, line, Origin(RULE, via, revision=context.revision()), context.line)

    def _is_name(self, text: str, saying: Saying) -> bool:
        needed = Grade.LIKELY if saying is Saying.STRONG and self._is_test else _NEEDED[saying]
        if grade(text) >= needed:
            return True
        return saying is Saying.STRONG and self._router != "" and find_named(text, self._router) is not None

    def _link(self, found: Found, expr: ast.expr, line: int) -> None:
        """Reported only when another file holds the name: a named place alone is no loader."""
        for name in dict.fromkeys(found.links):
            sighting = Sighting(line, describe(expr), RULE, confidence=Confidence.INFERRED)
            self._findings.add_reference(Reference(line, name, sighting))


def _is_no_text(expr: ast.expr) -> bool:
    return isinstance(expr, ast.Constant) and (not isinstance(expr.value, str) or len(expr.value) > TEXT_MAX)


def _iterate_plain(expr: ast.expr) -> Iterator[ast.Constant]:
    """String constants that stand in the expression itself, alone, as alternatives or in a list."""
    pending = [expr]
    for _ in range(PLAIN_MAX):
        if not pending:
            return
        part = pending.pop()
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part
        elif isinstance(part, ast.BoolOp):
            pending += part.values
        elif isinstance(part, ast.IfExp):
            pending += [part.body, part.orelse]
        elif isinstance(part, ast.List | ast.Tuple | ast.Set) and len(part.elts) <= PLAIN_MAX:
            pending += part.elts
