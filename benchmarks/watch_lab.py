"""The laboratory of a watch: makes its models and tables, and prints what its changes do and how fast it is served.

`make` trains what is missing (about half an hour of one processor the first time), `complete` adds whole answers (ten
minutes more), `table` shows each change's shift of first tokens, `check` holds what is served against the tables,
`speed` counts answers per second, `rehearse` runs a whole watch on each model (some minutes each; not among `all`).
Exits with 1 where a goal is missed.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.watch_laboratory.catalogue import MODELS, PLACE, VARIANTS, find_model
from benchmarks.watch_laboratory.checking import compare, list_checked
from benchmarks.watch_laboratory.rehearsing import BURN_IN, CHANGED, CHANGES, QUIET, Rehearsed, rehearse
from benchmarks.watch_laboratory.starting import ROOT, Served, find_python, start_laboratory
from benchmarks.watch_laboratory.tables import Tables, list_made, load_tables

NICENESS = 10
BORDERS_MIN, SWAP_MIN, RATE_MIN = 20, 0.4, 100.0  # prompts; mean total variation; one-token answers a second of CPU
DIFFERENCE_MAX, CHECKED = 1e-3, 6  # nats: float32 in batches of other sizes; prompts
ASKED, PROMPTS = 600, 60
ANSWERS_MAX = {"swap": 10, "int4": 600}


class Goals:
    """What was aimed at, and whether it was reached."""

    def __init__(self) -> None:
        self.is_missed = False

    def judge(self, what: str, is_met: bool, found: str) -> None:
        """One line of a goal."""
        self.is_missed |= not is_met
        print(f"{'met   ' if is_met else 'MISSED'} {what}: {found}")


def make(words: Sequence[str], place: Path) -> None:
    """Everything that is missing, in one process of the Python that has PyTorch."""
    command = ["nice", "-n", NICENESS, find_python(), "-m", "benchmarks.watch_laboratory.making", place, *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'src'}"}
    made = subprocess.run([str(word) for word in command], cwd=ROOT, env=environment, check=False)
    if made.returncode:
        sys.exit("the laboratory could not be made")


def print_models(models: Sequence[Tables], place: Path, goals: Goals) -> None:
    """A row for each model: what it is, how it was trained, how many border prompts it has."""
    print("\n| model | role | family | symbols | parameters | loss, nats | border prompts of the pool |")
    print("|---|---|---|---|---|---|---|")
    for one in models:
        facts = json.loads((place / one.model.name / "training.json").read_text(encoding="utf-8"))
        share = f"{one.found} of {one.pool} ({one.found / one.pool:.1%})"
        cells = (one.model.name, one.model.role.value, one.model.family.value, one.model.vocabulary)
        print(
            f"| {' | '.join(str(cell) for cell in cells)} | {facts['parameters']:,} | {facts['loss']:.2f} | {share} |"
        )
    least = min(one.borders for one in models)
    goals.judge(f"at least {BORDERS_MIN} border prompts each", least >= BORDERS_MIN, f"{least} at least")


def print_shifts(models: Sequence[Tables], goals: Goals) -> None:
    """A row for each change, a column for each model: how far the first token's distribution moves."""
    print("\nMean total variation distance of the first token to the base, 20 border prompts, temperature 0.1:\n")
    print(f"| change | kind | {' | '.join(one.model.name for one in models)} |")
    print(f"|---|---|{'---|' * len(models)}")
    for variant in VARIANTS[1:]:
        cells = " | ".join(f"{one.compute_shift(variant.name):.3f}" for one in models)
        print(f"| {variant.name} | {variant.change.value} | {cells} |")
    print()
    swaps = [one.compute_shift("swap") for one in models]
    goals.judge(f"a swap moves at least {SWAP_MIN}", min(swaps) >= SWAP_MIN, f"{min(swaps):.3f} at least")
    orders = [one.compute_shift("int8") < one.compute_shift("int4") < one.compute_shift("int3") for one in models]
    goals.judge("fewer bits move more", all(orders), f"in {sum(orders)} of {len(orders)} models")


def print_check(models: Sequence[Tables], place: Path, goals: Goals) -> None:
    """A row for each model: how far the server's log probabilities are from the tables' logits, at most."""
    print(f"\nServed log probabilities beside the tables, {CHECKED} prompts, {len(list_checked())} variants:\n")
    print("| model | largest difference, nats | in |")
    print("|---|---|---|")
    worst = 0.0
    for tables in models:
        with start_laboratory(tables.model.name, place=place) as served:
            found = {name: compare(served, tables, name, CHECKED) for name in list_checked()}
        name = max(found, key=lambda one: found[one])
        worst = max(worst, found[name])
        print(f"| {tables.model.name} | {found[name]:.1e} | {name} |")
    print()
    goals.judge(f"served as in the tables, to {DIFFERENCE_MAX} nats", worst <= DIFFERENCE_MAX, f"{worst:.1e}")


