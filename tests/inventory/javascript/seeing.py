"""Reads a snippet and says what was seen in it, in the words that the tests use."""

from textwrap import dedent

from holdfast.inventory.javascript import read_javascript
from holdfast.inventory.naming import find_named
from holdfast.inventory.sighting import FileReport, Source
from holdfast.records.use import Confidence, Environment


def read(code: str, path: str = "src/app.ts", environment: Environment = Environment.UNKNOWN) -> FileReport:
    """The report on a snippet; its first line is line 1."""
    return read_javascript(Source(path, dedent(code).lstrip("\n"), environment))


def see(code: str, path: str = "src/app.ts") -> list[tuple[int, str]]:
    """Lines and canonical names of what is declared or inferred in a snippet."""
    told = [sighting for sighting in read(code, path).sightings if sighting.confidence is not Confidence.UNRESOLVED]
    named = [(one.line, find_named(one.text, one.via, one.endpoint, one.revision)) for one in told]
    return [(line, str(found.model)) for line, found in named if found is not None]


def see_open(code: str, path: str = "src/app.ts") -> list[tuple[int, str]]:
    """Lines and expressions of loaders that the file alone does not resolve: references by name, others by text."""
    report = read(code, path)
    unresolved = [(one.line, one.text) for one in report.sightings if one.confidence is Confidence.UNRESOLVED]
    wanted = [one for one in report.references if one.sighting.confidence is Confidence.UNRESOLVED]
    return sorted([*unresolved, *((one.line, one.name) for one in wanted)])
