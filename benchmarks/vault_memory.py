"""The most memory that keep, verify and restore have, for a large file: it must not grow with the file.

The file is a safetensors file of weights between two holes that read as zeros, one tensor each.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from benchmarks.vault_corpora import draw_weights
from benchmarks.vault_running import HOLDFAST, describe_machine, make_environ, take

PEAK_BYTES_MAX = 512 << 20
COLUMNS = 4096
REAL_ROWS = 8192  # 64 MiB, as large as tensors that are held whole
DRAWN_ROWS = 256  # at a time: a child's peak is told to be no less than what this process had


def main() -> None:
    """Each verb as a process of its own; exit 1 when one takes more than it may."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where to write; else the folder for temporary files")
    parser.add_argument("--gigabytes", type=float, default=4)
    parser.add_argument("--weights", type=int, default=8, help="tensors of 64 MiB that are no holes")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-memory-", dir=asked.folder) as scratch:
        folder, environ = Path(scratch), make_environ(Path(scratch))
        large = write_sparse(folder / "large.safetensors", int(asked.gigabytes * 1e9), asked.weights)
        print(f"{large.stat().st_size / 1e9:.1f} GB, {asked.weights} tensors of weights; {describe_machine()}")
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


def write_sparse(path: Path, size: int, weights: int) -> Path:
    """Weights between two holes that make up the rest, half each."""
    row_bytes = 2 * COLUMNS
    hole_rows = max(1, (size - weights * REAL_ROWS * row_bytes) // (2 * row_bytes))
    shapes = [hole_rows, *[REAL_ROWS] * weights, hole_rows - 1 or 1]
    header, at = {}, 0
    for number, rows in enumerate(shapes):
        end = at + rows * row_bytes
        header[f"tensor.{number}"] = {"dtype": "BF16", "shape": [rows, COLUMNS], "data_offsets": [at, end]}
        at = end
    text = json.dumps(header).encode()
    with path.open("wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        out.seek(hole_rows * row_bytes, 1)
        for number in range(weights * REAL_ROWS // DRAWN_ROWS):
            out.write(draw_weights(np.random.default_rng(number), (DRAWN_ROWS, COLUMNS)).tobytes())
        out.truncate(8 + len(text) + at)
    return path


if __name__ == "__main__":
    main()
