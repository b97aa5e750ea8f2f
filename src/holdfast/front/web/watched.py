"""A watch as one HTML file that opens with no network: every endpoint's outcome, days, evidence and cost are in it.

Pictures are drawn here and not by the page's script, so that a viewer without scripts sees all of it.
"""

import re
from collections.abc import Mapping, Sequence

from holdfast.front.web.plots.markup import Markup, join, make
from holdfast.front.web.sheets.blocks import make_download, make_plate, make_section
from holdfast.front.web.sheets.plain import JsonObject, get_text
from holdfast.front.web.shell import Sheet, fill_template, pack_data, render_sheet
from holdfast.front.web.watching.basis import make_basis
from holdfast.front.web.watching.evidence_plot import make_evidence_plate, read_evidence
from holdfast.front.web.watching.families import make_family_plate
from holdfast.front.web.watching.opening import (
    list_monitors,
    make_answers,
    make_sentences,
    say_watch_facts,
    say_watch_headline,
)
from holdfast.front.web.watching.spending import make_cost_plate
from holdfast.front.web.watching.strips import make_day_table, make_heartbeats

_FOOT = (
    "What changed is the distribution of what is served: weights, precision, kernels, hardware, prompts and filters "
    "all look like that. Nothing is said of kinds of change that a monitor cannot see, nor of the time before its "
    "reference. Written by holdfast {}; this page loads nothing."
)


def render_watched(document: Mapping[str, object]) -> str:
    """The whole page, from the document that `make_watch_report` makes. The same document gives the same bytes; what it
    lacks is said as unknown, and no name in it can end an element, start one, or run."""
    monitors, version = list_monitors(document), get_text(document, "holdfast", 40) or "unknown"
    headline = say_watch_headline(document)
    main = fill_template(
        "watched.html",
        headline=headline,
        facts=say_watch_facts(document),
        opening=make_answers(monitors),
        parts=_make_links(monitors),
        body=_make_body(monitors),
    )
    return render_sheet(
        Sheet(
            verb="watch",
            title=headline,
            version=version,
            main=main,
            foot=_FOOT.format(version),
            styles=("figures.css", "watched.css"),
            scripts=("sheet.js",),
            data_id="watch-data",
            data=pack_data(document),
            skip_to="heartbeat",
            skip_name="the heartbeats",
            tools=make_download(f"watched-{_say_time(document)}.json"),
        )
    )


def _say_time(document: JsonObject) -> str:
    return re.sub(r"[^0-9TZ]", "", get_text(document, "made_at", 40)) or "now"


def _make_links(monitors: Sequence[JsonObject]) -> Markup:
    links = [
        make("a", {"href": f"#m{number}"}, make("bdi", None, get_text(one, "name", 60)))
        for number, one in enumerate(monitors[:12], 1)
    ]
    return join(make("a", {"href": "#heartbeat"}, "Heartbeat"), [join(" ", link) for link in links])


def _make_body(monitors: Sequence[JsonObject]) -> Markup:
    return join(make_heartbeats(monitors), [_make_monitor(number, one) for number, one in enumerate(monitors, 1)])


def _make_monitor(number: int, monitor: JsonObject) -> Markup:
    evidence = read_evidence(monitor)
    plates = (
        None if evidence is None else make_evidence_plate(number, evidence),
        make_family_plate(number, monitor),
        make_cost_plate(number, monitor),
    )
    return make_section(
        f"m{number}",
        get_text(monitor, "name", 200) or "unnamed",
        [make("p", {"class": "says"}, said) for said in make_sentences(monitor)],
        make_day_table(monitor),
        make("p", {"class": "is-unknown"}, "Nothing was judged yet.") if evidence is None else None,
        make("div", {"class": "plates"}, [make_plate(plate) for plate in plates if plate is not None]),
        make("section", {"class": "plate basis"}, make_basis(monitor)),
    )
