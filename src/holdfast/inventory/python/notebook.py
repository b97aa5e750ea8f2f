"""Reads one notebook: code cells as one module, shell lines and text by their own readers. Outputs are not read."""

import ast
import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import cast

from holdfast.inventory.python.parsing import parse_python
from holdfast.inventory.python.reading import read_tree
from holdfast.inventory.sighting import FileReport, Source
from holdfast.records.use import Place, Skipped

TextReader = Callable[[Source], FileReport]


def read_notebook(source: Source, readers: dict[str, TextReader] | None = None) -> FileReport:
    """Every sighting of one notebook, on the lines of the `.ipynb` file.

    `readers` read the other languages inside it (`shell`, `markdown`); those of the inventory when none are given.
    """
    try:
        json.loads(source.text)
    except (ValueError, RecursionError) as error:
        return FileReport(source.path, skipped=Skipped(source.path, f"not valid JSON: {error}"))
    known = _find_readers() if readers is None else readers
    texts = _sort_cells(list(_read_cells(source.text)))
    reports = [_read_code(source.path, texts["python"])]
    for language, lines in texts.items():
        if language != "python" and lines.numbers and language in known:
            inner = Source(source.path, lines.get_text(), source.environment)
            reports.append(_move(known[language](inner), lines.numbers))
    return _merge(source.path, reports)


@dataclass(slots=True)
class _Lines:
    """Text with, for each of its lines, the line of the notebook file."""

    texts: list[str] = field(default_factory=list[str])
    numbers: list[int] = field(default_factory=list[int])

    def add(self, text: str, number: int) -> None:
        self.texts.append(text)
        self.numbers.append(number)

    def get_text(self) -> str:
        return "\n".join(self.texts) + "\n"


@dataclass(frozen=True, slots=True)
class _Cell:
    type: str
    lines: tuple[tuple[str, int], ...]


_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{}\[\]:,]|[^\s"{}\[\]:,]++', re.DOTALL)
_SOURCES = frozenset({"source", "input"})


def _read_cells(text: str) -> Iterator[_Cell]:
    """The cells in order: objects that hold a cell type and a source, wherever the format's version puts them."""
    breaks = [match.start() for match in re.finditer("\n", text)]
    walk = _TokenWalk()
    for match in _TOKEN.finditer(text):
        cell = walk.take(match.group(), bisect_right(breaks, match.start()) + 1)
        if cell is not None:
            yield cell


class _TokenWalk:
    """Follows JSON tokens, keeping for each open object its key, its cell type and the strings of its source."""

    def __init__(self) -> None:
        self._open: list[_Container] = []

    def take(self, piece: str, number: int) -> _Cell | None:
        top = self._open[-1] if self._open else None
        if piece in "{[":
            self._open.append(_Container(piece, top.key if top and top.bracket == "{" else ""))
        elif piece in "}]":
            return self._close()
        elif top is None:
            return None
        elif piece == ",":
            top.key, top.has_key = "", False
        elif piece == ":":
            top.has_key = True
        elif piece[0] == '"':
            self._take_string(top, piece, number)
        return None

    def _take_string(self, top: "_Container", piece: str, number: int) -> None:
        if top.bracket == "{" and not top.has_key:
            top.key = piece[1:-1] if len(piece) < 40 else ""
        elif top.bracket == "{" and top.key == "cell_type":
            top.cell_type = piece[1:-1]
        elif top.bracket == "{" and top.key in _SOURCES:
            top.source += _split(piece, number)
        elif top.bracket == "[" and top.under in _SOURCES and len(self._open) > 1:
            self._open[-2].source += _split(piece, number)

    def _close(self) -> _Cell | None:
        closed = self._open.pop() if self._open else None
        if closed is None or closed.bracket != "{" or not closed.cell_type or not closed.source:
            return None
        return _Cell(closed.cell_type, tuple(closed.source))


@dataclass(slots=True)
class _Container:
    bracket: str
    under: str
    key: str = ""
    has_key: bool = False
    cell_type: str = ""
    source: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])


def _split(piece: str, number: int) -> list[tuple[str, int]]:
    text = cast(str, json.loads(piece, strict=False))
    return [(line, number) for line in text.removesuffix("\n").split("\n")]


def _sort_cells(cells: list[_Cell]) -> dict[str, _Lines]:
    """The lines of all cells by language; what is not Python stands as `pass` in the module."""
    texts = {"python": _Lines(), "shell": _Lines(), "markdown": _Lines()}
    for cell in cells:
        if cell.type == "markdown":
            for text, number in (*cell.lines, ("", cell.lines[-1][1])):
                texts["markdown"].add(text, number)
        elif cell.type == "code":
            _sort_code(cell, texts)
    return texts


