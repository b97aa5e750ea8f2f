"""Builds kernel.c anew: with sanitizers, under hammer.c and in a process of its own, or without vector instructions."""

import subprocess
from pathlib import Path

HAMMER = Path(__file__).with_name("hammer.c")
KERNEL_FOLDER = Path(__file__).parents[3] / "src/holdfast/vault/codecs"
FLAGS = ["-g", "-O1", "-std=gnu11", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def build_hammer(program: Path, *flags: str) -> Path | None:
    """The program, or None where there is no compiler with sanitizers."""
    return _compile(["cc", *FLAGS, *flags, "-I", str(KERNEL_FOLDER), "-o", str(program), str(HAMMER), "-lm"], program)


def build_scalar(library: Path) -> Path | None:
    """The kernel as it is on machines without AVX2, or None where there is no compiler."""
    source = str(KERNEL_FOLDER / "kernel.c")
    flags = ["-O2", "-std=gnu11", "-shared", "-fPIC", "-DHOLDFAST_SCALAR"]
    return _compile(["cc", *flags, "-o", str(library), source, "-lm"], library)


def _compile(command: list[str], made: Path) -> Path | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    if done.returncode and "san" not in done.stderr:
        raise AssertionError(done.stderr)
    return made if not done.returncode else None


def run_hammer(program: Path, seed: int, frames: int) -> str:
    """What went wrong with so many random frames, or nothing."""
    done = subprocess.run([str(program), str(seed), str(frames)], capture_output=True, text=True, check=False)
    return "" if not done.returncode else f"seed {seed}: exit {done.returncode}\n{done.stderr[-4000:]}"
