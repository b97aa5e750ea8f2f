"""A check report as one HTML file that opens with no network: styles, script and data inside, nothing fetched."""

from collections.abc import Iterable

from holdfast.front.web.payload import pack_report
from holdfast.front.web.plots.markup import Markup, join, make
from holdfast.front.web.shell import Sheet, fill_template, render_sheet
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
    main = fill_template(
        "page.html", headline=report.headline, facts=_facts(report), plain=_plain(split_rows(report.rows))
    )
    return render_sheet(
        Sheet(
            verb="check",
            title=f"{report.root}: {report.headline}",
            version=report.holdfast,
            main=main,
            foot=_horizon(report),
            styles=("page.css",),
            scripts=SCRIPTS,
            data_id="report-data",
            data=pack_report(report),
            skip_to="models",
            skip_name="the table of models",
            about=join(" ", make("code", None, report.root)),
        )
    )


def _facts(report: CheckReport) -> str:
    when = f"assessed for {report.on} · evidence to {report.horizon}"
    return f"{say_counts(report)} · for {report.party_title} · {when}"


def _horizon(report: CheckReport) -> str:
    return (
        f"Evidence to {report.horizon}, assessed for {report.on}. What happened since then is not in it. "
        f"This is evidence, not legal advice. Written by holdfast {report.holdfast}; this page loads nothing."
    )


def _plain(split: Split) -> Markup:
    """The rows for a viewer without scripts."""
    items = [make("li", None, _plain_unresolved(row)) for row in split.unresolved]
    unresolved = join(make("h2", None, "Not resolved"), make("p", None, NOT_ASSESSED), make("ul", None, items))
    return join(_plain_table(split.models), unresolved if items else None)


def _plain_unresolved(row: ModelRow) -> str:
    return f"{row.label} in {say_places(row.uses)}: {say_why(row.uses)}"


def _plain_table(rows: Iterable[ModelRow]) -> Markup:
    heads = ("Model", "Uses", "Weights by", "Reach, effect", "Places")
    head = make("tr", None, [make("th", None, head) for head in heads])
    return make("table", None, head, [_plain_row(row) for row in rows])


def _plain_row(row: ModelRow) -> Markup:
    makers = ", ".join(f"{org.name} ({org.how}{f', {org.country}' if org.country else ''})" for org in row.builders)
    places = ", ".join(str(use.place) for use in row.uses)
    answer = f"{row.reach.value}, {row.effect.value}"
    cells = (row.label, str(len(row.uses)), makers or "unknown", answer, places)
    return make("tr", None, [make("td", None, cell) for cell in cells])
