"""Reads one JavaScript or TypeScript file into a report. Parses once, walks once; never runs, imports or fetches."""

import posixpath
import re
from collections.abc import Iterator
from functools import cache

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Tree

from holdfast.inventory.javascript import context
from holdfast.inventory.javascript.bindings import Bindings, read_bindings
from holdfast.inventory.javascript.calls import CallReader
from holdfast.inventory.javascript.catalogues import CatalogueReader
from holdfast.inventory.javascript.clients import find_file_via
from holdfast.inventory.javascript.embedded import read_embedded
from holdfast.inventory.javascript.exports import ExportReader
from holdfast.inventory.javascript.findings import Findings
from holdfast.inventory.javascript.packages import find_package
from holdfast.inventory.javascript.settings import FileHints, SettingReader
from holdfast.inventory.javascript.survey import Survey, survey_tree
from holdfast.inventory.javascript.syntax import get_text
from holdfast.inventory.javascript.values import Resolver
from holdfast.inventory.naming import find_named
from holdfast.inventory.sighting import FileReport, Source
from holdfast.records.model import Kind
from holdfast.records.use import Environment, Skipped

CHARACTERS_MAX = 1_500_000
PARSE_STEPS_MAX = 30_000  # a step reads some 60 bytes of ordinary code; hostile code takes far more
CHUNK = 65_536
LINE_MAX = 2_000  # characters; more than half of a file in longer lines: nobody wrote it by hand
BUNDLE_MIN = 100_000
_PLAIN = (".ts", ".mts", ".cts")
_MARKED_UP = (".vue", ".svelte", ".astro")
_BUNDLE = re.compile(
    r"__webpack_require__|__commonJS\s*=|webpackBootstrap|parcelRequire|System\.register\(\[|/\*\*\*\*\*\*/"
)
_SCRIPT = re.compile(r"<script\b[^>]*>(?P<body>.*?)</script\s*>", re.S | re.I)
_FRONT_MATTER = re.compile(r"\A\s*---[^\n]*\n(?P<body>.*?)\n---", re.S)
_URL = re.compile(r"https?://(?!(?:www\.)?huggingface\.co\b)[\w.-]+")  # the hub's own pages are links, mostly


def read_javascript(source: Source) -> FileReport:
    """What a JavaScript or TypeScript file, or the scripts of a Vue, Svelte or Astro file, say about models."""
    reason = _find_reason_to_skip(source)
    if reason is not None:
        return FileReport(source.path, skipped=Skipped(source.path, reason))
    text = _blank_markup(source)
    tree = _parse(text, source.path)
    if tree is None:
        return FileReport(source.path, skipped=Skipped(source.path, "took too long to parse"))
    survey = survey_tree(tree)
    return _read_survey(survey, source)


def _find_reason_to_skip(source: Source) -> str | None:
    if len(source.text) > CHARACTERS_MAX:
        return f"larger than {CHARACTERS_MAX} characters"
    if re.search(r"[.-]min\.[cm]?js$", source.path):
        return "minified"
    if len(source.text) > LINE_MAX:
        long = sum(len(line) for line in source.text.splitlines() if len(line) > LINE_MAX)
        if long * 2 > len(source.text):
            return "minified"
    if len(source.text) > BUNDLE_MIN and _BUNDLE.search(source.text):
        return "bundled build"
    return None


def _blank_markup(source: Source) -> str:
    """Everything outside scripts becomes blank, so that lines keep their numbers."""
    if not source.path.endswith(_MARKED_UP):
        return source.text
    matches = list(_SCRIPT.finditer(source.text))
    if source.path.endswith(".astro"):
        matches = [*_FRONT_MATTER.finditer(source.text), *matches]
    return "".join(_walk_blanked(source.text, [match.span("body") for match in matches]))


def _walk_blanked(text: str, spans: list[tuple[int, int]]) -> Iterator[str]:
    end = 0
    for start, stop in spans:
        if start >= end:
            yield re.sub(r"[^\n]", " ", text[end:start])
            yield text[start:stop] + ";"
            end = stop


@cache
def _get_language(extension: str) -> Language:
    """JavaScript is read as TSX, which holds it; plain TypeScript has casts that TSX cannot tell from elements."""
    plain = extension in _PLAIN
    return Language(tree_sitter_typescript.language_typescript() if plain else tree_sitter_typescript.language_tsx())


def _parse(text: str, path: str) -> Tree | None:
    """None when the parser was stopped; how far it may go is counted in its own steps, not in seconds."""
    content = text.encode("utf-8", "replace")
    left = PARSE_STEPS_MAX

    def read(offset: int, _point: object) -> bytes:
        return content[offset : offset + CHUNK]

    def must_stop(_offset: int, _has_error: bool) -> bool:
        nonlocal left
        left -= 1
        return left < 0

    parser = Parser(_get_language(posixpath.splitext(path)[1]))
    try:
        counted = parser.parse(read, progress_callback=must_stop)
    except ValueError:
        return None
    return parser.parse(content, counted)  # reuses the whole tree; nodes now take their text straight from the bytes


def _read_survey(survey: Survey, source: Source) -> FileReport:
    bindings = read_bindings(survey)
    resolver = Resolver(bindings, source.path)
    findings = Findings()
    strings = survey.all("string", "template_string")
    catalogues = CatalogueReader(survey.all("union_type"), survey.parents)
    catalogues.read(strings)
    found, listed = catalogues.find_all(source.path)
    calls = CallReader(survey, resolver, findings, listed)
    calls.read()
    hints = _read_hints(source, bindings, calls.vias, strings)
    SettingReader(calls.clients, findings, hints).read(strings, listed)
    read_embedded(strings, findings, survey.parents)
    definitions = ExportReader(survey, resolver, source.path).read()
    reason = _find_shortfall(survey, resolver)
    return FileReport(
        source.path,
        sightings=findings.get_sightings(),
        catalogues=found,
        references=findings.get_references(),
        definitions=definitions,
        skipped=Skipped(source.path, reason) if reason else None,
    )


def _find_shortfall(survey: Survey, resolver: Resolver) -> str:
    """Why something of the file may be missing from its report; empty when nothing is."""
    if survey.too_deep:
        return "nested too deeply to read to its end"
    return "values too tangled to follow to their end" if resolver.is_exhausted else ""


def _read_hints(source: Source, bindings: Bindings, vias: set[str], strings: list[Node]) -> FileHints:
    packages = [find_package(one.module, one.name) for one in bindings.imports.values()]
    imported = {package.via for package in packages if package is not None and package.via}
    endpoints = set(_walk_endpoints(strings))
    imports_tests = any(context.is_test_module(one.module) for one in bindings.imports.values())
    is_test = source.environment is Environment.TEST or imports_tests or context.is_test_path(source.path)
    reaches_models = bool(vias or endpoints or any(package is not None for package in packages))
    return FileHints(
        is_test=is_test,
        calls_for_real=bool(vias) and not context.has_mocks(source.text),
        is_staged=context.is_staged_path(source.path),
        via=find_file_via(vias or imported, source.path),
        endpoint=next(iter(endpoints)) if len(endpoints) == 1 else "",
        reaches_models=reaches_models,
    )


def _walk_endpoints(strings: list[Node]) -> Iterator[str]:
    """The addresses of known model providers among the strings of a file."""
    for node in strings:
        match = _URL.search(get_text(node)) if node.end_byte - node.start_byte < 300 else None
        named = find_named("llama-3.3-70b", "", match[0]) if match else None
        if match and named is not None and named.kind is Kind.HOSTED:
            yield match[0]
