"""Monitors on a terminal: a line for each, or everything of one. It prints the document of `make_watch_report`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from holdfast.workflows.watching.wording import (
    get_table,
    get_tables,
    get_texts,
    say_alarm,
    say_cost,
    say_count,
    say_evidence,
    say_likeness,
    say_moved,
    say_outcome,
    say_promise,
    say_together,
)

Plain = Mapping[str, Any]
_BAR: Final = 10
_DAYS_SHOWN: Final = 60
_STYLES: Final = {"same": "green", "changed": "bold red", "could not tell": "magenta"}
_SIGNS: Final = {
    "same": "|",
    "no alarm": ":",
    "suspected": "^",
    "changed": "X",
    "could not tell": "?",
    "reference": "o",
    "no visit": "-",
}
_KEY: Final = (
    "o reference  | same  : no alarm, resolution unknown  ^ suspected  X changed  ? could not tell  - no visit"
)


def print_standing(console: Console, document: Mapping[str, object]) -> None:
    """How monitors stand: a line for each, or of one alone everything."""
    monitors = get_tables(document, "monitors")
    if not monitors:
        console.print("Nothing is watched. Begin with `holdfast watch add`.", markup=False)
    elif len(monitors) == 1:
        print_watch(console, monitors[0])
    else:
        print_watches(console, monitors)
        for one in get_tables(document, "together"):
            console.print(say_together(one), markup=False, soft_wrap=True)


def print_watches(console: Console, monitors: Sequence[Mapping[str, object]]) -> None:
    """A line for each monitor."""
    table = _start("monitor", "outcome", "why", "days", "evidence", "cost", "next visit")
    for one in monitors:
        table.add_row(*_list_cells(one))
    console.print(table)
    for one in monitors:
        for line in (say_promise(one), *get_texts(one, "notices")):
            console.print(f"{one.get('name')}: {line}", markup=False, soft_wrap=True)


def print_watch(console: Console, report: Mapping[str, object]) -> None:
    """Everything of one monitor, the most asked for first."""
    console.print(f"{report.get('name')}: {say_outcome(report)}", style=_find_style(report), markup=False)
    for line in _tell(report):
        console.print(line, markup=False, soft_wrap=True)
    if moved := get_tables(report, "moved"):
        table = _start("channel", "shift", "what is compared")
        for one in moved:
            table.add_row(*(escape(text) for text in (str(one.get("channel")), say_moved(one), str(one.get("words")))))
        console.print(table)
    for line in _tell_rest(report):
        console.print(line, markup=False, soft_wrap=True)


def draw_bar(report: Mapping[str, object]) -> str:
    """How far the evidence is on its way to the alarm, on the logarithmic scale: `####......`."""
    wealth, line = report.get("log_wealth"), report.get("log_threshold")
    if not isinstance(wealth, (int, float)) or not isinstance(line, (int, float)) or line <= 0:
        return "unknown"
    filled = _BAR if wealth >= line else min(max(int(_BAR * wealth / line + 1e-9), 0), _BAR - 1)
    return "#" * filled + "." * (_BAR - filled)


def _start(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _list_cells(one: Plain) -> Iterator[str]:
    outcome = escape(say_outcome(one))
    yield escape(str(one.get("name")))
    yield f"[{_find_style(one)}]{outcome}[/]"
    yield escape(str(one.get("why") or ""))
    yield str(one.get("days"))
    yield draw_bar(one)
    yield escape(say_cost(one))
    yield "paused" if one.get("is_paused") else escape(str(one.get("next_visit") or "not planned here"))


def _find_style(one: Plain) -> str:
    return _STYLES.get(str(one.get("outcome")), _STYLES["could not tell"])


def _tell(report: Plain) -> Iterator[str]:
    endpoint = get_table(report, "endpoint")
    yield f"why       {report.get('why')}"
    yield f"asked     {endpoint.get('model')} at {endpoint.get('url')}"
    if alarm := say_alarm(report):
        yield f"when      {alarm}"
    yield f"promise   {say_promise(report)}"
    yield f"evidence  {say_evidence(report).removeprefix('evidence ')}  {draw_bar(report)}"
    if likeness := say_likeness(report):
        yield f"triage    {likeness}; a description, without a guarantee of its own"
    if days := get_tables(report, "cells")[-_DAYS_SHOWN:]:
        yield f"days      {''.join(_SIGNS.get(str(cell.get('state')), '?') for cell in days)}  to {days[-1].get('day')}"
        yield f"          {_KEY}"


def _tell_rest(report: Plain) -> Iterator[str]:
    yield f"cost      {say_cost(report)}"
    yield f"visits    last {report.get('last_visit') or 'none'}, next {report.get('next_visit') or 'not planned here'}"
    for fact in get_tables(report, "facts"):
        yield f"says      {fact.get('name')}: {_tell_values(get_tables(fact, 'values'))}"
    for life in get_tables(report, "lives")[1:]:
        yield f"accepted  {str(life.get('since'))[:10]} by {life.get('by') or 'nobody named'}: {life.get('why')}"
    if faults := get_table(report, "faults"):
        said = [f"{name}: {say_count(count, 'answer')}" for name, count in faults.items()]
        yield f"faults    {', '.join(said)}"
    yield from (f"remark    {one.get('last')}: {one.get('text')}" for one in get_tables(report, "remarks")[:10])
    yield from (f"notice    {notice}" for notice in get_texts(report, "notices"))
    yield from (f"blind     {kind}" for kind in get_texts(report, "blind"))


def _tell_values(values: list[Plain]) -> str:
    shown = [f"{one.get('value')} ({one.get('first')} to {one.get('last')})" for one in values[-5:]]
    return ", then ".join(shown)
