"""What a request costs at each rate, with break-even and demand, and how likely it is that owning is cheaper."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.front.web.measuring.roll import Roll, get_name, make_legend
from holdfast.front.web.plots.chart import (
    Axis,
    Frame,
    draw_area,
    draw_band,
    draw_chart,
    draw_line,
    draw_text,
    span_x,
    span_y,
)
from holdfast.front.web.plots.looks import Look, draw_marker
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.scales import Span, make_linear_scale, make_scale
from holdfast.front.web.plots.units import SHARE, Unit, choose_usd, make_estimate, make_number, say_estimate
from holdfast.front.web.sheets.blocks import Panel, Plate, Table
from holdfast.front.web.sheets.names import make_name
from holdfast.front.web.sheets.plain import (
    JsonObject,
    find_number,
    get_estimate,
    get_object,
    get_rows,
)
from holdfast.records.measurement import Estimate

POINTS_MAX: Final = 400
PAIRS_DRAWN_MAX: Final = 3
RATE: Final = Unit("requests per second", 1.0, "/s")
_DEMAND: Final = Unit("requests per second", 1.0, "/s", is_exact=True)
_ROW: Final = 14.0
_BOTTOM: Final = 270.0


@dataclass(frozen=True, slots=True)
class Way:
    """A candidate's cost at each rate, rising."""

    name: str
    rates: tuple[float, ...]
    usd: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True)
class BreakEven:
    """The rate from which owning is cheaper, as a run file says it."""

    owned: str
    hosted: str
    rate: Estimate
    utilisation: Estimate
    feasible: float | None
    never: float | None
    chances: tuple[tuple[float, float], ...]


def read_ways(costs: JsonObject, roll: Roll) -> list[Way]:
    """The curves of those on the roll."""
    ways = [_read_way(row) for row in get_rows(costs, "curves", 100).items]
    return [way for way in ways if way.name in roll and way.rates]


def read_break_evens(costs: JsonObject) -> list[BreakEven]:
    """Of each pair of one's own machine and a hosted model."""
    pairs = get_rows(costs, "pairs", 100).items
    return [_read_break_even(row) for pair in pairs if (row := get_object(pair, "break_even"))]


def make_curve_plate(costs: JsonObject, roll: Roll) -> Plate:
    """Cost of a request against the rate."""
    ways, evens = read_ways(costs, roll), read_break_evens(costs)
    unit = choose_usd(_list_usd(ways), "request")
    panels = [Panel("Cost of a request", _draw_costs(costs, ways, roll, unit))] if ways else []
    panels += [
        Panel(
            join("How likely ", make_name(one.owned), " is cheaper than ", make_name(one.hosted)),
            _draw_chances(one, roll),
        )
        for one in evens[:PAIRS_DRAWN_MAX]
        if len(one.chances) > 1
    ]
    says: list[Kid] = [_say_reading(ways, costs)]
    says += [say_break_even(one) for one in evens]
    unknowns = [] if ways else ["Unknown: no cost of a request at any rate could be computed."]
    legend = make_legend(roll, [way.name for way in ways])
    return Plate("cost-rate", "Cost against the rate", says, panels, _make_table(ways, unit), legend, unknowns)


def say_break_even(one: BreakEven) -> Markup:
    """From what rate owning pays, as a share of what the machine can carry, and how sure."""
    names = join(make_name(one.owned), " against ", make_name(one.hosted), ": ")
    if one.rate.value is None:
        return join(names, "break-even not reached at any rate", _say_never(one), ".")
    rate = make_estimate(one.rate, RATE)
    return join(names, "cheaper from ", rate, " on", _say_utilisation(one), _say_feasible(one), _say_never(one), ".")


def _say_utilisation(one: BreakEven) -> Kid:
    if one.utilisation.value is None:
        return ", which share of the machine's highest rate is unknown"
    return join(", which is ", make_estimate(one.utilisation, SHARE), " of the machine's highest rate")


