"""`holdfast verify`: is every byte of the vault what was written?"""

from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, parse_bytes, parse_share, tell_bytes, tell_damage
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, VaultOption
from holdfast.records.errors import DamagedVault

if TYPE_CHECKING:
    from holdfast.workflows.verify import VerifyAnswer


def verify_command(
    sample: Annotated[
        str, typer.Option("--sample", metavar="SHARE", help="Read so much, what was longest not read first: 5%.")
    ] = "100%",
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the verification of everything that was interrupted last.")
    ] = False,
    rate: Annotated[str, typer.Option("--rate", metavar="SPEED", help="At most so fast: 200MB/s.")] = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> int:
    """Read the vault from its medium and compare every byte's digest. What is damaged is named with the files it hurts.

    Ends with 12 when something is damaged.

    Example:  holdfast verify --sample 5% --rate 200MB/s
    """
    from holdfast.workflows.vaults import VaultAsked
    from holdfast.workflows.verify import VerifyAsked, run_verify

    asked = VerifyAsked(VaultAsked(vault), parse_share(sample, "--sample"), resume, parse_bytes(rate or "0", "--rate"))
    with ByteProgress() as progress:
        answer = run_verify(asked, lambda done, total: progress.tell("verifying", done, total))
    if json:
        print_json(answer)
    else:
        _print(answer)
    return 0 if answer.is_whole else DamagedVault.exit_code


def _print(answer: "VerifyAnswer") -> None:
    output = open_output().out
    read = f"{answer.packs} of {answer.packs_all} packs, {tell_bytes(answer.size)} of {tell_bytes(answer.size_all)}"
    verdict = "[bold red]damaged[/]" if answer.damage else "[bold]whole[/]"
    output.print(f"{verdict}  {read} read from the medium; log: {answer.log}", soft_wrap=True)
    for line in tell_damage(answer.damage):
        output.print(line, markup=False, soft_wrap=True)
    output.print(f"every pack was last verified since {answer.oldest or 'never (run it without --sample)'}")
    for note in answer.notes:
        output.print(f"note  {note}", markup=False, soft_wrap=True)
    if answer.damage:
        output.print("next: holdfast repair")
