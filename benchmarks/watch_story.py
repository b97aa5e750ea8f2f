"""The story of one watch, told by the tool itself: enrolled, quiet weeks, a silent int4, the alarm, triage, accepted.

python -m benchmarks.watch_story [--model oak] [--page FILE]

A trained model of the laboratory is really served; only the calendar is played, with `--at`. What holdfast prints is
printed as a transcript, which docs/how-to/watch-story.md shows.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from benchmarks.watch_laboratory.starting import Served, start_laboratory

HOLDFAST = Path(sys.executable).with_name("holdfast")
BEGIN, BURN_IN, QUIET, LATEST = date(2026, 9, 1), 14, 21, 30
DAY_EFFECT = 0.01  # nats of logits: what may differ from day to day though nothing was changed
COMPARED = ("base", "int4", "older-90")
PROMPTS = {"price": "0.10/0.40", "budget": "1", "seed": "7"}


@dataclass(frozen=True)
class Teller:
    """Runs holdfast in a home of its own and prints what was typed and what came of it."""

    home: Path
    served: Served

    def run(self, *words: str, is_told: bool = True) -> int:
        """One command; its exit code."""
        done = subprocess.run(
            [HOLDFAST, *words], env=self._environ(), cwd=self.home, capture_output=True, text=True, check=False
        )
        if is_told:
            said = " ".join(f"'{word}'" if " " in word else word for word in words)
            print(f"$ holdfast {said}\n{done.stdout}{done.stderr}", end="")
            print(f"(exit {done.returncode})\n" if done.returncode else "", flush=True)
        return done.returncode

    def visit(self, day: date, *, is_told: bool = False) -> int:
        """A day begins, with its own small effect, and the watch runs."""
        self.served.change(day=day.toordinal())
        return self.run("watch", "run", "--at", f"{day}T06:00", is_told=is_told)

    def _environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HOLDFAST_"))}
        return {**kept, "HOME": str(self.home), "HOLDFAST_BY": "kim", "COLUMNS": "118", "NO_COLOR": "1"}


def main() -> int:
    """The whole story; 1 when the change was not found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="oak")
    parser.add_argument("--variant", default="int4")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--only", choices=["watch", "compare"])
    asked = parser.parse_args()
    found = asked.only == "compare" or _tell_watch(asked.model, asked.variant, asked.page)
    if asked.only != "watch":
        _tell_comparison(asked.model)
    return 0 if found else 1


def _tell_watch(model: str, variant: str, page: Path | None) -> bool:
    with tempfile.TemporaryDirectory() as folder, start_laboratory(model) as served:
        served.change(day_effect=DAY_EFFECT, errors=0.02)
        teller = Teller(Path(folder), served)
        _enrol(teller, model)
        quiet = _let_pass(teller)
        served.change(variant=variant)
        found = _wait_for_alarm(teller, quiet)
        _settle(teller, found or quiet, page)
    return found is not None


def _enrol(teller: Teller, model: str) -> None:
    teller.run(
        "watch", "add", "hosted", "--url", teller.served.url, "--model", model, "--price", PROMPTS["price"],
        "--budget-usd-per-month", PROMPTS["budget"], "--seed", PROMPTS["seed"], "--at", f"{BEGIN}", "--yes",
    )  # fmt: skip


def _let_pass(teller: Teller) -> date:
    """Quiet weeks; the day after them."""
    for number in range(BURN_IN + QUIET):
        day = BEGIN + timedelta(days=number)
        code = teller.visit(day, is_told=number in (0, BURN_IN + QUIET - 1))
        assert code in (0, 3), f"{day}: a false alarm"
    return BEGIN + timedelta(days=BURN_IN + QUIET)


def _wait_for_alarm(teller: Teller, quiet: date) -> date | None:
    print(f"# That night, before {quiet}, what is served is silently replaced.\n")
    for number in range(LATEST):
        day = quiet + timedelta(days=number)
        if teller.visit(day) == 10:
            print(f"# The first run that exits 10, on {day}:\n")
            teller.run("watch", "run", "--at", f"{day}T07:00")
            return day
    print(f"# No alarm in {LATEST} days.\n")
    return None


def _settle(teller: Teller, day: date, page: Path | None) -> None:
    after = day + timedelta(days=1)
    if page is not None:
        teller.run("watch", "report", "--html", str(page.resolve()), "--at", f"{day}T08:00", is_told=False)
    teller.run("watch", "accept", "hosted", "--why", "the provider confirms 4-bit serving", "--at", f"{day}T09:00")
    teller.visit(after, is_told=True)
    teller.run("watch", "verify")


def _tell_comparison(model: str) -> None:
    """Hosts that claim to serve the model, beside a copy of one's own."""
    with tempfile.TemporaryDirectory() as folder, start_laboratory(model) as copy, start_laboratory(model) as host:
        teller = Teller(Path(folder), copy)
        for variant in COMPARED:
            host.change(variant=variant)
            print(f"# The host serves: {variant}\n")
            teller.run("watch", "compare", "--reference", copy.url, "--host", host.url, "--seed", PROMPTS["seed"])


if __name__ == "__main__":
    raise SystemExit(main())
