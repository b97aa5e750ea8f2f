"""Latency against load: three percentiles with their intervals, from the schedule and, hollow beside it, from the
sending."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from holdfast.front.web.measuring.load_rows import (
    QUANTILES,
    Across,
    Level,
    Levels,
    find_across,
    list_drawn,
    say_lacking,
)
from holdfast.front.web.measuring.roll import Roll
from holdfast.front.web.plots.chart import (
    RIGHT,
    Axis,
    Frame,
    Mark,
    draw_chart,
    draw_line,
    draw_mark,
    draw_text,
    span_x,
    span_y,
)
from holdfast.front.web.plots.looks import Look, choose_look
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.scales import make_scale, make_scale_of
from holdfast.front.web.plots.units import Unit, choose_seconds, make_estimate, make_seconds, say_estimate, say_unknown
from holdfast.front.web.sheets.blocks import Panel, Plate, Table, make_keys
from holdfast.front.web.sheets.names import make_name
from holdfast.records.measurement import Estimate

_RIGHT: Final = RIGHT - 30
_BOTTOM: Final = 270.0
_ROW: Final = 14.0
_STRIP: Final = 28.0
_NAME_ROW: Final = 13.0
_ASIDE: Final = 9.0


@dataclass(frozen=True, slots=True)
class Latency:
    """One to be drawn: its name in the figures from the schedule and from the sending, and in words."""

    name: str
    name_sent: str
    title: str


TTFT: Final = Latency("ttft", "ttft_sent", "Time to first token against load")
END_TO_END: Final = Latency("end_to_end", "end_to_end_sent", "Time to the end of an answer against load")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What all panels of a plate share."""

    latency: Latency
    frame: Frame
    across: Across
    unknown: tuple[str, ...]


def make_latency_plate(latency: Latency, levels: Levels, roll: Roll) -> Plate:
    """A panel for each endpoint, all on the same axes."""
    every = levels.list_all()
    known = list_drawn(_list_estimates(latency, every))
    unit = choose_seconds(known)
    panels: list[Panel] = []
    if known:
        sheet = _make_sheet(latency, every, known)
        looks = {name: roll.get_look(name) for name in levels.by_endpoint}
        panels = [Panel(make_name(name), _draw(sheet, own, looks[name])) for name, own in levels.by_endpoint.items()]
    says = [*([_READING] if known else []), *(_say(latency, name, own) for name, own in levels.by_endpoint.items())]
    return Plate(
        latency.name.replace("_", "-"), latency.title, says, panels, _tabulate(latency, every, unit), _make_legend(),
        list(_list_unknowns(latency, levels)),
    )  # fmt: skip


_READING: Final = (
    "Lower is better. Latency from the schedule counts what a request waited before it was sent; where it lies above "
    "the hollow marks, requests queued in front of the server or in the client."
)


def _list_estimates(latency: Latency, levels: Iterable[Level]) -> list[Estimate]:
    names = (latency.name, latency.name_sent)
    return [level.get_latency(name, quantile) for level in levels for name in names for quantile in QUANTILES]


def _make_sheet(latency: Latency, levels: Sequence[Level], known: Sequence[float]) -> _Sheet:
    across, unit = find_across(levels), choose_seconds(known)
    unknown = tuple(
        one for one in QUANTILES if any(level.get_latency(latency.name, one).value is None for level in levels)
    )
    top = _STRIP + _ROW * len(unknown)
    scale = make_scale(known, span_y(top, _BOTTOM))
    x = make_scale_of([across.place(level) for level in levels], span_x(_RIGHT))
    name = f"{unit.axis}{', log scale' if scale.is_log else ''}"
    return _Sheet(
        latency, Frame(Axis(x, across.unit, across.name), Axis(scale, unit, name), top, _BOTTOM), across, unknown
    )


def _draw(sheet: _Sheet, levels: Sequence[Level], look: Look) -> Markup:
    about = f"{sheet.latency.title}; the numbers are in the table below."
    ways = {quantile: _place_all(sheet, levels, quantile) for quantile in QUANTILES}
    lines = [draw_line(places, look.dashed(number)) for number, places in enumerate(ways.values())]
    marks = [draw_mark(sheet.frame, mark) for level in levels for mark in _make_marks(sheet, level, look)]
    halos = [_draw_halos(sheet, level) for level in levels if level.is_client_bound]
    return draw_chart(sheet.frame, about, lines, _draw_names(ways), marks, _draw_unknowns(sheet, levels), *halos)


def _make_marks(sheet: _Sheet, level: Level, look: Look) -> list[Mark]:
    x, latency, unit = sheet.across.place(level), sheet.latency, sheet.frame.y.unit
    marks: list[Mark] = []
    for name, own, aside in ((latency.name_sent, look.hollow(), _ASIDE), (latency.name, look, 0.0)):
        since = "the schedule" if name == latency.name else "the sending"
        for quantile in QUANTILES:
            one = level.get_latency(name, quantile)
            said = f"{level.endpoint}, {level.offer.said}: {quantile} {say_estimate(one, unit)} from {since}"
            marks.append(Mark(x, one, own, said, aside))
    return marks


