"""`holdfast protect`: parity against damage."""

from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, tell_bytes, tell_count, tell_damage
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, VaultOption
from holdfast.records.errors import DamagedVault

if TYPE_CHECKING:
    from holdfast.vault.protecting import Protected


def protect_command(
    parity: Annotated[
        float, typer.Option("--parity", metavar="PERCENT", help="How much of a group of packs may be lost.")
    ] = 10.0,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> int:
    """Make parity (Reed-Solomon) for packs that have none, so that `holdfast repair` can bring back damaged ones.

    Ends with 12 when a pack is damaged already: no parity is made of it.

    Example:  holdfast protect --parity 10
    """
    from holdfast.workflows.protect import ProtectAsked, run_protect
    from holdfast.workflows.vaults import VaultAsked

    with ByteProgress() as progress:
        answer = run_protect(ProtectAsked(VaultAsked(vault), parity), progress.tell)
    if json:
        print_json(answer)
    else:
        print_protected(answer)
    return DamagedVault.exit_code if answer.refused else 0


def print_protected(answer: "Protected") -> None:
    """What is protected by how much, and what is not."""
    output = open_output().out
    made = f"{tell_count(answer.made, 'set')} made now, {answer.removed} no longer needed"
    output.print(
        f"{tell_count(answer.packs, 'pack')} of {tell_bytes(answer.size)}, {tell_bytes(answer.parity)} of parity"
        f" ({answer.percent:g} %): {made}"
    )
    if answer.refused:
        output.print(f"{tell_count(len(answer.refused), 'pack')} damaged, and without parity: run holdfast repair")
    for line in tell_damage(answer.refused):
        output.print(line, markup=False, soft_wrap=True)
