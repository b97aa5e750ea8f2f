"""What a watch finds, and how soon: changes after 0, 30 and 365 quiet days, at the real decision rule; shares of
diverted traffic. Models made up and, where made, of the laboratory. Border prompts alone: watch_sentinels adds others.

Exits 1 when a goal is missed: 4-bit weights within 600 answers with power 0.9, another model within 10 answers.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.vault_running import describe_machine
from benchmarks.watch_laboratory.tables import list_made, load_tables
from benchmarks.watch_sentinels import WITHIN, catch_others
from benchmarks.watch_streams import (
    Array,
    Course,
    Streams,
    Subject,
    Watch,
    Weather,
    collect_references,
    compress,
    find_alarms,
    make_subject,
    stand_after,
)

from holdfast.measure.drift.tokens import Standing
from holdfast.measure.statistics.shares import Interval, compute_share

SEED = 20_261_127
ANSWERS_MAX = 600
SHARES = (0.05, 0.1, 0.25, 0.5)
FOUR_BIT, SWAP = ("four-bit", "int4"), "swap"


@dataclass(frozen=True, slots=True)
class Asked:
    """How much is simulated."""

    endpoints: int
    prompts: int
    days: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Of one change: answers from it to the alarm, endpoint by endpoint; infinite where there was none in time."""

    subject: str
    variant: str
    quiet_days: int
    shift: float
    delays: Array

    @property
    def is_met(self) -> bool:
        """Whether its goal, if it has one, is met."""
        return self.variant not in FOUR_BIT or float((self.delays <= ANSWERS_MAX).mean()) >= 0.9


def main() -> None:
    """The tables; exits with 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=100, help="a row")
    parser.add_argument("--prompts", type=int, default=14)
    parser.add_argument("--days", type=int, nargs="+", default=(0, 30, 365), help="quiet days before a change")
    parser.add_argument("--swaps-only", action="store_true")
    parser.add_argument("--models", nargs="*", help="of the laboratory; none: made-up ones and all that were made")
    given = parser.parse_args()
    asked = Asked(given.endpoints, given.prompts, tuple(given.days))
    print(describe_machine())
    if given.swaps_only:
        sys.exit(0 if judge_swaps(asked) else 1)
    subjects = list_subjects(given.models, asked.prompts)
    print(f"\nseed {SEED}, {asked.endpoints} endpoints a row, {asked.prompts} prompts, 60 answers a day, 2 % missing\n")
    print("| model | change | mean distance | quiet days | power in 600 answers | 95 % | answers: 10 %, half, 90 % |")
    print("|---|---|---|---|---|---|---|")
    rows = [row for subject in subjects for days in asked.days for row in run(subject, days, asked)]
    is_met = all(row.is_met for row in rows) & judge_swaps(asked)
    print("\n| model | share of the traffic | power in 3,600 answers | median answers |\n|---|---|---|---|")
    for subject in subjects:
        run_shares(subject, asked)
    sys.exit(0 if is_met else 1)


def judge_swaps(asked: Asked) -> bool:
    """The table of other models in each one's place, by sentinels, and whether its goal is met in every row."""
    print("\n| model | instead | quiet days | unknown openings | median answers | within 10 | 95 % |")
    print("|---|---|---|---|---|---|---|")
    found = [
        one for name in list_made() for days in asked.days for one in catch_others(name, days, asked.endpoints, SEED)
    ]
    for one in found:
        within, median = int((one.delays <= WITHIN).sum()), float(np.median(one.delays))
        low, high = compute_share(within, one.delays.size, Interval.EXACT)
        goal = "" if median <= WITHIN else " **missed**"
        print(
            f"| {one.model} | {one.other} | {one.quiet_days} | {one.unknown:.2f} | {median:.0f}{goal} |"
            f" {within / one.delays.size:.2f} | {low:.2f} to {high:.2f} |",
            flush=True,
        )
    return all(float(np.median(one.delays)) <= WITHIN for one in found)


def list_subjects(models: Sequence[str] | None, prompts: int) -> list[Subject]:
    """Made-up models and the laboratory's, at their most balanced prompts."""
    chosen = [] if models else [make_subject(seed, prompts) for seed in (11, 12)]
    for name in models or list_made():
        tables = load_tables(name)
        rows = slice(0, min(prompts, tables.borders))
        logits = {variant: table[rows].astype(np.float64) for variant, table in tables.logits.items()}
        chosen.append(compress(name, logits))
    return chosen


def run(subject: Subject, quiet_days: int, asked: Asked) -> list[Found]:
    """Every variant after the same quiet days."""
    streams, watch, standing = start(subject, quiet_days, asked)
    rows: list[Found] = []
    for variant in subject.logits:
        days = (streams.draw_day(variant, 60) for _ in range(10))
        delays = find_alarms(watch, days, standing.copy())
        rows.append(Found(subject.name, variant, quiet_days, subject.measure_shift(variant), delays))
        found = int((delays <= ANSWERS_MAX).sum())
        low, high = compute_share(found, delays.size, Interval.EXACT)
        told = ", ".join(f"{value:.0f}" for value in np.quantile(delays, (0.1, 0.5, 0.9), method="lower"))
        goal = "" if rows[-1].is_met else " **missed**"
        print(
            f"| {subject.name} | {variant} | {rows[-1].shift:.3f} | {quiet_days} | {found / delays.size:.2f}{goal} |"
            f" {low:.2f} to {high:.2f} | {told} |",
            flush=True,
        )
    return rows


def start(subject: Subject, quiet_days: int, asked: Asked) -> tuple[Streams, Watch, Standing]:
    """A burn-in as long as that of 20 prompts asked 45 times a day, and quiet days after it."""
    course = Course(reference=12_600 // asked.prompts)
    streams = Streams(subject, Weather(day=0.005), asked.endpoints, np.random.default_rng(SEED))
    watch = collect_references(streams, course)
    return streams, watch, stand_after(watch, (streams.draw_day("base", 60) for _ in range(quiet_days)))


def run_shares(subject: Subject, asked: Asked) -> None:
    """A share of the answers comes from another model."""
    streams, watch, standing = start(subject, 30, asked)
    for share in SHARES:
        days = (streams.draw_day(SWAP, 60, share) for _ in range(60))
        delays = find_alarms(watch, days, standing.copy())
        power, median = float(np.isfinite(delays).mean()), float(np.median(delays))
        print(f"| {subject.name} | {share:.0%} | {power:.2f} | {median:.0f} |", flush=True)


if __name__ == "__main__":
    main()