def _place_all(sheet: _Sheet, levels: Sequence[Level], quantile: str) -> list[tuple[float, float]]:
    """Where a percentile lies at each load; not a number where it is unknown."""
    frame, values = sheet.frame, [level.get_latency(sheet.latency.name, quantile).value for level in levels]
    across = [frame.x.scale.place(sheet.across.place(level)) for level in levels]
    upright = [math.nan if value is None else frame.y.scale.place(value) for value in values]
    return list(zip(across, upright, strict=True))


def _draw_names(ways: Mapping[str, Sequence[tuple[float, float]]]) -> list[Markup]:
    """Each percentile's name beside its last known mark, and below the one above it."""
    known = [(name, *places[-1]) for name, way in ways.items() if (places := [one for one in way if one[1] == one[1]])]
    drawn: list[Markup] = []
    free: dict[float, float] = {}
    for name, x, y in sorted(known, key=lambda one: one[2]):
        at = max(y, free.get(x, y))
        free[x] = at + _NAME_ROW
        drawn.append(draw_text(x + _ASIDE + 8, at + 4, name, kind="quantile"))
    return drawn


def _draw_unknowns(sheet: _Sheet, levels: Sequence[Level]) -> list[Markup]:
    """Above the plot a row for each percentile that is unknown somewhere, with a mark over the loads where it is."""
    parts: list[Markup] = []
    for row, quantile in enumerate(sheet.unknown):
        y = _STRIP + _ROW * row
        parts.append(draw_text(sheet.frame.x.scale.span.start - 6, y, quantile, "end", "unknown-name"))
        parts += [_draw_unknown(sheet, level, quantile, y) for level in levels if _is_unknown(sheet, level, quantile)]
    return parts


def _draw_unknown(sheet: _Sheet, level: Level, quantile: str, y: float) -> Markup:
    x = sheet.frame.x.scale.place(sheet.across.place(level))
    said = f"{quantile} at {level.offer.said}: {say_unknown(level.get_latency(sheet.latency.name, quantile))}"
    text = draw_text(x, y, "?", "middle", "unknown-name")
    return make(
        "g", {"class": "unknown-mark", "data-x": repr(sheet.across.place(level))}, make("title", None, said), text
    )


def _is_unknown(sheet: _Sheet, level: Level, quantile: str) -> bool:
    return level.get_latency(sheet.latency.name, quantile).value is None


def _draw_halos(sheet: _Sheet, level: Level) -> list[Markup]:
    """Around what is the client's and not the server's."""
    x, scale = sheet.frame.x.scale.place(sheet.across.place(level)), sheet.frame.y.scale
    values = [level.get_latency(sheet.latency.name, quantile).value for quantile in QUANTILES]
    return [
        make("circle", {"class": "halo", "cx": x, "cy": scale.place(value), "r": 8.5})
        for value in values
        if value is not None
    ]


def _say(latency: Latency, name: str, levels: Sequence[Level]) -> Kid:
    """The highest load in words."""
    level = levels[-1]
    half, most = (level.get_latency(latency.name, quantile) for quantile in ("p50", "p99"))
    whose = " The client could not be believed there: these are not the server's." if level.is_client_bound else ""
    return join(
        make_name(name), f" at {level.offer.said}, the highest load: median ", make_seconds(half),
        ", 99th percentile ", make_seconds(most), ".", whose,
    )  # fmt: skip


def _list_unknowns(latency: Latency, levels: Levels) -> Iterable[Kid]:
    if not levels.by_endpoint:
        yield "Unknown: no load was offered."
    for name, own in levels.by_endpoint.items():
        for quantile in QUANTILES:
            lacking = say_lacking(own, partial(Level.get_latency, name=latency.name, quantile=quantile))
            if lacking:
                yield join(make_name(name), f", {quantile}: {lacking}.")
        bound = [level.offer.said for level in own if level.is_client_bound]
        if bound:
            said = f": client-bound at {', '.join(bound)} (circled): the client's figures, not the server's."
            yield join(make_name(name), said)


def _make_legend() -> Markup:
    look = choose_look(0)
    return make_keys([(look, "from the schedule"), (look.hollow(), "from the sending")])


def _tabulate(latency: Latency, levels: Sequence[Level], unit: Unit) -> Table | None:
    heads: list[Kid] = ["endpoint", "load", *QUANTILES, *(f"{quantile} from the sending" for quantile in QUANTILES)]
    rows: list[list[Kid]] = []
    for level in levels:
        estimates = [level.get_latency(name, one) for name in (latency.name, latency.name_sent) for one in QUANTILES]
        rows.append([make_name(level.endpoint), level.offer.said, *(make_estimate(one, unit) for one in estimates)])
    return Table(latency.title, heads, rows) if rows else None
