"""`holdfast protect`: parity against damage."""

from typing import Annotated

import typer

from holdfast.front.cli.bytes import tell_bytes
from holdfast.front.cli.console import open_output, print_json, show_progress
from holdfast.front.cli.options import JsonOption, VaultOption


def protect_command(
    parity: Annotated[
        float, typer.Option("--parity", metavar="PERCENT", help="How much of a group of packs may be lost.")
    ] = 10.0,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Make parity (Reed-Solomon) for packs that have none, so that `holdfast repair` can bring back damaged ones.

    Example:  holdfast protect --parity 10
    """
    from holdfast.workflows.protect import ProtectAsked, run_protect
    from holdfast.workflows.vaults import VaultAsked

    with show_progress("making parity") as bar:
        answer = run_protect(ProtectAsked(VaultAsked(vault), parity), lambda _, done, all_: bar(done, all_))
    if json:
        print_json(answer)
        return
    made = f"{answer.made} made now, {answer.removed} no longer needed"
    open_output().out.print(
        f"{answer.packs} packs of {tell_bytes(answer.size)} are protected by {tell_bytes(answer.parity)} of parity"
        f" ({answer.percent:g} %): {made}"
    )
