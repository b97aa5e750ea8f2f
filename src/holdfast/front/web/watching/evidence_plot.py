"""Evidence over time: what bets against *nothing changed* are worth, on a logarithmic scale, with the alarm's line."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from holdfast.front.web.plots.chart import (
    CHARACTER,
    Axis,
    Frame,
    draw_area,
    draw_chart,
    draw_line,
    draw_text,
    span_x,
    span_y,
)
from holdfast.front.web.plots.looks import Look, choose_look
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.scales import Scale, Span, make_log_scale
from holdfast.front.web.plots.units import Unit
from holdfast.front.web.sheets.blocks import Panel, Plate, Table, make_keys
from holdfast.front.web.sheets.plain import JsonObject, find_count, find_number, get_object, get_rows, get_text
from holdfast.workflows.watching.wording import say_decade, say_times

ROWS_MAX: Final = 1000
_CHANNELS_MAX: Final = 9
_LOG_MAX: Final = 700.0  # of a number that there is
_SAYS: Final = join(
    "Each line is what a bet against ", make("em", None, "nothing changed beyond the tolerance"),
    " is worth: it began at 1. Where the thick line reaches the alarm, the served distribution changed; the thin one "
    "only ever says ", make("em", None, "suspected"), ", at the dotted line. What is far above the lines is drawn at "
    "the upper edge. The grey strip is where the change probably began.",
)  # fmt: skip
_TOP, _BOTTOM = 24.0, 230.0
_RIGHT: Final = 358.0  # so that the last day's name has room
_BEYOND: Final = 12.0  # how far above the lines is drawn, as natural logarithm: about five decades
_LEAST: Final = -7.0
_WEALTH, _SUSPICION = choose_look(0), choose_look(1)
_UNIT: Final = Unit("")
_STEPS: Final = (1, 2, 7, 14, 28, 91, 182, 365, 730, 1825, 3650)
_TICKS_MAX: Final = 4


@dataclass(frozen=True, slots=True)
class Course:
    """One line: a value for each day, as natural logarithms; None breaks it."""

    name: str
    look: Look
    points: tuple[tuple[int, float | None], ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is drawn of an endpoint. `lines` are (first day, last day, log threshold) of the lives."""

    courses: tuple[Course, ...]
    lines: tuple[tuple[int, int, float], ...]
    suspicion_line: float | None
    alarm: int | None
    start: tuple[int, int] | None
    accepted: tuple[int, ...]


def read_evidence(monitor: JsonObject) -> Evidence | None:
    """None where nothing was judged yet."""
    lives = get_rows(monitor, "evidence", 1000).items
    rows = [row for life in lives for row in get_rows(life, "days", 20_000).items if find_day(row, "day") is not None]
    if not rows:
        return None
    alarm, days = get_object(monitor, "alarm"), find_count(monitor, "alarm_free_days")
    low, high = find_day(alarm, "start_low"), find_day(alarm, "start_high")
    accepted = [find_day(life, "since") for life in get_rows(monitor, "lives", 1000).items[1:]]
    lines = tuple(_list_lines(lives))
    return Evidence(
        tuple(_list_courses(rows, min((line for *_, line in lines), default=math.inf))),
        lines,
        math.log(days) if days else None,
        find_day(alarm, "day"),
        (low, high) if low is not None and high is not None else None,
        tuple(day for day in accepted if day is not None),
    )


def make_evidence_plate(number: int, evidence: Evidence) -> Plate:
    """The picture and its days as a table."""
    legend = make_keys([(course.look, course.name) for course in evidence.courses])
    panel = Panel("What the bets are worth, day by day", _draw(evidence))
    unknowns: list[Kid] = (
        [] if any(course.look == _WEALTH for course in evidence.courses) else ["The evidence in all, day by day."]
    )
    return Plate(f"m{number}-evidence", "Evidence", [_SAYS], [panel], _tabulate(evidence), legend, unknowns)


