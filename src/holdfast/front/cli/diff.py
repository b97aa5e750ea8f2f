"""`holdfast diff`: what changes between two days or two scenarios, and nothing else."""

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from holdfast.front.cli.console import open_output, print_json, show_progress
from holdfast.front.cli.options import AsOption, DataOption, JsonOption, PathArgument, ScenarioOption, TargetOption


def diff_command(
    path: PathArgument = Path(),
    from_: Annotated[str | None, typer.Option("--from", metavar="DATE", help="The earlier day.")] = None,
    to: Annotated[str | None, typer.Option("--to", metavar="DATE", help="The later day; today by default.")] = None,
    scenario: ScenarioOption = None,
    against: Annotated[
        str | None, typer.Option("--against", metavar="NAME", help="The scenario to compare with; else none.")
    ] = None,
    target: TargetOption = None,
    party: AsOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also changes of status that change nothing.")] = False,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Only what differs: by date with --from and --to, or by what-if with --scenario and --against.

    Example:  holdfast diff . --from 2026-06-11 --to 2026-06-15
    """
    from holdfast.workflows.diffing import DiffAsked, run_diff

    flags = {"party": party, "target": target, "data": data}
    asked = DiffAsked(path, from_, to, tuple(scenario or ()), against, flags, os.environ, date.today(), everything)  # noqa: DTZ011
    with show_progress(f"reading {path}") as progress:
        answer = run_diff(asked, progress)
    if json:
        print_json(answer)
        return
    output = open_output().out
    output.print(f"\n {answer.before} → {answer.after}\n")
    table = Table(box=None, padding=(0, 2, 0, 1))
    for title in ("MODEL", "ACT", "LEVER", "BEFORE", "AFTER"):
        table.add_column(title, overflow="fold")
    for change in answer.changes:
        before = f"{change.before.reach} / {change.before.effect} ({change.before.status})"
        after = f"{change.after.reach} / {change.after.effect} ({change.after.status})"
        table.add_row(change.model, change.act, change.lever, before, after)
    output.print(table if answer.changes else " Nothing changes.")
    output.print(f"\n {answer.footer}", style="dim")
