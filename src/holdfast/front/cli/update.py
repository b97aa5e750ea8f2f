"""`holdfast update`: what hubs did with the models that are followed."""

from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress
from holdfast.front.cli.console import Output, open_output, print_json
from holdfast.front.cli.options import DataOption, JsonOption, VaultOption
from holdfast.front.cli.pull import ConnectionsOption, EndpointOption, PartyOption, TokenFileOption, print_pulled
from holdfast.records.errors import EXIT_OK, NetworkError

if TYPE_CHECKING:
    from holdfast.workflows.update import UpdateRow

_SHOWN = 12


def update_command(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Followed models; none means all of them.")
    ] = None,
    pull: Annotated[bool, typer.Option("--pull", help="Then pull the commits that are not held.")] = False,
    party: PartyOption = "",
    endpoint: EndpointOption = "",
    token_file: TokenFileOption = None,
    jobs: ConnectionsOption = 8,
    vault: VaultOption = "",
    json: JsonOption = False,
    data: DataOption = None,
) -> int:
    """Ask the hubs of followed models: same, changed (how, since when), or could not tell. Copies stay as they are.

    Exits 9 when one could not be told.

    Example:  holdfast update --pull
    """
    from holdfast.workflows.pulling import HubAsked
    from holdfast.workflows.update import UpdateAsked, run_update
    from holdfast.workflows.vaults import VaultAsked

    hub = HubAsked({"party": party, "endpoint": endpoint, "data": data}, token_file, jobs)
    with ByteProgress() as progress:
        answer = run_update(UpdateAsked(VaultAsked(vault), hub, tuple(models or ()), pull), progress.tell)
    if json:
        print_json({"models": answer.rows})
    else:
        output = open_output()
        for row in answer.rows:
            _print_row(output, row)
    return EXIT_OK if answer.is_told else NetworkError.exit_code


def _print_row(output: Output, row: "UpdateRow") -> None:
    held = f"held at {row.held[:_SHOWN]}" if row.held else "no copy is held"
    output.out.print(f"[bold]{row.outcome}[/]  {row.model}@{row.revision}  {held}", soft_wrap=True)
    for change in row.changes:
        output.out.print(f"      {change.kind}, since {row.since}: {change.says}", markup=False, soft_wrap=True)
    if row.note:
        output.out.print(f"      note  {row.note}", markup=False, soft_wrap=True)
    if row.pulled is not None:
        print_pulled(output, row.pulled)
