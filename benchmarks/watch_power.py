"""What a watch finds, and how soon: changes after 0, 30 and 365 quiet days, at the real decision rule; shares of
diverted traffic; and what one sitting of a few tokens tells (AUC). Models made up and, where made, of the laboratory.

Exits 1 when a goal is missed: 4-bit weights within 600 answers with power 0.9, another model within 10 answers, AUC of
0.92 with 60 tokens and 0.95 with 48 tokens and their log probabilities.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.vault_running import describe_machine
from benchmarks.watch_laboratory.catalogue import VARIANTS
from benchmarks.watch_laboratory.tables import list_made, load_tables
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
    soften,
    stand_after,
)

from holdfast.measure.drift.one_shot import measure_auc, score_logprobs, score_tokens
from holdfast.measure.drift.tokens import Standing
from holdfast.measure.statistics.shares import Interval, compute_share

SEED = 20_261_127
ANSWERS_MAX = 600
SHARES = (0.05, 0.1, 0.25, 0.5)
FOUR_BIT, SWAP = ("four-bit", "int4"), "swap"
TINY = frozenset(variant.name for variant in VARIANTS if variant.is_tiny) | {"fine", "slight", "four-bit", "coarse"}
SITTINGS = 400
COLD = 0.02


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
        if self.variant == SWAP and self.shift > 0.6:
            return float(np.median(self.delays)) <= 10
        return self.variant not in FOUR_BIT or float((self.delays <= ANSWERS_MAX).mean()) >= 0.9


def main() -> None:
    """The tables; exits with 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=100, help="a row")
    parser.add_argument("--prompts", type=int, default=14)
    parser.add_argument("--days", type=int, nargs="+", default=(0, 30, 365), help="quiet days before a change")
    parser.add_argument("--sittings-only", action="store_true")
    parser.add_argument("--models", nargs="*", help="of the laboratory; none: made-up ones and all that were made")
    given = parser.parse_args()
    asked = Asked(given.endpoints, given.prompts, tuple(given.days))
    print(describe_machine())
    subjects = list_subjects(given.models, asked.prompts)
    if given.sittings_only:
        cold = [choose_cold(name) for name in list_made()]
        sys.exit(0 if judge_sittings(subjects) & judge_sittings(cold) else 1)
    print(f"\nseed {SEED}, {asked.endpoints} endpoints a row, {asked.prompts} prompts, 60 answers a day, 2 % missing\n")
    print("| model | change | mean distance | quiet days | power in 600 answers | 95 % | answers: 10 %, half, 90 % |")
    print("|---|---|---|---|---|---|---|")
    rows = [row for subject in subjects for days in asked.days for row in run(subject, days, asked)]
    is_met = all(row.is_met for row in rows)
    print("\n| model | share of the traffic | power in 3,600 answers | median answers |\n|---|---|---|---|")
    for subject in subjects:
        run_shares(subject, asked)
    is_sat = judge_sittings([subject for subject in subjects if "made up" not in subject.name])
    sys.exit(0 if is_met and is_sat else 1)


def judge_sittings(subjects: Sequence[Subject]) -> bool:
    """The table of single sittings, and whether its goals are met on average."""
    print("\n| model | changes of weights: AUC by tokens/with log probabilities | 60 tokens | 48 tokens |")
    print("|---|---|---|---|")
    sittings = [sit(subject) for subject in subjects]
    tokens, logprobs = (float(np.mean(one)) for one in zip(*sittings, strict=True))
    print(f"| all | | {tokens:.3f} (goal 0.92) | {logprobs:.3f} (goal 0.95) |")
    return tokens >= 0.92 and logprobs >= 0.95


def list_subjects(models: Sequence[str] | None, prompts: int) -> list[Subject]:
    """Made-up models and the laboratory's, at their most balanced prompts."""
    chosen = [] if models else [make_subject(seed, prompts) for seed in (11, 12)]
    for name in models or list_made():
        tables = load_tables(name)
        rows = slice(0, min(prompts, tables.borders))
        logits = {variant: table[rows].astype(np.float64) for variant, table in tables.logits.items()}
        chosen.append(compress(name, logits))
    return chosen


def choose_cold(name: str) -> Subject:
    """A model of the laboratory at a fifth of the usual temperature, at the prompts that are balanced there."""
    tables = load_tables(name)
    base = tables.logits["base"][: tables.borders].astype(np.float64)
    ranked = np.sort(soften(base / np.hypot(COLD, Weather().query)), axis=1)
    rows = np.argsort(-ranked[:, -2] / ranked[:, -1])[:14]
    logits = {variant: table[rows].astype(np.float64) for variant, table in tables.logits.items()}
    return compress(name, logits, COLD)


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


def sit(subject: Subject) -> tuple[float, float]:
    """The mean AUC over the changes of weights: 60 tokens, and 48 with log probabilities."""
    generator = np.random.default_rng(SEED)
    names = [variant for variant in subject.logits if variant in TINY]
    usual = draw_sittings(subject, "base", generator)
    rows: list[tuple[float, float]] = []
    for name in names:
        changed = draw_sittings(subject, name, generator)
        tokens = measure_auc(score_tokens(usual.shares, usual.counts), score_tokens(changed.shares, changed.counts))
        logprobs = [score_logprobs(one.reference, one.logprobs) for one in (usual, changed)]
        rows.append((tokens, measure_auc(*logprobs)))
    told = ", ".join(f"{name} {one:.2f}/{other:.2f}" for name, (one, other) in zip(names, rows, strict=True))
    means = float(np.mean([row[0] for row in rows])), float(np.mean([row[1] for row in rows]))
    print(f"| {subject.name}, {subject.temperature:g} | {told} | {means[0]:.3f} | {means[1]:.3f} |", flush=True)
    return means


@dataclass(frozen=True, slots=True)
class Sittings:
    """Many sittings, each with a reference of its own: frequencies and counts (sittings, prompts, symbols) of 12
    answers to each of 5 prompts; log probabilities (sittings, samples, prompts, symbols) of 12 to each of 4."""

    shares: Array
    counts: Array
    reference: Array
    logprobs: Array


def draw_sittings(subject: Subject, variant: str, generator: np.random.Generator) -> Sittings:
    """References are drawn as sittings are: with noise in every query, 200 answers to a prompt."""
    base, logits = subject.logits["base"][:5], subject.logits[variant][:5]
    kept = np.argsort(-base[:4], axis=1)[:, :5]
    before, after = (np.take_along_axis(np.maximum(table[:4], -5.0), kept, axis=1) for table in (base, logits))
    noise = Weather().query
    return Sittings(
        _count_answers(subject, base, 200, generator) / 200,
        _count_answers(subject, logits, 12, generator),
        before + generator.normal(0, noise, (SITTINGS, 100, *before.shape)),
        after + generator.normal(0, noise, (SITTINGS, 12, *after.shape)),
    )


def _count_answers(subject: Subject, logits: Array, answers: int, generator: np.random.Generator) -> Array:
    counts = np.zeros((SITTINGS, *logits.shape))
    for _ in range(answers):
        noisy = (logits + generator.normal(0, Weather().query, counts.shape)) / subject.temperature
        counts += (noisy + generator.gumbel(size=counts.shape)).argmax(axis=-1)[..., None] == np.arange(logits.shape[1])
    return counts


if __name__ == "__main__":
    main()
