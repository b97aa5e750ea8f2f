"""`holdfast measure show`, `compare`, `report` and `verify`: what run files say."""

from pathlib import Path
from typing import Annotated

import typer

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.measure_table import print_comparison, print_run
from holdfast.front.cli.options import JsonOption
from holdfast.records.errors import DamagedVault

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A run file.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to those of `measure`."""
    app.command("show")(show_command)
    app.command("compare")(compare_command)
    app.command("report")(report_command)
    app.command("verify")(verify_command)
    app.command("import")(import_command)


def show_command(file: FileArgument, json: JsonOption = False) -> None:
    """A run's figures.

    Example:  holdfast measure show run.hfrun
    """
    from holdfast.workflows.measure_show import show_run

    run = show_run(file)
    if json:
        print_json(run.header)
    else:
        print_run(open_output().out, run.header, str(file))


def compare_command(
    first: FileArgument,
    second: Annotated[Path, typer.Argument(metavar="FILE", help="Another.")],
    json: JsonOption = False,
) -> None:
    """Two runs, endpoint by endpoint and load by load: differences with intervals, and whether they differ.

    Example:  holdfast measure compare before.hfrun after.hfrun
    """
    from holdfast.workflows.measure_compare import compare_runs

    found = compare_runs(first, second)
    if json:
        print_json(found)
    else:
        print_comparison(open_output().out, found)


def report_command(
    file: FileArgument,
    html: Annotated[Path, typer.Option("--html", metavar="FILE", help="Where the page goes.")] = Path("measured.html"),
    json: JsonOption = False,
) -> None:
    """A page of a run with its plots, in one file that needs no network.

    Example:  holdfast measure report run.hfrun --html measured.html
    """
    from holdfast.front.outputs import render_measured_page
    from holdfast.workflows.measure_show import show_run
    from holdfast.workflows.writing import write_text

    write_text(html, render_measured_page(show_run(file).header), what="the page")
    if json:
        print_json({"page": str(html)})
    else:
        open_output().out.print(f"page  {html}", markup=False, soft_wrap=True)


def verify_command(file: FileArgument, json: JsonOption = False) -> None:
    """Compute every figure of a run again from its samples and answers.

    Exits 12 when one is not what they give.

    Example:  holdfast measure verify run.hfrun
    """
    from holdfast.workflows.measure_verify import verify_run

    found = verify_run(file)
    if json:
        print_json(found)
    else:
        out = open_output().out
        word = "[bold]right[/]" if found.is_right else "[bold red]wrong[/]"
        counts = f"{found.figures} figures from {found.samples} samples and {found.answers} answers"
        out.print(f"{word}  {counts}, as holdfast {found.made_by} wrote them", soft_wrap=True)
        for place in found.differing:
            out.print(f"  differs: {place}", markup=False)
    if not found.is_right:
        raise typer.Exit(DamagedVault.exit_code)


def import_command(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="Of Inspect or lm-evaluation-harness.")],
    endpoint: Annotated[str, typer.Option("--endpoint", metavar="NAME", help="Who was asked; else its model.")] = "",
    use: Annotated[str, typer.Option("--use", metavar="NAME", help="What you do with the model.")] = "",
    score: Annotated[str, typer.Option("--score", metavar="NAME", help="Which score counts; else the first.")] = "",
    choose: Annotated[str, typer.Option("--filter", metavar="NAME", help="Which filter's answers.")] = "",
    right_at: Annotated[float, typer.Option("--right-at", metavar="X", help="From this score on it is right.")] = 1.0,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The run file.")] = Path("imported.hfrun"),
    json: JsonOption = False,
) -> None:
    """Answers that another tool judged, as a run file: shown, compared and verified like any other.

    Example:  holdfast measure import logs/suite.eval
    """
    from datetime import UTC, datetime

    from holdfast.workflows.measure_import import ImportAsked, import_log

    asked = ImportAsked(endpoint=endpoint, use=use, score=score, filter=choose, right_at=right_at)
    run = import_log(log, asked, out, datetime.now(UTC))
    if json:
        print_json(run.header)
    else:
        print_run(open_output().out, run.header, str(out))
