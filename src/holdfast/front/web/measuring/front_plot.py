"""Quality against cost: each endpoint with both intervals, and the front on which nobody is both cheaper and better."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.front.web.measuring.roll import Roll, get_name, make_legend
from holdfast.front.web.plots.chart import Axis, Frame, draw_chart, draw_level, draw_upright, span_x, span_y
from holdfast.front.web.plots.looks import Look, draw_marker
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.scales import make_linear_scale, make_scale
from holdfast.front.web.plots.units import SHARE, Unit, choose_usd, make_estimate, make_number, say_estimate
from holdfast.front.web.sheets.blocks import Panel, Plate, Table
from holdfast.front.web.sheets.names import make_name
from holdfast.front.web.sheets.plain import JsonObject, find_number, get_estimate, get_rows
from holdfast.records.measurement import Estimate

_TOP, _BOTTOM = 30.0, 270.0


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint among cost and quality; `front`: how likely nobody else is both cheaper and better."""

    name: str
    usd: Estimate
    share: Estimate
    front: float | None


def make_front_plate(costs: JsonObject, roll: Roll) -> Plate:
    """Share of right answers against the cost of a request."""
    rows = [row for row in get_rows(costs, "points", 100).items if get_name(row, "name") in roll]
    places = [_read_place(row) for row in rows]
    known = [one for one in places if one.usd.value is not None and one.share.value is not None]
    unit = choose_usd([one.usd.value for one in known if one.usd.value is not None], "request")
    panels = [Panel("Share of right answers against cost of a request", _draw(known, roll, unit))] if known else []
    missing = [name for name in roll.names if name not in {one.name for one in known}]
    unknowns = [join(make_name(name), ": unknown, as its cost or its share of right answers is") for name in missing]
    legend = make_legend(roll, [one.name for one in known])
    return Plate("quality-cost", "Quality against cost", _say(known), panels, _tabulate(places, unit), legend, unknowns)


def find_front(places: Sequence[Place]) -> list[Place]:
    """Those that no other beats by their medians, the cheapest first."""
    return sorted(
        (one for one in places if not any(_beats(other, one) for other in places)), key=lambda one: _at(one)[0]
    )


def _read_place(row: JsonObject) -> Place:
    return Place(
        get_name(row, "name"), get_estimate(row, "usd_per_request"), get_estimate(row, "share_right"),
        find_number(row, "front"),
    )  # fmt: skip


def _at(one: Place) -> tuple[float, float]:
    assert one.usd.value is not None
    assert one.share.value is not None
    return one.usd.value, one.share.value


def _beats(one: Place, other: Place) -> bool:
    (cost, share), (cost_of_other, share_of_other) = _at(one), _at(other)
    return cost <= cost_of_other and share >= share_of_other and (cost, share) != (cost_of_other, share_of_other)


def _say(known: Sequence[Place]) -> list[Kid]:
    says: list[Kid] = (
        [
            "Better is up, cheaper is left. Bars are intervals; the dashed steps join, by medians, those that "
            "nobody beats in both."
        ]
        if known
        else []
    )
    parts = [join(make_name(one.name), " in ", make_number(one.front, SHARE)) for one in known if one.front is not None]
    if parts:
        listed = [join(", " if number else "", part) for number, part in enumerate(parts)]
        says.append(join("Not beaten in both, of the draws: ", listed, "."))
    return says


def _draw(known: Sequence[Place], roll: Roll, unit: Unit) -> Markup:
    frame = Frame(
        Axis(make_scale(_list_ends([one.usd for one in known]), span_x()), unit, unit.axis),
        Axis(make_linear_scale(_list_ends([one.share for one in known]), span_y(_TOP, _BOTTOM)), SHARE, "% right"),
        _TOP,
        _BOTTOM,
    )
    points = [_draw_place(frame, one, roll.get_look(one.name), unit) for one in known]
    about = "Share of right answers against cost of a request; the numbers are in the table below."
    return draw_chart(frame, about, [_draw_front(frame, find_front(known))], points)


def _list_ends(estimates: Sequence[Estimate]) -> list[float]:
    return [end for one in estimates for end in (one.low, one.value, one.high) if end is not None]


def _draw_place(frame: Frame, one: Place, look: Look, unit: Unit) -> Markup:
    usd, share = _at(one)
    x, y = frame.x.scale.place(usd), frame.y.scale.place(share)
    said = f"{one.name}: {say_estimate(one.usd, unit)}, {say_estimate(one.share, SHARE)} right"
    attributes = {"class": f"mark {look.classes}", "data-x": repr(usd), "data-value": repr(share)}
    return make(
        "g", attributes, make("title", None, said), draw_level(frame, y, one.usd), draw_upright(frame, x, one.share),
        draw_marker(look, x, y),
    )  # fmt: skip


def _draw_front(frame: Frame, front: Sequence[Place]) -> Markup:
    """Steps: from one to the next along the cost, then up."""
    places = [(frame.x.scale.place(usd), frame.y.scale.place(share)) for usd, share in map(_at, front)]
    steps = "".join(f"H{x:.2f}V{y:.2f}" for x, y in places[1:])
    start, end = f"M{places[0][0]:.2f} {frame.bottom:g}V{places[0][1]:.2f}", f"H{frame.x.scale.span.end:g}"
    return make("path", {"class": "front", "d": f"{start}{steps}{end}"})


def _tabulate(places: Sequence[Place], unit: Unit) -> Table | None:
    rows = [
        [
            make_name(one.name),
            make_estimate(one.usd, unit),
            make_estimate(one.share, SHARE),
            make_number(one.front, SHARE),
        ]
        for one in places
    ]
    heads = ["endpoint", unit.axis, "share right", "not beaten in both, of draws"]
    return Table("Cost and quality", heads, rows) if rows else None
