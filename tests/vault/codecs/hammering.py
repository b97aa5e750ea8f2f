"""Builds hammer.c with sanitizers and runs it in a process of its own."""

import subprocess
from pathlib import Path

HAMMER = Path(__file__).with_name("hammer.c")
KERNEL_FOLDER = Path(__file__).parents[3] / "src/holdfast/vault/codecs"
FLAGS = ["-g", "-O1", "-std=gnu11", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def build_hammer(program: Path) -> Path | None:
    """The program, or None where there is no compiler with sanitizers."""
    command = ["cc", *FLAGS, "-I", str(KERNEL_FOLDER), "-o", str(program), str(HAMMER), "-lm"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    if done.returncode and "san" not in done.stderr:
        raise AssertionError(done.stderr)
    return program if not done.returncode else None


def run_hammer(program: Path, seed: int, frames: int) -> str:
    """What went wrong with so many random frames, or nothing."""
    done = subprocess.run([str(program), str(seed), str(frames)], capture_output=True, text=True, check=False)
    return "" if not done.returncode else f"seed {seed}: exit {done.returncode}\n{done.stderr[-4000:]}"
