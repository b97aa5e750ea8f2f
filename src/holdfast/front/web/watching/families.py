"""Which probe families moved: each channel's shift with its interval, in its own unit and on its own scale."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.front.web.plots.chart import RIGHT, WIDTH, draw_area, draw_text, shorten
from holdfast.front.web.plots.looks import choose_look, draw_marker
from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.plots.scales import Scale, Span, make_linear_scale
from holdfast.front.web.plots.units import Unit, make_number, say_number
from holdfast.front.web.sheets.blocks import Panel, Plate, Table
from holdfast.front.web.sheets.plain import JsonObject, find_count, find_number, get_object, get_rows, get_text
from holdfast.workflows.watching.wording import say_likeness, say_moved

FAMILIES_MAX: Final = 24
_ROW: Final = 46.0
_TOP: Final = 6.0
_LEFT: Final = 14.0
_PLAIN: Final = Unit("")
_LOOK: Final = choose_look(0)
_STRIP: Final = "what is tolerated; the line in it is no shift"


@dataclass(frozen=True, slots=True)
class Family:
    """A channel's shift from `low` to `high`; `epsilon` is the shift that was tolerated, None where none is stated."""

    channel: str
    shift: float | None
    low: float | None
    high: float | None
    answers: int
    words: str
    epsilon: float | None

    @property
    def verdict(self) -> str:
        """Whether it moved: only an interval beyond the tolerance says so."""
        if self.shift is None or self.low is None or self.high is None:
            return "unknown"
        edge = self.epsilon or 0.0
        if self.low > edge or self.high < -edge:
            return "moved"
        return "not seen to move" if self.epsilon is None else "not seen beyond the tolerance"


def read_families(monitor: JsonObject) -> list[Family]:
    """The channels in the order of the report, at most 24."""
    epsilons = get_object(monitor, "epsilon")
    return [
        Family(
            get_text(row, "channel", 40), find_number(row, "shift"), find_number(row, "low"), find_number(row, "high"),
            find_count(row, "answers") or 0, get_text(row, "words"),
            find_number(epsilons, get_text(row, "channel", 40)),
        )
        for row in get_rows(monitor, "moved", FAMILIES_MAX).items
    ]  # fmt: skip


def make_family_plate(number: int, monitor: JsonObject) -> Plate | None:
    """What the change looks like; None before an alarm."""
    families = read_families(monitor)
    triage = get_object(monitor, "triage")
    if not families and not triage:
        return None
    known = [one for one in families if one.shift is not None]
    unknowns: list[Kid] = [
        f"{one.channel}{f' ({one.words})' if one.words else ''}: too little was seen"
        for one in families
        if one.shift is None
    ]
    panels = [Panel("Shift of each channel since the change, with its interval", _draw(known))] if known else []
    name, says = f"m{number}-families", _say(triage, monitor)
    return Plate(name, "What moved", says, panels, _tabulate(families), _make_legend(), unknowns)


def _say(triage: JsonObject, monitor: JsonObject) -> list[Kid]:
    said: list[Kid] = []
    if triage:
        likeness = say_likeness(monitor)
        said.append(f"{likeness[:1].upper()}{likeness[1:]}. A description, without a guarantee of its own.")
    if words := get_text(triage, "words"):
        said.append(words)
    if nearest := _say_nearest(triage):
        said.append(nearest)
    return said


def _say_nearest(triage: JsonObject) -> str:
    rows = get_rows(triage, "nearest", 5).items
    said = [f"{get_text(one, 'name', 80)} ({say_number(find_number(one, 'distance') or 0.0)})" for one in rows]
    return f"Nearest known changes, with their distances: {', '.join(said)}." if said else ""


def _draw_key(*parts: Kid) -> Markup:
    attributes = {"class": f"key-mark {_LOOK.classes}", "viewBox": "0 0 28 14", "aria-hidden": "true"}
    return make("svg", attributes, *parts)


def _make_legend() -> Markup:
    bar = make("path", {"class": "reach", "d": "M2 7H26M2 3v8M26 3v8"})
    strip = draw_area("rule-reach", Span(2, 26), Span(1, 13))
    zero = make("path", {"class": "base", "d": "M14 1v12"})
    keys = ((_draw_key(bar, draw_marker(_LOOK, 14, 7)), "shift with its interval"), (_draw_key(strip, zero), _STRIP))
    return make("ul", {"class": "key-list"}, [make("li", None, key, said) for key, said in keys])


def _draw(families: Sequence[Family]) -> Markup:
    height = _TOP + _ROW * len(families)
    rows = [_draw_row(one, _TOP + _ROW * number) for number, one in enumerate(families)]
    attributes = {
        "class": "plot", "viewBox": f"0 0 {WIDTH:g} {height:g}", "role": "img",
        "aria-label": "Shifts by channel; the numbers are in the table below.",
    }  # fmt: skip
    return make("svg", attributes, rows)


def _draw_row(one: Family, y: float) -> Markup:
    assert one.shift is not None
    scale, middle = _make_scale(one), y + 29
    parts: list[Kid] = [make("title", None, f"{one.channel}: {_say_shift(one)}")]
    if one.epsilon:
        ends = Span(scale.place(-one.epsilon), scale.place(one.epsilon))
        parts.append(draw_area("rule-reach", ends, Span(middle - 9, middle + 9), one.epsilon))
    zero = scale.place(0.0)
    parts.append(make("path", {"class": "base", "d": f"M{zero:.2f} {middle - 9:.2f}v18"}))
    parts.append(_draw_interval(one, scale, middle))
    parts.append(draw_marker(_LOOK, scale.place(one.shift), middle))
    name = f"{one.channel}: {_say_shift(one)}"
    parts.append(draw_text(_LEFT, y + 13, shorten(name, RIGHT - _LEFT + 40), kind="driver-name"))
    return make("g", {"class": f"family {_LOOK.classes}", "data-channel": one.channel}, *parts)


def _make_scale(one: Family) -> Scale:
    edge = one.epsilon or 0.0
    values = [value for value in (one.shift, one.low, one.high, -edge, edge, 0.0) if value is not None]
    return make_linear_scale(values, Span(_LEFT, RIGHT), 4)


def _draw_interval(one: Family, scale: Scale, y: float) -> Markup | None:
    if one.low is None or one.high is None:
        return None
    low, high = scale.place(one.low), scale.place(one.high)
    ends = f"M{low:.2f} {y - 4:.2f}v8M{high:.2f} {y - 4:.2f}v8"
    return make("path", {"class": "reach", "d": f"M{low:.2f} {y:.2f}H{high:.2f}{ends}"})


def _say_shift(one: Family) -> str:
    return f"{one.verdict}, {say_moved({'shift': one.shift, 'low': one.low, 'high': one.high, 'answers': one.answers})}"


def _tabulate(families: Sequence[Family]) -> Table | None:
    rows: list[list[Kid]] = [
        [
            one.channel, one.verdict, _make_interval(one),
            make_number(one.epsilon, _PLAIN) if one.epsilon else "none stated", f"{one.answers:,}", one.words,
        ]
        for one in families
    ]  # fmt: skip
    heads = ["channel", "", "shift", "tolerated", "answers", "what is compared"]
    return Table("What moved", heads, rows) if rows else None


def _make_interval(one: Family) -> Kid:
    if one.low is None or one.high is None:
        return make_number(one.shift, _PLAIN)
    low, high = make_number(one.low, _PLAIN), make_number(one.high, _PLAIN)
    return join(make_number(one.shift, _PLAIN), " ", make("span", {"class": "interval"}, "[", low, ", ", high, "]"))
