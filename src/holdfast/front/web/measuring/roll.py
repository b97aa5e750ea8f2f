"""Who was measured, each with a look that it keeps in every picture."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from holdfast.front.web.plots.looks import Look, choose_look
from holdfast.front.web.plots.markup import Markup
from holdfast.front.web.sheets.blocks import make_keys
from holdfast.front.web.sheets.names import make_name
from holdfast.front.web.sheets.plain import JsonObject, cut, get_object, get_rows, get_text

ENDPOINTS_MAX: Final = 12
NAME_MAX: Final = 60
_LISTS: Final = (("figures", "loads"), ("figures", "quality"), ("figures", "costs", "candidates"))


@dataclass(frozen=True, slots=True)
class Roll:
    """The names in their order, at most twelve, and how many were left out."""

    names: tuple[str, ...]
    left_out: int = 0

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def get_look(self, name: str) -> Look:
        """Of one of them; whoever is not among them looks like the one after the last."""
        return choose_look(self.names.index(name) if name in self.names else len(self.names))


def call_roll(header: JsonObject) -> Roll:
    """The endpoints of the header, then whoever else has figures."""
    named = [get_name(row, "name") for row in get_rows(header, "endpoints", 1000).items]
    for *path, last in _LISTS:
        rows = get_rows(get_object(header, *path), last, 10_000).items
        named += [get_name(row, "endpoint") or get_name(row, "name") for row in rows]
    names = [name for name in dict.fromkeys(named) if name]
    return Roll(tuple(names[:ENDPOINTS_MAX]), max(len(names) - ENDPOINTS_MAX, 0))


def get_name(of: JsonObject, name: str) -> str:
    """A name, as short as it must be to be drawn."""
    return cut(get_text(of, name), NAME_MAX)


def make_legend(roll: Roll, names: Iterable[str]) -> Markup:
    """The looks of some of them."""
    return make_keys([(roll.get_look(name), make_name(name)) for name in names])
