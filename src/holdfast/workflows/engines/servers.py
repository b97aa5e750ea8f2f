"""How the engines that are servers of their own are started on a copy: llama.cpp, vLLM, Ollama. On loopback alone."""

import json
import re
import socket
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from holdfast.formats.gguf import read_gguf_metadata
from holdfast.records.errors import InputError
from holdfast.workflows.engines.choosing import Load, Weights
from holdfast.workflows.engines.finding import EngineName, Installed

HOST: Final = "127.0.0.1"
_CONFIG_BYTES_MAX: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Server:
    """A server to start: its command and port, the path that answers 200 once it is up, what is run then, the name
    under which it knows the copy, whether it generates or embeds, and variables of its own."""

    command: tuple[str, ...]
    port: int
    health: str
    model: str
    kind: str
    after: tuple[tuple[str, ...], ...] = ()
    environ: Mapping[str, str] = field(default_factory=dict[str, str])

    def to_json(self, wait_s: float) -> str:
        """As child/driving.py reads it."""
        return json.dumps({**asdict(self), "wait_s": wait_s})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server finds its copy, what it calls it, and the folder that it may write to."""

    folder: Path
    name: str
    scratch: Path
    port: int


def make_server(engine: EngineName, load: Load, place: Place, installed: Installed) -> Server:
    """The server for a copy; nothing is started."""
    program = installed.programs[engine]
    if engine is EngineName.LLAMA_CPP:
        return _make_llama(program, load, place)
    return _make_vllm(program, place) if engine is EngineName.VLLM else _make_ollama(program, load, place)


def _make_llama(program: str, load: Load, place: Place) -> Server:
    path = place.folder / load.main
    kind = find_gguf_kind(path)
    where = ("--host", HOST, "--port", str(place.port))
    command = (program, "--model", str(path), "--alias", place.name, *where)
    return Server((*command, *(["--embeddings"] if kind == "embed" else [])), place.port, "/health", place.name, kind)


def _make_vllm(program: str, place: Place) -> Server:
    where = ("--host", HOST, "--port", str(place.port))
    command = (program, "serve", str(place.folder), "--served-model-name", place.name, *where)
    return Server(command, place.port, "/health", place.name, find_folder_kind(place.folder))


def _make_ollama(program: str, load: Load, place: Place) -> Server:
    """A store of its own, that the file is copied into."""
    name = re.sub(r"[^a-z0-9._/-]+", "-", place.name.lower()).strip("-./")
    path = place.folder / load.main
    recipe = place.scratch / "Modelfile"
    recipe.write_text(f"FROM {path}\n", encoding="utf-8")
    return Server(
        command=(program, "serve"),
        port=place.port,
        health="/",
        model=name,
        kind=find_gguf_kind(path),
        after=((program, "create", name, "-f", str(recipe)),),
        environ={"OLLAMA_HOST": f"{HOST}:{place.port}", "OLLAMA_MODELS": str(place.scratch / "ollama")},
    )


def find_gguf_kind(path: Path) -> str:
    """`embed` for encoders, as its header says, else `generate`."""
    try:
        said = dict(read_gguf_metadata(path))
    except InputError:
        return "generate"  # the engine will say what is wrong with it
    architecture = str(said.get("general.architecture", ""))
    return "embed" if "bert" in architecture or f"{architecture}.pooling_type" in said else "generate"


def find_folder_kind(folder: Path) -> str:
    """`embed` for sentence encoders, as the small files say, else `generate`."""
    if (folder / "modules.json").is_file():
        return "embed"
    config = folder / "config.json"
    if not config.is_file() or config.stat().st_size > _CONFIG_BYTES_MAX:
        return "generate"
    try:
        said = cast("object", json.loads(config.read_text("utf-8")))
    except ValueError:
        return "generate"
    architectures = cast("dict[str, Any]", said).get("architectures") if isinstance(said, dict) else None
    first = str(cast("list[object]", architectures)[0]) if isinstance(architectures, list) and architectures else ""
    return "embed" if first and "For" not in first and "LMHead" not in first else "generate"


def find_free_port() -> int:
    """A port of loopback that nobody has now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        tried.bind((HOST, 0))
        return int(tried.getsockname()[1])


def is_server(load: Load, engine: EngineName) -> bool:
    """Whether the engine is a server of its own, and not a library that a process here loads the copy with."""
    return engine is not EngineName.ONNXRUNTIME and (load.weights is Weights.GGUF or engine is EngineName.VLLM)
