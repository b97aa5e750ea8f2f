"""The synthetic laboratory of a watch: endpoints by their logits, what may happen to them, and many streams at once.

A subject is an array of logits (prompts, symbols) for each variant, of trained models or made up; streams draw answers
from it with noise in every query, day effects and missing answers. Judged by the product's own lines.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from holdfast.measure.drift.bets import Ground
from holdfast.measure.drift.evidence import REFERENCE_SHARE, spend_risk
from holdfast.measure.drift.reference import REST, Reference, find_symbol, split_reference
from holdfast.measure.drift.tokens import DayOfTokens, Standing, Tokens, follow_tokens, start_standing
from holdfast.records.watching import Channel

Array = NDArray[np.float64]
Places = NDArray[np.int64]
TEMPERATURE = 0.1
SYMBOLS_MAX = 10
ALPHA = 0.001 / 2  # the first life's share


@dataclass(frozen=True, slots=True)
class Subject:
    """A model's logits at its border prompts, `base` among the variants; (prompts, symbols), the same everywhere."""

    name: str
    logits: Mapping[str, Array]
    temperature: float = TEMPERATURE

    def compute_shares(self, variant: str) -> Array:
        """Without any noise."""
        return soften(self.logits[variant] / self.temperature)

    def measure_shift(self, variant: str) -> float:
        """The mean total variation distance from `base`."""
        return float(np.abs(self.compute_shares(variant) - self.compute_shares("base")).sum(axis=1).mean() / 2)


@dataclass(frozen=True, slots=True)
class Weather:
    """What is benign. `query` is the deviation of the logits' noise in each query, `day` of a shift for each day,
    `spell` of one that fades by a fifth a day; `missing` the share of answers that never come."""

    query: float = 0.02
    day: float = 0.0
    spell: float = 0.0
    missing: float = 0.02


@dataclass(frozen=True, slots=True)
class Course:
    """How an endpoint is watched: answers a day, those of the burn-in for each prompt, and the tolerance."""

    answers: int = 60
    burn_in_days: int = 14
    reference: int = 630
    epsilon: float = 0.05
    alpha: float = ALPHA


@dataclass(slots=True)
class Streams:
    """Many endpoints that serve one subject, each with days of its own."""

    subject: Subject
    weather: Weather
    endpoints: int
    generator: np.random.Generator
    spell: Array = field(init=False)

    def __post_init__(self) -> None:
        shape = (self.endpoints, *self.subject.logits["base"].shape)
        self.spell = self.generator.normal(0, self.weather.spell, shape)

    def pass_night(self) -> Array:
        """The logits' shift of the next day (endpoints, prompts, symbols)."""
        fresh = self.generator.normal(0, self.weather.spell, self.spell.shape)
        self.spell = 0.8 * self.spell + 0.6 * fresh
        return self.spell + self.generator.normal(0, self.weather.day, self.spell.shape)

    def draw(self, logits: Array, prompts: Places) -> Places:
        """Symbols for prompts (endpoints, answers), from logits (endpoints, prompts, symbols)."""
        rows = np.arange(self.endpoints)[:, None]
        noisy = logits[rows, prompts].astype(np.float32)
        noisy += self.weather.query * self.generator.standard_normal(noisy.shape, dtype=np.float32)
        noisy /= np.float32(self.subject.temperature)
        noisy -= np.log(
            np.maximum(self.generator.standard_exponential(noisy.shape, dtype=np.float32), np.float32(1e-30))
        )
        return np.asarray(noisy.argmax(axis=-1), dtype=np.int64)

    def draw_prompts(self, answers: int) -> Places:
        """Uniformly, with replacement; some are never answered (-1)."""
        count = self.subject.logits["base"].shape[0]
        prompts = self.generator.integers(0, count, (self.endpoints, answers))
        return np.where(self.generator.random(prompts.shape) < self.weather.missing, -1, prompts)

    def draw_day(self, variant: str, answers: int, share: float = 1.0) -> tuple[Places, Places]:
        """A day on which a share of the answers comes from the variant: prompts and symbols (endpoints, answers)."""
        night, prompts = self.pass_night(), self.draw_prompts(answers)
        symbols = self.draw(self.subject.logits[variant] + night, np.maximum(prompts, 0))
        if share < 1:
            usual = self.draw(self.subject.logits["base"] + night, np.maximum(prompts, 0))
            symbols = np.where(self.generator.random(symbols.shape) < share, symbols, usual)
        return prompts, symbols


@dataclass(frozen=True, slots=True)
class Watch:
    """What the burn-in gave for many endpoints, and where each raw symbol goes (endpoints, prompts, raw symbols)."""

    tokens: Tokens
    classes: Places
    log_threshold: float


