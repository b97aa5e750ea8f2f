"""How much single damage does verify find? Flips and truncations, one at a time, in a small vault of several packs.

python benchmarks/vault_detection.py [COUNT]
"""

import sys
import tempfile
from pathlib import Path
from random import Random
from time import perf_counter

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.vault.injuries import check_injury, list_injuries, make_small_vault

COUNT = 20_000


def main() -> None:
    """Print one line: injuries, found, found with the right files named, seconds."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    with tempfile.TemporaryDirectory() as folder:
        vault = make_small_vault(Path(folder))
        packs = list(vault.storage.iterate("packs/"))
        injuries = list(list_injuries(vault, Random(7), count * 9 // 10, count - count * 9 // 10))
        began = perf_counter()
        wrong = [text for injury in injuries if (text := check_injury(vault, injury))]
        seconds = perf_counter() - began
        vault.close()
    missed = sum(text == "nothing was found" for text in wrong)
    print(
        f"{len(injuries):,} injuries (nine in ten flipped bits, the rest truncations) to {len(packs)} packs of"
        f" {sum(pack.size for pack in packs):,} bytes: {100 * (1 - missed / len(injuries)):.3f} % found,"
        f" {100 * (1 - len(wrong) / len(injuries)):.3f} % with exactly the hurt files named, {seconds:.0f} s"
    )


if __name__ == "__main__":
    main()