def find_day(of: JsonObject, name: str) -> int | None:
    """The day under a name, as days since 1970-01-01; None where there is none."""
    try:
        return (date.fromisoformat(get_text(of, name, 40)[:10]) - date(1970, 1, 1)).days
    except ValueError:
        return None


def say_day(day: int) -> str:
    """`YYYY-MM-DD`."""
    return (date(1970, 1, 1) + timedelta(days=day)).isoformat()


def _list_courses(rows: Sequence[JsonObject], line: float) -> Iterator[Course]:
    """In all, the quicker rule, and channels alone: those that came far, or all where it is not known what they are
    worth together."""
    days = [(find_day(row, "day") or 0, row) for row in rows]
    wealth = tuple((day, find_number(row, "log_wealth")) for day, row in days)
    is_known = any(value is not None for _, value in wealth)
    if is_known:
        yield Course("evidence in all", _WEALTH, wealth)
    suspicion = tuple((day, find_number(row, "log_suspicion")) for day, row in days)
    yield Course("the quicker rule (e-SR)", _SUSPICION, suspicion)
    channels = list(dict.fromkeys(name for _, row in days for name in get_object(row, "channels")))[:_CHANNELS_MAX]
    for number, name in enumerate(channels if len(channels) > 1 else [], 2):
        points = tuple((day, find_number(get_object(row, "channels", name), "log_wealth")) for day, row in days)
        if not is_known or any(value is not None and value > line / 2 for _, value in points):
            yield Course(f"{name} alone", choose_look(number).hollow(), points)


def _list_lines(lives: Sequence[JsonObject]) -> Iterator[tuple[int, int, float]]:
    for life in lives:
        days = [day for row in get_rows(life, "days", 20_000).items if (day := find_day(row, "day")) is not None]
        line = find_number(life, "log_threshold")
        if days and line is not None:
            yield min(days), max(days), line


def _draw(evidence: Evidence) -> Markup:
    frame = _make_frame(evidence)
    parts: list[Kid] = [
        _draw_start(frame, evidence),
        [_draw_line_of(frame, *line) for line in evidence.lines],
        _draw_suspicion_line(frame, evidence),
        [_draw_course(frame, evidence, course) for course in reversed(evidence.courses)],
        [_draw_moment(frame, day, "accepted") for day in evidence.accepted],
        None if evidence.alarm is None else _draw_moment(frame, evidence.alarm, "alarm"),
    ]
    return draw_chart(frame, _say_about(evidence), *parts)


def _say_about(evidence: Evidence) -> str:
    last = evidence.courses[0].points[-1]
    return f"Evidence by day; on {say_day(last[0])} it is {say_times(last[1])}; the numbers are in the table below."


def _make_frame(evidence: Evidence) -> Frame:
    days = [day for course in evidence.courses for day, _ in course.points]
    logs = [value for course in evidence.courses for _, value in course.points if value is not None]
    logs += [line for *_, line in evidence.lines] + [evidence.suspicion_line or 0.0, 0.0]
    top = max([line for *_, line in evidence.lines] + [evidence.suspicion_line or 0.0]) + _BEYOND
    values = [math.exp(min(max(one, _LEAST), top)) for one in logs]
    moments = [*days, *evidence.accepted, *([] if evidence.alarm is None else [evidence.alarm])]
    scale = make_day_scale(min(moments), max(moments), span_x(_RIGHT))
    return Frame(
        Axis(scale, _UNIT, "day", tuple(say_day(int(tick)) for tick in scale.ticks)),
        _make_worth_axis(values),
        _TOP,
        _BOTTOM,
    )


def _make_worth_axis(values: Sequence[float]) -> Axis:
    scale = make_log_scale(values, span_y(_TOP, _BOTTOM))
    return Axis(scale, _UNIT, "worth, log scale", tuple(_say_worth(tick) for tick in scale.ticks))


def _say_worth(tick: float) -> str:
    power = round(math.log10(tick))
    return say_decade(power) if power >= 4 or power <= -3 else f"{tick:g}"


