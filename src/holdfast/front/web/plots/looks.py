"""How a series looks: a colour of the page, a shape of its marks and a dash of its lines. No two share a shape while
there are shapes, so that colour alone tells nothing apart."""

from dataclasses import dataclass, replace
from typing import Final

from holdfast.front.web.plots.markup import Markup, make

_SHAPES: Final = ("circle", "square", "triangle", "diamond", "down", "hourglass")
_DASHES: Final = ("", "7 3", "2 3", "9 3 2 3", "4 2", "1 2")
COLOURS: Final = 6
_SIDE: Final = 4.2


@dataclass(frozen=True, slots=True)
class Look:
    """Of one series. A hollow one is drawn in outline."""

    colour: int
    shape: str
    dash: str
    is_hollow: bool = False

    @property
    def classes(self) -> str:
        """The classes that colour it."""
        return f"series series--{self.colour}{' is-hollow' if self.is_hollow else ''}"

    def hollow(self) -> "Look":
        """The same in outline."""
        return replace(self, is_hollow=True)

    def dashed(self, number: int) -> "Look":
        """The same with another dash: line 0 is solid."""
        return replace(self, dash=_DASHES[number % len(_DASHES)])


def choose_look(number: int) -> Look:
    """Of the series of a number: after six the shapes change with each turn of the colours."""
    turn, place = divmod(number, COLOURS)
    return Look(place, _SHAPES[(place + turn) % len(_SHAPES)], _DASHES[(place + turn) % len(_DASHES)])


def draw_marker(look: Look, x: float, y: float) -> Markup:
    """The shape at a place."""
    if look.shape == "circle":
        return make("circle", {"class": "marker", "cx": x, "cy": y, "r": _SIDE})
    return make("path", {"class": "marker", "d": _trace(look.shape, x, y)})


def draw_key(look: Look) -> Markup:
    """A line with its marker, as it stands in a legend."""
    line = make("path", {"class": "line", "d": "M1 7H27", "stroke-dasharray": look.dash or None})
    attributes = {"class": f"key-mark {look.classes}", "viewBox": "0 0 28 14", "aria-hidden": "true"}
    return make("svg", attributes, line, draw_marker(look, 14, 7))


def _trace(shape: str, x: float, y: float) -> str:
    s = _SIDE
    if shape == "square":
        return f"M{_at(x - s)} {_at(y - s)}h{2 * s}v{2 * s}h{-2 * s}z"
    if shape == "triangle":
        return f"M{_at(x)} {_at(y - s * 1.2)}l{s * 1.2:g} {s * 2.1:g}h{-s * 2.4:g}z"
    if shape == "diamond":
        return (
            f"M{_at(x)} {_at(y - s * 1.3)}l{s * 1.3:g} {s * 1.3:g}l{-s * 1.3:g} {s * 1.3:g}l{-s * 1.3:g} {-s * 1.3:g}z"
        )
    if shape == "down":
        return f"M{_at(x)} {_at(y + s * 1.2)}l{s * 1.2:g} {-s * 2.1:g}h{-s * 2.4:g}z"
    return f"M{_at(x - s)} {_at(y - s * 1.2)}h{2 * s:g}l{-2 * s:g} {s * 2.4:g}h{2 * s:g}z"


def _at(number: float) -> str:
    return f"{number:.2f}"
