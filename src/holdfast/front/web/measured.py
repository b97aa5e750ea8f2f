"""A measurement as one HTML file that opens with no network: every figure, picture and number is in it.

Pictures are drawn here and not by the page's script, so that a viewer without scripts sees all of it.
"""

import re
from collections.abc import Mapping

from holdfast.front.web.measuring.client import read_calibrations
from holdfast.front.web.measuring.cost_table import make_cost_table, make_unknown_list, say_pairs, say_terms
from holdfast.front.web.measuring.curves import make_curve_plate
from holdfast.front.web.measuring.figure_table import make_figure_tables
from holdfast.front.web.measuring.front_plot import make_front_plate
from holdfast.front.web.measuring.latency_plot import END_TO_END, TTFT, make_latency_plate
from holdfast.front.web.measuring.load_rows import read_levels, say_kinds, say_objective
from holdfast.front.web.measuring.opening import Measured, make_opening, say_facts, say_headline
from holdfast.front.web.measuring.quality_plot import make_comparison_plate, make_right_plate
from holdfast.front.web.measuring.quality_rows import read_quality
from holdfast.front.web.measuring.roll import call_roll, make_legend
from holdfast.front.web.measuring.small_print import make_small_print
from holdfast.front.web.measuring.throughput_plot import make_throughput_plate, make_token_plate
from holdfast.front.web.measuring.tornado_plot import make_tornado_plate
from holdfast.front.web.plots.markup import Markup, join, make
from holdfast.front.web.sheets.blocks import Plate, make_download, make_plate, make_section
from holdfast.front.web.sheets.plain import JsonObject, get_object, get_text
from holdfast.front.web.shell import Sheet, fill_template, pack_data, render_sheet


def render_measured(header: Mapping[str, object]) -> str:
    """The whole page, from the plain JSON of a run file's header. The same header gives the same bytes; what it lacks
    is said as unknown, and nothing in it can end an element, start one, or run."""
    measured = _read(header)
    headline = say_headline(measured)
    main = fill_template(
        "measured.html",
        headline=headline,
        facts=say_facts(measured),
        opening=make_opening(measured),
        body=_make_body(measured),
    )
    return render_sheet(
        Sheet(
            verb="measure",
            title=headline,
            version=get_text(header, "holdfast", 40) or "unknown",
            main=main,
            foot=_FOOT.format(get_text(header, "holdfast", 40) or "unknown"),
            styles=("figures.css", "measured.css"),
            scripts=("sheet.js",),
            data_id="run-data",
            data=pack_data(header),
            skip_to="fast",
            skip_name="the figures",
            tools=make_download(f"measured-{_say_start(header)}.json"),
        )
    )


_FOOT = (
    "Measured on one machine, against the endpoints as they were then, with the prompts named above; another load, day "
    "or prompt may give other figures. Written by holdfast {}; this page loads nothing."
)


def _say_start(header: JsonObject) -> str:
    return re.sub(r"[^0-9TZ]", "", get_text(header, "started_at", 60)) or "run"


def _read(header: JsonObject) -> Measured:
    roll, figures = call_roll(header), get_object(header, "figures")
    return Measured(
        header,
        get_object(figures, "costs"),
        roll,
        read_levels(figures, roll),
        read_quality(figures, roll),
        read_calibrations(header, roll),
    )


def _make_body(measured: Measured) -> Markup:
    return join(_make_fast(measured), _make_good(measured), _make_dear(measured), _make_basis(measured))


def _make_fast(measured: Measured) -> Markup:
    levels, roll = measured.levels, measured.roll
    tables = make_figure_tables(levels, roll)
    more = f"{levels.left_out:,} more loads are in the figures' JSON." if levels.left_out else None
    plates = (
        make_latency_plate(TTFT, levels, roll),
        make_latency_plate(END_TO_END, levels, roll),
        make_throughput_plate(levels, roll, say_objective(measured.header)),
        make_token_plate(levels, roll),
    )
    if not tables:
        return make_section("fast", "How fast", make("p", None, "Unknown: no load was offered."))
    said = make("p", {"class": "says"}, say_kinds(levels.list_all()), " ", _TABLES, more)
    return make_section("fast", "How fast", said, make_legend(roll, levels.by_endpoint), tables, _make_plates(plates))


_TABLES = (
    "Latencies are from the schedule, of whole answers in the steady part of each load. Brackets are 95 % intervals; "
    "what has no interval has no number. "
)


def _make_good(measured: Measured) -> Markup:
    if not measured.quality.rights and not measured.quality.comparisons:
        return make_section("good", "How good", make("p", None, "Unknown: no answer was judged."))
    plates = make_right_plate(measured.quality, measured.roll), make_comparison_plate(measured.quality, measured.roll)
    return make_section("good", "How good", _make_plates(plates))


def _make_dear(measured: Measured) -> Markup:
    costs, roll = measured.costs, measured.roll
    table = make_cost_table(costs, roll)
    if table is None:
        return make_section("dear", "How dear", make("p", None, "Unknown: neither prices nor machines were stated."))
    plates = make_curve_plate(costs, roll), make_front_plate(costs, roll), make_tornado_plate(costs)
    says = [make("p", {"class": "says"}, said) for said in [*say_terms(costs), *say_pairs(costs)]]
    return make_section("dear", "How dear", says, table, make_unknown_list(costs, roll), _make_plates(plates))


def _make_basis(measured: Measured) -> Markup:
    return make_section("basis", "What this rests on", make_small_print(measured.header, measured.costs, measured.roll))


def _make_plates(plates: tuple[Plate, ...]) -> Markup:
    return join([make_plate(plate) for plate in plates])
