"""Power and delay of ours and of other methods on the same streams, at equal shares of false alarms and equal tokens.

Every method reads the same 60 answers a day and the same reference. Its bar is where one quiet stream in a hundred
alarms within the quiet days, found on streams of their own; ours is shown at that bar and at its own rule too, which
promises one life in 2,000. Model equality testing, the border rule (three days' persistence) and the rolling z-test
are written from their papers. Exits 1 where a peer has more power than ours at an equal bar, beyond chance.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from benchmarks.vault_running import describe_machine
from benchmarks.watch_laboratory.catalogue import MODELS, Role
from benchmarks.watch_laboratory.tables import list_made, load_tables
from benchmarks.watch_sittings import score_mmd
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
    find_day_effect,
    watch_days,
)

from holdfast.measure.drift.tokens import start_standing
from holdfast.measure.statistics.shares import Interval, compute_share

SEED = 20_261_129
CHANGES = (
    "int8",
    "int4",
    "int3",
    "prune-10",
    "prune-30",
    "noise-5",
    "noise-3",
    "tune-8",
    "tune-64",
    "lora-8",
    "lora-64",
)
OTHERS = ("swap", "system-date", "context-16", "temperature-2", "watermark-0.5", "refusals-0.25")
ANSWERS, FOUND_DAYS = 60, 10
PERSISTENCE, WINDOW = 3, 28  # days
FALSE_ALARMS = 0.01
OWN_RULE = "ours at its own rule"
METHODS = ("ours", "MMD", "border rule", "rolling z-test")


@dataclass(frozen=True, slots=True)
class Asked:
    """How much is simulated: streams, quiet days before a change, and the mean distance of a day in tolerances."""

    streams: int
    quiet_days: int
    effect: float


@dataclass(frozen=True, slots=True)
class Read:
    """What each method says of many streams after each day of theirs (streams, days); ours after each answer
    (streams, answers)."""

    scores: Mapping[str, Array]
    log_threshold: float


def main() -> None:
    """The tables; exits with 1 where a peer has more power than ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=[one.name for one in MODELS if one.role is Role.UNTOUCHED])
    parser.add_argument("--streams", type=int, default=200, help="quiet ones, and so many for each change")
    parser.add_argument("--quiet-days", type=int, default=40)
    parser.add_argument("--effects", type=float, nargs="+", default=(0.5, 0.0), help="of a day, in tolerances")
    given = parser.parse_args()
    print(describe_machine())
    names = [name for name in given.models if name in list_made()]
    best = [
        compare(choose_subject(name), Asked(given.streams, given.quiet_days, effect))
        for effect in given.effects
        for name in names
    ]
    sys.exit(0 if all(best) else 1)


def choose_subject(name: str) -> Subject:
    """A model at its fourteen most balanced border prompts."""
    tables = load_tables(name, CHANGES + OTHERS)
    return compress(name, {variant: table[:14].astype(np.float64) for variant, table in tables.logits.items()})


def compare(subject: Subject, asked: Asked) -> bool:
    """A model's table; whether no peer has more power than ours at an equal bar."""
    quiet = read_streams(subject, "base", asked, 0)
    bars = {method: float(np.quantile(reach(quiet, method, asked), 1 - FALSE_ALARMS)) for method in METHODS}
    print(f"\n{subject.name}: seed {SEED}, {asked}; quiet streams that alarm: {FALSE_ALARMS:.0%} by every method")
    print(f"\n| change | distance | {OWN_RULE} | {' | '.join(METHODS)} | more power | sooner |")
    print(f"|---|---|{'---|' * (len(METHODS) + 3)}")
    is_best = True
    for place, variant in enumerate(CHANGES + OTHERS):
        changed = read_streams(subject, variant, asked, place + 1)
        delays = {method: find_delays(changed, method, bars[method], asked) for method in METHODS}
        delays[OWN_RULE] = find_delays(changed, "ours", changed.log_threshold, asked)
        better = [method for method in METHODS[1:] if is_above(delays[method], delays["ours"])]
        is_best &= not better
        sooner = [method for method in METHODS[1:] if is_sooner(delays[method], delays["ours"])]
        told = " | ".join(tell(delays[method]) for method in (OWN_RULE, *METHODS))
        named = f"{', '.join(better)} | {', '.join(sooner)}"
        print(f"| {variant} | {subject.measure_shift(variant):.3f} | {told} | {named} |", flush=True)
    return is_best


def read_streams(subject: Subject, variant: str, asked: Asked, place: int) -> Read:
    """Quiet days, and ten days of the variant (of more quiet days for the base)."""
    course = Course(reference=900)
    spread = find_day_effect(subject, asked.effect * course.epsilon, SEED) / 2**0.5 if asked.effect else 0.0
    generator = np.random.default_rng((SEED, place))
    streams = Streams(subject, Weather(day=spread, spell=spread), asked.streams, generator)
    watch = collect_references(streams, course)
    counted: list[Array] = []
    days = count_days(watch, draw_days(streams, variant, asked), counted)
    ours = np.concatenate([path for path, _ in watch_days(watch, days, start_standing(watch.tokens))], axis=1)
    return Read({"ours": ours, **score_days(watch, counted)}, watch.log_threshold)


