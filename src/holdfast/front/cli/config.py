"""`holdfast config`: what is set, and where each value came from."""

import os
from datetime import date
from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, PathArgument

app = typer.Typer(no_args_is_help=True, help="Settings: holdfast.toml, environment variables, flags.")


@app.callback()
def config_group() -> None:
    """Settings: holdfast.toml, environment variables, flags."""


@app.command("show")
def show_command(path: PathArgument = Path(), json: JsonOption = False) -> None:
    """Every setting that holds for PATH, and where it came from.

    Example:  holdfast config show examples/helpdesk
    """
    from holdfast.workflows.configuration import read_settings

    settings = read_settings(path, os.environ, {}, date.today())  # noqa: DTZ011
    if json:
        print_json(settings)
        return
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("SETTING", "VALUE", "FROM"):
        table.add_column(title, overflow="fold")
    for origin in settings.origins:
        table.add_row(origin.key, escape(origin.value), f"[dim]{escape(origin.origin)}[/]")
    open_output().out.print(table)
