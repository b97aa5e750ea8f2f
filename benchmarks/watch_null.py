"""How often a watch alarms while nothing changed: simulated endpoint-years at the real decision rule.

Made-up models and, where they were made, the laboratory's; noise in every query, 2 % missing answers, day effects
below, at and above the tolerance, both of single days and of spells. A rolling z-test reads the same streams. Exits 1
when the upper 95 % bound of a row up to the tolerance exceeds twice the stated rate.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.vault_running import describe_machine
from benchmarks.watch_laboratory.tables import list_made, load_tables
from benchmarks.watch_sentinels import EPSILON, count_false
from benchmarks.watch_streams import (
    Array,
    Course,
    Places,
    Streams,
    Subject,
    Watch,
    Weather,
    collect_references,
    compress,
    find_alarms,
    find_day_effect,
    make_subject,
)

from holdfast.measure.statistics.shares import Interval, compute_share

SEED = 20_261_126
DAYS = 365
BATCH = 250
STATED = 0.001
EFFECTS = (0.0, 0.5, 1.0, 2.0)  # mean distance of a day, in tolerances
Z_DAYS = 28
Z_LIMIT = 1.96


@dataclass(slots=True)
class RollingZ:
    """The share of each prompt's usual answer today against the last 28 days, two-sided at 5 % every day."""

    watch: Watch
    hits: list[Array]
    totals: list[Array]
    has_alarmed: np.ndarray[tuple[int], np.dtype[np.bool_]]

    def read(self, days: Iterator[tuple[Places, Places]]) -> Iterator[tuple[Places, Places]]:
        """Hands every day on."""
        rows = np.arange(self.has_alarmed.size)[:, None]
        for prompts, symbols in days:
            is_top = (self.watch.classes[rows, np.maximum(prompts, 0), symbols] == 0) & (prompts >= 0)
            self.add(is_top.sum(axis=1).astype(np.float64), (prompts >= 0).sum(axis=1).astype(np.float64))
            yield prompts, symbols

    def add(self, hits: Array, totals: Array) -> None:
        """A day's."""
        if len(self.hits) >= Z_DAYS:
            before, asked = sum(self.hits[-Z_DAYS:]), sum(self.totals[-Z_DAYS:])
            share = (before + hits) / (asked + totals)
            error = np.sqrt(np.maximum(share * (1 - share), 1e-9) * (1 / asked + 1 / totals))
            self.has_alarmed |= np.abs(hits / totals - before / asked) > Z_LIMIT * error
        self.hits.append(hits)
        self.totals.append(totals)


@dataclass(frozen=True, slots=True)
class Row:
    """Endpoint-years of one weather, and how many of them had an alarm."""

    effect: float
    years: int
    alarms: int
    by_z: int

    @property
    def bound(self) -> float:
        """The upper end of the 95 % interval (Clopper-Pearson) of the lifetime rate."""
        return compute_share(self.alarms, self.years, Interval.EXACT)[1]


def main() -> None:
    """The table; exits with 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=int, default=2000, help="endpoint-years a row")
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--sentinels-only", action="store_true")
    parser.add_argument("--effects", type=float, nargs="+", default=EFFECTS)
    asked = parser.parse_args()
    print(describe_machine())
    subjects = list_subjects()
    print(f"\nseed {SEED}; {len(subjects)} models: {', '.join(one.name for one in subjects)}; {asked.days} days of 60")
    print("\n| day effect, in tolerances | endpoint-years | alarms | 95 % interval | goal | rolling z-test alarms |")
    print("|---|---|---|---|---|---|")
    effects = () if asked.sentinels_only else asked.effects
    rows = [run_row(subjects, effect, asked.years, asked.days) for effect in effects]
    is_met = all(row.effect > 1 or row.bound <= 2 * STATED for row in rows)
    print("\nBy sentinels alone, unknown openings more often every day by exactly this:\n")
    print("| excess, in tolerances | endpoint-years | alarms | 95 % interval | goal | |")
    print("|---|---|---|---|---|---|")
    rows = [run_sentinels(effect, asked.years, asked.days) for effect in asked.effects]
    is_met &= all(row.effect > 1 or row.bound <= 2 * STATED for row in rows)
    sys.exit(0 if is_met else 1)


def list_subjects() -> list[Subject]:
    """Five made-up models, and those of the laboratory that were made."""
    made = [make_subject(seed) for seed in range(5)]
    for name in list_made():
        tables = load_tables(name, ("base",))
        made.append(compress(name, {"base": tables.logits["base"][: min(20, tables.borders)].astype(np.float64)}))
    return made


def run_row(subjects: Sequence[Subject], effect: float, years: int, days: int) -> Row:
    """Batches of endpoints, models in turn; half of the day effect is of single days, half of spells."""
    alarms, by_z, done = 0, 0, 0
    while done < years:
        subject = subjects[(done // BATCH) % len(subjects)]
        found, z_found = run_batch(subject, effect, days, SEED + done)
        alarms, by_z, done = alarms + found, by_z + z_found, done + BATCH
    return tell(Row(effect, done, alarms, by_z), f"{by_z / done:.0%}")


def run_sentinels(effect: float, years: int, days: int) -> Row:
    """All of the stake on sentinels, of made-up openings."""
    batches = -(-years // BATCH)
    alarms = sum(count_false(BATCH, days, effect * EPSILON, SEED + batch) for batch in range(batches))
    return tell(Row(effect, batches * BATCH, alarms, 0), "")


def tell(row: Row, by_z: str) -> Row:
    """Printed, as it is."""
    low, high = compute_share(row.alarms, row.years, Interval.EXACT)
    goal = f"<= {2 * STATED:.2%}" if row.effect <= 1 else "none: beyond the tolerance"
    print(f"| {row.effect:g} | {row.years} | {row.alarms} | {low:.3%} to {high:.3%} | {goal} | {by_z} |", flush=True)
    return row


def run_batch(subject: Subject, effect: float, days: int, seed: int) -> tuple[int, int]:
    """Endpoints with an alarm by the watch, and by the rolling z-test."""
    course = Course(reference=840)
    spread = find_day_effect(subject, effect * course.epsilon, seed) if effect else 0.0
    weather = Weather(day=spread / 2**0.5, spell=spread / 2**0.5)
    streams = Streams(subject, weather, BATCH, np.random.default_rng(seed))
    watch = collect_references(streams, course)
    z_test = RollingZ(watch, [], [], np.zeros(BATCH, dtype=np.bool_))
    alarms = find_alarms(watch, z_test.read(streams.draw_day("base", course.answers) for _ in range(days)))
    return int(np.isfinite(alarms).sum()), int(z_test.has_alarmed.sum())


if __name__ == "__main__":
    main()
