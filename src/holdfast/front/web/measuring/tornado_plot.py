"""What matters most: how far each uncertain number moves a result while all others stay at their medians."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.front.web.plots.chart import CHARACTER, RIGHT, WIDTH, draw_area, draw_text, shorten
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.scales import Scale, Span, make_linear_scale
from holdfast.front.web.plots.units import Unit, choose_usd, make_number, say_number, say_tick
from holdfast.front.web.sheets.blocks import Panel, Plate, Table
from holdfast.front.web.sheets.plain import JsonObject, find_number, get_rows, get_text

BARS_MAX: Final = 8
TORNADOS_MAX: Final = 12
_ROW: Final = 34.0
_TOP: Final = 8.0
_LEFT: Final = 20.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A driver from `low` to `high`, and the result there; None: not finite."""

    driver: str
    low: float | None
    high: float | None
    at_low: float | None
    at_high: float | None


@dataclass(frozen=True, slots=True)
class Tornado:
    """Bars in the order of what they do."""

    of: str
    base: float | None
    bars: tuple[Bar, ...]
    left_out: int


def make_tornado_plate(costs: JsonObject) -> Plate:
    """A picture for each result: what a request costs at each, and what owning saves."""
    rows = get_rows(costs, "tornados", TORNADOS_MAX)
    found = [_read(row) for row in rows.items]
    drawn = [one for one in found if one.bars and one.base is not None]
    unit = choose_usd([value for one in found for value in _list_results(one)], "request")
    unknowns: list[Kid] = [_say_none(one) for one in found if one not in drawn]
    if rows.left_out:
        unknowns.append(f"{rows.left_out:,} more are in the figures' JSON.")
    says = (
        [
            "Each bar takes one number from the low to the high end of its interval, with all others at their medians: "
            "the longest is what to find out better first."
        ]
        if drawn
        else []
    )
    panels = [Panel(_name(one), _draw(one, unit)) for one in drawn]
    return Plate("tornado", "What matters most", says, panels, _tabulate(found, unit), _make_legend(), unknowns)


def _read(row: JsonObject) -> Tornado:
    bars = get_rows(row, "bars", BARS_MAX)
    return Tornado(get_text(row, "of", 140), find_number(row, "base"), tuple(map(_read_bar, bars.items)), bars.left_out)


def _read_bar(row: JsonObject) -> Bar:
    numbers = (find_number(row, name) for name in ("low", "high", "at_low", "at_high"))
    return Bar(get_text(row, "driver", 140), *numbers)


def _name(one: Tornado) -> Kid:
    is_saving = " less " in one.of
    return join(
        make("bdi", {"class": "name"}, one.of), ": what a request saves" if is_saving else ": what a request costs"
    )


def _say_none(one: Tornado) -> Markup:
    why = "unknown: the result at the medians is not finite" if one.bars else "nothing uncertain moves it"
    return join(make("bdi", {"class": "name"}, one.of), ": ", why)


def _list_results(one: Tornado) -> list[float]:
    results = [one.base, *(end for bar in one.bars for end in (bar.at_low, bar.at_high))]
    return [value for value in results if value is not None]


def _make_legend() -> Markup:
    keys = (("bar bar--low", "driver at its low end"), ("bar bar--high", "at its high end"))
    return make("ul", {"class": "key-list"}, [make("li", None, _draw_key(kind), said) for kind, said in keys])


def _draw_key(kind: str) -> Markup:
    box = make("rect", {"class": kind, "x": 3, "y": 2, "width": 22, "height": 10})
    return make("svg", {"class": "key-mark", "viewBox": "0 0 28 14", "aria-hidden": "true"}, box)


