"""Right answers by family and endpoint, and pairs of endpoints compared on the same tasks."""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Final

from holdfast.front.web.measuring.load_rows import list_known
from holdfast.front.web.measuring.quality_rows import Comparison, Group, QualityRows, Right
from holdfast.front.web.measuring.roll import Roll, make_legend
from holdfast.front.web.plots.chart import RIGHT, Axis, Frame, draw_area, draw_chart, draw_level, draw_text, shorten
from holdfast.front.web.plots.looks import Look, draw_marker
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.scales import Scale, Span, make_linear_scale
from holdfast.front.web.plots.units import (
    POINTS,
    SHARE,
    make_estimate,
    make_number,
    say_estimate,
    say_number,
    say_unknown,
)
from holdfast.front.web.sheets.blocks import Panel, Plate, Table
from holdfast.front.web.sheets.names import make_name

_LEFT: Final = 20.0
_TOP: Final = 20.0
_ROW: Final = 20.0
_STEP: Final = 14.0
_COUNTS: Final = ("asked", "right", "wrong", "unknown", "refused", "cut")
_NO_Y: Final = Scale(0.0, 1.0, Span(0.0, 1.0), ())


def make_right_plate(quality: QualityRows, roll: Roll) -> Plate:
    """The share of right answers: a panel for each suite, a row for each family or use, a mark for each endpoint."""
    suites = list(dict.fromkeys(one.group.suite for one in quality.rights))
    panels = [Panel(_name_suite(suite), _draw_suite(quality, suite, roll)) for suite in suites]
    says = [_READING_OF_SHARES] if panels else []
    names = [name for name in roll.names if any(one.endpoint == name for one in quality.rights)]
    unknowns = list(_list_unknowns(quality))
    return Plate(
        "right", "Right answers by family", says, panels, _tabulate(quality), make_legend(roll, names), unknowns
    )


def _name_suite(suite: str) -> Kid:
    return join("Suite ", make_name(suite)) if suite else "By use, over all suites"


def make_comparison_plate(quality: QualityRows, roll: Roll) -> Plate:
    """Differences on the same tasks, with the smallest that could have been seen."""
    pairs = list(dict.fromkeys((one.first, one.second) for one in quality.comparisons))
    panels: list[Panel] = []
    for first, second in pairs:
        own = [one for one in quality.comparisons if (one.first, one.second) == (first, second)]
        if list_known(one.difference for one in own):
            panels.append(
                Panel(join(make_name(first), " less ", make_name(second)), _draw_pair(own, roll.get_look(first)))
            )
    says: list[Kid] = [_READING] if panels else []
    says += [say_comparison(one) for one in quality.comparisons if one.group.is_all]
    unknowns = list(_list_not_compared(quality, pairs))
    return Plate("compared", "Compared task by task", says, panels, _tabulate_pairs(quality), None, unknowns)


_READING_OF_SHARES: Final = (
    "Further right is better. Where intervals overlap widely, more tasks are needed to tell endpoints apart; the "
    "comparison task by task below is the sharper one."
)
_READING: Final = (
    "Right of the middle line the first is better. Within the dashed width so few tasks could not have shown a true "
    "difference four times out of five: an interval over zero there is no sign that both are equal."
)


def say_comparison(one: Comparison) -> Markup:
    """The difference in words."""
    names = join(make_name(one.first), " less ", make_name(one.second), f" ({one.group.said})")
    if one.difference.value is None:
        return join(names, ": ", say_unknown(one.difference), ".")
    seen = join("; the smallest difference that these tasks would likely show is ", make_number(one.detectable, POINTS))
    return join(names, ": ", make_estimate(one.difference, POINTS), ", ", _say_difference(one), seen, ".")


def _say_difference(one: Comparison) -> str:
    difference = one.difference
    if difference.low is None or difference.high is None:
        return "whether they differ is unknown"
    if difference.low <= 0 <= difference.high:
        return "no difference is shown"
    return f"{one.first if (difference.value or 0) > 0 else one.second} is better"


def _draw_suite(quality: QualityRows, suite: str, roll: Roll) -> Markup:
    groups = [group for group in quality.list_groups() if group.suite == suite]
    names = [name for name in roll.names if any(quality.find_right(name, group) for group in groups)]
    height = _ROW + _STEP * len(names)
    frame = _make_frame(make_linear_scale([0.0, 1.0], Span(_LEFT, RIGHT)), len(groups) * height, "% right")
    rows = [_draw_group(frame, quality, group, _TOP + height * place, roll) for place, group in enumerate(groups)]
    return draw_chart(frame, f"Right answers of suite {suite}; the numbers are in the table below.", *rows)


def _make_frame(scale: Scale, height: float, name: str) -> Frame:
    unit = POINTS if name.startswith("percentage") else SHARE
    return Frame(Axis(scale, unit, name), Axis(_NO_Y, SHARE, ""), _TOP, _TOP + height)


