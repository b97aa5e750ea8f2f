"""`holdfast smoke`: whether a kept copy runs, with no network, in a known runtime."""

from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress, parse_bytes, tell_bytes
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.engine_options import EngineOption, FileOption, PickleOption, PythonOption, make_wish
from holdfast.front.cli.options import JsonOption, ModelArgument, VaultOption
from holdfast.records.errors import EXIT_OK, EXIT_POLICY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from holdfast.workflows.smoke import SmokedCopy


def smoke_command(
    model: ModelArgument,
    engine: EngineOption = "",
    python: PythonOption = "",
    file: FileOption = "",
    allow_pickle: PickleOption = False,
    timeout: Annotated[float, typer.Option("--timeout", metavar="S", help="For loading, then for the pass.")] = 900.0,
    memory: Annotated[str, typer.Option("--memory", metavar="SIZE", help="The most that it may take: 8GB.")] = "",
    keep_files: Annotated[bool, typer.Option("--keep-files", help="Leave the run folder, for `holdfast run`.")] = False,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> int:
    """Load a copy where there is no network, run one pass, and record the result: a copy that passes is ready.

    Exits 1 when it did not pass.

    Example:  holdfast smoke Qwen/Qwen3-8B
    """
    from holdfast.records.smoke import SmokeOutcome
    from holdfast.workflows.smoke import SmokeAsked, run_smoke
    from holdfast.workflows.vaults import VaultAsked

    asked = SmokeAsked(
        vault=VaultAsked(vault),
        model=model,
        wish=make_wish(engine, file, allow_pickle=allow_pickle),
        python=python,
        timeout_s=timeout,
        memory_bytes=parse_bytes(memory, "--memory") if memory else 0,
        keep_files=keep_files,
    )
    with ByteProgress() as progress:
        answer = run_smoke(asked, progress.tell)
    if json:
        print_json(answer)
    else:
        for line in _tell(answer):
            open_output().out.print(line, markup=False, soft_wrap=True)
    return EXIT_OK if answer.smoked.result.outcome is SmokeOutcome.PASSED else EXIT_POLICY


def _tell(answer: "SmokedCopy") -> "Iterator[str]":
    result = answer.smoked.result
    yield f"{result.outcome}  {answer.model}@{answer.revision}{'' if result.reason else ': ready'}"
    if result.reason:
        yield f"  {result.reason}"
    yield f"  engine     {result.version}"
    yield f"  isolation  {result.isolation}"
    if not result.reason and not result.is_offline_proven:
        yield "             so that it runs offline is not proven"
    if result.checked:
        yield f"  output     {result.checked}: shape {'x'.join(map(str, result.shape))}, sha256 {result.output_sha256}"
    memory = f"{tell_bytes(result.peak_memory_bytes)} of memory at most"
    yield f"  took       {result.load_s:.1f} s to load, {result.pass_s:.2f} s to run, {memory}"
    yield f"  loaded     {', '.join(result.files)}"
    yield from (f"  note       {note}" for note in (*result.notes, *answer.notes))
    yield f"  log        {answer.log}"