def make_day_scale(first: int, last: int, span: Span) -> Scale:
    """A scale of days whose few ticks are whole days, so many weeks or months apart."""
    last = max(last, first + 1)
    step = next((one for one in _STEPS if (last - first) / one <= _TICKS_MAX), _STEPS[-1])
    return Scale(float(first), float(last), span, tuple(float(day) for day in range(first, last + 1, step)))


def _place(frame: Frame, day: float, log: float) -> tuple[float, float]:
    return frame.x.scale.place(day), frame.y.scale.place(math.exp(min(max(log, 2 * _LEAST), _LOG_MAX)))


def _draw_course(frame: Frame, evidence: Evidence, course: Course) -> Markup:
    """The line, broken where a life ends; a life of one day is a dot."""
    starts = {first for first, *_ in evidence.lines}
    places: list[tuple[float, float]] = []
    for day, value in course.points:
        places += [(math.nan, math.nan)] if day in starts and places else []
        places.append((math.nan, math.nan) if value is None else _place(frame, day, value))
    kind = "course" if course.look == _WEALTH else "course is-thin"
    return make("g", {"class": kind}, make("title", None, course.name), join(draw_line(places, course.look)))


def _draw_line_of(frame: Frame, first: int, last: int, log: float) -> Markup:
    (left, y), (right, _) = _place(frame, first, log), _place(frame, max(last, first + 1), log)
    line = make("path", {"class": "rule-line", "d": f"M{left:.2f} {y:.2f}H{right:.2f}"})
    said, is_right = f"alarm at {say_times(log)}", right > frame.x.scale.span.end - 1
    name = draw_text(right if is_right else left, y - 4, said, "end" if is_right else "start", "rule-name")
    has_room = is_right or right - left > len(said) * CHARACTER
    return make("g", {"class": "rule rule--alarm", "data-value": repr(log)}, line, name if has_room else None)


def _draw_suspicion_line(frame: Frame, evidence: Evidence) -> Markup | None:
    """It has no name in the picture: it is close to the alarm's line."""
    log = evidence.suspicion_line
    if log is None:
        return None
    _, y = _place(frame, frame.x.scale.low, log)
    start, end = frame.x.scale.span.start, frame.x.scale.span.end
    line = make("path", {"class": "rule-line", "d": f"M{start:g} {y:.2f}H{end:g}"})
    title = make("title", None, f"suspected at {say_times(log)}")
    return make("g", {"class": "rule rule--suspected", "data-value": repr(log)}, title, line)


def _draw_moment(frame: Frame, day: int, name: str) -> Markup:
    x = frame.x.scale.place(day)
    is_right = x > (frame.x.scale.span.start + frame.x.scale.span.end) / 2
    line = make("path", {"class": "rule-line", "d": f"M{x:.2f} {frame.top:g}V{frame.bottom:g}"})
    text = draw_text(x + (-4 if is_right else 4), frame.bottom - 6, name, "end" if is_right else "start", "rule-name")
    title = make("title", None, f"{name}: {say_day(day)}")
    return make("g", {"class": f"rule rule--{name}", "data-value": repr(day)}, title, line, text)


def _draw_start(frame: Frame, evidence: Evidence) -> Markup | None:
    """The days on which the change may have begun."""
    if evidence.start is None:
        return None
    low, high = (frame.x.scale.place(day) for day in (evidence.start[0], evidence.start[1] + 1))
    return draw_area("rule-reach", Span(low, high), Span(frame.top, frame.bottom))


def _tabulate(evidence: Evidence) -> Table:
    names = [course.name for course in evidence.courses]
    columns = [dict(course.points) for course in evidence.courses]
    days = sorted({day for column in columns for day in column}, reverse=True)[:ROWS_MAX]
    rows: list[list[Kid]] = [[say_day(day), *(_make_worth(column.get(day)) for column in columns)] for day in days]
    return Table("What the bets are worth, the latest day first", ["day", *names], rows)


def _make_worth(log: float | None) -> Markup:
    if log is None:
        return make("span", {"class": "is-unknown"}, "unknown")
    return make("data", {"value": repr(log)}, say_times(log))
