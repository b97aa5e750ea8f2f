"""Which engines are installed: programs on PATH, and packages of the Python that engines are to use."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

from holdfast.records.errors import ConfigurationError, MissingPath

_ASK_S: Final = 120.0
_PACKAGES: Final = ("torch", "transformers", "sentence-transformers", "onnxruntime", "tokenizers")
_ASK_PYTHON: Final = f"""
import importlib.metadata as known, json, sys
found = {{}}
for name in {_PACKAGES!r}:
    try:
        found[name] = known.version(name)
    except known.PackageNotFoundError:
        pass
print(json.dumps(found))
"""


class EngineName(StrEnum):
    """The engines that are known here, as a user names them."""

    TRANSFORMERS = "transformers"
    ONNXRUNTIME = "onnxruntime"
    LLAMA_CPP = "llama.cpp"
    VLLM = "vllm"
    OLLAMA = "ollama"


PROGRAMS: Final = {EngineName.LLAMA_CPP: "llama-server", EngineName.VLLM: "vllm", EngineName.OLLAMA: "ollama"}
NEEDED_PACKAGES: Final = {EngineName.TRANSFORMERS: ("torch", "transformers"), EngineName.ONNXRUNTIME: ("onnxruntime",)}


@dataclass(frozen=True, slots=True)
class Installed:
    """What can run: the engines, the Python that some of them live in, and the paths of the programs."""

    engines: frozenset[EngineName]
    python: str
    packages: Mapping[str, str]
    programs: Mapping[EngineName, str]


def find_engines(python: str, environ: Mapping[str, str]) -> Installed:
    """Look for every engine. `python` is as the user gave it: empty for HOLDFAST_ENGINE_PYTHON or this very Python."""
    chosen = _find_python(python or environ.get("HOLDFAST_ENGINE_PYTHON", ""), environ)
    packages = _ask_python(chosen, environ)
    programs = {
        engine: os.path.abspath(found)
        for engine, name in PROGRAMS.items()
        if (found := shutil.which(name, path=environ.get("PATH"))) is not None
    }
    inside = {engine for engine, needed in NEEDED_PACKAGES.items() if all(name in packages for name in needed)}
    return Installed(frozenset(inside | set(programs)), chosen, packages, programs)


def _find_python(named: str, environ: Mapping[str, str]) -> str:
    if not named:
        return sys.executable
    found = shutil.which(os.path.expanduser(named), path=environ.get("PATH"))
    if found is None:
        raise MissingPath(
            "there is no such Python", where=named, next_step="Name one: --python PATH, or HOLDFAST_ENGINE_PYTHON."
        )
    return os.path.abspath(found)


def _ask_python(python: str, environ: Mapping[str, str]) -> dict[str, str]:
    try:
        said = subprocess.run(  # noqa: S603
            [python, "-c", _ASK_PYTHON],
            capture_output=True,
            text=True,
            timeout=_ASK_S,
            check=True,
            env={**environ, "PYTHONSAFEPATH": "1"},
            stdin=subprocess.DEVNULL,
        )
        return cast("dict[str, str]", json.loads(said.stdout))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        raise ConfigurationError(
            f"it does not answer as a Python does: {error}",
            where=python,
            next_step="Name another: --python PATH, or HOLDFAST_ENGINE_PYTHON.",
        ) from error


def read_version(installed: Installed, engine: EngineName, environ: Mapping[str, str]) -> str:
    """What a program says of its version, in one line; the name alone when it says nothing."""
    path = installed.programs[engine]
    try:
        said = subprocess.run(  # noqa: S603
            [path, "--version"], capture_output=True, text=True, timeout=_ASK_S, check=False, env={**environ}
        )
    except (OSError, subprocess.SubprocessError):
        return engine.value
    lines = (line.strip() for line in (said.stdout + "\n" + said.stderr).splitlines())
    told = next((line for line in lines if any(character.isdigit() for character in line)), "")
    return f"{engine.value} {told}"[:200].strip()
