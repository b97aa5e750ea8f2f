"""How long a random range of 1 MiB of a kept file takes, from a vault that nobody has open to the bytes.

Every read opens the vault anew, after its catalogue (and, for `cold packs`, every pack) was dropped from the operating
system's cache. What was read is compared with the file.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
from benchmarks.vault_corpora import CACHE, generate, read_tensors
from benchmarks.vault_running import HOLDFAST, describe_machine, drop, make_environ, take
from numpy.typing import NDArray

from holdfast.vault.checking import read_file_manifest, read_revision
from holdfast.vault.ranges import read_range
from holdfast.workflows.vaults import VaultAsked, find_revision, open_vault

RANGE_BYTES = 1 << 20
MEDIAN_MS_MAX = 25.0
COLUMNS = 4096
MODEL = "own/large"
Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of one read: until the vault was open, the file's manifest read, the range read."""

    opened: float
    found: float
    done: float


def main() -> None:
    """Keep a large file, read it at random places; exit 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--folder", type=Path, help="where to write; else the folder for temporary files")
    parser.add_argument("--gigabytes", type=float, default=4)
    parser.add_argument("--reads", type=int, default=100)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-range-", dir=asked.folder) as scratch:
        folder, environ = Path(scratch), make_environ(Path(scratch))
        large = write_large(folder / "large.safetensors", asked.cache, int(asked.gigabytes * 1e9))
        take([HOLDFAST, "keep", large, "--as", MODEL], environ)
        print(f"one tensor of {large.stat().st_size / 1e9:.1f} GB, {asked.reads} reads; {describe_machine()}")
        print(f"{'':<34}{'median ms':>10}{'9 in 10':>9}{'opening':>9}{'manifest':>9}{'range':>7}")
        medians = [
            print_row(f"cold catalogue, {'cold' if cold else 'warm'} packs", measure(folder, large, asked.reads, cold))
            for cold in (True, False)
        ]
    print(f"goal: at most {MEDIAN_MS_MAX:.0f} ms")
    sys.exit(0 if max(medians) <= MEDIAN_MS_MAX else 1)


def write_large(path: Path, cache: Path, size: int) -> Path:
    """A file with one bf16 tensor: generated weights, repeated at another place in their frames where they end."""
    rows = size // (2 * COLUMNS)
    left = rows * 2 * COLUMNS
    header = f'{{"large":{{"dtype":"BF16","shape":[{rows},{COLUMNS}],"data_offsets":[0,{left}]}}}}'.encode()
    with path.open("wb") as out:
        out.write(len(header).to_bytes(8, "little") + header)
        for part in repeat_tensors(generate(cache, min(size, 1_000_000_000))):
            out.write(part[:left].tobytes())
            left -= min(left, part.size)
            if not left:
                break
    return path


def repeat_tensors(folder: Path) -> Iterator[Bytes]:
    """The bytes of all tensors in a folder, again and again, each time without one element more of the first."""
    skipped = 0
    while True:
        for path in sorted(folder.iterdir()):
            for tensor in read_tensors(path):
                yield tensor.raw[skipped:]
        skipped += 2


def measure(folder: Path, large: Path, reads: int, cold: bool) -> list[Times]:
    """Random ranges, each from a vault newly opened."""
    random, size = Random(1), large.stat().st_size
    times = []
    with large.open("rb") as file:
        for offset in (random.randrange(size - RANGE_BYTES) for _ in range(reads)):
            drop(sorted((folder / "vault").glob("catalogue.sqlite*")))
            if cold:
                drop((folder / "vault" / "packs").rglob("*.pack"))
            taken, data = read_once(folder, offset)
            if os.pread(file.fileno(), RANGE_BYTES, offset) != data:
                sys.exit(f"the range at {offset} is not what was kept")
            times.append(taken)
    return times


def read_once(folder: Path, offset: int) -> tuple[Times, bytes]:
    """Open the vault, find the file, read."""
    began = time.perf_counter()
    with open_vault(VaultAsked(str(folder / "vault"), make_environ(folder))) as vault:
        opened = time.perf_counter()
        (entry,) = read_revision(vault, find_revision(vault, MODEL).manifest).files
        manifest = read_file_manifest(vault, entry.manifest)
        found = time.perf_counter()
        data = read_range(vault, manifest, offset, RANGE_BYTES)
        done = time.perf_counter()
    return Times(*(1000 * (at - began) for at in (opened, found, done))), data


def print_row(name: str, times: list[Times]) -> float:
    """Medians; that of the whole is given back."""
    whole = statistics.median(one.done for one in times)
    late = statistics.quantiles((one.done for one in times), n=10)[-1]
    parts = (
        statistics.median(one.opened for one in times),
        statistics.median(one.found - one.opened for one in times),
        statistics.median(one.done - one.found for one in times),
    )
    print(f"{name:<34}{whole:>10.1f}{late:>9.1f}{parts[0]:>9.1f}{parts[1]:>9.1f}{parts[2]:>7.1f}", flush=True)
    return whole


if __name__ == "__main__":
    main()
