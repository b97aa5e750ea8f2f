"""What a visit asks, fixed by a seed before any of its answers; and what a watch costs before anything is spent."""

import hashlib
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from holdfast.measure.probing.reading import Probe
from holdfast.measure.probing.search import SENTINEL_TOKENS, Search
from holdfast.records.watching import Channel, Monitor, Prompt, Visit, WatchSettings

DAYS_A_MONTH: Final = 365.25 / 12
SAMPLED: Final = (
    Channel.TOKENS,
    Channel.SENTINELS,
    Channel.LOGPROBS,
)  # at random, every visit; else it is the battery
_BURN_IN_BATTERY_DAYS: Final = 2
_SEED_BYTES: Final = 6
_TEMPLATE_TOKENS: Final = 10  # a chat template's own, as most endpoints count them
_TOKENS_PER_BYTE: Final = 0.3


@dataclass(frozen=True, slots=True)
class VisitPlan:
    """The probes of one visit in the order of asking."""

    number: int
    day: int
    seed: int
    probes: tuple[Probe, ...]

    @property
    def planned(self) -> int:
        """How many things are to be seen: two for each probe of lengths, whose answer is timed."""
        return sum(2 if probe.channel is Channel.LENGTH else 1 for probe in self.probes)


@dataclass(frozen=True, slots=True)
class Doses:
    """How often a visit asks each border prompt, each tracked one and each sentinel on average, and whether it asks the
    battery. `is_even`: border prompts and sentinels are asked in whole rounds, for a reference, and not drawn."""

    rounds: float
    logprob_rounds: float
    has_battery: bool
    sentinel_rounds: float = 0.0
    is_even: bool = False


def make_doses(settings: WatchSettings, *, is_burn_in: bool = False, has_battery: bool = False) -> Doses:
    """Those of a whole day in one visit."""
    if is_burn_in:
        rounds, sentinels = settings.burn_in_rounds, settings.sentinel_burn_in_rounds
        return Doses(rounds, settings.logprob_rounds, has_battery, sentinels, is_even=True)
    return Doses(settings.rounds, settings.logprob_rounds, has_battery, settings.sentinel_rounds)


def split_doses(doses: Doses, visits: int, place: int) -> Doses:
    """Those of one of several visits of a day. The battery belongs to the first."""
    return replace(
        doses,
        rounds=doses.rounds / visits,
        logprob_rounds=doses.logprob_rounds / visits,
        sentinel_rounds=doses.sentinel_rounds / visits,
        has_battery=doses.has_battery and place == 0,
    )


def plan_visit(monitor: Monitor, number: int, day: int, doses: Doses) -> VisitPlan:
    """The plan of a visit: sentinels before all else; then border prompts and tracked ones, among them the battery,
    each of its prompts once. All but the battery are drawn uniformly at random with replacement, or asked in whole
    rounds for a reference. It follows from the monitor's seed, its life and the visit's number alone."""
    seed = make_seed(monitor.settings, number)
    chance = random.Random(seed)  # noqa: S311 - it must be repeatable, not secret
    by_channel = group_prompts(monitor.prompts)
    draw = _draw_evenly if doses.is_even else _draw
    probes = [
        *draw(by_channel, Channel.TOKENS, doses.rounds, chance),
        *(_draw(by_channel, Channel.LOGPROBS, doses.logprob_rounds, chance) if monitor.has_logprobs else ()),
        *(_list_battery(by_channel) if doses.has_battery else ()),
    ]
    chance.shuffle(probes)
    sentinels = draw(by_channel, Channel.SENTINELS, doses.sentinel_rounds, chance)
    return VisitPlan(number, day, seed, (*sentinels, *probes))


def make_seed(settings: WatchSettings, number: int) -> int:
    """The seed of a visit, below 2^48."""
    text = f"visit/{settings.seed}/{settings.life}/{number}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=_SEED_BYTES).digest())


def group_prompts(prompts: Sequence[Prompt]) -> dict[Channel, tuple[Prompt, ...]]:
    """Each channel's prompts in their order: a probe's place is in this."""
    return {
        channel: found
        for channel in Channel
        if (found := tuple(prompt for prompt in prompts if prompt.channel is channel))
    }


def is_battery_due(settings: WatchSettings, visits: Sequence[Visit], day: int, first_day: int) -> bool:
    """Whether the fixed battery is to be asked that day: never asked, or not for `battery_days`. During the burn-in it
    is asked every other day, so that there is something to compare with."""
    asked = [visit.day for visit in visits if any(seen.channel not in SAMPLED for seen in visit.seen)]
    is_burn_in = day < first_day + settings.burn_in_days
    days = min(_BURN_IN_BATTERY_DAYS, settings.battery_days) if is_burn_in else settings.battery_days
    return not asked or day - max(asked) >= days


def _draw(
    prompts: dict[Channel, tuple[Prompt, ...]], channel: Channel, rounds: float, chance: random.Random
) -> list[Probe]:
    """So many that the mean over visits is right, where a visit's share of a day is no whole number."""
    own = prompts.get(channel, ())
    count = math.floor(rounds * len(own) + chance.random())
    places = chance.choices(range(len(own)), k=count) if own else []
    return [Probe(channel, place, own[place]) for place in places]


