"""A life's evidence, channel by channel and day by day, and when it sufficed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.drift.batteries import Base, follow_battery, make_base
from holdfast.measure.drift.days import Day, Life
from holdfast.measure.drift.margins import Array
from holdfast.measure.drift.marking import MARKED, Read, choose_read, halve, mark_all
from holdfast.measure.drift.reference import Reference, make_reference
from holdfast.measure.drift.sentinels import follow_sentinels
from holdfast.measure.drift.tokens import DayOfTokens, Tokens, follow_tokens, start_standing, suspect
from holdfast.records.watching import Channel, Evidence, Monitor, Seen, WatchSettings

EPSILON: Final = 0.1  # of channels that the settings do not name
REFERENCE_SHARE: Final = 0.2  # of a life's alpha: the chance that the reference is worse than its margin
_WEIGHTS: Final = {Channel.TOKENS: 0.4, Channel.SENTINELS: 0.4, Channel.LOGPROBS: 0.25}
_OTHERS: Final = 0.2  # shared by the other channels


@dataclass(frozen=True, slots=True, eq=False)
class Battery:
    """How one channel's answers are marked, and what the burn-in gave."""

    read: Read
    base: Base


@dataclass(frozen=True, slots=True, eq=False)
class Grounds:
    """What a life's channels are bet against. `weights` add up to 1; `alpha` is the life's."""

    alpha: float
    tokens: Reference | None
    batteries: dict[Channel, Battery]
    weights: dict[Channel, float]

    @property
    def log_threshold(self) -> float:
        """What the wealth must reach."""
        return -math.log(self.alpha * (1 - REFERENCE_SHARE))


@dataclass(frozen=True, slots=True)
class Alarm:
    """When the evidence sufficed: the day's place among monitored days, its number, and answers up to it."""

    place: int
    day: int
    answers: int


@dataclass(frozen=True, slots=True)
class Followed:
    """All evidence of a life. Wealths are natural logarithms; `suspicion` of the second rule is its highest."""

    evidence: tuple[Evidence, ...]
    log_wealth: float
    log_wealth_max: float
    log_suspicion_max: float
    alarm: Alarm | None


def spend_alpha(settings: WatchSettings) -> float:
    """This life's share of alpha: over all lives they add up to it."""
    return settings.alpha / (settings.life * (settings.life + 1))


def spend_risk(alpha: float, channel: Channel) -> float:
    """The chance that this channel's part of the reference is worse than its margins; of all, a fifth of alpha."""
    share = 0.5 if channel is Channel.TOKENS else 0.5 / len(MARKED)
    return alpha * REFERENCE_SHARE * share


def find_epsilon(settings: WatchSettings, channel: Channel) -> float:
    """The channel's tolerance."""
    return dict(settings.epsilon).get(channel, EPSILON)


def weigh_planned(monitor: Monitor) -> dict[Channel, float]:
    """The shares of the stake that a monitor's channels will have, if the burn-in goes as planned."""
    asked = {one.channel for one in monitor.prompts}
    asked -= set() if monitor.has_logprobs else {Channel.LOGPROBS}
    return _weigh([channel for channel in Channel if channel in asked])


def make_grounds(monitor: Monitor, life: Life) -> Grounds:
    """From the burn-in alone. A channel that it says too little of is not bet on."""
    settings = monitor.settings
    alpha = spend_alpha(settings)
    tokens = make_reference(_list_seen(life.burn_in, Channel.TOKENS), settings.seed, spend_risk(alpha, Channel.TOKENS))
    batteries: dict[Channel, Battery] = {}
    for channel in MARKED:
        halves = halve(_list_seen(life.burn_in, channel), settings.seed)
        read = choose_read(channel, halves.making)
        base = make_base(mark_all(read, halves.counted), spend_risk(alpha, channel))
        if base is not None:
            batteries[channel] = Battery(read, base)
    channels = [channel for channel in Channel if channel in batteries or (tokens and channel is Channel.TOKENS)]
    return Grounds(alpha, tokens, batteries, _weigh(channels))


