"""A chart with two axes: frame, ticks and names, and what is drawn in it. Sizes are in units of the drawing, which is
as wide as its column."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from holdfast.front.web.plots.looks import Look, draw_marker
from holdfast.front.web.plots.markup import Kid, Markup, make
from holdfast.front.web.plots.scales import Scale, Span
from holdfast.front.web.plots.units import Unit, say_tick
from holdfast.records.measurement import Estimate

WIDTH: Final = 400.0
LEFT: Final = 50.0
RIGHT: Final = 380.0
CHARACTER: Final = 7.6  # of the larger letters on narrow screens
_CAP: Final = 3.5


@dataclass(frozen=True, slots=True)
class Axis:
    """A scale, the unit in which its ticks are said, and its name with that unit. Where there are `words`, one for each
    tick, they stand there instead of numbers."""

    scale: Scale
    unit: Unit
    name: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """Where both axes are. The plot's area is from `top` to `bottom`; `height` is of the whole drawing."""

    x: Axis
    y: Axis
    top: float
    bottom: float

    @property
    def height(self) -> float:
        """With ticks and the name of the lower axis."""
        return self.bottom + 40


@dataclass(frozen=True, slots=True)
class Mark:
    """An estimate at a place of the x axis, moved aside by `aside` units of the drawing; `said` is for who points."""

    x: float
    estimate: Estimate
    look: Look
    said: str
    aside: float = 0.0


def span_x(right: float = RIGHT) -> Span:
    """The way from left to right in a chart."""
    return Span(LEFT, right)


def span_y(top: float, bottom: float) -> Span:
    """The way from the bottom up."""
    return Span(bottom, top)


def draw_chart(frame: Frame, about: str, *parts: Kid) -> Markup:
    """The whole drawing; `about` says what it is to who cannot see it."""
    attributes = {"class": "plot", "viewBox": f"0 0 {WIDTH:g} {frame.height:g}", "role": "img", "aria-label": about}
    return make("svg", attributes, _draw_frame(frame), *parts)


def draw_mark(frame: Frame, mark: Mark) -> Markup | None:
    """A marker at the value and a bar over its interval; nothing where the value is not known. An end that is not
    there is an arrow at the edge."""
    one = mark.estimate
    if one.value is None:
        return None
    x, y = frame.x.scale.place(mark.x) + mark.aside, frame.y.scale.place(one.value)
    parts = [make("title", None, mark.said)]
    if one.low is not None or one.high is not None:
        parts.append(draw_upright(frame, x, one))
    return make("g", _describe(mark), *parts, draw_marker(mark.look, x, y))


def draw_upright(frame: Frame, x: float, one: Estimate) -> Markup:
    """The bar of an interval along the y axis."""
    low = frame.bottom if one.low is None else frame.y.scale.place(one.low)
    high = frame.top if one.high is None else frame.y.scale.place(one.high)
    return make(
        "path",
        {
            "class": "reach",
            "d": f"M{x:.2f} {low:.2f}V{high:.2f}{_cap(x, low, one.low is None, 1)}"
            f"{_cap(x, high, one.high is None, -1)}",
        },
    )


def draw_level(frame: Frame, y: float, one: Estimate) -> Markup:
    """The bar of an interval along the x axis."""
    low = frame.x.scale.span.start if one.low is None else frame.x.scale.place(one.low)
    high = frame.x.scale.span.end if one.high is None else frame.x.scale.place(one.high)
    ends = f"M{low:.2f} {y - _CAP:.2f}v{2 * _CAP:g}M{high:.2f} {y - _CAP:.2f}v{2 * _CAP:g}"
    return make("path", {"class": "reach", "d": f"M{low:.2f} {y:.2f}H{high:.2f}{ends}"})


def draw_line(places: Sequence[tuple[float, float]], look: Look) -> Markup | None:
    """A line through places of the drawing; one that is not finite breaks it."""
    steps: list[str] = []
    is_on = False
    for x, y in places:
        is_fit = math.isfinite(x) and math.isfinite(y)
        steps += [f"{'L' if is_on else 'M'}{x:.2f} {y:.2f}"] if is_fit else []
        is_on = is_fit
    attributes = {"class": f"line {look.classes}", "d": "".join(steps), "stroke-dasharray": look.dash or None}
    return make("path", attributes) if len(steps) > 1 else None


