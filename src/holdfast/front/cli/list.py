"""`holdfast list`: the copies of a vault."""

from typing import Annotated

import typer
from rich.table import Table

from holdfast.front.cli.bytes import tell_bytes
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, VaultOption


def list_command(
    model: Annotated[str, typer.Argument(metavar="[MODEL]", help="Only the copies of this model.")] = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """The copies that are held: state, whether they run, size, what dropping each would free, when last verified.

    Example:  holdfast list
    """
    from holdfast.workflows.list import run_list
    from holdfast.workflows.vaults import VaultAsked

    answer = run_list(VaultAsked(vault), model)
    if json:
        print_json(answer)
        return
    output = open_output().out
    if not answer.copies:
        output.print("the vault holds no copy")
        return
    rows = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("MODEL", "REVISION", "STATE", "READY", "SIZE", "STORED", "FREES", "KEPT", "VERIFIED"):
        rows.add_column(title, justify="right" if title in ("SIZE", "STORED", "FREES") else "left")
    for copy in answer.copies:
        sizes = (tell_bytes(copy.size), tell_bytes(copy.stored), tell_bytes(copy.frees))
        rows.add_row(
            copy.model,
            copy.revision[:20],
            copy.state,
            copy.ready,
            *sizes,
            copy.kept_at or "not yet",
            copy.verified_at or "at keep",
        )
    output.print(rows)
