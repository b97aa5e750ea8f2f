"""`holdfast assess`: levers for models that are named, or for a table of a hub's size, with no code to scan."""

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import AsOption, DataOption, JsonOption, OnOption, ScenarioOption, TargetOption
from holdfast.records.errors import UsageError

if TYPE_CHECKING:  # polars takes half a second to import
    from holdfast.workflows.assess_table import TableAnswer

TableOption = Annotated[
    Path | None, typer.Option("--table", metavar="FILE", help="A .parquet, .csv or .jsonl table: id, developer, …")
]
EdgesOption = Annotated[
    Path | None, typer.Option("--edges", metavar="FILE", help="Its lineage: child and base as row numbers.")
]


def assess_command(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Names as code writes them, or canonical.")
    ] = None,
    party: AsOption = None,
    on: OnOption = None,
    scenario: ScenarioOption = None,
    target: TargetOption = None,
    table: TableOption = None,
    edges: EdgesOption = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Which levers reach these models for a party, today, on a past day, or in a what-if.

    Example:  holdfast assess Qwen/Qwen3-8B api:anthropic/claude-fable-5 --as eu-business --on 2026-06-15
    """
    flags: dict[str, object] = {"party": party, "on": on, "scenario": scenario, "target": target, "data": data}
    if table is not None:
        _assess_table(table, edges, flags, as_json=json)
    elif models:
        _assess_models(models, flags, as_json=json)
    else:
        raise UsageError("no model was named", next_step="Name models, or a table with --table FILE.")


def _assess_models(models: list[str], flags: dict[str, object], *, as_json: bool) -> None:
    from holdfast.front.cli.check_table import print_check
    from holdfast.workflows.assess import AssessAsked, run_assess

    report = run_assess(AssessAsked(tuple(models), flags, os.environ, date.today()))  # noqa: DTZ011
    if as_json:
        print_json(report)
    else:
        print_check(report, open_output(), [])


def _assess_table(table: Path, edges: Path | None, flags: dict[str, object], *, as_json: bool) -> None:
    from holdfast.workflows.assess_table import TableAsked, assess_table

    answer = assess_table(TableAsked(table, edges, flags, os.environ, date.today()))  # noqa: DTZ011
    if as_json:
        print_json(answer)
    else:
        _print_shares(answer)


def _print_shares(answer: "TableAnswer") -> None:
    output = open_output().out
    supposing = f" · supposing {' and '.join(answer.scenarios)}" if answer.scenarios else ""
    output.print(f"\n {answer.models:,} models · {answer.party} · {answer.on}{supposing}\n")
    rows = Table(box=None, padding=(0, 2, 0, 1))
    for title in ("LEVER", "ACT", "REACH", "EFFECT", "MODELS", "DOWNLOADS", "BYTES"):
        rows.add_column(title, justify="right" if title in ("MODELS", "DOWNLOADS", "BYTES") else "left")
    for share in answer.shares:
        shares = (share.share_of_models, share.share_of_downloads, share.share_of_bytes)
        rows.add_row(share.lever, share.act, share.reach, share.effect, *(f"{one:.2%}" for one in shares))
    output.print(rows)
    output.print(f"\n Evidence to {answer.horizon}. Evidence, not legal advice.", style="dim")
