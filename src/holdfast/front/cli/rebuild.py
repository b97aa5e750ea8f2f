"""`holdfast rebuild`: the catalogue anew from the packs."""

from holdfast.front.cli.bytes import tell_bytes
from holdfast.front.cli.console import open_output, print_json, show_progress
from holdfast.front.cli.options import JsonOption, VaultOption
from holdfast.records.errors import DamagedVault


def rebuild_command(vault: VaultOption = "", json: JsonOption = False) -> int:
    """Make the catalogue anew from the packs, which are the truth. Needed when it was lost or is damaged.

    Example:  holdfast rebuild
    """
    from holdfast.workflows.rebuild import run_rebuild
    from holdfast.workflows.vaults import VaultAsked

    with show_progress("reading indexes") as bar:
        answer = run_rebuild(VaultAsked(vault), bar)
    if json:
        print_json(answer)
    else:
        output = open_output().out
        output.print(f"{answer.packs} packs of {tell_bytes(answer.size)}, {answer.documents} documents")
        for key, why in answer.unreadable:
            output.print(f"  {key}: {why}", markup=False, soft_wrap=True)
    return DamagedVault.exit_code if answer.unreadable else 0
