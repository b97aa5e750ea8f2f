"""Which files of a copy an engine gets, and which engine: by what the copy is and what is installed.

Pickled weights are left out unless asked for, and code that a copy brings always.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from holdfast.records.errors import EngineError, MissingEngine
from holdfast.vault.catalogue.revisions import FileRow
from holdfast.workflows.engines.finding import EngineName, Installed


class Weights(StrEnum):
    """In what form a copy's weights lie."""

    SAFETENSORS = "safetensors"
    GGUF = "gguf"
    ONNX = "onnx"
    PICKLED = "pickled"


FITTING: Final = {
    Weights.SAFETENSORS: (EngineName.TRANSFORMERS, EngineName.VLLM),
    Weights.GGUF: (EngineName.LLAMA_CPP, EngineName.OLLAMA),
    Weights.ONNX: (EngineName.ONNXRUNTIME,),
    Weights.PICKLED: (EngineName.TRANSFORMERS, EngineName.VLLM),
}
"""Which engines load what, the preferred first."""

_INSTALL: Final = {
    EngineName.TRANSFORMERS: "pip install torch transformers in some Python, and name it: --python PATH",
    EngineName.ONNXRUNTIME: "pip install onnxruntime tokenizers, or name a Python that has them: --python PATH",
    EngineName.LLAMA_CPP: "put llama.cpp's llama-server on PATH",
    EngineName.VLLM: "put vllm on PATH",
    EngineName.OLLAMA: "put ollama on PATH",
}
_PICKLED: Final = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib")
_OTHERS: Final = (".h5", ".msgpack", ".ot", ".tflite", ".mlmodel", ".pb", ".npz", ".py", ".pyc", ".so", ".tar", ".zip")
_LARGE: Final = (".safetensors", ".gguf", ".onnx", *_PICKLED, *_OTHERS)
_SHARD: Final = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.gguf")