def draw_band(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], look: Look) -> Markup:
    """The area between two lines."""
    way = [*upper, *reversed(lower)]
    steps = "".join(f"{'L' if number else 'M'}{x:.2f} {y:.2f}" for number, (x, y) in enumerate(way))
    return make("path", {"class": f"band {look.classes}", "d": f"{steps}z"})


def draw_area(kind: str, across: Span, upright: Span, value: float | None = None) -> Markup:
    """A box from one end of two spans to the other, with the exact number that it shows."""
    (left, right), (top, bottom) = sorted((across.start, across.end)), sorted((upright.start, upright.end))
    box = {"x": left, "y": top, "width": right - left, "height": bottom - top}
    return make("rect", {"class": kind, **box, "data-value": None if value is None else repr(value)})


def draw_text(x: float, y: float, text: str, anchor: str = "start", kind: str = "label") -> Markup:
    """Words in a drawing."""
    return make("text", {"class": kind, "x": x, "y": y, "text-anchor": anchor}, text)


def shorten(text: str, width: float) -> str:
    """Text that fits a width of the drawing, as wide letters go."""
    most = max(int(width / CHARACTER), 4)
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _cap(x: float, y: float, is_open: bool, way: int) -> str:
    if is_open:
        return f"M{x - _CAP:.2f} {y - way * 5:.2f}L{x:.2f} {y:.2f}L{x + _CAP:.2f} {y - way * 5:.2f}"
    return f"M{x - _CAP:.2f} {y:.2f}h{2 * _CAP:g}"


def _describe(mark: Mark) -> dict[str, str | float | None]:
    one = mark.estimate
    exact = {"x": mark.x, "value": one.value, "low": one.low, "high": one.high}
    return {
        "class": f"mark {mark.look.classes}",
        **{f"data-{name}": None if number is None else repr(number) for name, number in exact.items()},
    }


def _draw_frame(frame: Frame) -> list[Markup]:
    start, end = frame.x.scale.span.start, frame.x.scale.span.end
    parts = [_draw_y_tick(frame, tick) for tick in frame.y.scale.ticks]
    parts.append(make("path", {"class": "axis", "d": f"M{start:g} {frame.bottom:g}H{end:g}"}))
    parts += _draw_x_ticks(frame)
    parts.append(draw_text(0, 12, frame.y.name, kind="axis-name"))
    parts.append(draw_text(end, frame.bottom + 34, frame.x.name, "end", "axis-name"))
    return parts


def _draw_y_tick(frame: Frame, tick: float) -> Markup:
    y, start = frame.y.scale.place(tick), frame.x.scale.span.start
    line = make("path", {"class": "grid-line", "d": f"M{start:g} {y:.2f}H{frame.x.scale.span.end:g}"})
    return make(
        "g", {"class": "y-tick", "data-value": repr(tick)}, line,
        draw_text(start - 6, y + 4, _say_tick(frame.y, tick), "end", "tick"),
    )  # fmt: skip


def _draw_x_ticks(frame: Frame) -> list[Markup]:
    """Ticks, with as many numbers as there is room for."""
    parts: list[Markup] = []
    free_from = -math.inf
    for tick in frame.x.scale.ticks:
        x, said = frame.x.scale.place(tick), _say_tick(frame.x, tick)
        half = len(said) * CHARACTER / 2
        has_room = x - half > free_from
        free_from = x + half + 4 if has_room else free_from
        line = make("path", {"class": "axis", "d": f"M{x:.2f} {frame.bottom:g}v4"})
        text = draw_text(x, frame.bottom + 18, said, "middle", "tick") if has_room else None
        parts.append(make("g", {"class": "x-tick", "data-value": repr(tick)}, line, text))
    return parts


def _say_tick(axis: Axis, tick: float) -> str:
    ticks = axis.scale.ticks
    if axis.words:
        return axis.words[ticks.index(tick)]
    step = abs(tick) if axis.scale.is_log or len(ticks) < 2 else min(b - a for a, b in pairwise(ticks))
    return say_tick(tick * axis.unit.factor, (step or 1.0) * axis.unit.factor)
