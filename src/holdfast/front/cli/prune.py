"""`holdfast prune`: free what no copy needs."""

from typing import Annotated

import typer

from holdfast.front.cli.bytes import tell_bytes
from holdfast.front.cli.console import open_output, print_json, show_progress
from holdfast.front.cli.options import JsonOption, VaultOption


def prune_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")] = False,
    grace_days: Annotated[
        float, typer.Option("--grace-days", metavar="DAYS", min=0, help="How long something stays marked before.")
    ] = 7.0,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Mark what no kept copy needs, and remove what has been marked for the grace period. Safe beside other verbs.

    Example:  holdfast prune --dry-run
    """
    from holdfast.workflows.prune import PruneAsked, run_prune
    from holdfast.workflows.vaults import VaultAsked

    with show_progress("pruning") as bar:
        answer = run_prune(PruneAsked(VaultAsked(vault), dry_run, grace_days), bar)
    if json:
        print_json(answer)
        return
    output = open_output().out
    would = "would be " if answer.dry_run else ""
    output.print(
        f"{len(answer.removed)} packs {would}removed, {len(answer.rewritten)} {would}written anew,"
        f" {tell_bytes(answer.freed)} {would}freed"
    )
    output.print(f"{answer.marked} objects {would}marked; {answer.waiting} wait for their {answer.grace_days:g} days")
    for key in (*answer.removed, *answer.rewritten):
        output.print(f"  {key}", soft_wrap=True)
    for note in answer.notes:
        output.print(f"note  {note}", markup=False, soft_wrap=True)
