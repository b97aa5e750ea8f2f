"""A check report as one HTML file that opens with no network: styles, script and data inside, nothing fetched.

Refuses to load anything: its content security policy admits only the style and the script that it carries.
"""

import base64
import hashlib
from collections.abc import Iterable
from html import escape
from importlib.resources import files
from string import Template

from holdfast.front.web.payload import pack_report
from holdfast.records.report import CheckReport, ModelRow
from holdfast.workflows.unresolved import NOT_ASSESSED, Split, say_counts, say_places, say_why, split_rows

# In this order they make one script: each uses only what stands before it, save inside functions.
SCRIPTS = tuple(
    f"{name}.js"
    for name in (
        "dom",
        "report",
        "suppose",
        "filters",
        "table",
        "unresolved",
        "graph",
        "map",
        "levers",
        "screening",
        "evidence",
        "record",
        "page",
    )
)


def render_page(report: CheckReport) -> str:
    """The whole page. The same report gives the same bytes."""
    style, script = f"\n{_read('page.css')}", _script()
    return Template(_read("page.html")).substitute(
        policy=_policy(style, script),
        style=style,
        script=script,
        data=pack_report(report),
        title=_text(f"{report.root}: {report.headline}"),
        version=_text(report.holdfast),
        root=_text(report.root),
        headline=_text(report.headline),
        facts=_text(_facts(report)),
        horizon=_text(_horizon(report)),
        plain=_plain(split_rows(report.rows)),
    )


def _read(name: str) -> str:
    return (files("holdfast.front.web") / name).read_text(encoding="utf-8")


def _script() -> str:
    parts = "\n".join(_read(name) for name in SCRIPTS)
    return f'\n(() => {{\n"use strict";\n{parts}\n}})();\n'


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _facts(report: CheckReport) -> str:
    when = f"assessed for {report.on} · evidence to {report.horizon}"
    return f"{say_counts(report)} · for {report.party_title} · {when}"


def _horizon(report: CheckReport) -> str:
    return (
        f"Evidence to {report.horizon}, assessed for {report.on}. What happened since then is not in it. "
        f"This is evidence, not legal advice. Written by holdfast {report.holdfast}; this page loads nothing."
    )


def _plain(split: Split) -> str:
    """The rows for a viewer without scripts."""
    items = "".join(f"<li>{_text(_plain_unresolved(row))}</li>" for row in split.unresolved)
    unresolved = f"<h2>Not resolved</h2><p>{_text(NOT_ASSESSED)}</p><ul>{items}</ul>" if items else ""
    return _plain_table(split.models) + unresolved


def _plain_unresolved(row: ModelRow) -> str:
    return f"{row.label} in {say_places(row.uses)}: {say_why(row.uses)}"


def _plain_table(rows: Iterable[ModelRow]) -> str:
    head = "<tr><th>Model</th><th>Uses</th><th>Weights by</th><th>Reach, effect</th><th>Places</th></tr>"
    return f"<table>{head}{''.join(_plain_row(row) for row in rows)}</table>"


def _plain_row(row: ModelRow) -> str:
    makers = ", ".join(f"{org.name} ({org.how}{f', {org.country}' if org.country else ''})" for org in row.builders)
    places = ", ".join(str(use.place) for use in row.uses)
    answer = f"{row.reach.value}, {row.effect.value}"
    cells = (row.label, str(len(row.uses)), makers or "unknown", answer, places)
    return f"<tr>{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}</tr>"


def _text(text: str) -> str:
    """Text as text: no markup, and no half characters, which a file name may hold and UTF-8 may not."""
    return escape(text.encode("utf-8", "replace").decode("utf-8"))
