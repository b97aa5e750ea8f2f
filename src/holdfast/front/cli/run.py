"""`holdfast run`: an engine on a kept copy, until Ctrl-C."""

import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.front.cli.bytes import ByteProgress
from holdfast.front.cli.console import open_output, print_json
from holdfast.front.cli.engine_options import EngineOption, FileOption, PickleOption, PythonOption, make_wish
from holdfast.front.cli.options import JsonOption, ModelArgument, VaultOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from holdfast.workflows.run import Running


def run_command(
    model: ModelArgument,
    engine: EngineOption = "",
    port: Annotated[int, typer.Option("--port", metavar="N", help="Port on loopback; 0 takes a free one.")] = 8421,
    python: PythonOption = "",
    file: FileOption = "",
    allow_pickle: PickleOption = False,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="How long loading may take.")] = 900.0,
    vault: VaultOption = "",
    json: JsonOption = False,
) -> None:
    """Start an engine on a kept copy, offline, and answer as OpenAI's API does until Ctrl-C.

    Example:  holdfast run Qwen/Qwen3-8B --port 8000
    """
    from holdfast.front.openai.serving import serve_engine
    from holdfast.workflows.engines.servers import find_free_port
    from holdfast.workflows.run import RunAsked, run_model
    from holdfast.workflows.vaults import VaultAsked

    wish = make_wish(engine, file, allow_pickle=allow_pickle)
    asked = RunAsked(VaultAsked(vault), model, wish, port or find_free_port(), python, timeout)
    with ByteProgress() as progress, run_model(asked, progress.tell) as running:
        progress.end()
        if running.speaks:
            serve_engine(running, lambda _: _print(running, as_json=json))
        else:
            _print(running, as_json=json)
            _wait(running)
    open_output().err.print("ended", soft_wrap=True)


def _print(running: "Running", *, as_json: bool) -> None:
    if as_json:
        print_json({name: getattr(running, name) for name in _SHOWN})
    else:
        for line in _tell(running):
            open_output().out.print(line, markup=False, soft_wrap=True)
    sys.stdout.flush()


_SHOWN = (
    "url", "model", "revision", "engine", "version", "kind", "isolation", "labels", "notes", "folder", "log"
)  # fmt: skip


def _tell(running: "Running") -> "Iterator[str]":
    yield f"running  {running.model}@{running.revision}"
    yield f"  base URL   {running.url}"
    yield f"  model      {running.model}"
    yield f"  engine     {running.version}; its network: {running.isolation}"
    yield f"  try        {_show_call(running)}"
    yield from (f"  note       {note}" for note in running.notes)
    yield f"  log        {running.log}"
    yield f"  files      {running.folder} (they can be removed once this has ended)"
    yield "  Ctrl-C ends it."


def _show_call(running: "Running") -> str:
    """One request that it answers, as a line for a shell."""
    path, name = _CALLS[running.kind]
    body = f'{{"model": "{running.model}", "{name}": "Good morning"}}'
    place = running.url.removesuffix("/v1") + path
    return f"curl {place} -H 'Content-Type: application/json' -d '{body}'"


_CALLS = {
    "generate": ("/v1/completions", "prompt"), "embed": ("/v1/embeddings", "input"), "classify": ("/classify", "input")
}  # fmt: skip


def _wait(running: "Running") -> None:
    """Until Ctrl-C or SIGTERM; raises EngineError when the engine ends by itself."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        running.process.wait_over()
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)
    raise running.explain_end()
