"""`holdfast who`: whose a model, an organisation or a family is."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import DataOption, JsonOption, OnOption


def who_command(
    name: Annotated[str, typer.Argument(metavar="MODEL", help="A model as code writes it, an organisation, a family.")],
    on: OnOption = None,
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Who built it, through every base; who runs it; whose law applies; each with its source.

    Example:  holdfast who TheBloke/deepseek-coder-6.7B-instruct-GGUF
    """
    from holdfast.workflows.configuration import parse_date
    from holdfast.workflows.folders import lists_folder
    from holdfast.workflows.screening import ScreeningAsked
    from holdfast.workflows.who import describe_who

    today = date.today()  # noqa: DTZ011
    day = parse_date(on, "--on") if on else today
    answer = describe_who(name, ScreeningAsked(lists_folder(), day, today, Path(data) if data else None))
    if json:
        print_json(answer)
        return
    output = open_output().out
    for block in answer.blocks:
        output.print(f"\n[bold]{block.title}[/]", soft_wrap=True)
        for line in block.lines:
            output.print("  " + line, markup=False, soft_wrap=True)