def _say_feasible(one: BreakEven) -> Kid:
    if one.feasible is None:
        return "; whether one machine can carry that rate is unknown"
    return join("; one machine can carry it in ", make_number(one.feasible, SHARE), " of the draws")


def _say_never(one: BreakEven) -> Kid:
    return join("; never in ", make_number(one.never, SHARE), " of the draws") if one.never else None


def _say_reading(ways: Sequence[Way], costs: JsonObject) -> Kid:
    if not ways:
        return None
    confidence = find_number(costs, "confidence") or 0.9
    return (
        f"A machine of one's own costs the same idle or busy, so a request on it is cheaper the more there are; "
        f"a hosted one costs what it costs. Lines are medians, bands hold {confidence * 100:.0f} % of the draws."
    )


def _read_way(row: JsonObject) -> Way:
    points = get_rows(row, "points", POINTS_MAX).items
    known = [(rate, get_estimate(one, "usd_per_request")) for one in points if (rate := find_number(one, "rate_per_s"))]
    known = sorted((pair for pair in known if pair[0] > 0), key=lambda pair: pair[0])
    return Way(get_name(row, "name"), tuple(rate for rate, _ in known), tuple(usd for _, usd in known))


def _read_break_even(row: JsonObject) -> BreakEven:
    points = get_rows(row, "chances", POINTS_MAX).items
    read = [(find_number(one, "rate_per_s"), find_number(one, "cheaper")) for one in points]
    chances = sorted((rate, chance) for rate, chance in read if rate is not None and chance is not None and rate > 0)
    return BreakEven(
        get_name(row, "owned"), get_name(row, "hosted"), get_estimate(row, "rate_per_s"),
        get_estimate(row, "utilisation"), find_number(row, "feasible"), find_number(row, "never"), tuple(chances),
    )  # fmt: skip


def _list_usd(ways: Sequence[Way]) -> list[float]:
    return [end for way in ways for one in way.usd for end in (one.value, one.low, one.high) if end is not None]


def _draw_costs(costs: JsonObject, ways: Sequence[Way], roll: Roll, unit: Unit) -> Markup:
    evens = [one for one in read_break_evens(costs) if one.rate.value is not None][:PAIRS_DRAWN_MAX]
    top = 34.0 + _ROW * (len(evens) + 1)
    rates = [rate for way in ways for rate in way.rates]
    frame = Frame(
        Axis(make_scale(rates, span_x()), RATE, "requests per second, mean"),
        Axis(make_scale(_list_usd(ways) or [0.0], span_y(top, _BOTTOM)), unit, unit.axis),
        top,
        _BOTTOM,
    )
    bands = [_draw_reach(frame, way, roll.get_look(way.name)) for way in ways]
    lines = [_draw_way(frame, way, roll.get_look(way.name)) for way in ways]
    rules = [_draw_even(frame, one, number, roll) for number, one in enumerate(evens)]
    about = "Cost of a request against requests per second; its numbers are in the table below."
    return draw_chart(frame, about, bands, lines, _draw_demand(frame, costs), rules)


def _draw_way(frame: Frame, way: Way, look: Look) -> Markup | None:
    pairs = zip(way.rates, way.usd, strict=True)
    line = draw_line([(frame.x.scale.place(rate), _place(frame, one.value)) for rate, one in pairs], look)
    ends = [(rate, one.value) for rate, one in zip(way.rates, way.usd, strict=True) if one.value is not None]
    marks = [
        draw_marker(look, frame.x.scale.place(rate), frame.y.scale.place(usd)) for rate, usd in (*ends[:1], *ends[-1:])
    ]
    inner = (make("title", None, way.name), line, make("g", {"class": look.classes}, marks))
    return None if line is None else make("g", {"class": "way", "data-name": way.name}, inner)


def _place(frame: Frame, value: float | None) -> float:
    return float("nan") if value is None else frame.y.scale.place(value)


