"""Long lists of supported models: told once with their length, so that a list does not drown the uses."""

import ast
from collections.abc import Iterator
from itertools import islice

from holdfast.inventory.naming import find_distinct
from holdfast.inventory.python.findings import Findings
from holdfast.inventory.python.scopes import Module, find_text

NAMES_MIN = 8
SHARE_MIN = 0.5
PROBED = 16
SAMPLE = 3
DEPTH_MAX = 4
ENTRIES_MAX = 50_000
_DISPLAYS = (ast.Dict, ast.List, ast.Tuple, ast.Set)


def add_catalogues(module: Module, findings: Findings) -> None:
    """The outermost displays of which most elements name a model, eight or more of them."""
    last_covered = 0
    for display in sorted(module.collections, key=lambda node: (node.lineno, -(node.end_lineno or 0))):
        if display.lineno <= last_covered and (display.end_lineno or 0) <= last_covered:
            continue
        names = _get_names(display)
        if names is None:
            continue
        last_covered = display.end_lineno or display.lineno
        findings.add_catalogue(display.lineno, last_covered, len(names), tuple(names[:SAMPLE]))


def _get_names(display: ast.expr) -> list[str] | None:
    """The names in a catalogue; None when the display is none."""
    entries = list(islice(_iterate_entries(display, 0), ENTRIES_MAX))
    probed = [_find_name(entry) for entry in entries[:PROBED]]
    if sum(name is not None for name in probed) < len(probed) * SHARE_MIN:
        return None
    names = [name for entry in entries if (name := _find_name(entry)) is not None]
    return names if len(names) >= NAMES_MIN and len(names) >= len(entries) * SHARE_MIN else None


def _iterate_entries(display: ast.expr, depth: int) -> Iterator[list[ast.expr]]:
    """What each entry of a display may name a model with; tables inside a table are entered."""
    for key, value in _get_items(display):
        keyed = key is not None and _find_name([key]) is not None
        if depth < DEPTH_MAX and not keyed and _holds_entries(value):
            yield from _iterate_entries(value, depth + 1)
        else:
            yield [*([key] if key is not None else []), *_unfold(value)]


def _holds_entries(value: ast.expr) -> bool:
    """A table inside a table, as against an entry with a name and its limits or its aliases."""
    parts = _unfold(value)
    named = sum(_find_name([part]) is not None for part in parts)
    if isinstance(value, ast.Dict):
        keyed = sum(key is not None and _find_name([key]) is not None for key in value.keys[:12])
        return keyed > 1 or named > 4 or (not named and any(isinstance(part, _DISPLAYS) for part in parts))
    is_row = isinstance(value, ast.List | ast.Tuple | ast.Set)
    return is_row and (named > 2 or (not named and any(isinstance(part, _DISPLAYS) for part in parts)))


def _get_items(display: ast.expr) -> list[tuple[ast.expr | None, ast.expr]]:
    if isinstance(display, ast.Dict):
        return list(zip(display.keys, display.values, strict=True))
    return [(None, element) for element in display.elts] if isinstance(display, ast.List | ast.Tuple | ast.Set) else []


def _unfold(element: ast.expr) -> list[ast.expr]:
    """The direct values of an entry that is itself a dictionary, a tuple or a call."""
    if isinstance(element, ast.Dict):
        return list(element.values[:12])
    if isinstance(element, ast.Tuple | ast.List | ast.Set):
        return list(element.elts[:12])
    if isinstance(element, ast.Call):
        return [*element.args[:6], *(keyword.value for keyword in element.keywords[:12])]
    return [element]


def _find_name(parts: list[ast.expr]) -> str | None:
    texts = [text for part in parts if (text := find_text(part)) is not None]
    return next((text for text in texts if find_distinct(text) is not None), None)
