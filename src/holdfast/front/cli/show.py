"""`holdfast show`: everything about one copy."""

from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import tell_bytes
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, ModelArgument, VaultOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from holdfast.workflows.proof import CopyProof
    from holdfast.workflows.show import ShownCopy


def show_command(
    model: ModelArgument,
    proof: Annotated[
        bool, typer.Option("--proof", help="Instead: what binds each file's sha256 to upstream's commit.")
    ] = False,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Files with their digests, origin, licence, bases, the levers of the day it was kept, and every decision since.

    Example:  holdfast show Qwen/Qwen3-8B
    """
    from holdfast.workflows.proof import run_proof
    from holdfast.workflows.show import run_show
    from holdfast.workflows.vaults import VaultAsked

    if proof:
        proven = run_proof(VaultAsked(vault), model)
        _print(proven, _tell_proof(proven), as_json=json)
        return
    answer = run_show(VaultAsked(vault), model)
    _print(answer, _tell(answer), as_json=json)


def _print(answer: object, lines: "Iterator[str]", *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    output = open_output().out
    for line in lines:
        output.print(line, markup=False, soft_wrap=True)


def _tell_proof(proof: "CopyProof") -> "Iterator[str]":
    yield f"{proof.model}@{proof.revision}  {proof.answer}: {proof.says}"
    if proof.commit:
        yield f"  commit  {proof.commit}"
    for path, tree in proof.trees:
        yield f"  tree    {tree}  {path or 'of the whole'}"
    yield from ("", "FILES")
    for file in proof.files:
        chain = f"{file.via or 'tree'} {file.blob} → " if file.blob else ""
        says = f"  {file.says}" if file.says else ""
        yield f"  {file.answer:<8}  {file.path}: {chain}sha256 {file.sha256}{says}"
    for path in proof.missing:
        yield f"  not held  {path}"


def _tell(answer: "ShownCopy") -> "Iterator[str]":
    from holdfast.workflows.readiness import say_smoked, say_why

    copy, manifest = answer.copy, answer.manifest
    yield f"{copy.model}@{copy.revision}  {copy.state}"
    yield f"  {len(answer.files)} files, {tell_bytes(copy.size)}; stored in {tell_bytes(copy.stored)}, of which"
    yield f"  {tell_bytes(copy.frees)} are its own; kept {copy.kept_at or 'not yet'}, manifest {copy.manifest}"
    yield f"  from {manifest.origin.source}, retrieved {manifest.origin.retrieved_at}"
    if manifest.origin.commit:
        yield f"  upstream commit {manifest.origin.commit}"
    yield f"  {say_smoked(copy.smoke)}" if copy.smoke else "  not smoke-tested: holdfast smoke tells whether it runs"
    yield f"  licence {manifest.licence or 'unknown'}; built on {', '.join(manifest.bases) or 'unknown'}"
    for finding in manifest.findings:
        yield f"  lever  {finding}"
    if not manifest.findings:
        yield f"  no lever found as of {manifest.horizon} when it was kept; evidence, not legal advice"
    yield from ("", "FILES")
    for file in answer.files:
        yield f"  {file.sha256}  {tell_bytes(file.size):>10}  {file.format:<11}  {file.path}"
        yield from (f"      note  {text}" for text in file.warnings)
    yield from ("", "SIGNATURES") if answer.signatures else ()
    for one in answer.signatures:
        whose = "its publisher's" if one.origin == "publisher" else "ours"
        yield f"  {one.path}  {whose}, by {one.method}, of {one.files} files: {one.checked or 'not checked'}"
    yield from ("", "DECISIONS")
    for decision in answer.decisions:
        why = say_why(decision)
        yield f"  {decision.at}  {decision.verb} by {decision.by}{': ' + why if why else ''}"
    for path, text in answer.licences:
        yield from ("", f"LICENCE TEXT, {path}", text.rstrip())
