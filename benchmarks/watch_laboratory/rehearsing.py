"""A watch as a team runs it, on a served model and at stated times: enrolled, a reference, quiet days, then a change.

One rehearsal each: it shows that the whole works together, and is no rate of anything.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.watch_laboratory.speaking import as_object
from benchmarks.watch_laboratory.starting import Served

HOLDFAST = Path(sys.executable).with_name("holdfast")
STARTED = datetime(2027, 1, 1, 12, tzinfo=UTC)
BURN_IN, QUIET, CHANGED = 14, 10, 12  # days
BENIGN = {"noise": 0.02, "day_effect": 0.01, "lasting_effect": 0.01, "errors": 0.02, "share": 1.0}
CHANGES = ("base", "int8", "int4", "tune-64", "swap", "system-date", "temperature-2", "watermark-2.5", "refusals-0.25")
KINDS = ("CONFIG", "DATA", "STATE", "CACHE")  # of folders: the key lies in one of them
ALARMED, COULD_NOT_TELL = 10, 3  # exit codes


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What the watch said of a change in the end. `days` and `answers` are from the change to the alarm, None without
    one; `is_dated`: the true first day lies in the interval it gave."""

    variant: str
    outcome: str
    days: int | None = None
    answers: int | None = None
    is_dated: bool = False
    likeness: str = ""


def rehearse(served: Served, model: str, folder: Path, changes: tuple[str, ...] = CHANGES) -> Iterator[Rehearsed]:
    """Each change from the same quiet past: the book is copied before it, with the key that has seen it."""
    quiet = folder / "quiet"
    served.change(variant="base", **BENIGN)
    add = ("add", "lab", "--url", served.url, "--model", model, "--seed", "1", "--burn-in", str(BURN_IN), "--yes")
    _run(quiet, 0, *add)
    for day in range(1, BURN_IN + QUIET + 1):
        served.change(day=day)
        _run(quiet, day, "run")
    for variant in changes:
        book = folder / variant
        shutil.copytree(quiet, book)
        yield _change(served, book, variant)
        served.change(variant="base")


def _change(served: Served, book: Path, variant: str) -> Rehearsed:
    first = BURN_IN + QUIET + 1
    before = _read(book)["answers"]
    served.change(variant=variant)
    for day in range(first, first + CHANGED):
        served.change(day=day)
        if _run(book, day, "run") == ALARMED:
            return _describe(variant, _read(book), day - first + 1, before)
    return Rehearsed(variant, str(_read(book)["outcome"]))


def _describe(variant: str, told: dict[str, Any], days: int, before: int) -> Rehearsed:
    alarm = told["alarm"]
    changed = (STARTED + timedelta(days=BURN_IN + QUIET + 1)).date().isoformat()
    is_dated = str(alarm["start_low"]) <= changed <= str(alarm["start_high"])
    likeness = str(as_object(told.get("triage")).get("likeness", ""))
    return Rehearsed(variant, str(told["outcome"]), days, int(alarm["answers"]) - before, is_dated, likeness)


def _read(book: Path) -> dict[str, Any]:
    listed = _call(book, "list", "--json").stdout
    monitor: dict[str, Any] = json.loads(listed)["monitors"][0]
    return monitor


def _run(book: Path, day: int, *words: str) -> int:
    """One command on a day; its exit code, which is 0, 3 or 10."""
    at = (STARTED + timedelta(days=day)).strftime("%Y-%m-%dT%H:%M:%SZ")
    done = _call(book, *words, "--at", at)
    if done.returncode not in (0, COULD_NOT_TELL, ALARMED):
        sys.exit(f"holdfast watch {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.returncode


def _call(book: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [str(HOLDFAST), "watch", *words, "--book", str(book / "book")]
    environment = {**os.environ, **{f"XDG_{kind}_HOME": str(book / kind.lower()) for kind in KINDS}}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
