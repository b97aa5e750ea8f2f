"""`holdfast assess`: levers for models that are named, with no code to scan."""

import os
from datetime import date
from typing import Annotated

import typer

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import AsOption, DataOption, JsonOption, OnOption, ScenarioOption, TargetOption


def assess_command(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Names as code writes them, or canonical.")],
    party: AsOption = None,
    on: OnOption = None,
    scenario: ScenarioOption = None,
    target: TargetOption = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Which levers reach these models for a party, today, on a past day, or in a what-if.

    Example:  holdfast assess Qwen/Qwen3-8B api:anthropic/claude-fable-5 --as eu-business --on 2026-06-15
    """
    from holdfast.front.cli.check_table import print_check
    from holdfast.workflows.assess import AssessAsked, run_assess

    flags = {"party": party, "on": on, "scenario": scenario, "target": target, "data": data}
    report = run_assess(AssessAsked(tuple(models), flags, os.environ, date.today()))  # noqa: DTZ011
    if json:
        print_json(report)
    else:
        print_check(report, open_output(), [])
