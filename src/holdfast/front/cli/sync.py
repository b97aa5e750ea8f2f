"""`holdfast sync`: two vaults brought together."""

from typing import Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, tell_bytes, tell_count, tell_damage
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, VaultOption
from holdfast.records.errors import DamagedVault


def sync_command(
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The other vault: a folder or a URL.")],
    push: Annotated[bool, typer.Option("--push", help="Send what the other vault lacks, too.")] = False,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> int:
    """Copy the packs that another vault has and this one lacks, each compared with its name. Run again to go on.

    Ends with 12 when a pack was damaged on its way or over there; the others are copied all the same.

    Example:  holdfast sync /mnt/backup/vault --push
    """
    from holdfast.workflows.sync import SyncAsked, run_sync
    from holdfast.workflows.vaults import VaultAsked

    with ByteProgress() as progress:
        answer = run_sync(SyncAsked(VaultAsked(vault), other, push), progress.tell)
    code = DamagedVault.exit_code if answer.refused else 0
    if json:
        print_json(answer)
        return code
    received = f"{tell_count(answer.received, 'pack')} received, {tell_bytes(answer.received_bytes)}"
    sent = f"; {answer.sent} sent, {tell_bytes(answer.sent_bytes)}" if push else ""
    output = open_output().out
    output.print(received + sent)
    if answer.refused:
        output.print(f"{tell_count(len(answer.refused), 'pack')} refused: repair where it is damaged, then run again")
    for line in tell_damage(answer.refused):
        output.print(line, markup=False, soft_wrap=True)
    return code
