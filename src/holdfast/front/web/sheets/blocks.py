"""What sections are made of: a plate is a question with pictures, what to read from them, and their numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from holdfast.front.web.plots.looks import Look, draw_key
from holdfast.front.web.plots.markup import Kid, Markup, join, make


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under heads; the first cell of a row is its head."""

    caption: str
    heads: Sequence[Kid]
    rows: Sequence[Sequence[Kid]]


@dataclass(frozen=True, slots=True)
class Panel:
    """A picture with its name."""

    caption: Kid
    drawing: Markup


@dataclass(frozen=True, slots=True)
class Plate:
    """`says`: what to read from the pictures; `unknowns`: what they cannot show, and why."""

    id: str
    title: str
    says: Sequence[Kid]
    panels: Sequence[Panel]
    table: Table | None = None
    legend: Markup | None = None
    unknowns: Sequence[Kid] = ()


def make_plate(plate: Plate) -> Markup:
    """A section with the pictures and, behind a disclosure, their numbers."""
    panels = [
        make("figure", {"class": "panel"}, make("figcaption", None, one.caption), one.drawing) for one in plate.panels
    ]
    return make(
        "section", {"class": "plate", "id": plate.id, "aria-labelledby": f"{plate.id}-title"},
        make("h3", {"id": f"{plate.id}-title"}, plate.title),
        [make("p", {"class": "says"}, said) for said in plate.says],
        plate.legend if plate.panels else None,
        make("div", {"class": "panels"}, panels) if panels else None,
        make_list(plate.unknowns, "unknowns"),
        None if plate.table is None else make_disclosure("Its numbers as a table", make_table(plate.table)),
    )  # fmt: skip


def make_section(name: str, title: str, *kids: Kid) -> Markup:
    """A part of the page with a heading."""
    attributes = {"class": "block", "id": name, "aria-labelledby": f"{name}-title"}
    return make("section", attributes, make("h2", {"id": f"{name}-title"}, title), *kids)


def make_table(table: Table) -> Markup:
    """A table that scrolls sideways in its own frame where the page is narrow, by keyboard too."""
    head = make("tr", None, [make("th", {"scope": "col"}, head) for head in table.heads])
    rows = [_make_row(cells) for cells in table.rows]
    whole = make(
        "table", {"class": "figures"}, make("caption", None, table.caption),
        make("thead", None, head), make("tbody", None, rows),
    )  # fmt: skip
    return make("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": table.caption}, whole)


def make_disclosure(title: str, *kids: Kid) -> Markup:
    """What opens when it is asked for."""
    return make("details", {"class": "numbers"}, make("summary", None, title), *kids)


def make_list(items: Sequence[Kid], kind: str) -> Markup | None:
    """Items under each other; nothing where there are none."""
    return make("ul", {"class": kind}, [make("li", None, item) for item in items]) if items else None


def make_pairs(pairs: Sequence[tuple[Kid, Kid]]) -> Markup:
    """Terms with what they are."""
    return make(
        "dl",
        {"class": "pairs"},
        [make("div", None, make("dt", None, name), make("dd", None, said)) for name, said in pairs],
    )


def make_download(name: str) -> Markup:
    """The button that gives the page's figures as a file of that name; hidden where no script runs."""
    attributes = {"type": "button", "id": "download", "class": "quiet", "hidden": "", "data-name": name}
    return join(make("button", attributes, "Figures as JSON"), " ")


def make_keys(keys: Sequence[tuple[Look, Kid]]) -> Markup:
    """Looks with what they stand for."""
    return make("ul", {"class": "key-list"}, [make("li", None, draw_key(look), said) for look, said in keys])


def _make_row(cells: Sequence[Kid]) -> Markup:
    head = make("th", {"scope": "row"}, cells[0])
    return make("tr", None, head, [make("td", None, cell) for cell in cells[1:]])
