"""How fast the catalogue answers with a million objects in it, and how fast it is made anew from the packs.

The vault is generated (vault_generated.py). HOLDFAST_CATALOGUE is heeded, so that PostgreSQL can be measured as well.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from benchmarks.vault_generated import Made, generate

from holdfast.vault.catalogue.objects import find_ids, locate
from holdfast.vault.catalogue.revisions import iterate_revisions, read_files
from holdfast.workflows.list import run_list
from holdfast.workflows.prune import PruneAsked, run_prune
from holdfast.workflows.rebuild import run_rebuild
from holdfast.workflows.show import run_show, show_copy
from holdfast.workflows.stats import run_stats
from holdfast.workflows.vaults import VaultAsked, open_vault

ANSWER_MS_MAX = 20.0
REBUILD_GB_S_MIN = 1.0


def main() -> None:
    """Generate, rebuild, ask; exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=101)
    parser.add_argument("--folder", type=Path, help="where the vault is made, and left; as a rule it is taken away")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-catalogue-") as scratch:
        folder = asked.folder or Path(scratch)
        environ = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "XDG_CONFIG_HOME": str(folder / "config")}
        made = generate(folder / "vault", asked.objects)
        size = f"{made.objects:,} objects in {made.packs:,} packs of {made.size / 1e9:,.0f} GB"
        print(f"{size}; {os.cpu_count()} processors", flush=True)
        vault = VaultAsked(str(folder / "vault"), environ)
        rate = measure_rebuild(vault, made)
        slowest = measure_answers(vault, made, asked.rounds)
    print(
        f"goals: answers <= {ANSWER_MS_MAX:.0f} ms: {slowest:.1f}; rebuild >= {REBUILD_GB_S_MIN:.0f} GB/s: {rate:.1f}"
    )
    sys.exit(0 if slowest <= ANSWER_MS_MAX and rate >= REBUILD_GB_S_MIN else 1)


def measure_rebuild(vault: VaultAsked, made: Made) -> float:
    """GB a second of pack bytes."""
    began = time.perf_counter()
    rebuilt = run_rebuild(vault, tell_nobody)
    took = time.perf_counter() - began
    assert not rebuilt.unreadable, rebuilt.unreadable[0]
    rate = rebuilt.size / took / 1e9
    print(f"rebuild        {took:8.1f} s   {rate:6.1f} GB/s   {made.objects / took:,.0f} objects/s")
    return rate


def measure_answers(asked: VaultAsked, made: Made, rounds: int) -> float:
    """The slowest median of single answers, in ms; whole listings are told beside them."""
    random = Random(1)
    with open_vault(asked) as vault:
        rows = list(iterate_revisions(vault.database))
        medians = [
            tell("where an object lies", rounds, lambda: locate(vault.database, [random.choice(made.digests)])),
            tell("numbers of 100 objects", rounds, lambda: find_ids(vault.database, random.sample(made.digests, 100))),
            tell(
                "a model's revisions", rounds, lambda: list(iterate_revisions(vault.database, random.choice(rows).name))
            ),
            tell("a revision's files", rounds, lambda: read_files(vault.database, random.choice(rows).id)),
            tell("show", rounds, lambda: show_copy(vault, random.choice(rows).model)),
        ]
    few = max(3, rounds // 10)
    tell("show, opening the vault", few, lambda: run_show(asked, random.choice(rows).model))
    tell("list of one model", few, lambda: run_list(asked, random.choice(rows).name))
    tell("list", 3, lambda: run_list(asked))
    tell("stats", 3, lambda: run_stats(asked))
    tell("prune --dry-run", 1, lambda: run_prune(PruneAsked(asked, dry_run=True), tell_nobody))
    return max(medians)


def tell_nobody(_done: int, _total: int) -> None:
    """Progress is not shown."""


def tell(what: str, rounds: int, ask: Callable[[], object]) -> float:
    """Print and return the median, in ms; the processor's time beside it tells how busy the machine was with others."""
    times, worked = list[float](), list[float]()
    for _ in range(rounds):
        began, processor = time.perf_counter(), time.process_time()
        ask()
        times.append((time.perf_counter() - began) * 1e3)
        worked.append((time.process_time() - processor) * 1e3)
    median, own = statistics.median(times), statistics.median(worked)
    print(
        f"{what:<24} {median:10.2f} ms   processor {own:9.2f} ms   worst {max(times):.2f}, {rounds} rounds", flush=True
    )
    return median


if __name__ == "__main__":
    main()
