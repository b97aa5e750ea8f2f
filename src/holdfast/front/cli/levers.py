"""`holdfast levers`: the rules as data, with the parties and scenarios that can be asked about."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import DataOption, JsonOption, OnOption


def levers_command(
    name: Annotated[str | None, typer.Argument(metavar="[ID]", help="One lever, in full.")] = None,
    family: Annotated[str | None, typer.Option("--family", metavar="NAME", help="Only this family.")] = None,
    on: OnOption = None,
    parties: Annotated[bool, typer.Option("--parties", help="List the ready parties instead.")] = False,
    scenarios: Annotated[bool, typer.Option("--scenarios", help="List the scenarios instead.")] = False,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Every lever with its status on a day; one in full; the ready parties; the scenarios.

    Example:  holdfast levers --family procurement --on 2026-06-30
    """
    from holdfast.workflows.configuration import parse_date
    from holdfast.workflows.levers import LeversAsked, list_levers

    day = parse_date(on, "--on") if on else date.today()  # noqa: DTZ011
    listing = "parties" if parties else "scenarios" if scenarios else "levers"
    answer = list_levers(LeversAsked(listing, name, family, day, Path(data) if data else None))
    if json:
        print_json(answer)
        return
    output = open_output().out
    if answer.lines:
        for line in answer.lines:
            output.print(line, markup=False, soft_wrap=True)
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in answer.columns:
        table.add_column(title, overflow="fold")
    for row in answer.rows:
        table.add_row(*row)
    output.print(table)
    output.print(f"\n{answer.footer}", style="dim")
