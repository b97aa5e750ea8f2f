"""The machine that measures, as a run file tells it: what its figures depend on, and nothing that names it."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import holdfast
from holdfast.measure.results.header import Machine, Software

_PACKAGES: Final = ("numpy", "scipy", "polars", "genai-prices")


def describe_machine() -> Machine:
    """This machine."""
    return Machine(
        processor=_find_processor(),
        cores=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        system=f"{platform.system()} {platform.release()}",
    )


def list_software() -> tuple[Software, ...]:
    """What computes the figures, with versions."""
    found = [Software("holdfast", holdfast.__version__), Software("python", platform.python_version())]
    for name in _PACKAGES:
        try:
            found.append(Software(name, version(name)))
        except PackageNotFoundError:
            continue
    return tuple(found)


def _find_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return platform.processor() or "unknown"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