def _draw(one: Tornado, unit: Unit) -> Markup:
    assert one.base is not None
    bottom = _TOP + _ROW * len(one.bars) + 4
    results = _list_results(one)
    scale = make_linear_scale(
        results if max(results) > min(results) else [*results, 0.0], Span(_LEFT + 10, RIGHT - 10), 4
    )
    base = scale.place(one.base)
    parts = [_draw_tick(scale, tick, bottom, unit) for tick in scale.ticks]
    parts += [_draw_bar(scale, bar, _TOP + _ROW * number, base) for number, bar in enumerate(one.bars)]
    names = [_draw_name(bar, _TOP + _ROW * number) for number, bar in enumerate(one.bars)]
    parts.append(make("path", {"class": "base", "d": f"M{base:.2f} {_TOP:g}V{bottom:g}", "data-value": repr(one.base)}))
    parts.append(draw_text(RIGHT, bottom + 32, unit.axis, "end", "axis-name"))
    about = f"What matters most for {one.of}; the numbers are in the table below."
    box = f"0 0 {WIDTH:g} {bottom + 38:g}"
    return make("svg", {"class": "plot", "viewBox": box, "role": "img", "aria-label": about}, parts, names)


def _draw_tick(scale: Scale, tick: float, bottom: float, unit: Unit) -> Markup:
    x = scale.place(tick)
    step = (scale.ticks[1] - scale.ticks[0]) * unit.factor
    line = make("path", {"class": "grid-line", "d": f"M{x:.2f} {_TOP:g}V{bottom:g}"})
    text = draw_text(x, bottom + 16, say_tick(tick * unit.factor, step), "middle", "tick")
    return make("g", {"class": "x-tick", "data-value": repr(tick)}, line, text)


def _draw_bar(scale: Scale, bar: Bar, y: float, base: float) -> Markup:
    ends = [_draw_end(scale, value, y, base, kind) for value, kind in ((bar.at_low, "low"), (bar.at_high, "high"))]
    title = make("title", None, f"{bar.driver}: {_say_ends(bar)}")
    return make("g", {"class": "driver", "data-driver": bar.driver}, title, ends)


def _draw_name(bar: Bar, y: float) -> Markup:
    """The driver, shortened so that its ends stay in sight."""
    said = f"  {_say_ends(bar)}"
    return draw_text(
        _LEFT,
        y + 11,
        f"{shorten(bar.driver.replace('_', ' '), RIGHT - _LEFT - len(said) * CHARACTER)}{said}",
        kind="driver-name",
    )


def _say_ends(bar: Bar) -> str:
    return f"{_say_end(bar.low)} to {_say_end(bar.high)}"


def _say_end(value: float | None) -> str:
    return "unknown" if value is None else say_number(value)


def _draw_end(scale: Scale, value: float | None, y: float, base: float, kind: str) -> Markup:
    """From the base to a result; where that is not finite, an open arrow to the right edge."""
    if value is None:
        return make(
            "path", {"class": f"bar bar--{kind} bar--open", "d": f"M{base:.2f} {y + 21:.2f}H{RIGHT:g}l-5 -4m5 4l-5 4"}
        )
    return draw_area(f"bar bar--{kind}", Span(base, scale.place(value)), Span(y + 15, y + 27), value)


def _tabulate(found: Sequence[Tornado], unit: Unit) -> Table | None:
    rows: list[list[Kid]] = []
    for one in found:
        rows += [_make_row(one, bar, unit) for bar in one.bars]
        if one.left_out:
            rows.append([one.of, f"{one.left_out:,} lesser ones, in the figures' JSON", "", "", ""])
    heads = ["result", "driver", "from … to", f"{unit.axis} at its low end", "at its high end"]
    return Table("What matters most", heads, rows) if rows else None


def _make_row(one: Tornado, bar: Bar, unit: Unit) -> list[Kid]:
    return [
        one.of, bar.driver, _say_ends(bar), _make_result(bar.at_low, unit),
        _make_result(bar.at_high, unit),
    ]  # fmt: skip


def _make_result(value: float | None, unit: Unit) -> Kid:
    return "not finite" if value is None else make_number(value, unit)
