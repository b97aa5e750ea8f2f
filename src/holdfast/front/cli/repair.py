"""`holdfast repair`: damaged bytes back."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, tell_count, tell_damage
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, VaultOption
from holdfast.records.errors import DamagedVault

if TYPE_CHECKING:
    from holdfast.vault.repairing import Repaired
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

    with ByteProgress() as progress:
        answer = run_repair(RepairAsked(VaultAsked(vault), tuple(sources or ())), progress.tell)
    if json:
        print_json(answer)
    else:
        _print(answer)
    return DamagedVault.exit_code if answer.repaired.lost else 0


def _print(answer: "RepairAnswer") -> None:
    output, found = open_output().out, answer.repaired
    for line in _describe(found):
        output.print(line, markup=False, soft_wrap=True)
    for line in tell_damage(found.lost):
        output.print(line, markup=False, soft_wrap=True)
    for note in answer.notes:
        output.print(f"note  {note}", markup=False, soft_wrap=True)
    if found.lost:
        output.print("next: name a second vault or the original folder with --from; the rest of the vault is readable")


def _describe(found: "Repaired") -> Iterator[str]:
    if found.damaged:
        yield f"{tell_count(len(found.damaged), 'pack')} {'was' if len(found.damaged) == 1 else 'were'} damaged"
    elif not (found.from_parity or found.recovered or found.lost):
        yield "nothing is damaged"
    yield from (f"  from its own frames  {key}" for key in found.remade)
    yield from (f"  from parity  {key}" for key in found.from_parity)
    yield from (f"  from {source}  {key}" for key, source in found.copied)
    yield from (f"  {tell_count(count, 'object')} from {source}" for source, count in found.recovered)
    if found.lost:
        yield f"{tell_count(len(found.lost), 'object')} lost:"
