"""`holdfast pull`: a model from a hub into the vault."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, tell_bytes, tell_count
from holdfast.front.cli.console import Output, open_output, print_json
from holdfast.front.cli.options import DataOption, JsonOption, VaultOption, WhyOption

if TYPE_CHECKING:
    from holdfast.workflows.pull import PulledCopy

EndpointOption = Annotated[
    str, typer.Option("--endpoint", metavar="URL", help="Which hub; else HF_ENDPOINT, else hub.endpoint, else its own.")
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option("--token-file", metavar="FILE", help="The hub's token; else HF_TOKEN, else where `hf` keeps it."),
]
ConnectionsOption = Annotated[int, typer.Option("--jobs", metavar="N", min=1, max=64, help="Ranges at a time.")]
PartyOption = Annotated[
    str, typer.Option("--party", metavar="PARTY", help="Who asks: whom the levers of the day are asked for.")
]
_SHOWN = 5


def pull_command(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL...", help="org/name, or org/name@branch-tag-or-commit.")
    ],
    include: Annotated[
        list[str] | None, typer.Option("--include", metavar="GLOB", help="Only files like this; repeat it.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="GLOB", help="No files like this; repeat it.")
    ] = None,
    quant: Annotated[
        list[str] | None, typer.Option("--quant", metavar="Q4_K_M", help="Of GGUF files only this quantisation.")
    ] = None,
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="How the vault calls it; else as the hub does.")
    ] = "",
    why: WhyOption = "",
    party: PartyOption = "",
    endpoint: EndpointOption = "",
    token_file: TokenFileOption = None,
    jobs: ConnectionsOption = 8,
    vault: VaultOption = "",
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Fetch models from a hub and keep them: verified against what it states, resumed where the last try ended.

    Example:  holdfast pull Qwen/Qwen3-8B
    """
    from holdfast.records.errors import UsageError
    from holdfast.workflows.pull import PullAsked, run_pull
    from holdfast.workflows.pulling import HubAsked
    from holdfast.workflows.pulling_choice import Choice
    from holdfast.workflows.vaults import VaultAsked

    if name and len(models) > 1:
        raise UsageError("--as names one model, and there are several", next_step="Pull them one by one.")
    hub = HubAsked({"party": party, "endpoint": endpoint, "data": data}, token_file, jobs)
    choice = Choice(tuple(include or ()), tuple(exclude or ()), tuple(quant or ()))
    output = open_output()
    copies: list[PulledCopy] = []
    for model in models:
        with ByteProgress() as progress:
            copies.append(run_pull(PullAsked(VaultAsked(vault), model, hub, choice, name, why), progress.tell))
        if not json:
            print_pulled(output, copies[-1])
    if json:
        print_json({"copies": copies})


def print_pulled(output: Output, pulled: "PulledCopy") -> None:
    """What was fetched and kept, what is missing, what the levers say."""
    copy = pulled.copy
    lines = [f"\n[bold]{copy.state}[/]  {copy.model}@{copy.revision}{f'  as {pulled.ref}' if pulled.ref else ''}"]
    held = f", {tell_count(pulled.known_files, 'file')} known already" if pulled.known_files else ""
    fetched = f"{tell_count(pulled.fetched_files, 'file')} fetched, {tell_bytes(pulled.fetched_bytes)} this time"
    lines.append(f"      {tell_count(copy.files, 'file')}, {tell_bytes(copy.size)}: {fetched}{held}")
    if copy.stored_bytes:
        lines.append(f"      the vault grew by {tell_bytes(copy.stored_bytes)}")
    lines.append("      every file is what the hub states, and was read back from the medium")
    for line in lines:
        output.out.print(line, soft_wrap=True)
    if pulled.missing:
        shown = ", ".join(pulled.missing[:_SHOWN]) + (", …" if len(pulled.missing) > _SHOWN else "")
        text = f"      partial: {tell_count(len(pulled.missing), 'file')} of the revision left out: {shown}"
        output.out.print(text, markup=False, soft_wrap=True)
    for finding in copy.findings:
        output.out.print(f"      lever  {finding}", markup=False, soft_wrap=True)
    if not copy.findings:
        output.out.print(f"      no lever found as of {copy.horizon}; evidence, not legal advice", soft_wrap=True)
    for text in (*copy.warnings, *copy.notes):
        output.out.print(f"      note   {text}", markup=False, soft_wrap=True)
