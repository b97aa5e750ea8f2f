"""Python as documents print it, with lines that do not parse taken out, so that the rest can be read. Adds nothing."""

import ast
import warnings

MENDS_MAX = 12


def mend_python(text: str) -> str:
    """The same number of lines, less those that stop the parser; the text itself when mending does not help."""
    lines = text.split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    cut = min(indents, default=0)
    lines = [line[cut:] for line in lines]
    original = "\n".join(lines)
    for _ in range(MENDS_MAX):
        at = _find_error("\n".join(lines))
        if at is None:
            return "\n".join(lines)
        if not 1 <= at <= len(lines):
            break
        while at > 1 and not lines[at - 1].strip():
            at -= 1  # what is missing is noticed only later
        lines[at - 1] = _mend_line(lines[at - 1])
    return original


def _mend_line(line: str) -> str:
    """A stray mark at the end goes; otherwise the line does."""
    stripped = line.rstrip().rstrip("`")
    if stripped != line.rstrip() and _find_error(stripped.strip()) is None:
        return stripped
    return ""


def _find_error(text: str) -> int | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except SyntaxError as error:
        return error.lineno or 1
    except (ValueError, RecursionError, MemoryError):
        return 0
    return None
