"""A check report written in the forms that were asked for."""

from collections.abc import Callable, Mapping
from pathlib import Path

from holdfast.records.canonical_json import encode_pretty
from holdfast.records.report import CheckReport
from holdfast.workflows.writing import write_text


def write_exports(report: CheckReport, outputs: Mapping[str, Path]) -> list[tuple[str, Path]]:
    """Write each form to its file, all rendered before the first is written. Returns what was written."""
    rendered = [(name, place, _renderers()[name](report)) for name, place in outputs.items()]
    for name, place, text in rendered:
        write_text(place, text, what=name)
    return [(name, place) for name, place, _ in rendered]


def _renderers() -> dict[str, Callable[[CheckReport], str]]:
    return {"baseline": render_baseline}


def render_baseline(report: CheckReport) -> str:
    """The ids of everything that bites today, for `--baseline`."""
    ids = sorted({finding.id for row in report.rows for finding in row.findings if finding.bites})
    return encode_pretty({"holdfast": report.holdfast, "on": report.on, "findings": ids}) + "\n"
