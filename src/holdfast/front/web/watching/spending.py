"""What watching cost so far, against the budget."""

from typing import Final

from holdfast.front.web.plots.chart import RIGHT, WIDTH, draw_area, draw_text
from holdfast.front.web.plots.markup import Kid, Markup, make
from holdfast.front.web.plots.scales import Span, make_linear_scale
from holdfast.front.web.plots.units import USD, make_number
from holdfast.front.web.sheets.blocks import Panel, Plate, Table
from holdfast.front.web.sheets.plain import JsonObject, find_count, find_number, get_object, get_text
from holdfast.workflows.watching.wording import say_cost, say_usd

_LEFT: Final = 10.0


def make_cost_plate(number: int, monitor: JsonObject) -> Plate:
    """This month's dollars against the budget, as a bar where both are known."""
    cost = get_object(monitor, "cost")
    spent, budget = find_number(cost, "month_usd"), find_number(cost, "budget_usd")
    panels = (
        [Panel(f"Spent in {get_text(cost, 'month', 10)}", _draw(spent, budget))] if spent is not None and budget else []
    )
    said = say_cost(monitor)
    unpriced = find_count(cost, "total_unpriced")
    unknowns: list[Kid] = [f"The price of {unpriced:,} visits."] if unpriced else []
    return Plate(f"m{number}-cost", "Cost", [f"{said[:1].upper()}{said[1:]}."], panels, _tabulate(cost), None, unknowns)


def _draw(spent: float, budget: float) -> Markup:
    scale = make_linear_scale([0.0, spent, budget], Span(_LEFT, RIGHT - 20))
    edge = scale.place(budget)
    is_right = edge > WIDTH / 2
    parts: list[Kid] = [
        draw_area("track", Span(_LEFT, edge), Span(8, 26)),
        draw_area("bar bar--high", Span(_LEFT, scale.place(spent)), Span(8, 26), spent),
        make("path", {"class": "rule-line", "d": f"M{edge:.2f} 2V32", "data-value": repr(budget)}),
        draw_text(_LEFT, 48, f"spent {say_usd(spent)}"),
        draw_text(edge, 48, f"budget {say_usd(budget)}", "end" if is_right else "start"),
    ]
    about = f"{say_usd(spent)} spent of a budget of {say_usd(budget)}"
    return make("svg", {"class": "plot", "viewBox": f"0 0 {WIDTH:g} 54", "role": "img", "aria-label": about}, *parts)


def _tabulate(cost: JsonObject) -> Table:
    rows: list[list[Kid]] = [
        [
            get_text(cost, "month", 10) or "this month", make_number(find_number(cost, "month_usd"), USD),
            _say(cost, "month_tokens"), _say(cost, "unpriced"),
        ],
        [
            "in all", make_number(find_number(cost, "total_usd"), USD), _say(cost, "total_tokens"),
            _say(cost, "total_unpriced"),
        ],
    ]  # fmt: skip
    return Table("What watching cost", ["", "US dollars", "tokens", "visits without a price"], rows)


def _say(cost: JsonObject, name: str) -> str:
    count = find_count(cost, name)
    return "unknown" if count is None else f"{count:,}"
