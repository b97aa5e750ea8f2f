"""Prints every comparison table: what docs/benchmarks.md records. `--quick` leaves out what needs a download."""

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
HOLDFAST = Path(sys.executable).with_name("holdfast")


def run(title: str, *command: str | Path) -> int:
    """Run one benchmark under its title."""
    print(f"\n=== {title}\n", flush=True)
    return subprocess.run([str(word) for word in command], cwd=HERE.parent, check=False).returncode


def main() -> None:
    """Every benchmark in turn; exits with the worst code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    codes = [
        run("Back-test", HOLDFAST, "backtest"),
        run_module("Hub scale: 2,000,000 models", "hub_scale"),
        run_module("Catalogue: 1,000,000 objects", "vault_catalogue"),
        run_module("Memory of keep, verify and restore", "vault_memory"),
        run_module(
            "Watching: 2,000 years without a change, day effects at the tolerance", "watch_null", "--effects", "1"
        ),
        run_module("Watching: what is found and when", "watch_power", "--endpoints", "40", "--days", "30"),
    ]
    if not asked.quick:
        codes += [
            run_module("Inventory accuracy, beside its peers", "inventory_accuracy", "--peers"),
            run_module("Scan speed, beside grep", "scan_speed"),
            run_module("The vault's codecs, beside zipnn and BitX", "vault_codecs"),
            run_module("keep and restore, beside sha256sum and other keepers", "vault_speed"),
            run_module("A range of a kept file", "vault_range"),
            run_module("A pull, beside curl and sha256sum; and killed twenty times", "pull"),
            run_module("Serving, beside nginx", "serving"),
            run_module("The measuring client, beside the server's own log", "measure_client"),
            run_module("The ground-truth server by its own log", "measure_mock"),
            run_module("How often intervals hold the truth", "measure_coverage"),
            run_module("Costs: speed, and how often intervals hold the truth", "measure_cost"),
            run_module("Real engines' own counters, beside the client's", "measure_engine"),
            run_module("Kept, copied, damaged, repaired, restored, answering as before", "vault_acceptance"),
        ]
    sys.exit(max(codes))


def run_module(title: str, name: str, *words: str) -> int:
    """Run one of the scripts beside this one."""
    return run(title, sys.executable, "-m", f"benchmarks.{name}", *words)


if __name__ == "__main__":
    main()
