"""`holdfast explain`: the reasoning of a finding as sentences, or a lever with its dates and sources."""

import os
from typing import Annotated

import typer

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import DataOption, JsonOption


def explain_command(
    what: Annotated[str, typer.Argument(metavar="ID", help="A row or finding of the last check, a model, or a lever.")],
    everything: Annotated[bool, typer.Option("--all", help="Also levers that are not in force.")] = False,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Why a finding says what it says, in sentences with sources.

    Example:  holdfast explain 2
    """
    from holdfast.workflows.explain import explain

    explanation = explain(what, os.environ, data=data, everything=everything)
    if json:
        print_json(explanation)
        return
    output = open_output().out
    for block in explanation.blocks:
        output.print(f"\n[bold]{block.title}[/]", soft_wrap=True)
        for line in block.lines:
            output.print("  " + line, markup=False, soft_wrap=True)