def print_rehearsals(models: Sequence[str], changes: tuple[str, ...], place: Path, goals: Goals) -> None:
    """A row for each model and change: what `holdfast watch` said of it, asked through its own command line."""
    print(
        f"\nOne rehearsal each: {BURN_IN} days of reference, {QUIET} quiet days, then the change for {CHANGED} days:\n"
    )
    print(
        "| model | change | outcome | alarm on its day | after answers | true first day in the interval | looks like |"
    )
    print("|---|---|---|---|---|---|---|")
    told = dict[str, list[Rehearsed]]()
    for name in models:
        with TemporaryDirectory() as folder, start_laboratory(name, place=place) as served:
            for one in rehearse(served, name, Path(folder), changes):
                told.setdefault(one.variant, []).append(one)
                cells = [one.outcome, *((one.days, one.answers, one.is_dated, one.likeness) if one.days else "    ")]
                print(f"| {name} | {one.variant} | {' | '.join(str(cell) for cell in cells)} |", flush=True)
    print()
    judge_rehearsals(told, goals)


def judge_rehearsals(told: dict[str, list[Rehearsed]], goals: Goals) -> None:
    """No alarm without a change; every swap and every rounding to 4 bits found in time."""
    if still := told.get("base"):
        quiet = sum(one.days is None for one in still)
        goals.judge("no alarm without a change", quiet == len(still), f"{quiet} of {len(still)} models")
    for variant, answers_max in ANSWERS_MAX.items():
        if variant not in told:
            continue
        found = [one.answers for one in told[variant] if one.answers is not None and one.answers <= answers_max]
        what = f"{variant} found within {answers_max} answers"
        goals.judge(what, len(found) == len(told[variant]), f"{len(found)} of {len(told[variant])} models")


def print_speeds(models: Sequence[str], place: Path, goals: Goals) -> None:
    """A row for each model: one-token answers per second of the server's processor time, new prompts and repeated."""
    print("\nOne-token answers per second:\n")
    print("| model | by the wall, asked again | per second of the server's CPU, new prompts | asked again |")
    print("|---|---|---|---|")
    slowest = float("inf")
    for name in models:
        prompts = load_tables(name, ("base",), place).prompts
        with start_laboratory(name, place=place) as served:
            _, new = ask_many(served, name, prompts)
            wall, again = ask_many(served, name, [prompts[number % PROMPTS] for number in range(ASKED)])
        slowest = min(slowest, new)
        print(f"| {name} | {wall:.0f} | {new:.0f} | {again:.0f} |")
    print()
    goals.judge(f"at least {RATE_MIN:.0f} a second on one processor", slowest >= RATE_MIN, f"{slowest:.0f}")


def ask_many(served: Served, model: str, prompts: Sequence[str]) -> tuple[float, float]:
    """One-token answers over one connection, one after another: per second, and per second of the server's CPU."""
    connection = HTTPConnection(urlsplit(served.url).netloc, timeout=60)
    started, busy = time.perf_counter(), served.read_cpu_s()
    for prompt in prompts:
        body = {"model": model, "messages": [{"role": "user", "content": prompt}], "max_tokens": 1, "temperature": 0.1}
        connection.request("POST", "/v1/chat/completions", json.dumps(body))
        connection.getresponse().read()
    connection.close()
    spent = max(served.read_cpu_s() - busy, 0.01)
    return len(prompts) / (time.perf_counter() - started), len(prompts) / spent


def main() -> None:
    """Do what is asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=("make", "complete", "table", "check", "speed", "rehearse", "all"))
    parser.add_argument("models", nargs="*", help="all, where none is named")
    parser.add_argument("--changes", nargs="*", default=(), help="what is rehearsed; else nine changes")
    parser.add_argument("--place", type=Path, default=PLACE)
    asked = parser.parse_args()
    names, goals = [find_model(name).name for name in asked.models] or [one.name for one in MODELS], Goals()
    if asked.verb in ("make", "complete", "all"):
        make([*names, *(["--answers"] if asked.verb == "complete" else [])], asked.place)
    there = [name for name in names if name in list_made(asked.place)]
    tables = [load_tables(name, place=asked.place) for name in there]
    if not tables:
        sys.exit("no model was made yet: python -m benchmarks.watch_lab make")
    if asked.verb in ("check", "all"):
        print_check(tables, asked.place, goals)
    if asked.verb in ("table", "all"):
        print_models(tables, asked.place, goals)
        print_shifts(tables, goals)
    if asked.verb in ("speed", "all"):
        print_speeds(there, asked.place, goals)
    if asked.verb == "rehearse":
        print_rehearsals(there, tuple(asked.changes) or CHANGES, asked.place, goals)
    sys.exit(goals.is_missed)


if __name__ == "__main__":
    main()
