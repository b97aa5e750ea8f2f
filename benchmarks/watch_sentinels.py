"""Sentinels in simulation: how endpoints open their answers, which openings a reference knows, and how soon another
model is caught. Judged by the product's own lines."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from benchmarks.watch_laboratory.openings import load_openings
from benchmarks.watch_streams import ALPHA, Array, Places

from holdfast.measure.drift.evidence import REFERENCE_SHARE, find_epsilon, spend_risk
from holdfast.measure.drift.margins import bound_share
from holdfast.measure.drift.sentinels import Guard, guard_day, start_guard
from holdfast.records.watching import Channel, WatchSettings

SETTINGS = WatchSettings()
EPSILON = find_epsilon(SETTINGS, Channel.SENTINELS)
REFERENCE = SETTINGS.burn_in_days * SETTINGS.sentinel_burn_in_rounds  # answers to each prompt
PROMPTS = 12
OPENINGS = 60
ANSWERS = PROMPTS * SETTINGS.sentinel_rounds  # a day
WEIGHT = 0.4  # of the stake, beside border prompts and the battery
MISSING = 0.02
WITHIN = 10
LOG_THRESHOLD = -math.log(ALPHA * (1 - REFERENCE_SHARE))
Known = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Sentinels:
    """What the burn-in gave for many endpoints: the openings that each knows (endpoints, prompts, openings), and the
    share of others that is benign at most (endpoints)."""

    known: Known
    limit: Array

    def draw_hits(self, shares: Array, answers: int, generator: np.random.Generator) -> Places:
        """Whether each of a day's answers (endpoints, answers) is unknown; -1 where it is missing. `shares` (prompts,
        openings) or (endpoints, prompts, openings)."""
        rows, own = np.arange(len(self.limit))[:, None], np.broadcast_to(shares, self.known.shape)
        prompts = generator.integers(0, own.shape[1], (len(self.limit), answers))
        reached = np.cumsum(own, axis=-1)[rows, prompts]
        openings = np.minimum((generator.random((*prompts.shape, 1)) > reached).sum(axis=-1), own.shape[2] - 1)
        hits = ~self.known[rows, prompts, openings]
        return np.where(generator.random(hits.shape) < MISSING, -1, hits.astype(np.int64))


def collect_sentinels(shares: Array, generator: np.random.Generator) -> Sentinels:
    """The burn-in of endpoints with these shares of openings (endpoints, prompts, openings): one half of the answers is
    known, the other half tells how often unknown ones come."""
    half = REFERENCE // 2
    known = generator.multinomial(half, shares) > 0
    counted = generator.multinomial(half, shares)
    hits, answers = (counted * ~known).sum(axis=(1, 2)), half * shares.shape[1]
    risk = spend_risk(ALPHA, Channel.SENTINELS) / 2
    bounds = [bound_share(float(one), answers, risk) for one in hits]
    return Sentinels(known, np.array(bounds) + EPSILON)


def make_shares(endpoints: int, generator: np.random.Generator) -> Array:
    """Made-up openings: a few that are likely, and a tail that no reference has seen whole."""
    steepness = generator.uniform(0.5, 2.0, (endpoints, PROMPTS, 1))
    shares = np.exp(-steepness * np.arange(OPENINGS)) + generator.uniform(0, 0.002, (endpoints, PROMPTS, OPENINGS))
    normal: Array = shares / shares.sum(axis=-1, keepdims=True)
    return normal


def divert(sentinels: Sentinels, shares: Array, excess: float) -> Array:
    """The shares when unknown openings come more often by exactly this, on average over prompts."""
    unknown = (shares * ~sentinels.known).sum(axis=2)
    share = (excess / np.maximum(1 - unknown.mean(axis=1), 1e-9))[:, None, None]
    new = ~sentinels.known / np.maximum((~sentinels.known).sum(axis=2, keepdims=True), 1)
    diverted: Array = (1 - share) * shares + share * new
    return diverted


def guard_days(sentinels: Sentinels, guard: Guard, days: Iterable[Places]) -> tuple[Array, Guard]:
    """The logarithm of the wealth after each answer of all days (endpoints, answers), and how things stand then."""
    paths: list[Array] = []
    for hits in days:
        path, guard = guard_day(sentinels.limit, guard, hits)
        paths.append(path)
    return np.concatenate(paths, axis=1) if paths else np.zeros((len(sentinels.limit), 0)), guard


def count_false(endpoints: int, days: int, excess: float, seed: int) -> int:
    """How many endpoints alarm by sentinels alone, were all of the stake on them, with so large an excess every day."""
    generator = np.random.default_rng(seed)
    shares = make_shares(endpoints, generator)
    sentinels = collect_sentinels(shares, generator)
    served = divert(sentinels, shares, excess)
    guard, has_alarmed = start_guard(endpoints), np.zeros(endpoints, dtype=np.bool_)
    for _ in range(days):
        path, guard = guard_day(sentinels.limit, guard, sentinels.draw_hits(served, ANSWERS, generator))
        has_alarmed |= path.max(axis=1) >= LOG_THRESHOLD
    return int(has_alarmed.sum())


@dataclass(frozen=True, slots=True)
class Caught:
    """Another model's answers until the alarm, by sentinels alone on its first day (endpoints); infinite without."""

    model: str
    other: str
    quiet_days: int
    unknown: float
    delays: Array


def catch_others(model: str, quiet_days: int, endpoints: int, seed: int) -> list[Caught]:
    """Every other model of the laboratory in this one's place. Empty where openings were not made."""
    openings = load_openings(model)
    if openings is None:
        return []
    generator = np.random.default_rng(seed)
    count = 1 + max(int(table.max()) for table in openings.answers.values())
    shares = {name: tabulate(table, count) for name, table in openings.answers.items()}
    usual = np.broadcast_to(shares["base"], (endpoints, *shares["base"].shape))
    sentinels = collect_sentinels(usual, generator)
    quiet = (sentinels.draw_hits(usual, ANSWERS, generator) for _ in range(quiet_days))
    _, guard = guard_days(sentinels, start_guard(endpoints), quiet)
    found: list[Caught] = []
    for name in (one for one in shares if one.startswith("as ")):
        hits = sentinels.draw_hits(shares[name], ANSWERS, generator)
        path, _ = guard_day(sentinels.limit, guard.copy(), hits)
        is_alarm = path + math.log(WEIGHT) >= LOG_THRESHOLD
        delays = np.where(is_alarm.any(axis=1), is_alarm.argmax(axis=1) + 1.0, np.inf)
        found.append(Caught(model, name.removeprefix("as "), quiet_days, float((hits == 1).mean()), delays))
    return found


def tabulate(answers: Places, count: int) -> Array:
    """Shares of openings (prompts, openings) in answers (prompts, answers)."""
    shares: Array = np.stack([np.bincount(row, minlength=count) / row.size for row in answers])
    return shares
