"""`holdfast bundle`: copies over a gap, in volumes."""

from pathlib import Path
from typing import Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, parse_bytes, tell_bytes, tell_count
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, VaultOption

app = typer.Typer(
    no_args_is_help=True, help="Carry copies over a gap: volumes with digests and parity, all or nothing."
)


@app.command("create")
def create_command(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Kept models.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where the volumes go.")],
    volume_size: Annotated[
        str, typer.Option("--volume-size", metavar="SIZE", help="The most bytes of a volume: 50GB.")
    ] = "50GB",
    parity: Annotated[
        float, typer.Option("--parity", metavar="PERCENT", help="How much of the volumes may be lost; 0 for none.")
    ] = 5.0,
    receiver: Annotated[
        Path | None, typer.Option("--for", metavar="FILE", help="The receiver's inventory: only what it lacks is sent.")
    ] = None,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Write copies as volumes of a chosen size. Interrupted, run it again: it goes on.

    Example:  holdfast bundle create Qwen/Qwen3-8B --to /media/usb --volume-size 50GB
    """
    from holdfast.workflows.bundle import BundleAsked, run_bundle_create
    from holdfast.workflows.vaults import VaultAsked

    volume_bytes = parse_bytes(volume_size, "--volume-size")
    asked = BundleAsked(VaultAsked(vault), tuple(models), to, volume_bytes, parity, receiver)
    with ByteProgress() as progress:
        answer = run_bundle_create(asked, progress.tell)
    if json:
        print_json(answer)
        return
    left_out = f"; {answer.left_out} more are there already" if answer.left_out else ""
    output = open_output().out
    output.print(f"bundle {answer.id}: {', '.join(answer.models)}", soft_wrap=True)
    output.print(
        f"  {tell_count(answer.volumes, 'volume')} of {tell_bytes(answer.size)} in {answer.folder}", soft_wrap=True
    )
    signed = f", {tell_count(answer.signatures, 'signature')}" if answer.signatures else ""
    output.print(f"  {tell_count(answer.objects, 'object')}{signed}{left_out}")


@app.command("load")
def load_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the volumes are.")],
    bundle: Annotated[str, typer.Option("--id", metavar="ID", help="Which bundle, when there are several.")] = "",
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Take a bundle in: every volume is verified first, and every copy read back from this vault. Offline.

    Example:  holdfast bundle load /media/usb
    """
    from holdfast.workflows.bundle import run_bundle_load
    from holdfast.workflows.vaults import VaultAsked

    with ByteProgress() as progress:
        answer = run_bundle_load(VaultAsked(vault), folder, bundle, progress.tell)
    if json:
        print_json(answer)
        return
    output = open_output().out
    output.print(f"bundle {answer.id}: {answer.new_packs} of {answer.packs} packs were new to this vault")
    for copy in answer.copies:
        output.print(f"  kept, and read back: {copy}", soft_wrap=True)
    if answer.new_signatures:
        output.print(f"  {tell_count(answer.new_signatures, 'signature')} came with them, not checked")
    for note in answer.notes:
        output.print(f"note  {note}", markup=False, soft_wrap=True)


@app.command("inventory")
def inventory_command(
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="Where the list goes.")],
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Write down which objects this vault holds, so that a bundle for it carries only what it lacks.

    Example:  holdfast bundle inventory --to inventory.txt
    """
    from holdfast.workflows.bundle import run_bundle_inventory
    from holdfast.workflows.vaults import VaultAsked

    answer = run_bundle_inventory(VaultAsked(vault), to)
    if json:
        print_json(answer)
        return
    open_output().out.print(f"{tell_count(answer.objects, 'object')} listed in {answer.path}", soft_wrap=True)
