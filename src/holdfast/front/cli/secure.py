"""`holdfast secure`: the main job. Check an application, then hold what it depends on."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, parse_bytes, tell_bytes
from holdfast.front.cli.console import Output, open_output, print_json, show_progress
from holdfast.front.cli.options import AsOption, DataOption, JsonOption, PathArgument, VaultOption
from holdfast.front.cli.pull import ConnectionsOption, EndpointOption, TokenFileOption

if TYPE_CHECKING:
    from holdfast.workflows.secure import SecuredModel

OfflineOption = Annotated[bool, typer.Option("--offline", help="Ask no hub: take what lies on this machine.")]
MaxSizeOption = Annotated[
    str, typer.Option("--max-size", metavar="SIZE", help="Leave out models on a hub that are larger, and say so: 20GB.")
]
QuantOption = Annotated[
    list[str] | None,
    typer.Option("--quant", metavar="Q4_K_M", help="Of GGUF files this quantisation; else one that most use."),
]


def secure_command(
    path: PathArgument = Path(),
    party: AsOption = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write check's page as well.")] = None,
    offline: OfflineOption = False,
    max_size: MaxSizeOption = "",
    quant: QuantOption = None,
    no_smoke: Annotated[bool, typer.Option("--no-smoke", help="Do not try the copies.")] = False,
    endpoint: EndpointOption = "",
    token_file: TokenFileOption = None,
    jobs: ConnectionsOption = 8,
    vault: VaultOption = "",
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Check PATH, then keep every open-weight model that can be had, and try it; what is not held is told with why.

    Taken first from what lies on this machine (the hub's cache, an Ollama store, folders of PATH), then from the hub.

    Example:  holdfast secure . --max-size 20GB
    """
    from holdfast.front.cli.check_table import print_check
    from holdfast.front.outputs import get_page_renderers
    from holdfast.workflows.exporting import write_exports
    from holdfast.workflows.pulling import HubAsked
    from holdfast.workflows.secure import SecureAsked, run_secure, run_secure_check
    from holdfast.workflows.vaults import VaultAsked

    asked = SecureAsked(
        path=path,
        vault=VaultAsked(vault, os.environ),
        hub=HubAsked({"party": party, "endpoint": endpoint, "data": data}, token_file, jobs),
        offline=offline,
        quants=tuple(quant or ()),
        bytes_max=parse_bytes(max_size, "--max-size") if max_size else 0,
        smoke=not no_smoke,
    )
    with show_progress(f"reading {path}") as progress:
        checked = run_secure_check(asked, progress)
    with ByteProgress() as bar:
        answer = run_secure(asked, checked, bar.tell)
    written = write_exports(answer.check, {"html": html} if html else {}, get_page_renderers())
    if json:
        print_json({"models": answer.models, "check": answer.check})
        return
    output = open_output()
    print_check(answer.check, output, written)
    print_secured(output, answer.models)


def print_secured(output: Output, models: "tuple[SecuredModel, ...] | list[SecuredModel]") -> None:
    """One line or more a model, and the sum."""
    held = [one for one in models if one.outcome in ("held", "kept now")]
    total = tell_bytes(sum(one.size for one in held))
    output.out.print(f"\n[bold]Held: {len(held)} of {len(models)}[/], {total}", soft_wrap=True)
    for one in models:
        name = one.model.removeprefix("pkg:huggingface/").removeprefix("pkg:")
        named = f"{name}@{one.revision}" if one.revision else name
        where = f", from {one.place}" if one.outcome == "kept now" else ""
        size = f"  {tell_bytes(one.size)}" if one.size else ""
        ready = f"  ({one.ready})" if one.ready else ""
        line = f"  {one.outcome:<8}  {named}{size}{where}{ready}"
        output.out.print(line, markup=False, soft_wrap=True)
        for text in ([f"why   {one.why}"] if one.why else []) + [f"note  {note}" for note in one.notes]:
            output.out.print(f"            {text}", markup=False, soft_wrap=True)