def _draw_group(frame: Frame, quality: QualityRows, group: Group, y: float, roll: Roll) -> list[Markup]:
    parts = [draw_text(_LEFT, y + 10, shorten(group.said, RIGHT - _LEFT), kind="driver-name")]
    names = [name for name in roll.names if any(one.endpoint == name for one in quality.rights)]
    for place, name in enumerate(names):
        right = quality.find_right(name, group)
        if right is not None:
            parts.append(_draw_right(frame, right, y + _ROW + _STEP * place, roll.get_look(name)))
    return parts


def _draw_right(frame: Frame, right: Right, y: float, look: Look) -> Markup:
    one = right.judged
    said = f"{right.endpoint}, {right.group.said}: {say_estimate(one, SHARE)} right"
    title = make("title", None, said)
    if one.value is None:
        text = draw_text(_LEFT + 4, y + 4, f"? {say_unknown(one)}", kind="unknown-name")
        return make("g", {"class": f"unknown-mark {look.classes}"}, title, text)
    attributes = {"class": f"mark {look.classes}", "data-x": repr(one.value)}
    bar = draw_level(frame, y, one)
    return make("g", attributes, title, bar, draw_marker(look, frame.x.scale.place(one.value), y))


def _draw_pair(own: Sequence[Comparison], look: Look) -> Markup:
    reach = [*list_known(one.difference for one in own), *(one.detectable or 0.0 for one in own)]
    most = max(abs(end) for end in reach) or 0.1
    scale = make_linear_scale([-most, most], Span(_LEFT, RIGHT))
    height = _ROW + _STEP
    frame = _make_frame(scale, len(own) * height, "percentage points")
    zero = scale.place(0.0)
    middle = make("path", {"class": "base", "d": f"M{zero:.2f} {_TOP:g}V{frame.bottom:g}"})
    rows = [_draw_comparison(frame, one, _TOP + height * place, look) for place, one in enumerate(own)]
    return draw_chart(frame, "Differences on the same tasks; the numbers are in the table below.", [middle], *rows)


def _draw_comparison(frame: Frame, one: Comparison, y: float, look: Look) -> list[Markup]:
    scale, middle = frame.x.scale, y + _ROW
    parts = [draw_text(_LEFT, y + 10, shorten(_say_group(one), RIGHT - _LEFT), kind="driver-name")]
    if one.detectable is not None and one.detectable > 0:
        low, high = scale.place(-one.detectable), scale.place(one.detectable)
        parts.append(draw_area("undetectable", Span(low, high), Span(middle - 7, middle + 7), one.detectable))
    if one.difference.value is None:
        return [*parts, draw_text(_LEFT + 4, middle + 4, f"? {say_unknown(one.difference)}", kind="unknown-name")]
    attributes = {"class": f"mark {look.classes}", "data-x": repr(one.difference.value)}
    title = make("title", None, f"{_say_group(one)}: {say_estimate(one.difference, POINTS)}")
    marker = draw_marker(look, scale.place(one.difference.value), middle)
    return [*parts, make("g", attributes, title, draw_level(frame, middle, one.difference), marker)]


def _say_group(one: Comparison) -> str:
    return f"{one.group.suite}: {one.group.said}" if one.group.suite else one.group.said


def _list_unknowns(quality: QualityRows) -> Iterable[Kid]:
    if not quality.rights:
        yield "Unknown: no answer was judged."
    if quality.left_out:
        yield f"{quality.left_out:,} more are in the figures' JSON."
    for one in quality.rights:
        if one.judged.value is None:
            yield join(make_name(one.endpoint), f", {one.group.suite}, {one.group.said}: {say_unknown(one.judged)}.")


def _list_not_compared(quality: QualityRows, pairs: Sequence[tuple[str, str]]) -> Iterable[Kid]:
    names = list(dict.fromkeys(one.endpoint for one in quality.rights))
    if len(names) == 1:
        yield "One endpoint alone answered tasks: there is nothing to compare."
    done = {frozenset(pair) for pair in pairs}
    for first, second in combinations(names, 2):
        if frozenset((first, second)) not in done:
            yield join(make_name(first), " and ", make_name(second), ": unknown, they were not compared task by task.")


def _tabulate(quality: QualityRows) -> Table | None:
    heads = ["suite", "of", "endpoint", "right, of those judged", "right, of all asked", *_COUNTS]
    rows: list[list[Kid]] = []
    for one in quality.rights:
        shares = [make_estimate(one.judged, SHARE), make_estimate(one.least, SHARE)]
        counts = [_say_count(one.find_count(name)) for name in _COUNTS]
        rows.append([one.group.suite or "all", one.group.said, make_name(one.endpoint), *shares, *counts])
    return Table("Right answers", heads, rows) if rows else None


def _tabulate_pairs(quality: QualityRows) -> Table | None:
    heads = ["pair", "of", "difference", "smallest that could be seen", "p", "tasks", "not in both", "method"]
    rows: list[list[Kid]] = [
        [
            join(make_name(one.first), " less ", make_name(one.second)), _say_group(one),
            make_estimate(one.difference, POINTS), make_number(one.detectable, POINTS),
            "unknown" if one.p_value is None else say_number(one.p_value), _say_count(one.tasks),
            _say_count(one.unpaired), one.method,
        ]
        for one in quality.comparisons
    ]  # fmt: skip
    return Table("Differences on the same tasks", heads, rows) if rows else None


def _say_count(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}"
