"""From text to a syntax tree. A file with errors is read around them, and the trouble is told with its line."""

import ast
import gc
import re
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

ATTEMPTS_MAX = 24


@dataclass(frozen=True, slots=True)
class Parsed:
    """A tree and what stood in the way; no tree when nothing could be read."""

    tree: ast.Module | None
    trouble: str = ""


_PYTHON_2 = (
    (re.compile(r"(?m)^(\s*)print(?: .*|)$"), r"\1pass"),
    (re.compile(r"(?m)^(\s*)exec .*$"), r"\1pass"),
    (re.compile(r"(?m)^(\s*)raise (\w+), .*$"), r"\1raise \2"),
    (re.compile(r"(?m)\bexcept ([\w., ()]+), (\w+):"), r"except (\1) as \2:"),
    (re.compile(r"\b(0)([0-7]+)\b"), r"0o\2"),
    (re.compile(r"\bur(['\"])"), r"r\1"),
)


def parse_python(text: str) -> Parsed:
    """Parse; on a syntax error try older spellings, then leave out the statements that cannot be read."""
    text = text.removeprefix("\ufeff")
    tree, error = _try(text)
    if tree is not None or not isinstance(error, SyntaxError):
        return Parsed(tree, "" if tree is not None else f"cannot be parsed: {error}")
    place = f"line {error.lineno or 0}: {error.msg}"
    older = text
    for pattern, spelling in _PYTHON_2:
        older = pattern.sub(spelling, older)
    tree, _ = _try(older)
    if tree is not None:
        return Parsed(tree)
    tree = _parse_around(older)
    return Parsed(tree, f"{place}; read around it" if tree is not None else f"cannot be parsed: {place}")


@contextmanager
def _no_collection() -> Generator[None]:
    """A tree is many nodes and no cycle: collecting garbage while it grows takes as long as parsing."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _try(text: str) -> tuple[ast.Module | None, Exception | None]:
    try:
        with warnings.catch_warnings(), _no_collection():
            warnings.simplefilter("ignore")
            return ast.parse(text), None
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return None, error


def _parse_around(text: str) -> ast.Module | None:
    """Blank the line of each error and try again; then keep the top-level statements that parse by themselves."""
    lines = text.splitlines()
    for _ in range(ATTEMPTS_MAX):
        tree, error = _try("\n".join(lines))
        if tree is not None:
            return tree
        number = error.lineno if isinstance(error, SyntaxError) and error.lineno else 0
        if not 1 <= number <= len(lines) or lines[number - 1].strip() in ("", "pass"):
            break
        lines[number - 1] = _indentation(lines[number - 1]) + "pass"
    return _parse_blocks(text.splitlines())


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _parse_blocks(lines: list[str]) -> ast.Module | None:
    starts = [index for index, line in enumerate(lines) if line[:1].strip() and line[0] not in ")]}#'\""]
    body: list[ast.stmt] = []
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        tree, _ = _try("\n".join(lines[start:end]))
        if tree is not None:
            body += ast.increment_lineno(tree, start).body
    return ast.Module(body=body, type_ignores=[]) if body else None
