"""Long lists of supported models: told once with their length, so that a list does not drown the uses."""

import ast

from holdfast.inventory.naming import find_distinct
from holdfast.inventory.python.findings import Findings
from holdfast.inventory.python.scopes import Module, find_text

NAMES_MIN = 8
SHARE_MIN = 0.5
PROBED = 16
SAMPLE = 3


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
        findings.add_catalogue(display.lineno, last_covered, _get_length(display), tuple(names[:SAMPLE]))


def _get_names(display: ast.expr) -> list[str] | None:
    """The names in a catalogue; None when the display is none."""
    elements = _get_elements(display)
    probed = [_find_name(element) for element in elements[:PROBED]]
    if sum(name is not None for name in probed) < len(probed) * SHARE_MIN:
        return None
    names = [name for element in elements if (name := _find_name(element)) is not None]
    return names if len(names) >= NAMES_MIN and len(names) >= len(elements) * SHARE_MIN else None


def _get_elements(display: ast.expr) -> list[list[ast.expr]]:
    """What each element of a display may name a model with: itself, or the direct values of a dictionary or a call."""
    if isinstance(display, ast.Dict):
        pairs = zip(display.keys, display.values, strict=True)
        return [[*([key] if key is not None else []), *_unfold(value)] for key, value in pairs]
    return [_unfold(element) for element in display.elts] if isinstance(display, ast.List | ast.Tuple | ast.Set) else []


def _unfold(element: ast.expr) -> list[ast.expr]:
    if isinstance(element, ast.Dict):
        return list(element.values[:12])
    if isinstance(element, ast.Tuple | ast.List):
        return list(element.elts[:12])
    if isinstance(element, ast.Call):
        return [*element.args[:6], *(keyword.value for keyword in element.keywords[:12])]
    return [element]


def _find_name(parts: list[ast.expr]) -> str | None:
    texts = [text for part in parts if (text := find_text(part)) is not None]
    return next((text for text in texts if find_distinct(text) is not None), None)


def _get_length(display: ast.expr) -> int:
    return len(_get_elements(display))
