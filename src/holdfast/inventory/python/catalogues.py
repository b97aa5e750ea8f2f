"""Long lists of supported models: told once with their length, so that a list does not drown the uses."""

import ast
import re
from collections.abc import Iterator
from itertools import islice

from holdfast.inventory.lexicon import get_lexicon
from holdfast.inventory.named import is_file, says_more_than_suffix
from holdfast.inventory.naming import find_distinct, find_named
from holdfast.inventory.python.arguments import get_elements
from holdfast.inventory.python.findings import Findings
from holdfast.inventory.python.scopes import Module, find_text

NAMES_MIN = 8
REGISTRY_MIN = 24
SHARE_MIN = 0.5
PROBED = 16
SAMPLE = 3
DEPTH_MAX = 4
ENTRIES_MAX = 50_000
_MARKED = re.compile(r"^(?=\S{4,200}$).*[\d/:_.-]")  # every name that is one anywhere has a digit or a mark
_DISPLAYS = (ast.Dict, ast.List, ast.Tuple, ast.Set)


def add_catalogues(module: Module, findings: Findings) -> None:
    """The outermost tables of which most elements name a model, or in which eight names or more were found."""
    last_covered = 0
    for table in sorted(_list_tables(module), key=lambda node: (node.lineno, -(node.end_lineno or 0))):
        last = table.end_lineno or table.lineno
        if last <= last_covered:
            continue
        names = _get_names(table) if isinstance(table, ast.expr) else _get_constants(table)
        names = names or _get_found(table, findings)
        if names is None:
            continue
        last_covered = last
        findings.add_catalogue(table.lineno, last, len(names), tuple(names[:SAMPLE]))
    _add_registry(module, findings)


def _add_registry(module: Module, findings: Findings) -> None:
    """A module that holds dozens of names in the constants of its own level is a registry, however many they are."""
    body = module.root.node.body if isinstance(module.root.node, ast.Module) else []
    held: list[tuple[ast.stmt, list[str]]] = []
    for statement in body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and not findings.is_listed(statement.lineno):
            names = findings.find_texts(statement.lineno, statement.end_lineno or statement.lineno)
            held += [(statement, names)] if names else []
    names = list(dict.fromkeys(name for _, found in held for name in found))
    if len(names) >= REGISTRY_MIN:
        for statement, _ in held:
            last = statement.end_lineno or statement.lineno
            findings.add_catalogue(statement.lineno, last, len(names), tuple(names[:SAMPLE]))


def _list_tables(module: Module) -> Iterator[ast.expr | ast.ClassDef]:
    """Displays, and enumerations: classes that say so and hold little else than constants."""
    yield from module.collections
    for scopes in module.classes.values():
        for scope in scopes:
            node = scope.node
            if isinstance(node, ast.ClassDef) and len(node.body) >= NAMES_MIN and _is_enumeration(node):
                yield node


def _is_enumeration(node: ast.ClassDef) -> bool:
    constants = sum(isinstance(one, ast.Assign) and find_text(one.value) is not None for one in node.body)
    return constants >= len(node.body) * SHARE_MIN and bool(node.bases)


def _get_constants(enumeration: ast.ClassDef) -> list[str] | None:
    constants = [one.value for one in enumeration.body if isinstance(one, ast.Assign)]
    names = [name for constant in constants if (name := _find_name([constant])) is not None]
    return names if len(names) >= NAMES_MIN and len(names) >= len(constants) * SHARE_MIN else None


def _get_found(table: ast.expr | ast.ClassDef, findings: Findings) -> list[str] | None:
    """The names found inside a table, whose places alone may say that they are models."""
    names = findings.find_texts(table.lineno, table.end_lineno or table.lineno)
    return names if len(names) >= NAMES_MIN else None


def _get_names(display: ast.expr) -> list[str] | None:
    """The names in a catalogue; None when the display is none."""
    sizes = _get_sizes(display)
    if sizes is not None:
        return sizes
    entries = [entry for entry in islice(_iterate_entries(display, 0), ENTRIES_MAX) if _is_filled(entry)]
    probed = [_find_name(entry) for entry in entries[:PROBED]]
    if sum(name is not None for name in probed) < len(probed) * SHARE_MIN:
        return None
    names = [name for entry in entries if (name := _find_name(entry)) is not None]
    return names if len(names) >= NAMES_MIN and len(names) >= len(entries) * SHARE_MIN else None


def _get_sizes(display: ast.expr) -> list[str] | None:
    """`["tiny", "tiny.en", "base", …, "large-v3"]`: eight sizes of Whisper together, plain words though some are."""
    elements = get_elements(display)
    if not NAMES_MIN <= len(elements) <= REGISTRY_MIN:
        return None
    texts = [text for element in elements if (text := find_text(element)) is not None]
    sizes = [text for text in texts if get_lexicon().short_engines["whisper"].names.fullmatch(text)]
    return texts if len(sizes) == len(elements) else None


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


def _is_filled(entry: list[ast.expr]) -> bool:
    """`"mnasnet_050": None` in a table of addresses says nothing about the table."""
    return not (isinstance(entry[-1], ast.Constant) and not entry[-1].value) if entry else False


def _find_name(parts: list[ast.expr]) -> str | None:
    texts = [text for part in parts if (text := find_text(part)) is not None and _MARKED.search(text)]
    named = next((text for text in texts if find_distinct(text) is not None or _is_weight_file(text)), None)
    return named or next((name for part in parts if (name := _find_file(part)) is not None), None)


def _is_weight_file(text: str) -> bool:
    if text.startswith("http"):
        return find_named(text) is not None
    return is_file(text) and not text.endswith((".bin", ".h5", ".pkl", ".pt")) and says_more_than_suffix(text)


def _find_file(part: ast.expr) -> str | None:
    """`f"{host}/lm-es-forward.pt"`, `ROOT + "/base.pth"`: the name of the weight file that it ends in."""
    if isinstance(part, ast.JoinedStr):
        last = part.values[-1] if part.values else None
    else:
        last = part.right if isinstance(part, ast.BinOp) else None
    name = (find_text(last) or "").rpartition("/")[2]
    return name if is_file(name) and says_more_than_suffix(name) else None
