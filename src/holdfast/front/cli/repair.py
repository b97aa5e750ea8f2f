"""`holdfast repair`: damaged bytes back."""

from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import tell_damage
from holdfast.front.cli.console import open_output, print_json, show_progress
from holdfast.front.cli.options import JsonOption, VaultOption
from holdfast.records.errors import DamagedVault

if TYPE_CHECKING:
    from holdfast.workflows.repair import RepairAnswer


def repair_command(
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--from", metavar="VAULT-or-FOLDER", help="A second vault, or the folder it was kept from. Repeat."
        ),
    ] = None,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> int:
    """Verify everything, and repair what is damaged: from parity, from a second vault, or from the original files.

    Ends with 12 when something is lost; it is named, and everything else stays readable.

    Example:  holdfast repair --from /mnt/backup/vault
    """
    from holdfast.workflows.repair import RepairAsked, run_repair
    from holdfast.workflows.vaults import VaultAsked

    with show_progress("repairing") as bar:
        answer = run_repair(RepairAsked(VaultAsked(vault), tuple(sources or ())), lambda _, done, all_: bar(done, all_))
    if json:
        print_json(answer)
    else:
        _print(answer)
    return DamagedVault.exit_code if answer.repaired.lost else 0


def _print(answer: "RepairAnswer") -> None:
    output, found = open_output().out, answer.repaired
    if not found.damaged and not found.from_parity:
        output.print("nothing is damaged")
    else:
        output.print(f"{len(found.damaged)} packs were damaged")
    for key in found.from_parity:
        output.print(f"  from parity  {key}", soft_wrap=True)
    for source, count in found.recovered:
        output.print(f"  {count} objects from {source}", markup=False, soft_wrap=True)
    for line in tell_damage(found.lost):
        output.print(line, markup=False, soft_wrap=True)
    for note in answer.notes:
        output.print(f"note  {note}", markup=False, soft_wrap=True)
    if found.lost:
        output.print("next: name a second vault or the original folder with --from; the rest of the vault is readable")
