"""`holdfast backtest`: past episodes replayed on the rules."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from holdfast.front.cli.console import Output, open_output, print_json
from holdfast.front.cli.options import DataOption, JsonOption
from holdfast.records.errors import EXIT_OK, EXIT_POLICY

if TYPE_CHECKING:  # numpy takes half a second to import, and every verb's module is imported for any verb
    from holdfast.workflows.backtest import EpisodeResult


def backtest_command(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE-or-FOLDER]...", help="Episodes; the packaged ones by default.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every check, not only misses.")] = False,
    json: JsonOption = False,
    data: DataOption = None,
) -> int:
    """Replay dated episodes: facts in, expected reach and effect out. Exits 1 when one is missed.

    Example:  holdfast backtest my-episodes/
    """
    from holdfast.workflows.backtest import backtest
    from holdfast.workflows.knowledge import read_knowledge

    results = backtest(paths or [], read_knowledge(Path(data) if data else None))
    if json:
        print_json(results)
    else:
        _print_results(results, open_output(), verbose)
    return EXIT_OK if all(result.met for result in results) else EXIT_POLICY


def _print_results(results: "list[EpisodeResult]", output: Output, verbose: bool) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("EPISODE", "CHECKS", "RESULT", "WHAT HAPPENED"):
        table.add_column(title, overflow="fold")
    for result in results:
        met = sum(verdict.met for verdict in result.verdicts)
        word = "[green]met[/]" if result.met else "[red]missed[/]"
        table.add_row(result.episode.id, f"{met}/{len(result.verdicts)}", word, escape(result.episode.what_happened))
    output.out.print(table)
    for result in results:
        _print_verdicts(result, output, verbose)
    met = sum(result.met for result in results)
    output.out.print(f"\n[bold]{met} of {len(results)} episodes met.[/]")


def _print_verdicts(result: "EpisodeResult", output: Output, verbose: bool) -> None:
    from holdfast.workflows.explaining import explain_finding

    for verdict in result.verdicts:
        if verdict.met and not verbose:
            continue
        word = "met" if verdict.met else "MISSED"
        got = f"{verdict.reach.value} / {verdict.effect.value}"
        output.out.print(f"\n{word} {result.episode.id} on {verdict.on}: got {got}; {escape(verdict.why)}")
        if not verdict.met:
            wanted = (verdict.expected.reach, verdict.expected.effect)
            output.out.print(f"  expected {' / '.join(_words(value) for value in wanted)}")
        for finding in verdict.findings:
            if not verdict.met or finding.bites:
                for line in explain_finding(finding):
                    output.out.print("    " + line, markup=False)


def _words(value: object) -> str:
    if value is None:
        return "anything"
    if isinstance(value, tuple):
        return " or ".join(str(item) for item in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return str(value)
