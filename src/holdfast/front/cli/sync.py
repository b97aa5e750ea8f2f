"""`holdfast sync`: two vaults brought together."""

from typing import Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, tell_bytes
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, VaultOption


def sync_command(
    other: Annotated[str, typer.Argument(metavar="OTHER", help="The other vault: a folder or a URL.")],
    push: Annotated[bool, typer.Option("--push", help="Send what the other vault lacks, too.")] = False,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Copy the packs that another vault has and this one lacks, each compared with its name. Run again to go on.

    Example:  holdfast sync /mnt/backup/vault --push
    """
    from holdfast.workflows.sync import SyncAsked, run_sync
    from holdfast.workflows.vaults import VaultAsked

    with ByteProgress() as progress:
        answer = run_sync(SyncAsked(VaultAsked(vault), other, push), progress.tell)
    if json:
        print_json(answer)
        return
    received = f"{answer.received} packs received, {tell_bytes(answer.received_bytes)}"
    sent = f"; {answer.sent} sent, {tell_bytes(answer.sent_bytes)}" if push else ""
    open_output().out.print(received + sent)
