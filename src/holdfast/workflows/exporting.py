"""A check report written in the forms that were asked for. Knows no front: a page's renderer is handed in."""

from collections.abc import Callable, Mapping
from pathlib import Path

from holdfast.records.canonical_json import encode_pretty
from holdfast.records.model import Pin
from holdfast.records.report import CheckReport, ModelRow
from holdfast.workflows.biting import is_unresolved
from holdfast.workflows.cyclonedx import render_cyclonedx
from holdfast.workflows.markdown import render_markdown
from holdfast.workflows.sarif import render_sarif
from holdfast.workflows.writing import write_text

Renderer = Callable[[CheckReport], str]


def write_exports(
    report: CheckReport, outputs: Mapping[str, Path], pages: Mapping[str, Renderer] | None = None
) -> list[tuple[str, Path]]:
    """Write each form to its file, all rendered before the first is written. Returns what was written."""
    renderers = {**_renderers(), **(pages or {})}
    rendered = [(name, place, _to_unicode(renderers[name](report))) for name, place in outputs.items()]
    for name, place, text in rendered:
        write_text(place, text, what=name)
    return [(name, place) for name, place, _ in rendered]


def _renderers() -> dict[str, Renderer]:
    return {
        "sarif": render_sarif,
        "cyclonedx": render_cyclonedx,
        "markdown": render_markdown,
        "baseline": render_baseline,
    }


def _to_unicode(text: str) -> str:
    """A file name may hold bytes that are no text: they are shown as a question mark, for the output must be UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def render_baseline(report: CheckReport) -> str:
    """The ids of everything that bites today, and of what a policy may mind besides, for `--baseline`."""
    ids = {finding.id for row in report.rows for finding in row.findings if finding.bites}
    ids |= {key for row in report.rows for key in _own_keys(row)}
    return encode_pretty({"holdfast": report.holdfast, "on": report.on, "findings": sorted(ids)}) + "\n"


def _own_keys(row: ModelRow) -> list[str]:
    """The keys under which workflows.policy knows a row without a name, or without a pin."""
    if is_unresolved(row):
        return [f"unresolved:{row.model}"]
    return [f"unpinned:{row.model}"] if row.pin is Pin.MOVING else []