def make_subject(seed: int, prompts: int = 20) -> Subject:
    """Random logits: two symbols in a near tie, others behind; variants by noise of several sizes, and another model
    whose symbols are mostly other ones."""
    generator = np.random.default_rng(seed)
    gaps = [np.zeros(prompts), np.abs(generator.normal(0, 0.05, prompts))]
    gaps += [0.12 + generator.exponential(0.3, prompts) for _ in range(4)]
    base = -np.stack(gaps, axis=1)
    absent = np.full((prompts, 3), -1e3)
    logits = {"base": np.concatenate([base, absent], axis=1)}
    noise, weight = generator.normal(size=base.shape), generator.exponential(1.0, (prompts, 1))
    for name, shift in (("fine", 0.03), ("slight", 0.13), ("four-bit", 0.25), ("coarse", 0.35), ("three-bit", 0.48)):
        logits[name] = np.concatenate([_reach(base, noise * (1 + weight), shift), absent], axis=1)
    own = np.concatenate([np.full(base.shape, -1.0), generator.normal(0, 0.1, (prompts, 3))], axis=1)
    shared = own.copy()
    shared[: prompts // 5, 0] = 0.0  # at some prompts another model gives the same answer
    logits["swap"] = shared
    return Subject(f"made up, seed {seed}", logits)


def compress(name: str, logits: Mapping[str, Array], temperature: float = TEMPERATURE) -> Subject:
    """With the most likely symbols of any variant apart and the rest as one, prompt by prompt: the same distances but
    for what is rare everywhere."""
    shares = {variant: soften(table / temperature) for variant, table in logits.items()}
    highest = np.max(list(shares.values()), axis=0)
    order = np.argsort(-highest, axis=1)
    kept, rest = order[:, :SYMBOLS_MAX], order[:, SYMBOLS_MAX:]
    small: dict[str, Array] = {}
    for variant, table in shares.items():
        parts = [np.take_along_axis(table, kept, 1), np.take_along_axis(table, rest, 1).sum(axis=1, keepdims=True)]
        small[variant] = temperature * np.log(np.maximum(np.concatenate(parts, axis=1), 1e-30))
    return Subject(name, small, temperature)


def find_day_effect(subject: Subject, distance: float, seed: int) -> float:
    """The deviation of logits whose mean total variation distance, after a normal shift, is this."""
    noise = np.random.default_rng(seed).normal(size=(200, *subject.logits["base"].shape))
    low, high = 0.0, 1.0
    for _ in range(25):
        middle = (low + high) / 2
        moved = soften((subject.logits["base"] + middle * noise) / subject.temperature)
        is_short = float(np.abs(moved - subject.compute_shares("base")).sum(axis=-1).mean() / 2) < distance
        low, high = (middle, high) if is_short else (low, middle)
    return high


def collect_references(streams: Streams, course: Course) -> Watch:
    """The burn-in of every endpoint: each prompt as often, spread over its days."""
    count, symbols = streams.subject.logits["base"].shape
    each = course.reference // course.burn_in_days
    asked = np.tile(np.repeat(np.arange(count), each), (streams.endpoints, 1))
    drawn = [
        streams.draw(streams.subject.logits["base"] + streams.pass_night(), asked).reshape(-1, count, each)
        for _ in range(course.burn_in_days)
    ]
    answers = np.concatenate(drawn, axis=2)
    names = [str(place) for place in range(symbols)]
    references, classes = [], np.empty((streams.endpoints, count, symbols), dtype=np.int64)
    for endpoint in range(streams.endpoints):
        by_prompt = {prompt: [names[place] for place in answers[endpoint, prompt].tolist()] for prompt in range(count)}
        reference = split_reference(by_prompt, endpoint, spend_risk(course.alpha, Channel.TOKENS))
        assert reference is not None
        references.append(reference)
        for prompt in range(count):
            classes[endpoint, prompt] = [find_symbol(reference.named[prompt], name) for name in names]
    return Watch(stack(references, course.epsilon), classes, -float(np.log(course.alpha * (1 - REFERENCE_SHARE))))


def stack(references: list[Reference], epsilon: float) -> Tokens:
    """Many endpoints' references as one."""
    grounds = [reference.make_ground(epsilon) for reference in references]
    ground = Ground(
        np.concatenate([one.made for one in grounds]),
        np.concatenate([one.counted for one in grounds]),
        np.concatenate([one.answers for one in grounds]),
        np.concatenate([one.epsilon for one in grounds]),
        np.concatenate([one.distance for one in grounds]),
        grounds[0].risk,
    )
    return Tokens(ground, np.array([epsilon + reference.rest for reference in references]))


def watch_days(
    watch: Watch, days: Iterable[tuple[Places, Places]], standing: Standing
) -> Iterator[tuple[Array, Standing]]:
    """The logarithm of the wealth after each answer (endpoints, answers), a day at a time, and how things stand then.
    `standing` is used up."""
    rows = np.arange(watch.classes.shape[0])[:, None]
    for prompts, symbols in days:
        named = np.where(prompts < 0, REST, watch.classes[rows, np.maximum(prompts, 0), symbols])
        path, standing = follow_tokens(watch.tokens, standing, DayOfTokens(prompts, named))
        yield path, standing


def stand_after(watch: Watch, days: Iterable[tuple[Places, Places]]) -> Standing:
    """What was learnt and staked after these days."""
    standing = start_standing(watch.tokens)
    for _, after in watch_days(watch, days, standing):
        standing = after
    return standing


def find_alarms(watch: Watch, days: Iterable[tuple[Places, Places]], standing: Standing | None = None) -> Array:
    """How many answers were asked for until the alarm (endpoints); infinite without one."""
    alarms, asked = np.full(watch.classes.shape[0], np.inf), 0
    for path, _ in watch_days(watch, days, standing or start_standing(watch.tokens)):
        is_alarm = path >= watch.log_threshold
        first = np.where(is_alarm.any(axis=1), asked + is_alarm.argmax(axis=1) + 1.0, np.inf)
        alarms, asked = np.minimum(alarms, first), asked + path.shape[1]
    return alarms


def soften(logits: Array) -> Array:
    """Shares from logits that were divided by the temperature."""
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Array = raised / raised.sum(axis=-1, keepdims=True)
    return shares


def _reach(base: Array, noise: Array, shift: float) -> Array:
    low, high = 0.0, 5.0
    usual = soften(base / TEMPERATURE)
    for _ in range(40):
        middle = (low + high) / 2
        moved = soften((base + middle * noise) / TEMPERATURE)
        low, high = (middle, high) if np.abs(moved - usual).sum(axis=1).mean() / 2 < shift else (low, middle)
    return base + high * noise
