"""Processes of benchmarks, measured: wall time, processor time and peak memory, children included."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

HOLDFAST = Path(sys.executable).with_name("holdfast")
READ_BYTES = 8 << 20
Command: TypeAlias = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Taken:
    """What commands took: seconds by the clock and of processors, the most memory that one process had, in bytes (or
    what this process had when it started them, if that is more)."""

    wall_s: float
    cpu_s: float
    peak_bytes: int

    def __add__(self, other: "Taken") -> "Taken":
        return Taken(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s, max(self.peak_bytes, other.peak_bytes))


NOTHING = Taken(0, 0, 0)


def take(command: Command, environ: Mapping[str, str], folder: Path | None = None) -> Taken:
    """Run one command to its end. Raises SystemExit with what it said when it fails."""
    words = [str(word) for word in command]
    began = time.perf_counter()
    with subprocess.Popen(
        words, env=environ, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(words)} failed with {process.returncode}:\n{said}")
    return Taken(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss << 10)


def take_all(commands: Iterable[Command], environ: Mapping[str, str], folder: Path | None = None) -> Taken:
    """Run commands one after the other; all that they took."""
    return sum((take(command, environ, folder) for command in commands), NOTHING)


def make_environ(folder: Path) -> dict[str, str]:
    """The environment for programs that keep their vault, settings, caches and keys under `folder` alone."""
    places = {name: str(folder / name.lower()) for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME")}
    return {**os.environ, **places, "HOLDFAST_VAULT": str(folder / "vault"), "HOME": str(folder)}


def measure_size(folder: Path) -> int:
    """Bytes in all files under a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def warm(paths: Iterable[Path]) -> None:
    """Read files once, so that the next reader finds them in memory."""
    for path in paths:
        with path.open("rb") as file:
            while file.read(READ_BYTES):
                pass


def drop(paths: Iterable[Path]) -> None:
    """Flush files and drop them from the operating system's cache."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def describe_machine() -> str:
    """Processors and what else they are doing."""
    one, five, _ = os.getloadavg()
    model = next(
        (line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "unknown",
    )
    return f"{os.cpu_count()} processors ({model}), load {one:.1f} (five minutes: {five:.1f})"