_PYTHON_MAGIC = re.compile(r"%%(?:time|timeit|capture|prun|python3?|memit|mprun|ignore|wandb|skip)\b")
_SHELL_MAGIC = re.compile(r"%%(?:bash|sh|shell|script)\b|%%!")
_COMMAND = re.compile(r"(?P<indent>\s*)(?:[\w, ]+=\s*)?(?:!+|%(?:pip|conda|sx|system|env|set_env)\b)(?P<command>.*)")
_OTHER_MAGIC = re.compile(r"(?P<indent>\s*)(?:[\w, ]+=\s*)?(?:%\w|\?|[\w.]+\?+\s*$)")


def _sort_code(cell: _Cell, texts: dict[str, _Lines]) -> None:
    first = next((text for text, _ in cell.lines if text.strip()), "").lstrip()
    if first.startswith("%%") and not _PYTHON_MAGIC.match(first):
        if _SHELL_MAGIC.match(first):
            for text, number in cell.lines[1:]:
                texts["shell"].add(text, number)
        return
    module = _Lines()
    continued = False
    for text, number in cell.lines:
        match = _COMMAND.fullmatch(text)
        if match or continued:
            texts["shell"].add(match["command"].strip() if match else text, number)
            module.add(f"{match['indent']}pass" if match and not continued else "", number)
            continued = text.rstrip().endswith("\\")
        else:
            other = _OTHER_MAGIC.match(text)
            module.add(f"{other['indent']}pass" if other else text, number)
    _keep_if_parsed(module, texts["python"])


def _keep_if_parsed(module: _Lines, texts: _Lines) -> None:
    """A cell with errors is read around them by itself, so that it cannot spoil its neighbours."""
    parsed = parse_python(module.get_text())
    if parsed.trouble or parsed.tree is None:
        module = _blank_errors(module)
    for text, number in zip(module.texts, module.numbers, strict=True):
        texts.add(text, number)


def _blank_errors(module: _Lines) -> _Lines:
    """Drop lines, the first that does not parse first, until the rest does."""
    texts = list(module.texts)
    for _ in range(len(texts)):
        try:
            ast.parse("\n".join(texts) + "\n")
            return _Lines(texts, module.numbers)
        except SyntaxError as error:
            index = min(max((error.lineno or 1) - 1, 0), len(texts) - 1)
            indent = texts[index][: len(texts[index]) - len(texts[index].lstrip())]
            texts[index] = f"{indent}pass" if texts[index].strip() not in ("", "pass") else ""
            if error.lineno and error.lineno > len(texts):
                break
        except (ValueError, RecursionError, MemoryError):
            break
    return _Lines(["" for _ in texts], module.numbers)


def _read_code(path: str, lines: _Lines) -> FileReport:
    if not lines.numbers:
        return FileReport(path)
    parsed = parse_python(lines.get_text())
    if parsed.tree is None:
        return FileReport(path, skipped=Skipped(path, parsed.trouble))
    return _move(read_tree(path, parsed.tree), lines.numbers)


def _move(report: FileReport, numbers: list[int]) -> FileReport:
    """The same report on the lines of the notebook file; what only modules mean to others is left out."""

    def line(number: int) -> int:
        return numbers[min(max(number, 1), len(numbers)) - 1]

    return FileReport(
        path=report.path,
        sightings=tuple(
            replace(
                one,
                line=line(one.line),
                call_lines=tuple(sorted({line(call) for call in one.call_lines} - {line(one.line)})),
            )
            for one in report.sightings
        ),
        catalogues=tuple(replace(one, place=Place(report.path, line(one.place.line))) for one in report.catalogues),
        settings=tuple(replace(one, line=line(one.line)) for one in report.settings),
        references=tuple(
            replace(one, line=line(one.line), sighting=replace(one.sighting, line=line(one.sighting.line)))
            for one in report.references
        ),
        handings=tuple(replace(one, line=line(one.line)) for one in report.handings),
        suspects=tuple(replace(one, line=line(one.line)) for one in report.suspects),
        skipped=report.skipped,
    )


def _merge(path: str, reports: list[FileReport]) -> FileReport:
    return FileReport(
        path=path,
        sightings=tuple(
            sorted((one for report in reports for one in report.sightings), key=lambda one: (one.line, one.text))
        ),
        catalogues=tuple(one for report in reports for one in report.catalogues),
        settings=tuple(one for report in reports for one in report.settings),
        references=tuple(one for report in reports for one in report.references),
        handings=tuple(one for report in reports for one in report.handings),
        suspects=tuple(one for report in reports for one in report.suspects),
        skipped=next((report.skipped for report in reports if report.skipped is not None), None),
    )


def _find_readers() -> dict[str, TextReader]:
    """The readers of configuration, looked up when a notebook is read, for they in turn call this package."""
    known = cast(dict[str, TextReader], getattr(import_module("holdfast.inventory.config"), "READERS", {}))
    return {language: known[language] for language in ("shell", "markdown") if language in known}