def _draw_evenly(
    prompts: dict[Channel, tuple[Prompt, ...]], channel: Channel, rounds: float, chance: random.Random
) -> list[Probe]:
    """As many, but each prompt as often as any other, give or take one."""
    own = prompts.get(channel, ())
    whole, more = divmod(math.floor(rounds * len(own) + chance.random()), max(len(own), 1))
    places = [*range(len(own))] * whole + chance.sample(range(len(own)), k=more) if own else []
    chance.shuffle(places)
    return [Probe(channel, place, own[place]) for place in places]


def _list_battery(prompts: dict[Channel, tuple[Prompt, ...]]) -> list[Probe]:
    return [
        Probe(channel, place, prompt)
        for channel, own in prompts.items()
        if channel not in SAMPLED
        for place, prompt in enumerate(own)
    ]


@dataclass(frozen=True, slots=True)
class Bill:
    """Requests and tokens, and US dollars where the prices are known."""

    requests: float
    prompt_tokens: float
    output_tokens: float
    usd: float | None

    def times(self, factor: float) -> "Bill":
        """So many times this."""
        usd = None if self.usd is None else self.usd * factor
        return Bill(self.requests * factor, self.prompt_tokens * factor, self.output_tokens * factor, usd)

    def plus(self, other: "Bill") -> "Bill":
        """Both."""
        usd = None if self.usd is None or other.usd is None else self.usd + other.usd
        return Bill(
            self.requests + other.requests,
            self.prompt_tokens + other.prompt_tokens,
            self.output_tokens + other.output_tokens,
            usd,
        )


@dataclass(frozen=True, slots=True)
class CostPlan:
    """What a watch is expected to use. `search` finds the border prompts and `burn_in` collects the reference: both are
    spent once, and together they are the enrolment. `day` is a monitored day with its share of the battery."""

    search: Bill
    burn_in: Bill
    battery: Bill
    day: Bill
    month: Bill

    @property
    def enrolment(self) -> Bill:
        """What is spent before the first monitored day."""
        return self.search.plus(self.burn_in)


def plan_cost(monitor: Monitor, search: Search | None = None) -> CostPlan:
    """The expected cost at the monitor's prices. Prompts are counted at 0.3 tokens a byte and ten more each, answers at
    their limits. A monitor that has no border prompts yet is counted with as many of the search as it keeps."""
    how = search or Search()
    price = _Price(monitor.usd_input, monitor.usd_output, monitor.dialect.tokens_min)
    by_channel = group_prompts(monitor.prompts)
    border = _bill_mean(by_channel.get(Channel.TOKENS, ()), price)
    tracked = _bill_mean(by_channel.get(Channel.LOGPROBS, ()), price) if monitor.has_logprobs else _NOTHING
    battery = _bill_all([probe.prompt for probe in _list_battery(by_channel)], price)
    settings = monitor.settings
    kept = len(by_channel.get(Channel.TOKENS, ())) or how.kept
    tracked_a_day = tracked.times(len(by_channel.get(Channel.LOGPROBS, ())) * settings.logprob_rounds)
    sentinels = _bill_all(by_channel.get(Channel.SENTINELS, ()), price)
    day = border.times(kept * settings.rounds).plus(tracked_a_day).plus(sentinels.times(settings.sentinel_rounds))
    first = border.times(kept * settings.burn_in_rounds).plus(tracked_a_day)
    first = first.plus(sentinels.times(settings.sentinel_burn_in_rounds)).times(settings.burn_in_days)
    batteries = math.ceil(settings.burn_in_days / min(_BURN_IN_BATTERY_DAYS, settings.battery_days))
    a_day = day.plus(battery.times(1 / settings.battery_days))
    return CostPlan(
        border.times(how.expect_requests(has_logprobs=monitor.has_logprobs)).plus(
            _bill_mean((_OPENING,), price).times(how.sentinels and how.sentinel_prompts * how.sentinel_answers)
        ),
        first.plus(battery.times(batteries)),
        battery,
        a_day,
        a_day.times(DAYS_A_MONTH),
    )


@dataclass(frozen=True, slots=True)
class _Price:
    """Prices, and the least tokens that an answer is limited to."""

    input: float | None
    output: float | None
    tokens_min: int

    def bill(self, prompt: float, output: float) -> float | None:
        if self.input is None or self.output is None:
            return None
        return (prompt * self.input + output * self.output) / 1e6


_NOTHING: Final = Bill(0, 0, 0, 0.0)
_TYPICAL: Final = Prompt(Channel.TOKENS, "Pick one of the two: a lamp or a river. Answer with it.")
_OPENING: Final = replace(_TYPICAL, channel=Channel.SENTINELS, tokens_max=SENTINEL_TOKENS)


def _bill_all(prompts: Sequence[Prompt], price: _Price) -> Bill:
    before = sum(_count_prompt(prompt) for prompt in prompts)
    after = sum(max(prompt.tokens_max, price.tokens_min) for prompt in prompts)
    return Bill(len(prompts), before, after, price.bill(before, after))


def _bill_mean(prompts: Sequence[Prompt], price: _Price) -> Bill:
    own = prompts or (_TYPICAL,)
    return _bill_all(own, price).times(1 / len(own))


def _count_prompt(prompt: Prompt) -> float:
    said = len((prompt.system + prompt.text + prompt.tools).encode())
    return said * _TOKENS_PER_BYTE + _TEMPLATE_TOKENS
