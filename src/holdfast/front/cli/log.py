"""`holdfast log`: what was done to the vault, whether that record is whole, and proofs of it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.options import JsonOption, ModelArgument, VaultOption

if TYPE_CHECKING:
    from holdfast.workflows.log import LogList

app = typer.Typer()


@app.callback(invoke_without_command=True)
def log_group(
    context: typer.Context,
    model: Annotated[str, typer.Option("--model", metavar="MODEL", help="Only what was done to this model.")] = "",
    verb: Annotated[
        list[str] | None, typer.Option("--verb", metavar="VERB", help="Only what was done so: keep, serve, …; repeat.")
    ] = None,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """What was done to the vault, by whom and why, the newest first.

    Example:  holdfast log --model Qwen/Qwen3-8B --verb keep --verb freeze
    """
    if context.invoked_subcommand is not None:
        return
    from holdfast.workflows.log import parse_verb, run_log
    from holdfast.workflows.vaults import VaultAsked

    answer = run_log(VaultAsked(vault), model, [parse_verb(one) for one in verb or ()])
    if json:
        print_json(answer)
    else:
        _print_list(answer)


def _print_list(answer: "LogList") -> None:
    output = open_output().out
    if not answer.events:
        output.print(f"nothing of it is among the log's {answer.size} entries" if answer.size else "no log yet")
    for one in answer.events:
        why = f": {one.why}" if one.why else ""
        line = f"{one.index:>5}  {one.at}  {one.verb:<6}  {one.subject}  {one.outcome}, by {one.by}{why}"
        output.print(line, markup=False, soft_wrap=True)


@app.command("verify")
def verify_command(
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="FILE", help="What `holdfast log checkpoint` printed, kept elsewhere."),
    ] = None,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Recompute the whole log. With a checkpoint kept elsewhere: that nothing before it was changed or cut off.

    Ends with 12 when the log is damaged or rewritten, with 15 when somebody unknown signed it.

    Example:  holdfast log verify --checkpoint kept-elsewhere.txt
    """
    from holdfast.workflows.log import run_log_verify
    from holdfast.workflows.vaults import VaultAsked

    answer = run_log_verify(VaultAsked(vault), checkpoint)
    if json:
        print_json(answer)
        return
    output = open_output().out
    output.print(f"[bold]whole[/]  {answer.size} entries, each under the signed checkpoint", soft_wrap=True)
    if answer.kept_size is None:
        output.print("       not compared with a checkpoint kept elsewhere: who can write the vault could have")
        output.print("       written another history. Keep one: holdfast log checkpoint")
    else:
        kept = f"the first {answer.kept_size} are those that the checkpoint in {answer.kept_in} promised"
        output.print(f"       {kept}", markup=False, soft_wrap=True)
    for note in answer.notes:
        output.print(f"note   {note}", markup=False, soft_wrap=True)
    if answer.beyond:
        output.print(f"note   {len(answer.beyond)} files go beyond the checkpoint: a writer was killed, or the")
        output.print("       checkpoint was put back; a later checkpoint kept elsewhere tells which")


@app.command("prove")
def prove_command(
    model: ModelArgument,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write the proof there.")] = None,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Prove that a copy was kept: the log's entry, and the hashes that lead from it to a signed checkpoint.

    The text is a C2SP tlog-proof; --json gives the same with the entry and the public keys.

    Example:  holdfast log prove Qwen/Qwen3-8B --to qwen.tlog-proof
    """
    from holdfast.workflows.log import run_log_prove, write_proof
    from holdfast.workflows.vaults import VaultAsked

    answer = run_log_prove(VaultAsked(vault), model)
    written = write_proof(answer, to) if to else ()
    if json:
        print_json(answer)
    elif written:
        for path in written:
            open_output().out.print(f"wrote  {path}", markup=False, soft_wrap=True)
    else:
        sys.stdout.write(answer.tlog_proof)
        open_output().err.print(f"the entry that it proves: {answer.proof.entry}", markup=False)


@app.command("check")
def check_command(
    proof: Annotated[Path, typer.Argument(metavar="PROOF", help="What `holdfast log prove --to` wrote.")],
    key: Annotated[
        Path | None,
        typer.Option(
            "--key",
            metavar="FILE",
            help="Public keys that you believe, as `log checkpoint` prints them; else your own.",
        ),
    ] = None,
    entry: Annotated[
        Path | None, typer.Option("--entry", metavar="FILE", help="The entry that is proven; else PROOF.entry.json.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Check a proof of the log with public keys, and say what it proves. Needs no vault and no network.

    Ends with 15 when it does not hold, with 2 when no key of that log is known.

    Example:  holdfast log check qwen.tlog-proof --key kept-elsewhere.txt
    """
    from holdfast.workflows.log_check import CheckAsked, run_log_check

    answer = run_log_check(CheckAsked(proof, entry, key))
    if json:
        print_json(answer)
        return
    output, event = open_output().out, answer.event
    why = f": {event.why}" if event.why else ""
    output.print(f"[bold]holds[/]  entry {event.index} of the {answer.size} that {answer.log} had", soft_wrap=True)
    done = f"{event.at}  {event.verb}  {event.subject}  {event.outcome}, by {event.by}{why}"
    output.print(f"       {done}", markup=False, soft_wrap=True)
    if event.object:
        output.print(f"       of {event.object}", markup=False, soft_wrap=True)
    signed = f"signed by {', '.join(answer.signed_by)}, a key in {answer.keys_from}"
    output.print(f"       {signed}", markup=False, soft_wrap=True)
    output.print("note   it proves what was recorded, not that the copy is whole now: holdfast verify tells that")


@app.command("checkpoint")
def checkpoint_command(vault: VaultOption = "", json: JsonOption = False) -> None:
    """The signed promise of the log as it is now, and the public keys: keep both where nobody of the vault can write.

    Example:  holdfast log checkpoint > kept-elsewhere.txt
    """
    from holdfast.workflows.log import run_log_checkpoint
    from holdfast.workflows.vaults import VaultAsked

    answer = run_log_checkpoint(VaultAsked(vault))
    if json:
        print_json(answer)
    else:
        sys.stdout.write(answer.text)
