"""A text in one language inside a file of another: hands it to that language's reader and puts the lines right."""

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import PurePosixPath
from typing import cast

from holdfast.inventory.config.gathering import Gathering
from holdfast.inventory.config.words import get_words
from holdfast.inventory.sighting import Detector, FileReport, Reference, Source

_OTHER_PACKAGES = {
    "python": ("holdfast.inventory.python", "read_python"),
    "javascript": ("holdfast.inventory.javascript", "read_javascript"),
    "typescript": ("holdfast.inventory.javascript", "read_javascript"),
}
_SUFFIX_OF_LANGUAGE = {"python": ".py", "javascript": ".js", "typescript": ".ts"}


def find_format(name: str) -> str:
    """The format of a file called `name`, or of a language word; empty when it is none that is read here."""
    last = PurePosixPath(name.strip("\"'")).name.lower()
    for start, found in (
        ("dockerfile", "dockerfile"),
        ("containerfile", "dockerfile"),
        ("modelfile", "modelfile"),
        ("makefile", "makefile"),
        (".env", "dotenv"),
        ("justfile", "justfile"),
    ):
        if last.startswith(start):
            return found
    return get_words().suffixes.get(last.rpartition(".")[2], "")


def read_embedded(gathering: Gathering, language: str, text: str, first_line: int) -> bool:
    """Read `text`, which begins on `first_line`, as `language` (a word or a file's name) and add what it says.

    False when its reader could not read it to the end.
    """
    format_name = find_format(language)
    detector = _find_detector(format_name)
    if detector is None or not text.strip():
        return True
    suffix = _SUFFIX_OF_LANGUAGE.get(format_name, "")
    report = detector(Source(f"{gathering.source.path}{suffix}", text, gathering.source.environment))
    gathering.take(shift_report(report, gathering.source.path, first_line - 1))
    return report.skipped is None


def _find_detector(format_name: str) -> Callable[[Source], FileReport] | None:
    if format_name in _OTHER_PACKAGES:
        module, name = _OTHER_PACKAGES[format_name]
        try:
            return cast(Detector, getattr(import_module(module), name))
        except (ImportError, AttributeError):
            return None
    from holdfast.inventory.config import READERS

    return READERS.get(format_name)


def shift_report(report: FileReport, path: str, by: int) -> FileReport:
    """The same report as part of a larger file: every line moved, what only whole files mean left out."""
    sightings = tuple(
        replace(sighting, line=sighting.line + by, call_lines=tuple(line + by for line in sighting.call_lines))
        for sighting in report.sightings
    )
    references = tuple(
        Reference(reference.line + by, reference.name, replace(reference.sighting, line=reference.sighting.line + by))
        for reference in report.references
    )
    catalogues = tuple(
        replace(catalogue, place=replace(catalogue.place, path=path, line=catalogue.place.line + by))
        for catalogue in report.catalogues
    )
    settings = tuple(replace(setting, line=setting.line + by) for setting in report.settings)
    handings = tuple(replace(handing, line=handing.line + by) for handing in report.handings)
    suspects = tuple(replace(suspect, line=suspect.line + by) for suspect in report.suspects)
    return FileReport(
        path,
        sightings,
        catalogues,
        settings=settings,
        references=references,
        handings=handings,
        suspects=suspects,
    )
