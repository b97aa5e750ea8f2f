"""Compiles the C kernels when a wheel or an editable install is built. Each is a plain shared library that
ctypes loads: no Python headers. Without a compiler the build goes on, and versions in Python do the work, slower."""

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags

SOURCES: Final = (
    "src/holdfast/vault/codecs/kernel.c",
    "src/holdfast/vault/parity/gf256.c",
    "src/holdfast/formats/xet/gear.c",
    "src/holdfast/measure/load/intake.c",
    "src/holdfast/measure/load/parts.c",
    "src/holdfast/measure/mock/server.c",
)
# No contraction: sums that choose between tables then agree on every machine.
FLAGS: Final = ("-O3", "-std=gnu11", "-ffp-contract=off", "-shared", "-fPIC")
LIBRARIES: Final = ("-lm",)


class KernelBuildHook(BuildHookInterface[Any]):
    """Adds the compiled kernels to a wheel, which is then of one platform, for any Python 3."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        if self.target_name != "wheel":
            return
        sources = [Path(self.root, source) for source in SOURCES if Path(self.root, source).exists()]
        libraries = [name_library(source) for source in sources if self._compile(source)]
        if libraries:
            build_data["artifacts"] += [library.relative_to(self.root).as_posix() for library in libraries]
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{_find_platform()}"

    def _compile(self, source: Path) -> bool:
        fault = _compile_library(source, name_library(source))
        if fault:
            # One that an older source left behind must not be taken for this one.
            name_library(source).unlink(missing_ok=True)
            self.app.display_warning(
                f"{source.name} was not compiled ({fault}): holdfast will do the same in Python, slower"
            )
        return not fault


def name_library(source: Path) -> Path:
    """`libkernel.so` for `kernel.c`: a `kernel.so` would hide a module of that name."""
    return source.with_name(f"lib{source.stem}.so")


def _compile_library(source: Path, library: Path) -> str:
    """Put `library` in place whole, so that a process that has the old one open is not disturbed. Returns the fault."""
    compiler = shlex.split(os.environ.get("CC") or "cc")
    made = library.with_name(f"{library.name}.{os.getpid()}")
    command = [*compiler, *FLAGS, "-o", str(made), str(source), *LIBRARIES]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            return (done.stderr.strip().splitlines() or [f"{compiler[0]} ended with {done.returncode}"])[0]
        made.replace(library)
    except OSError as error:
        return f"{compiler[0]}: {error.strerror}"
    finally:
        made.unlink(missing_ok=True)
    return ""


def _find_platform() -> str:
    """This machine's own tag; the manylinux ones promise more than was checked."""
    return next(tag for tag in platform_tags() if not tag.startswith(("manylinux", "musllinux")))