def draw_days(streams: Streams, variant: str, asked: Asked) -> Iterator[tuple[Places, Places]]:
    """One after another."""
    for day in range(asked.quiet_days + FOUND_DAYS):
        yield streams.draw_day("base" if day < asked.quiet_days else variant, ANSWERS)


def count_days(
    watch: Watch, days: Iterator[tuple[Places, Places]], counted: list[Array]
) -> Iterator[tuple[Places, Places]]:
    """Hands every day on, and adds its counts (streams, prompts, symbols) to the list."""
    for prompts, symbols in days:
        rows, asked = np.indices(prompts.shape)[0], np.maximum(prompts, 0)
        counts = np.zeros(watch.tokens.ground.made.shape)
        np.add.at(counts, (rows, asked, watch.classes[rows, asked, symbols]), prompts >= 0)
        counted.append(counts)
        yield prompts, symbols


def score_days(watch: Watch, counted: Sequence[Array]) -> dict[str, Array]:
    """Each peer's score of each day (streams, days)."""
    ground = watch.tokens.ground
    size = ground.answers[:, None, None]
    scores = {
        "MMD": [score_mmd(ground.counted * size, one) for one in counted],
        "border rule": persist([score_distance(ground.counted, one) for one in counted]),
        "rolling z-test": roll(ground.counted, counted),
    }
    return {method: np.stack(days, axis=1) for method, days in scores.items()}


def score_distance(shares: Array, counts: Array) -> Array:
    """The mean total variation distance over prompts, each by its answers (streams)."""
    asked = counts.sum(axis=2, keepdims=True)
    far: Array = np.abs(counts - asked * shares).sum(axis=(1, 2)) / 2 / asked.sum(axis=(1, 2))
    return far


def persist(days: Sequence[Array]) -> list[Array]:
    """The least of the last three days: what has been passed on each of them."""
    return [
        np.min(days[day + 1 - PERSISTENCE : day + 1], axis=0) if day + 1 >= PERSISTENCE else np.zeros_like(one)
        for day, one in enumerate(days)
    ]


def roll(shares: Array, counted: Sequence[Array]) -> list[Array]:
    """How many standard errors the day's share of usual answers lies from that of the last 28 days."""
    top = shares.argmax(axis=2)[:, :, None]
    hits = [np.take_along_axis(one, top, axis=2).sum(axis=(1, 2)) for one in counted]
    totals = [one.sum(axis=(1, 2)) for one in counted]
    scores = [np.zeros_like(hits[0])]
    for day in range(1, len(counted)):
        before, asked = (np.sum(part[max(day - WINDOW, 0) : day], axis=0) for part in (hits, totals))
        share = (before + hits[day]) / (asked + totals[day])
        error = np.sqrt(np.maximum(share * (1 - share), 1e-9) * (1 / asked + 1 / totals[day]))
        scores.append(np.abs(hits[day] / totals[day] - before / asked) / error)
    return scores


def reach(read: Read, method: str, asked: Asked) -> Array:
    """The highest a quiet stream comes (streams). The rolling z-test begins when its window is full."""
    first = min(WINDOW, asked.quiet_days // 2) if method == "rolling z-test" else 0
    highest: Array = read.scores[method][:, first:].max(axis=1)
    return highest


def find_delays(read: Read, method: str, bar: float, asked: Asked) -> Array:
    """Answers from the change to the alarm (streams); infinite without one. Peers look once a day."""
    step = 1 if method == "ours" else ANSWERS
    after = read.scores[method][:, asked.quiet_days * (ANSWERS // step) :] > bar
    return np.where(after.any(axis=1), (after.argmax(axis=1) + 1.0) * step, np.inf)


def is_above(peer: Array, ours: Array) -> bool:
    """Whether the peer's power lies above ours by more than both intervals allow."""
    return bounds(peer)[0] > bounds(ours)[1]


def is_sooner(peer: Array, ours: Array) -> bool:
    """Whether the peer's alarm comes first in more than half of the streams, beyond chance."""
    return compute_share(int((peer < ours).sum()), ours.size, Interval.EXACT)[0] > 0.5


def bounds(delays: Array) -> tuple[float, float]:
    """The 95 % interval of the power in 600 answers."""
    return compute_share(int(np.isfinite(delays).sum()), delays.size, Interval.EXACT)


def tell(delays: Array) -> str:
    """Power in 600 answers, its interval, and the median delay in answers."""
    low, high = bounds(delays)
    middle = float(np.quantile(delays, 0.5, method="lower"))
    return f"{np.isfinite(delays).mean():.2f} ({low:.2f} to {high:.2f}), {middle:.0f}"


if __name__ == "__main__":
    main()