def follow(monitor: Monitor, grounds: Grounds, days: Sequence[Day]) -> Followed:
    """The evidence of all monitored days. The wealth is looked at after every token and sentinel, and at the end of
    every day."""
    state = dict.fromkeys(grounds.weights, (0.0, -math.inf))
    ways = {channel: _follow_channel(monitor, grounds, channel, days) for channel in grounds.weights}
    evidence: list[Evidence] = []
    alarm, highest, suspected, answers, total = None, 0.0, -math.inf, 0, 0.0
    for place, day in enumerate(days):
        news = {channel: next(way) for channel, way in ways.items()}
        path = _mix_path(grounds, state, news, _list_steps(grounds, day))
        state = {channel: (float(new[0][-1]), new[1]) for channel, new in news.items()}
        total = _mix(grounds, {channel: wealth for channel, (wealth, _) in state.items()})
        path = np.append(path, total)
        if alarm is None and path.max() >= grounds.log_threshold:
            first = int(np.argmax(path >= grounds.log_threshold))
            alarm = Alarm(place, day.day, answers + min(first + 1, day.answered))
        answers += day.answered
        highest = max(highest, float(path.max()))
        suspected = max(suspected, _mix(grounds, {channel: sum_ for channel, (_, sum_) in state.items()}))
        evidence += [
            Evidence(day.day, channel, len(day.list_seen(channel)), wealth, sum_)
            for channel, (wealth, sum_) in state.items()
        ]
    return Followed(tuple(evidence), total, highest, suspected, alarm)


Step = tuple[Array, float]


def _follow_channel(monitor: Monitor, grounds: Grounds, channel: Channel, days: Sequence[Day]) -> Iterator[Step]:
    """For each day the wealth after its answers (at least one number) and the second rule's sum."""
    epsilon = find_epsilon(monitor.settings, channel)
    if channel is Channel.TOKENS:
        assert grounds.tokens is not None
        yield from _follow_tokens(grounds.tokens, epsilon, days)
        return
    battery = grounds.batteries[channel]
    marks = [mark_all(battery.read, day.list_seen(channel)) for day in days]
    if channel is Channel.SENTINELS:
        yield from follow_sentinels(battery.base, epsilon, marks)
        return
    for wealth, suspicion in follow_battery(battery.base, epsilon, marks):
        yield np.array([wealth]), suspicion


def _follow_tokens(reference: Reference, epsilon: float, days: Sequence[Day]) -> Iterator[Step]:
    tokens = make_tokens(reference, epsilon)
    standing, last = start_standing(tokens), 0.0
    for day in days:
        path, standing = follow_tokens(tokens, standing, DayOfTokens(*reference.place(day.list_seen(Channel.TOKENS))))
        own = path[0] if path.size else np.array([last])
        last = float(own[-1])
        yield own, float(suspect(standing)[0])


def make_tokens(reference: Reference, epsilon: float) -> Tokens:
    """What one endpoint's tokens are bet against."""
    return Tokens(reference.make_ground(epsilon), np.array([epsilon + reference.rest]))


def _list_steps(grounds: Grounds, day: Day) -> list[Channel]:
    """The channels of the answers after which the wealth is looked at, in the order of asking."""
    tokens = set(grounds.tokens.prompts) if grounds.tokens else set[int]()
    sentinels = grounds.batteries.get(Channel.SENTINELS)
    known = {Channel.TOKENS: tokens, Channel.SENTINELS: set(sentinels.base.shares) if sentinels else set[int]()}
    return [one.channel for one in day.seen if one.prompt in known.get(one.channel, ())]


def _mix_path(
    grounds: Grounds, state: dict[Channel, tuple[float, float]], news: dict[Channel, Step], steps: Sequence[Channel]
) -> Array:
    """The wealth after each of a day's steps, all other channels being at what they were worth the day before."""
    rows: list[Array] = []
    for channel, weight in grounds.weights.items():
        before = np.array([state[channel][0]])
        places = np.cumsum([one is channel for one in steps], dtype=np.int64)
        own = np.concatenate([before, news[channel][0]])[places] if channel in steps else np.repeat(before, len(steps))
        rows.append(own + math.log(weight))
    mixed: Array = np.logaddexp.reduce(rows, axis=0) if rows else np.zeros(len(steps))
    return mixed


def _mix(grounds: Grounds, wealths: Mapping[Channel, float]) -> float:
    parts = [wealth + math.log(grounds.weights[channel]) for channel, wealth in wealths.items()]
    return float(np.logaddexp.reduce(parts)) if parts else 0.0


def _weigh(channels: Sequence[Channel]) -> dict[Channel, float]:
    """Fixed shares of the stake, of the channels there are."""
    others = [channel for channel in channels if channel not in _WEIGHTS]
    raw = {channel: _WEIGHTS.get(channel, _OTHERS / max(len(others), 1)) for channel in channels}
    return {channel: weight / sum(raw.values()) for channel, weight in raw.items()}


def _list_seen(days: Sequence[Day], channel: Channel) -> list[Seen]:
    return [one for day in days for one in day.list_seen(channel)]
