"""`holdfast keep`: verified copies of models on disk."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, parse_bytes, tell_bytes
from holdfast.front.cli.console import Output, open_output, print_json
from holdfast.front.cli.options import DataOption, JsonOption, VaultOption, WhyOption
from holdfast.front.cli.protect import print_protected
from holdfast.front.cli.pull import EndpointOption, TokenFileOption
from holdfast.front.cli.secure import MaxSizeOption, OfflineOption, print_secured
from holdfast.records.errors import UsageError

if TYPE_CHECKING:
    from holdfast.vault.protecting import Protected
    from holdfast.workflows.keep import KeptCopy
    from holdfast.workflows.sources import Source
    from holdfast.workflows.vaults import VaultAsked


def keep_command(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[PATH]...", help="Folders or files of models, or folders of a cache."),
    ] = None,
    name: Annotated[str, typer.Option("--as", metavar="ORG/NAME", help="The model's name; else it is found.")] = "",
    revision: Annotated[str, typer.Option("--revision", metavar="REV", help="Its revision; else it is found.")] = "",
    base: Annotated[
        str, typer.Option("--base", metavar="MODEL", help="A kept model it was tuned from; else it is found.")
    ] = "",
    from_hf_cache: Annotated[
        bool, typer.Option("--from-hf-cache", help="Every snapshot in a Hugging Face cache (PATH, or the usual place).")
    ] = False,
    from_ollama: Annotated[
        bool, typer.Option("--from-ollama", help="Every tag in an Ollama store (PATH, or the usual place).")
    ] = False,
    all_from: Annotated[
        Path | None,
        typer.Option(
            "--all-from",
            metavar="PATH",
            help="Every open-weight model of an application, or of a saved `scan --json`: from here, else from a hub.",
        ),
    ] = None,
    offline: OfflineOption = False,
    max_size: MaxSizeOption = "",
    endpoint: EndpointOption = "",
    token_file: TokenFileOption = None,
    as_bytes: Annotated[
        bool, typer.Option("--as-bytes", help="Keep files as they are, also those whose format is broken.")
    ] = False,
    why: WhyOption = "",
    party: Annotated[
        str, typer.Option("--party", metavar="PARTY", help="For whom the levers of the day are recorded.")
    ] = "us-business",
    parity: Annotated[
        float, typer.Option("--parity", metavar="PERCENT", help="Then make parity for what has none, as protect does.")
    ] = 0.0,
    vault: VaultOption = "",
    json: JsonOption = False,
    data: DataOption = None,
) -> None:
    """Keep verified copies of models: small, complete, and read back from the medium before it is said.

    Example:  holdfast keep ./Qwen3-8B --as Qwen/Qwen3-8B
    """
    from holdfast.workflows.keep import KeepAsked, run_keep
    from holdfast.workflows.vaults import VaultAsked

    if all_from is not None:
        if paths or from_hf_cache or from_ollama or name:
            raise UsageError("--all-from names all that is kept", next_step="Leave out PATHs, --as and other sources.")
        hub = {"party": party, "endpoint": endpoint, "data": data}
        _keep_all(_KeepAll(all_from, vault, hub, token_file, offline, max_size), as_json=json)
        return
    if from_hf_cache and from_ollama:
        raise UsageError("--from-hf-cache and --from-ollama exclude each other", next_step="Run keep once for each.")
    sources = _find_sources(paths or [], from_hf_cache, from_ollama)
    asked = KeepAsked(
        vault=VaultAsked(vault),
        sources=tuple(sources),
        name=name,
        revision=revision,
        base=base,
        as_bytes=as_bytes,
        why=why,
        party=party,
        data=Path(data) if data else None,
    )
    with ByteProgress() as progress:
        copies = run_keep(asked, progress.tell)
        protected = _protect(asked.vault, parity, progress) if parity else None
    if json:
        print_json({"copies": copies, "parity": protected} if protected else {"copies": copies})
        return
    output = open_output()
    for copy in copies:
        _print_copy(output, copy)
    if protected is not None:
        print_protected(protected)


@dataclass(frozen=True, slots=True)
class _KeepAll:
    path: Path
    vault: str
    flags: Mapping[str, object]
    token_file: Path | None
    offline: bool
    max_size: str


def _keep_all(asked: _KeepAll, *, as_json: bool) -> None:
    from holdfast.workflows.pulling import HubAsked
    from holdfast.workflows.secure import SecureAsked, run_keep_all
    from holdfast.workflows.vaults import VaultAsked

    securing = SecureAsked(
        path=asked.path,
        vault=VaultAsked(asked.vault),
        hub=HubAsked(asked.flags, asked.token_file),
        offline=asked.offline,
        bytes_max=parse_bytes(asked.max_size, "--max-size") if asked.max_size else 0,
        smoke=False,
    )
    with ByteProgress() as progress:
        models = run_keep_all(securing, lambda _done, _total: None, progress.tell)
    if as_json:
        print_json({"models": models})
    else:
        print_secured(open_output(), models)


def _protect(vault: "VaultAsked", percent: float, progress: ByteProgress) -> "Protected":
    from holdfast.workflows.protect import ProtectAsked, run_protect

    return run_protect(ProtectAsked(vault, percent), progress.tell)


def _find_sources(paths: list[Path], from_hf_cache: bool, from_ollama: bool) -> "list[Source]":
    from holdfast.workflows import sources

    if from_hf_cache:
        folders = paths or [sources.find_hub_cache(os.environ)]
        return [source for folder in folders for source in sources.read_hub_cache(folder)]
    if from_ollama:
        folders = paths or [sources.find_ollama_store(os.environ)]
        return [source for folder in folders for source in sources.read_ollama_store(folder)]
    if not paths:
        raise UsageError(
            "nothing to keep was named", next_step="Name a folder, or use --from-hf-cache or --from-ollama."
        )
    return [source for path in paths for source in sources.read_source(path)]


def _print_copy(output: Output, copy: "KeptCopy") -> None:
    files = f"{copy.files} file{'s' if copy.files != 1 else ''}"
    output.out.print(f"\n[bold]{copy.state}[/]  {copy.model}@{copy.revision}", soft_wrap=True)
    if copy.new_bytes:
        share = f"{copy.stored_bytes / copy.size:.0%} of its size" if copy.size else ""
        grew = f"the vault grew by {tell_bytes(copy.stored_bytes)}, {share}"
    else:
        grew = "nothing in it was new to the vault"
    output.out.print(f"      {files}, {tell_bytes(copy.size)}; {grew}", soft_wrap=True)
    output.out.print("      every byte was read back from the medium and matched its sha256", soft_wrap=True)
    for finding in copy.findings:
        output.out.print(f"      lever  {finding}", markup=False, soft_wrap=True)
    if not copy.findings:
        output.out.print(f"      no lever found as of {copy.horizon}; evidence, not legal advice", soft_wrap=True)
    for text in (*copy.warnings, *copy.notes):
        output.out.print(f"      note   {text}", markup=False, soft_wrap=True)
