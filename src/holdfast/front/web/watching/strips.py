"""The heartbeat: a cell a day for each endpoint, by shape as well as colour, and its days in words."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final

from holdfast.front.web.plots.markup import Kid, Markup, join, make
from holdfast.front.web.sheets.blocks import Table, make_disclosure, make_section, make_table
from holdfast.front.web.sheets.names import make_name
from holdfast.front.web.sheets.plain import JsonObject, find_count, get_rows, get_text
from holdfast.front.web.watching.states import SIGNS, WORDS, get_state, make_state, make_state_legend

DAYS_MAX: Final = 120
RUNS_MAX: Final = 400
_CELLS_MAX: Final = 20_000


def make_heartbeats(monitors: Sequence[JsonObject]) -> Markup:
    """The strips of all endpoints under each other."""
    says = join(
        "One sign a day, line by line; the last sign is the last day. A day says ",
        make("em", None, "same"),
        " only where a change as large as was asked for would have been found. "
        f"At most {DAYS_MAX} days are drawn; all are in the tables.",
    )
    rows = [_make_strip(number, one) for number, one in enumerate(monitors, 1)]
    body = make("p", None, "Nothing is watched.") if not rows else make("div", {"class": "strips"}, rows)
    return make_section("heartbeat", "Heartbeat", make("p", {"class": "says"}, says), make_state_legend(), body)


def make_day_table(monitor: JsonObject) -> Markup:
    """Every day of an endpoint, days alike in one row, the latest first."""
    cells = get_rows(monitor, "cells", _CELLS_MAX).items
    runs = [list(own) for _, own in groupby(cells, key=lambda one: (get_state(one, "state"), get_text(one, "why")))]
    rows = [_make_run(run) for run in reversed(runs[-RUNS_MAX:])]
    table = make_table(Table("Its days", ["days", "state", "why", "answers"], rows))
    return make_disclosure("Its days as a table", table)


def _make_strip(number: int, monitor: JsonObject) -> Markup:
    cells = get_rows(monitor, "cells", _CELLS_MAX).items[-DAYS_MAX:]
    accepted = {get_text(life, "since", 40)[:10] for life in get_rows(monitor, "lives", 1000).items[1:]}
    head = make("a", {"href": f"#m{number}"}, make_name(get_text(monitor, "name", 200)))
    attributes = {"class": "strip", "role": "img", "aria-label": _say_strip(cells)}
    drawn = make("span", attributes, [_make_cell(cell, accepted) for cell in cells])
    return make("div", {"class": "beat"}, make("p", {"class": "beat-name"}, head), drawn if cells else _NEVER)


_NEVER: Final = make("p", {"class": "is-unknown"}, "no visit yet")


def _make_cell(cell: JsonObject, accepted: set[str]) -> Markup:
    """A sign; the title is for who points, the disclosure's table for everybody."""
    state, day = get_state(cell, "state"), get_text(cell, "day", 10)
    is_accepted = day in accepted
    title = f"{day}: {WORDS[state]}: {get_text(cell, 'why')}{'; a change was accepted' if is_accepted else ''}"
    attributes = {"class": f"sign sign--{SIGNS[state]}{' is-accepted' if is_accepted else ''}", "viewBox": "0 0 14 14"}
    return make("svg", attributes, make("title", None, title), make("use", {"href": f"#d-{SIGNS[state]}"}))


def _say_strip(cells: Sequence[JsonObject]) -> str:
    if not cells:
        return "no day"
    states = [get_state(cell, "state") for cell in cells]
    counts = ", ".join(f"{states.count(state):,} {state}" for state in SIGNS if state in states)
    return f"{get_text(cells[0], 'day', 10)} to {get_text(cells[-1], 'day', 10)}: {counts}; last: {states[-1]}"


def _make_run(run: Sequence[JsonObject]) -> list[Kid]:
    first, last = (get_text(one, "day", 10) for one in (run[0], run[-1]))
    answered, planned = (sum(find_count(one, name) or 0 for one in run) for name in ("answered", "planned"))
    days = first if len(run) == 1 else f"{first} to {last} ({len(run):,})"
    answers = "none planned" if not planned else f"{answered:,} of {planned:,}"
    return [days, make_state(get_state(run[0], "state")), get_text(run[0], "why"), answers]
