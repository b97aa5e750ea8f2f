"""`holdfast check`: the table, the exports, and the exit code of a policy."""

import os
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from holdfast.front.cli.console import open_output, print_json, show_progress
from holdfast.front.cli.options import (
    AsOption,
    DataOption,
    JobsOption,
    JsonOption,
    NoCacheOption,
    OnOption,
    PathArgument,
    ScenarioOption,
    TargetOption,
)
from holdfast.records.errors import EXIT_OK, EXIT_POLICY


def check_command(
    path: PathArgument = Path(),
    party: AsOption = None,
    on: OnOption = None,
    scenario: ScenarioOption = None,
    target: TargetOption = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page.")] = None,
    sarif: Annotated[Path | None, typer.Option("--sarif", metavar="FILE", help="Write SARIF 2.1.0.")] = None,
    cyclonedx: Annotated[
        Path | None, typer.Option("--cyclonedx", metavar="FILE", help="Write a CycloneDX ML-BOM.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="Write Markdown.")] = None,
    baseline: Annotated[
        Path | None, typer.Option("--baseline", metavar="FILE", help="Fail only on findings that this file lacks.")
    ] = None,
    write_baseline: Annotated[
        Path | None, typer.Option("--write-baseline", metavar="FILE", help="Record today's findings.")
    ] = None,
    json: JsonOption = False,
    no_cache: NoCacheOption = False,
    jobs: JobsOption = None,
    data: DataOption = None,
) -> int:
    """Every model in PATH, whose it is, which levers reach it, and what stops.

    Without a policy in holdfast.toml this is an inventory and exits 0; with one it exits 1 on new findings.

    Example:  holdfast check . --as us-business --scenario hosts-delist-prc --html report.html
    """
    from holdfast.front.cli.check_table import print_check
    from holdfast.front.outputs import get_page_renderers
    from holdfast.workflows.checking import CheckAsked, run_check
    from holdfast.workflows.exporting import write_exports

    flags = {"party": party, "on": on, "scenario": scenario, "target": target, "jobs": jobs, "data": data}
    asked = CheckAsked(path, flags, os.environ, date.today(), baseline=baseline, cached=not no_cache)  # noqa: DTZ011
    with show_progress(f"reading {path}") as progress:
        report = run_check(asked, progress)
    outputs = {"html": html, "sarif": sarif, "cyclonedx": cyclonedx, "markdown": markdown, "baseline": write_baseline}
    asked_for = {name: place for name, place in outputs.items() if place is not None}
    written = write_exports(report, asked_for, get_page_renderers())
    if json:
        print_json(report)
    else:
        print_check(report, open_output(), written)
    return EXIT_POLICY if report.policy.failures else EXIT_OK
