"""The check of code: it is run in the sandbox, against tests or against known results."""

import ast
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from holdfast.measure.quality.extraction import extract_code, read_json
from holdfast.measure.quality.findings import RIGHT, Finding, Means, Output, find_unknown, find_wrong
from holdfast.measure.quality.sandbox.programs import CPU_S_MAX, MEMORY_MB_MAX, Program, Ran, RunEnd
from holdfast.measure.quality.schema.values import are_equal, is_array, is_number, is_object
from holdfast.records.canonical_json import encode_canonical
from holdfast.records.evidence import Strict

_RELATIVE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(Strict):
    """What a function is called with, and what it must give: JSON values."""

    arguments: tuple[object, ...]
    result: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(Strict):
    """The answer's Python code does what it must: `tests` (statements that assert) hold after it, or `call`, a function
    that it defines, gives the `result` of each of `cases`. Results are compared outside, so the latter
    cannot be cheated."""

    tests: str = ""
    call: str = ""
    cases: tuple[Case, ...] = ()
    cpu_s: int = 5
    memory_mb: int = 256
    type: Literal["code"] = "code"

    def __post_init__(self) -> None:
        if bool(self.tests.strip()) == bool(self.call):
            raise ValueError("either tests or call with cases must be given")
        if bool(self.call) != bool(self.cases) or (self.call and not self.call.isidentifier()):
            raise ValueError("call must name a function, and cases must say what it gives")
        if not (0 < self.cpu_s <= CPU_S_MAX and 32 <= self.memory_mb <= MEMORY_MB_MAX):
            raise ValueError(f"cpu_s must be 1 to {CPU_S_MAX}, memory_mb 32 to {MEMORY_MB_MAX}")
        _check_python(self.tests)

    def judge(self, output: Output, means: Means, /) -> Finding:
        """Right when the tests hold. Unknown where there is no sandbox, or it could not run the code."""
        if means.run_code is None:
            return find_unknown("there is no sandbox to run the code in")
        code = extract_code(output.text)
        if not code.strip():
            return find_wrong("there is no code in the answer")
        arguments = encode_canonical([case.arguments for case in self.cases])
        ran = means.run_code(Program(code, self.tests, self.call, arguments, self.cpu_s, self.memory_mb))
        if ran.end is RunEnd.NOT_RUN:
            return find_unknown(ran.reason)
        return find_wrong(ran.reason) if ran.end is not RunEnd.DONE else self._compare(ran)

    def _compare(self, ran: Ran) -> Finding:
        results = _read_results(ran.results)
        if len(results) != len(self.cases):
            return find_wrong(f"it gave {len(results)} results, not {len(self.cases)}")
        pairs = list(zip(self.cases, results, strict=True))
        bad = [number for number, (case, result) in enumerate(pairs) if not _agree(result, case.result)]
        if not bad:
            return RIGHT
        case, result = pairs[bad[0]]
        asked = f"{self.call}({', '.join(map(str, case.arguments))})"[:120]
        reason = f"{asked} gave {str(result)[:60]}, not {str(case.result)[:60]}"
        return find_wrong(reason, 1 - len(bad) / len(pairs))


def _read_results(text: str) -> list[object]:
    found = read_json(text)
    return found.value if found is not None and is_array(found.value) else []


def _agree(given: object, asked: object) -> bool:
    """Equal as JSON, where floating-point numbers may differ in the last digits."""
    if is_number(given) and is_number(asked) and (isinstance(given, float) or isinstance(asked, float)):
        return _are_close(given, asked)
    if is_array(given) and is_array(asked):
        return len(given) == len(asked) and all(map(_agree, given, asked))
    if is_object(given) and is_object(asked):
        return _agree_objects(given, asked)
    return are_equal(given, asked)


def _are_close(given: float, asked: float) -> bool:
    try:
        return math.isclose(given, asked, rel_tol=_RELATIVE, abs_tol=_RELATIVE)
    except OverflowError:  # a whole number that no float can hold
        return False


def _agree_objects(given: Mapping[str, object], asked: Mapping[str, object]) -> bool:
    return given.keys() == asked.keys() and all(_agree(given[key], asked[key]) for key in asked)


def _check_python(tests: str) -> None:
    try:
        ast.parse(tests)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"tests is not Python: {error}") from None
