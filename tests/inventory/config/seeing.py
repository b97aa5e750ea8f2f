"""Reads a text as a file of some name and says what was seen, in a shape that a test can write down by hand."""

from holdfast.inventory.config import READERS
from holdfast.inventory.naming import find_named
from holdfast.inventory.sighting import FileReport, Source
from holdfast.records.use import Confidence


def read(format_name: str, text: str, path: str = "") -> FileReport:
    """The report on a text."""
    return READERS[format_name](Source(path or f"x.{format_name}", text))


def see(format_name: str, text: str, path: str = "") -> set[tuple[int, str]]:
    """Line and canonical name of everything that was seen; unresolved ones as they are written."""
    return name_sightings(read(format_name, text, path))


def name_sightings(report: FileReport) -> set[tuple[int, str]]:
    """The same for a report."""
    seen: set[tuple[int, str]] = set()
    for sighting in report.sightings:
        named = find_named(sighting.text, sighting.via, sighting.endpoint, sighting.revision)
        if sighting.confidence is Confidence.UNRESOLVED:
            seen.add((sighting.line, f"? {sighting.text}"))
        elif named is not None:
            seen.add((sighting.line, str(named.model)))
    return seen