def _draw_reach(frame: Frame, way: Way, look: Look) -> Markup:
    """From low to high; without an end, to the edge."""
    upper: list[tuple[float, float]] = []
    lower: list[tuple[float, float]] = []
    for rate, one in zip(way.rates, way.usd, strict=True):
        if one.low is None and one.high is None:
            continue
        x = frame.x.scale.place(rate)
        upper.append((x, frame.top if one.high is None else frame.y.scale.place(one.high)))
        lower.append((x, frame.bottom if one.low is None else frame.y.scale.place(one.low)))
    return draw_band(upper, lower, look)


def _draw_even(frame: Frame, one: BreakEven, number: int, roll: Roll) -> Markup:
    """An upright line at the break-even rate, its interval as an area, and its name above."""
    assert one.rate.value is not None
    scale, look = frame.x.scale, roll.get_look(one.owned)
    x = scale.place(one.rate.value)
    low = x if one.rate.low is None else scale.place(one.rate.low)
    high = scale.span.end if one.rate.high is None else scale.place(one.rate.high)
    y = 30.0 + _ROW * (number + 1)
    return make(
        "g", {"class": f"rule {look.classes}", "data-value": repr(one.rate.value)},
        make("title", None, f"Break-even of {one.owned} against {one.hosted}: {say_estimate(one.rate, RATE)}"),
        draw_area("rule-reach", Span(low, max(low, high)), Span(frame.top, frame.bottom)),
        make("path", {"class": "rule-line", "d": f"M{x:.2f} {y + 4:.2f}V{frame.bottom:g}"}),
        _draw_rule_name(frame, x, y, f"break-even {RATE.say(one.rate.value)}"),
    )  # fmt: skip


def _draw_demand(frame: Frame, costs: JsonObject) -> Markup | None:
    rate = find_number(costs, "rate_per_s")
    scale = frame.x.scale
    if rate is None or not scale.low <= rate <= scale.high:
        return None
    x = scale.place(rate)
    return make(
        "g", {"class": "rule rule--demand", "data-value": repr(rate)},
        make("path", {"class": "rule-line", "d": f"M{x:.2f} 34V{frame.bottom:g}"}),
        _draw_rule_name(frame, x, 30.0, f"demand {_DEMAND.say(rate)}"),
    )  # fmt: skip


def _draw_rule_name(frame: Frame, x: float, y: float, text: str) -> Markup:
    is_left = x > (frame.x.scale.span.start + frame.x.scale.span.end) / 2
    return draw_text(x - 4 if is_left else x + 4, y, text, "end" if is_left else "start", "rule-name")


def _draw_chances(one: BreakEven, roll: Roll) -> Markup:
    rates = [rate for rate, _ in one.chances]
    top, bottom = 30.0, 200.0
    frame = Frame(
        Axis(make_scale(rates, span_x()), RATE, "requests per second, mean"),
        Axis(make_linear_scale([0.0, 1.0], span_y(top, bottom), 4), SHARE, "% of draws in which owning is cheaper"),
        top,
        bottom,
    )
    places = [(frame.x.scale.place(rate), frame.y.scale.place(chance)) for rate, chance in one.chances]
    about = f"How likely {one.owned} is cheaper than {one.hosted}, against requests per second."
    return draw_chart(frame, about, draw_line(places, roll.get_look(one.owned)))


def _make_table(ways: Sequence[Way], unit: Unit) -> Table | None:
    """Every rate of the curves in a row."""
    if not ways:
        return None
    rates = sorted({rate for way in ways for rate in way.rates})
    by_rate = [dict(zip(way.rates, way.usd, strict=True)) for way in ways]
    rows = [[make_number(rate, RATE), *(_make_cell(costs.get(rate), unit) for costs in by_rate)] for rate in rates]
    return Table(f"{unit.axis}, by requests per second", ["rate", *(make_name(way.name) for way in ways)], rows)


def _make_cell(one: Estimate | None, unit: Unit) -> Kid:
    return "unknown" if one is None else make_estimate(one, unit)