@dataclass(frozen=True, slots=True)
class Load:
    """What an engine is to load: the files that it gets, and the one among them that is named to it, if any."""

    weights: Weights
    files: tuple[FileRow, ...]
    main: str = ""
    of: int = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What a user asked for: an engine, a pattern of the file to load, and whether pickled weights may be loaded."""

    engine: EngineName | None = None
    file: str = ""
    allow_pickle: bool = False


def choose(model: str, files: Sequence[FileRow], wish: Wish, installed: Installed) -> tuple[Load, EngineName]:
    """The load and the engine. Raises EngineError for a copy that none runs, MissingEngine when none is installed."""
    loads = list(list_loads(files, wish))
    if not loads:
        raise explain_unfit(model, files, wish)
    fitting = [(load, engine) for load in loads for engine in FITTING[load.weights] if wish.engine in (None, engine)]
    if not fitting:
        has = " and ".join(load.weights.value for load in loads)
        fit = list(dict.fromkeys(engine for load in loads for engine in FITTING[load.weights]))
        raise EngineError(
            f"{wish.engine} does not load {has} weights, which are what the copy has",
            where=model,
            next_step=f"Engines that do: {', '.join(fit)}.",
        )
    found = [pair for pair in fitting if pair[1] in installed.engines]
    if not found:
        ways = list(dict.fromkeys(_INSTALL[engine] for _, engine in fitting))
        raise MissingEngine(
            f"none of the engines that load it is installed: {', '.join(dict.fromkeys(e.value for _, e in fitting))}",
            where=model,
            next_step=f"Either {'; or '.join(ways)}. (Looked on PATH and in {installed.python}.)",
        )
    return found[0]


def list_loads(files: Sequence[FileRow], wish: Wish) -> Iterator[Load]:
    """Every way to load a copy, the preferred first."""
    safe = [file for file in files if _is(file, Weights.SAFETENSORS)]
    pickled = [file for file in files if _is(file, Weights.PICKLED)]
    at_top = {file.path for file in files if "/" not in file.path}
    if "config.json" in at_top and not wish.file:
        if any("/" not in file.path for file in safe):
            yield Load(Weights.SAFETENSORS, tuple(_choose_safe(files)))
        elif wish.allow_pickle and any("/" not in file.path for file in pickled):
            yield Load(Weights.PICKLED, (*_list_small(files), *(one for one in pickled if "/" not in one.path)))
    yield from _choose_gguf(files, wish.file)
    yield from _choose_onnx(files, wish.file)


def _is(file: FileRow, weights: Weights) -> bool:
    name = file.path.lower()
    if weights is Weights.PICKLED:
        return file.format == "torch" or name.endswith(_PICKLED)
    return name.endswith(f".{weights.value}") and file.format in (weights.value, "bytes")


def _list_small(files: Sequence[FileRow]) -> Iterator[FileRow]:
    """Configuration, tokenizer, licence, card: what is no weights in any form, and no code."""
    for file in files:
        if not file.path.lower().endswith(_LARGE) and file.format == "bytes" and "original/" not in file.path:
            yield file


def _choose_safe(files: Sequence[FileRow]) -> Iterator[FileRow]:
    weights = [file for file in files if _is(file, Weights.SAFETENSORS) and "original/" not in file.path]
    usual = [file for file in weights if "consolidated" not in file.path]
    yield from _list_small(files)
    yield from usual or weights


def _choose_gguf(files: Sequence[FileRow], pattern: str) -> Iterator[Load]:
    """The file that fits the pattern; of several the Q4_K_M, else the smallest. Shards of one model are one."""
    groups: dict[str, list[FileRow]] = {}
    for file in files:
        if _is(file, Weights.GGUF) and not any(
            word in file.path.lower() for word in ("mmproj", "projector", "adapter")
        ):
            shard = _SHARD.fullmatch(file.path)
            groups.setdefault(shard[1] if shard else file.path, []).append(file)
    fitting = {
        name: sorted(group, key=lambda one: one.path)
        for name, group in groups.items()
        if not pattern or any(fnmatchcase(one.path, pattern) for one in group)
    }
    if fitting:
        best = min(
            fitting, key=lambda name: ("Q4_K_M" not in name.upper(), sum(one.size for one in fitting[name]), name)
        )
        yield Load(Weights.GGUF, tuple(fitting[best]), fitting[best][0].path, len(groups))


def _choose_onnx(files: Sequence[FileRow], pattern: str) -> Iterator[Load]:
    """The file that fits the pattern; of several the one that is called model.onnx, with what lies beside it."""
    graphs = [file for file in files if _is(file, Weights.ONNX)]
    fitting = [file for file in graphs if not pattern or fnmatchcase(file.path, pattern)]
    if fitting:
        best = min(fitting, key=lambda one: (not one.path.endswith("model.onnx"), one.path.count("/"), one.path))
        stem = best.path.removesuffix(".onnx")
        outside = [
            one for one in files if one.path.startswith((f"{stem}.onnx_data", f"{stem}.onnx.data", f"{stem}.data"))
        ]
        chosen = {one.path: one for one in (*_list_small(files), *outside, best)}
        yield Load(Weights.ONNX, tuple(chosen.values()), best.path, len(graphs))


def explain_unfit(model: str, files: Sequence[FileRow], wish: Wish) -> EngineError:
    """Why no engine gets anything of a copy."""
    paths = {file.path for file in files}
    if wish.file:
        some = [file.path for file in files if _is(file, Weights.GGUF) or _is(file, Weights.ONNX)][:8]
        return EngineError(
            f"no GGUF or ONNX file fits {wish.file!r}",
            where=model,
            next_step=f"It has: {', '.join(some)}." if some else "It has none; leave --file out.",
        )
    if "adapter_config.json" in paths and "config.json" not in paths:
        return EngineError(
            "it is an adapter, which runs on its base alone",
            where=model,
            next_step="Merge it into its base, keep the result and run that. `holdfast show` names the base.",
        )
    if "model_index.json" in paths:
        return EngineError(
            "it is a pipeline of several models (model_index.json), which no engine here runs",
            where=model,
            next_step="Restore it and load it with the library it is for: holdfast restore MODEL DIR",
        )
    if any(_is(file, Weights.PICKLED) for file in files) and not wish.allow_pickle:
        return EngineError(
            "its weights are pickled, and a pickle can run code when it is loaded",
            where=model,
            next_step="Look at the notes of `holdfast show`; if you trust its source, add --allow-pickle.",
        )
    return EngineError(
        "it has no weights that an engine loads: safetensors with a config.json, GGUF or ONNX",
        where=model,
        next_step=f"It has: {', '.join(sorted(paths)[:8])}.",
    )
