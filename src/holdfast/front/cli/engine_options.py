"""Options that run and smoke share, and how they become a wish."""

from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.records.errors import UsageError

if TYPE_CHECKING:
    from holdfast.workflows.engines.choosing import Wish

EngineOption = Annotated[
    str,
    typer.Option(
        "--engine", metavar="NAME", help="transformers, onnxruntime, llama.cpp, vllm, ollama; else what fits."
    ),
]
PythonOption = Annotated[
    str,
    typer.Option(
        "--python", metavar="PATH", help="The Python that has the engine; else HOLDFAST_ENGINE_PYTHON, else this one."
    ),
]
FileOption = Annotated[
    str, typer.Option("--file", metavar="PATTERN", help="Which GGUF or ONNX file, when the copy has several.")
]
PickleOption = Annotated[
    bool, typer.Option("--allow-pickle", help="Load pickled weights too; a pickle can run code when it is loaded.")
]


def make_wish(engine: str, file: str, *, allow_pickle: bool) -> "Wish":
    """Raises UsageError for an engine that nobody knows."""
    from holdfast.workflows.engines.choosing import Wish
    from holdfast.workflows.engines.finding import EngineName

    known = [one.value for one in EngineName]
    if engine and engine not in known:
        raise UsageError(f"{engine!r} is no engine", where="--engine", next_step=f"Known: {', '.join(known)}.")
    return Wish(EngineName(engine) if engine else None, file, allow_pickle)
