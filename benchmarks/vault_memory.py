"""The most memory that keep, verify and restore have, for a large file: it must not grow with the file.

The file is a safetensors file of weights between two holes that read as zeros, one tensor each.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
from benchmarks.vault_corpora import draw_weights
from benchmarks.vault_running import HOLDFAST, describe_machine, make_environ, take

PEAK_BYTES_MAX = 512 << 20
COLUMNS = 4096
REAL_ROWS = (8191, 16384)  # in turns: just below 64 MiB and 128 MiB, the most that is held at a time
DRAWN_ROWS = 256  # at a time: a child's peak is told to be no less than what this process had


def main() -> None:
    """Each verb as a process of its own; exit 1 when one takes more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to write; else the folder for temporary files")
    parser.add_argument("--gigabytes", type=float, default=4)
    parser.add_argument("--pairs", type=int, default=4, help="of tensors that are no holes")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-memory-", dir=asked.folder) as scratch:
        folder, environ = Path(scratch), make_environ(Path(scratch))
        large = write_sparse(folder / "large.safetensors", int(asked.gigabytes * 1e9), asked.pairs)
        print(f"{large.stat().st_size / 1e9:.1f} GB, {2 * asked.pairs} tensors of weights; {describe_machine()}")
        peaks = []
        for name, words in (
            ("keep", ["keep", large, "--as", "own/large"]),
            ("verify", ["verify"]),
            ("restore", ["restore", "own/large", folder / "out"]),
        ):
            taken = take([HOLDFAST, *words], environ)
            peaks.append(taken.peak_bytes)
            print(f"{name:<9}{taken.peak_bytes / (1 << 20):>7.0f} MiB{taken.wall_s:>9.1f} s", flush=True)
    print(f"goal: at most {PEAK_BYTES_MAX >> 20} MiB")
    sys.exit(0 if max(peaks) <= PEAK_BYTES_MAX else 1)


def write_sparse(path: Path, size: int, pairs: int) -> Path:
    """Weights between two holes that make up the rest, half each."""
    rows = [*REAL_ROWS] * pairs
    hole = max(1, (size // (2 * COLUMNS) - sum(rows)) // 2)
    header, at = {}, 0
    for number, count in enumerate((hole, *rows, hole + 1)):  # not the same hole again, which would be kept once
        end = at + count * 2 * COLUMNS
        header[f"tensor.{number}"] = {"dtype": "BF16", "shape": [count, COLUMNS], "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    with path.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.seek(hole * 2 * COLUMNS, os.SEEK_CUR)
        for number, first in enumerate(range(0, sum(rows), DRAWN_ROWS)):
            drawn = min(DRAWN_ROWS, sum(rows) - first)
            out.write(draw_weights(np.random.default_rng(number), (drawn, COLUMNS)).tobytes())
        out.truncate(8 + len(text) + at)
    return path


if __name__ == "__main__":
    main()
