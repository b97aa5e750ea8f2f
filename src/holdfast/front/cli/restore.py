"""`holdfast restore`: a kept copy back to a folder."""

from pathlib import Path
from typing import Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, tell_bytes
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, ModelArgument, VaultOption


def restore_command(
    model: ModelArgument,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where the files go; it is made when missing.")],
    include: Annotated[
        list[str] | None, typer.Option("--include", metavar="PATTERN", help="Only files like this: '*.json'. Repeat.")
    ] = None,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Write a copy's files to a folder, byte for byte. Files that are right already are left; run again to go on.

    Example:  holdfast restore Qwen/Qwen3-8B ./qwen
    """
    from holdfast.workflows.restore import RestoreAsked, run_restore
    from holdfast.workflows.vaults import VaultAsked

    asked = RestoreAsked(VaultAsked(vault), model, folder, tuple(include or ()))
    with ByteProgress() as progress:
        answer = run_restore(asked, lambda done, total: progress.tell(f"{model}: restoring", done, total))
    if json:
        print_json(answer)
        return
    there = f"; {answer.there_already} were there already" if answer.there_already else ""
    files = f"{answer.files} files, {tell_bytes(answer.size)} in {answer.folder}{there}"
    open_output().out.print(f"restored  {answer.model}@{answer.revision}: {files}", soft_wrap=True)
