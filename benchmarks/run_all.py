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
    return subprocess.run([str(word) for word in command], check=False).returncode


def main() -> None:
    """Back-test, hub scale, the vault's catalogue, inventory accuracy with peers, scan speed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    asked = parser.parse_args()
    codes = [
        run("Back-test", HOLDFAST, "backtest"),
        run("Hub scale: 2,000,000 models", sys.executable, HERE / "hub_scale.py"),
    ]
    codes.append(run("Catalogue: 1,000,000 objects", sys.executable, "-m", "benchmarks.vault_catalogue"))
    if not asked.quick:
        accuracy = HERE / "inventory_accuracy.py"
        codes.append(run("Inventory accuracy, beside its peers", sys.executable, accuracy, "--peers"))
        codes.append(run("Scan speed, beside grep", sys.executable, HERE / "scan_speed.py"))
    sys.exit(max(codes))


if __name__ == "__main__":
    main()
