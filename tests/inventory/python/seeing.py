"""Reads Python text and says what was seen, in a shape that a test can write down by hand."""

from textwrap import dedent

from holdfast.inventory.naming import find_named
from holdfast.inventory.python import read_python
from holdfast.inventory.sighting import FileReport, Source
from holdfast.records.use import Confidence


def read(text: str, path: str = "app/main.py") -> FileReport:
    """The report on a text."""
    return read_python(Source(path, dedent(text).lstrip("\n")))


def see(text: str, path: str = "app/main.py") -> set[tuple[int, str]]:
    """Line and canonical name of everything that was seen; unresolved ones as they are written, after `? `."""
    return name_sightings(read(text, path))


def name_sightings(report: FileReport) -> set[tuple[int, str]]:
    """The same for a report; references that are unresolved by themselves count as unresolved."""
    seen: set[tuple[int, str]] = set()
    for sighting in report.sightings:
        named = find_named(sighting.text, sighting.via, sighting.endpoint, sighting.revision)
        if sighting.confidence is Confidence.UNRESOLVED:
            seen.add((sighting.line, f"? {sighting.text}"))
        elif named is not None:
            seen.add((sighting.line, str(named.model)))
    for reference in report.references:
        if reference.sighting.confidence is Confidence.UNRESOLVED:
            seen.add((reference.line, f"? {reference.name}"))
    return seen
