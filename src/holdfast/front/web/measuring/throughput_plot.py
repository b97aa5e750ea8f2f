"""Throughput and goodput against load, with the knee; tokens per second of all endpoints."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from holdfast.front.web.measuring.load_rows import (
    Across,
    Knee,
    Level,
    Levels,
    find_across,
    list_drawn,
    say_lacking,
    say_missing,
)
from holdfast.front.web.measuring.roll import Roll, make_legend
from holdfast.front.web.plots.chart import (
    LEFT,
    Axis,
    Frame,
    Mark,
    draw_area,
    draw_chart,
    draw_line,
    draw_mark,
    draw_text,
    span_x,
    span_y,
)
from holdfast.front.web.plots.looks import Look, choose_look
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.scales import Span, make_scale, make_scale_of
from holdfast.front.web.plots.units import Unit, make_estimate, say_estimate
from holdfast.front.web.sheets.blocks import Panel, Plate, Table, make_keys
from holdfast.front.web.sheets.names import make_name

PER_SECOND: Final = Unit("per second", 1.0, "/s")
_TOP: Final = 44.0
_BOTTOM: Final = 270.0
_ASIDE: Final = 7.0
_ALL, _GOOD, _TOKENS = "requests_per_s", "goodput_per_s", "output_tokens_per_s"
_NAMES: Final = {_ALL: "answers", _GOOD: "good answers", _TOKENS: "output tokens"}


@dataclass(frozen=True, slots=True)
class _Sheet:
    frame: Frame
    across: Across


def make_throughput_plate(levels: Levels, roll: Roll, objective: str) -> Plate:
    """Answers and good answers per second: a panel for each endpoint, all on the same axes."""
    every = levels.list_all()
    known = list_drawn(level.get_estimate(name) for level in every for name in (_ALL, _GOOD))
    panels: list[Panel] = []
    if known:
        sheet = _make_sheet(every, known, "answers per second")
        panels = [
            Panel(make_name(name), _draw(sheet, own, levels.knees.get(name), roll.get_look(name)))
            for name, own in levels.by_endpoint.items()
        ]
    look = choose_look(0)
    legend = make_keys([(look, "answers"), (look.dashed(1).hollow(), "good answers: within the objective")])
    says = _say(levels, objective)
    table = _tabulate(every, (_ALL, _GOOD), "Answers and good answers per second")
    unknowns = list(_list_unknowns(levels, (_ALL, _GOOD) if objective else (_ALL,)))
    return Plate("throughput", "Throughput and goodput against load", says, panels, table, legend, unknowns)


def make_token_plate(levels: Levels, roll: Roll) -> Plate:
    """Output tokens per second of all endpoints in one panel."""
    every = levels.list_all()
    known = list_drawn(level.get_estimate(_TOKENS) for level in every)
    panels: list[Panel] = []
    if known:
        sheet = _make_sheet(every, known, "output tokens per second, as the endpoint counts")
        drawn = [_draw_series(sheet, own, _TOKENS, roll.get_look(name)) for name, own in levels.by_endpoint.items()]
        about = "Output tokens per second against load; the numbers are in the table below."
        panels = [Panel("Output tokens per second", draw_chart(sheet.frame, about, *drawn))]
    says = ["Higher is better. Where a line stops rising, the server is full."] if known else []
    table = _tabulate(every, (_TOKENS,), "Output tokens per second")
    legend = make_legend(roll, levels.by_endpoint)
    return Plate(
        "tokens",
        "Tokens per second against load",
        says,
        panels,
        table,
        legend,
        list(_list_unknowns(levels, (_TOKENS,))),
    )


def say_knee(knee: Knee, levels: Sequence[Level]) -> Kid:
    """Where the knee is, or why it is not known."""
    at = next((level.offer.said for level in levels if level.number == knee.level), "")
    carried = (
        join("; ", "over the runs ", make_estimate(knee.rate, PER_SECOND), " are carried")
        if knee.level is not None
        else None
    )
    if knee.is_bracketed:
        return join(
            make_name(knee.endpoint), f": the objective is met up to {at}, and no longer at the next load", carried, "."
        )
    if knee.level is not None:
        return join(make_name(knee.endpoint), f": the knee is {knee.said}, {at}", carried, ".")
    return join(make_name(knee.endpoint), f": the knee is {knee.said or 'unknown'}{say_missing(knee.rate)}.")


def _make_sheet(levels: Sequence[Level], known: Sequence[float], name: str) -> _Sheet:
    across = find_across(levels)
    scale = make_scale(known, span_y(_TOP, _BOTTOM))
    x = make_scale_of([across.place(level) for level in levels], span_x())
    y_name = f"{name}{', log scale' if scale.is_log else ''}"
    return _Sheet(Frame(Axis(x, across.unit, across.name), Axis(scale, PER_SECOND, y_name), _TOP, _BOTTOM), across)


def _draw(sheet: _Sheet, levels: Sequence[Level], knee: Knee | None, look: Look) -> Markup:
    about = "Answers and good answers per second against load; the numbers are in the table below."
    good = look.dashed(1).hollow()
    return draw_chart(
        sheet.frame, about, _draw_knee(sheet, levels, knee), _draw_series(sheet, levels, _ALL, look),
        _draw_series(sheet, levels, _GOOD, good, _ASIDE),
    )  # fmt: skip


def _draw_series(sheet: _Sheet, levels: Sequence[Level], name: str, look: Look, aside: float = 0.0) -> list[Markup]:
    """A line through the values, and marks with intervals."""
    frame, found = sheet.frame, [(sheet.across.place(level), level.get_estimate(name)) for level in levels]
    places = [
        (frame.x.scale.place(x) + aside, float("nan") if one.value is None else frame.y.scale.place(one.value))
        for x, one in found
    ]
    parts: list[Markup | None] = [draw_line(places, look)]
    for level, (x, one) in zip(levels, found, strict=True):
        said = f"{level.endpoint}, {level.offer.said}: {say_estimate(one, PER_SECOND)} {_NAMES[name]}"
        parts.append(draw_mark(frame, Mark(x, one, look, said, aside)))
        if level.is_client_bound and one.value is not None:
            place = {"cx": frame.x.scale.place(x) + aside, "cy": frame.y.scale.place(one.value)}
            parts.append(make("circle", {"class": "halo", **place, "r": 8.5}))
    return [part for part in parts if part is not None]


def _draw_knee(sheet: _Sheet, levels: Sequence[Level], knee: Knee | None) -> list[Markup]:
    """From the highest load that meets the objective to the next; or in words that there is none."""
    at = next((number for number, level in enumerate(levels) if knee and level.number == knee.level), None)
    if knee is None or at is None or not knee.is_bracketed or at + 1 >= len(levels):
        return [draw_text(LEFT + 4, 32, _name_knee(knee), kind="rule-name")]
    start, end = (sheet.frame.x.scale.place(sheet.across.place(levels[place])) for place in (at, at + 1))
    area = draw_area("rule-reach", Span(start, end), Span(_TOP - 4, _BOTTOM))
    line = make("path", {"class": "rule-line", "d": f"M{start:.2f} {_TOP - 4:g}V{_BOTTOM:g}"})
    is_left = start > (LEFT + sheet.frame.x.scale.span.end) / 2
    name = draw_text(start, 32, "knee", "end" if is_left else "start", "rule-name")
    mark = {"class": "rule rule--knee", "data-value": repr(sheet.across.place(levels[at]))}
    return [make("g", mark, area, line, name)]


def _name_knee(knee: Knee | None) -> str:
    """Of one that cannot be drawn."""
    if knee is None:
        return "knee: unknown, no objective"
    if knee.level is not None:
        return "knee not reached"
    return "knee below the least load" if knee.said.startswith("below") else "knee unknown"


def _say(levels: Levels, objective: str) -> list[Kid]:
    if not levels.by_endpoint:
        return []
    if not objective:
        return ["No objective was stated, so no answer is good or bad, and there is no knee."]
    says: list[Kid] = [f"An answer is good with {objective}. Where good answers fall below answers, load is too high."]
    return says + [say_knee(knee, levels.by_endpoint.get(name, ())) for name, knee in levels.knees.items()]


def _list_unknowns(levels: Levels, names: Sequence[str]) -> Iterable[Kid]:
    for endpoint, own in levels.by_endpoint.items():
        for name in names:
            lacking = say_lacking(own, partial(Level.get_estimate, name=name))
            if lacking:
                yield join(make_name(endpoint), f", {_NAMES[name]} per second: {lacking}.")


def _tabulate(levels: Sequence[Level], names: Sequence[str], caption: str) -> Table | None:
    heads: list[Kid] = ["endpoint", "load", *(f"{_NAMES[name]} per second" for name in names)]
    rows = [
        [
            make_name(one.endpoint),
            one.offer.said,
            *(make_estimate(one.get_estimate(name), PER_SECOND) for name in names),
        ]
        for one in levels
    ]
    return Table(caption, heads, rows) if rows else None
