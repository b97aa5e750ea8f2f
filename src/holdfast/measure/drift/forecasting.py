"""What a plan would find, by simulation before anything is spent: power, answers and days to an alarm.

The changes are made up: random shifts of log odds at every prompt, of a stated mean total variation distance.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.drift.bets import Ground, Places
from holdfast.measure.drift.days import gather_life
from holdfast.measure.drift.evidence import (
    REFERENCE_SHARE,
    Grounds,
    find_epsilon,
    make_grounds,
    make_tokens,
    spend_alpha,
    spend_risk,
    weigh_planned,
)
from holdfast.measure.drift.margins import Array, bound_share
from holdfast.measure.drift.reference import NAMED, REST, Reference, bound_errors
from holdfast.measure.drift.sentinels import find_limit, guard_day, stand_guard_after
from holdfast.measure.drift.tokens import DayOfTokens, Standing, Tokens, follow_tokens, start_standing
from holdfast.measure.drift.wealth import Purse, keep_cash
from holdfast.measure.statistics.shares import Interval, compute_share
from holdfast.records.watching import Channel, Forecast, Monitor, Visit

QUIET_DAYS: Final = 30
ANSWERS_MAX: Final = 600
CHANGES: Final = (
    ("as fine as 8-bit weights", 0.03),
    ("small", 0.1),
    ("moderate", 0.15),
    ("marked", 0.2),
    ("as coarse as 4-bit weights", 0.25),
    ("large", 0.35),
    ("as coarse as 3-bit weights", 0.5),
)
SHIFTS: Final = (0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8)
SWAP: Final = "another model"
_ASSUMED: Final = (0.5, 0.4, 0.06, 0.03, 0.01)  # shares of symbols at a prompt, before any is seen
_HALVINGS: Final = 30
_NEW: Final = 0.9  # the share of answers that another model gives outside the named symbols
_NEW_USUALLY: Final = 0.07  # of a sentinel's answers, that open as the reference has not


@dataclass(frozen=True, slots=True)
class Plan:
    """`answers` a day for so many `days`, after `quiet_days`; `weight` of the token channel's stake among all;
    `endpoints` are simulated."""

    answers: int
    days: int
    quiet_days: int
    weight: float
    log_threshold: float
    endpoints: int = 100


@dataclass(frozen=True, slots=True)
class Sentinels:
    """So many `answers` a day; of them `limit` may open in new ways; `weight` of their stake among all."""

    answers: int
    limit: float
    weight: float


def forecast(monitor: Monitor, visits: Sequence[Visit]) -> tuple[Forecast, ...]:
    """For each change of a table, what this plan finds of it within 600 answers after 30 quiet days. Without visits
    from balanced prompts that are assumed, of which the burn-in counts what it is planned to."""
    life = gather_life(monitor, visits)
    grounds = make_grounds(monitor, life)
    reference = grounds.tokens or assume_reference(monitor)
    prompts = len(reference.prompts)
    if not prompts:
        return ()
    answers = max(prompts * monitor.settings.rounds, 1)
    weight, threshold = _weigh(monitor, grounds), -math.log(spend_alpha(monitor.settings) * (1 - REFERENCE_SHARE))
    plan = Plan(answers, math.ceil(ANSWERS_MAX / answers), QUIET_DAYS, weight, threshold)
    tokens = make_tokens(reference, find_epsilon(monitor.settings, Channel.TOKENS))
    seed = monitor.settings.seed
    rows = [_forecast_one(plan, name, shift, _simulate(tokens, plan, shift, seed)) for name, shift in CHANGES]
    delays = _simulate(tokens, plan, None, seed)
    if (sentinels := _assume_sentinels(monitor, grounds)) is not None:
        delays = np.minimum(delays + sentinels.answers, simulate_swap(sentinels, plan, np.random.default_rng(seed)))
    return (*rows, _forecast_one(plan, SWAP, None, delays))


def assume_reference(monitor: Monitor) -> Reference:
    """As a burn-in would give it that goes as planned, with balanced prompts."""
    settings = monitor.settings
    prompts = sum(one.channel is Channel.TOKENS for one in monitor.prompts)
    each = max(settings.burn_in_days * settings.burn_in_rounds // 3, 4)
    made = np.tile(np.array(_ASSUMED) * each, (prompts, 1))
    risk = spend_risk(spend_alpha(settings), Channel.TOKENS)
    distance, rest = bound_errors(2 * made, risk) if prompts else (1.0, 1.0)
    return Reference(tuple(range(prompts)), ((),) * prompts, made, 2 * made, distance, rest, risk)


def find_shift(tokens: Tokens, plan: Plan, seed: int, power: float = 0.9) -> float | None:
    """The smallest of `SHIFTS` that this plan finds with so much power; None where it finds none."""
    low, high = -1, len(SHIFTS)
    while high - low > 1:
        middle = (low + high) // 2
        found = simulate_delays(tokens, plan, SHIFTS[middle], np.random.default_rng(seed))
        is_enough = float(np.isfinite(found).mean()) >= power
        low, high = (low, middle) if is_enough else (middle, high)
    return SHIFTS[high] if high < len(SHIFTS) else None


def simulate_delays(tokens: Tokens, plan: Plan, shift: float | None, generator: np.random.Generator) -> Array:
    """Answers from the change to the alarm in simulated endpoints; infinite where there is none in the plan."""
    shares = tokens.ground.prior[0]
    changed = (
        plant_shift(shares, shift, generator, plan.endpoints)
        if shift is not None
        else np.repeat(plant_swap(shares)[None], plan.endpoints, axis=0)
    )
    many = _multiply(tokens, plan.endpoints)
    standing = _stand_after(many, plan, np.repeat(shares[None], plan.endpoints, axis=0), generator)
    delays = np.full(plan.endpoints, np.inf)
    cash = math.log(1 - plan.weight) if plan.weight < 1 else -math.inf
    for day in range(plan.days):
        path, standing = follow_tokens(many, standing, draw_day(changed, plan.answers, generator))
        is_alarm = np.logaddexp(path + math.log(plan.weight), cash) >= plan.log_threshold
        first = day * plan.answers + np.argmax(is_alarm, axis=1) + 1.0
        delays = np.minimum(delays, np.where(is_alarm.any(axis=1), first, np.inf))
    return delays


def plant_shift(shares: Array, shift: float, generator: np.random.Generator, endpoints: int = 100) -> Array:
    """Shares (endpoints, prompts, symbols) whose mean distance from these (prompts, symbols) is `shift`, by normal
    shifts of the log odds."""
    noise = generator.normal(size=(endpoints, *shares.shape))
    low, high = 0.0, 60.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_short = float(_measure(shares, _tilt(shares, noise, middle))) < shift
        low, high = (middle, high) if is_short else (low, middle)
    return _tilt(shares, noise, high)


def plant_swap(shares: Array) -> Array:
    """Nine answers in ten are ones that the reference does not name."""
    other = np.zeros(shares.shape[-1])
    other[REST] = 1.0
    swapped: Array = (1 - _NEW) * shares + _NEW * other
    return swapped


def draw_day(shares: Array, answers: int, generator: np.random.Generator) -> DayOfTokens:
    """Prompts drawn uniformly, with replacement, and their answers from `shares` (endpoints, prompts, symbols)."""
    endpoints, count, _ = shares.shape
    prompts: Places = generator.integers(0, count, (endpoints, answers))
    reached = np.cumsum(shares, axis=-1)[np.arange(endpoints)[:, None], prompts]
    symbols = (generator.random((endpoints, answers, 1)) > reached).sum(axis=-1)
    return DayOfTokens(prompts, np.minimum(symbols, shares.shape[-1] - 1))


def simulate_swap(sentinels: Sentinels, plan: Plan, generator: np.random.Generator) -> Array:
    """Answers from another model's first to the alarm on its first day, by sentinels alone; infinite where there is
    none. It opens nine answers in ten in ways of its own."""
    limit = np.full(plan.endpoints, sentinels.limit)
    hits = (generator.random((plan.endpoints, sentinels.answers)) < _NEW).astype(np.int64)
    path, _ = guard_day(limit, stand_guard_after(plan.endpoints, plan.quiet_days), hits)
    is_alarm = path + math.log(sentinels.weight) >= plan.log_threshold
    return np.where(is_alarm.any(axis=1), is_alarm.argmax(axis=1) + 1.0, np.inf)


def _assume_sentinels(monitor: Monitor, grounds: Grounds) -> Sentinels | None:
    """As the burn-in gave them, else as it would: one opening in a hundred is new."""
    count = sum(one.channel is Channel.SENTINELS for one in monitor.prompts)
    settings, epsilon = monitor.settings, find_epsilon(monitor.settings, Channel.SENTINELS)
    answers = count * settings.sentinel_rounds
    if not answers or (grounds.weights and Channel.SENTINELS not in grounds.batteries):
        return None
    if Channel.SENTINELS in grounds.batteries:
        limit = find_limit(grounds.batteries[Channel.SENTINELS].base, epsilon)
        return Sentinels(answers, limit, grounds.weights[Channel.SENTINELS])
    counted = count * settings.burn_in_days * settings.sentinel_burn_in_rounds / 2
    risk = spend_risk(spend_alpha(settings), Channel.SENTINELS) / 2
    limit = bound_share(_NEW_USUALLY * counted, counted, risk) + epsilon
    return Sentinels(answers, limit, weigh_planned(monitor)[Channel.SENTINELS])


def _simulate(tokens: Tokens, plan: Plan, shift: float | None, seed: int) -> Array:
    return simulate_delays(tokens, plan, shift, np.random.default_rng(seed))


def _forecast_one(plan: Plan, name: str, shift: float | None, delays: Array) -> Forecast:
    found = int((delays <= ANSWERS_MAX).sum())
    low, high = compute_share(found, delays.size, Interval.EXACT)
    median = float(np.median(delays))
    answers = int(median) if median <= ANSWERS_MAX else None
    days = None if answers is None else math.ceil(answers / plan.answers)
    return Forecast(name, shift, plan.quiet_days, ANSWERS_MAX, found / delays.size, low, high, answers, days)


def _multiply(tokens: Tokens, endpoints: int) -> Tokens:
    one = tokens.ground
    tables = (one.made, one.counted, one.answers, one.epsilon, one.distance)
    made, counted, answers, epsilon, distance = (np.repeat(table, endpoints, axis=0) for table in tables)
    ground = Ground(made, counted, answers, epsilon, distance, one.risk)
    return Tokens(ground, np.repeat(tokens.limit, endpoints))


def _stand_after(tokens: Tokens, plan: Plan, shares: Array, generator: np.random.Generator) -> Standing:
    """As after quiet days on which nothing was bet; what they taught is of the last of them."""
    standing = start_standing(tokens)
    if not plan.quiet_days:
        return standing
    _, last = follow_tokens(tokens, standing, draw_day(shares, plan.answers, generator))
    started = np.full_like(last.purse.started, math.log(max(1 - keep_cash(plan.quiet_days), 1e-12)))
    return Standing(last.learnt, last.tally, Purse(plan.quiet_days, started, started))


def _weigh(monitor: Monitor, grounds: Grounds) -> float:
    """The token channel's share of the stake: as the burn-in gave it, else as the prompts will."""
    weights = grounds.weights if Channel.TOKENS in grounds.weights else weigh_planned(monitor)
    return weights.get(Channel.TOKENS, 1.0)


def _tilt(shares: Array, noise: Array, spread: float) -> Array:
    logits = np.log(shares)[None] + spread * noise
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    tilted: Array = raised / raised.sum(axis=-1, keepdims=True)
    return tilted


def _measure(shares: Array, others: Array) -> float:
    return float(np.abs(others - shares[None]).sum(axis=-1).mean() / 2)


assert REST == NAMED == len(_ASSUMED) - 1
