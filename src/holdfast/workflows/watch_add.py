"""`holdfast watch add`: the plan of a watch with its cost and its power, before anything is spent; then border prompts
are searched for, and the monitor is written into the book."""

import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, cast

from holdfast.measure.drift.forecasting import forecast
from holdfast.measure.probing.battery import make_battery
from holdfast.measure.probing.border import BorderPrompt, Found, Quest, SearchState, find_border_prompts
from holdfast.measure.probing.examining import (
    TRACKED_TEXT,
    Examined,
    Obedience,
    check_temperature,
    examine_endpoint,
)
from holdfast.measure.probing.planning import CostPlan, plan_cost
from holdfast.measure.probing.pool import PoolPrompt, make_pool, read_pool
from holdfast.measure.probing.search import SENTINEL_TOKENS, Search
from holdfast.measure.probing.sentinels import find_sentinels
from holdfast.measure.probing.speaking import Speaker, Speaking, Tongue, make_speaker
from holdfast.measure.probing.spending import Meter
from holdfast.records.errors import UsageError
from holdfast.records.measurement import Api, Endpoint
from holdfast.records.watchbook import Reservation
from holdfast.records.watching import Channel, Dialect, Forecast, Monitor, Prompt, WatchSettings
from holdfast.workflows.measuring.endpoints import complete
from holdfast.workflows.measuring.money import MoneyAsked, find_money
from holdfast.workflows.watching.books import BookAsked, open_watchbook
from holdfast.workflows.watching.visiting import BUDGET, Tell, find_price

_SALT_BYTES: Final = 16
_BORDER_MIN: Final = 4  # with fewer, a mean over prompts says little
_TRACKED: Final = 4  # border prompts whose log probabilities are tracked, beside the shortest prompt there is
_PLAINEST: Final = Prompt(Channel.LOGPROBS, TRACKED_TEXT)
_UNSEEN: Final = Prompt(Channel.TOKENS, "Pick one of the two: a lamp or a river. Answer with it.")
_UNSEEN_SENTINEL: Final = replace(_UNSEEN, channel=Channel.SENTINELS, tokens_max=SENTINEL_TOKENS)
_APIS: Final = (Api.CHAT, Api.COMPLETIONS, Api.RESPONSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAsked:
    """What is to be watched, and how. `price` is IN/OUT in US dollars per million tokens or PROVIDER/MODEL; `pool` a
    file of short prompts, one a line (None: made from the seed); `rounds` None: the default."""

    book: BookAsked
    name: str
    url: str
    model: str = ""
    api: str = "chat"
    key_variable: str = ""
    ca_file: str = ""
    false_alarms: str = "0.001/lifetime"
    rounds: int | None = None
    burn_in_days: int = 14
    border: int = 14
    temperature: float = 0.1
    tolerance: float | None = None
    resolution: float = WatchSettings().resolution
    pool: Path | None = None
    usd_per_month_max: float | None = None
    price: str = ""
    seed: int = field(default_factory=lambda: secrets.randbelow(1 << 31))
    concurrency: int = 4


@dataclass(frozen=True, slots=True)
class WatchPlan:
    """What a watch would ask, cost and find. `monitor` has no border prompts yet, or those that were found."""

    monitor: Monitor
    search: Search
    cost: CostPlan
    forecasts: tuple[Forecast, ...]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A monitor as it was written into the book, with the plan as it now is. `balances` are of its border prompts."""

    plan: WatchPlan
    balances: tuple[float, ...]
    spares: int
    requests: int
    prompt_tokens: int
    output_tokens: int
    cost_usd: float | None
    why: str
    sentinels: int = 0

    @property
    def monitor(self) -> Monitor:
        """As it is watched."""
        return self.plan.monitor


def plan_watch(asked: AddAsked) -> WatchPlan:
    """The plan from what is asked alone; the endpoint is asked for its models where none is named, and for nothing
    else. Raises UsageError for what cannot be watched."""
    endpoint = _find_endpoint(asked)
    money = find_money([endpoint], _ask_price(asked), asked.book.clock())[endpoint.name]
    settings = _make_settings(asked)
    monitor = Monitor(
        asked.name,
        endpoint,
        settings,
        make_battery(endpoint.api),
        asked.usd_per_month_max,
        money.price.input if money.price else None,
        money.price.output if money.price else None,
        salt=secrets.token_hex(_SALT_BYTES),
    )
    _check_budget(monitor, money.reason)
    size = len(_find_pool(asked))
    search = Search(kept=asked.border, seed=asked.seed, pool=size)
    search = replace(search, sentinel_prompts=min(search.sentinel_prompts, max(size // 5, search.sentinels)))
    return _plan(monitor, search, money.notes)


def _plan(monitor: Monitor, search: Search, remarks: tuple[str, ...] = ()) -> WatchPlan:
    """The plan before border prompts are known: as many are assumed as are wanted."""
    unseen = (*[_UNSEEN] * search.kept, *[_UNSEEN_SENTINEL] * search.sentinels)
    assumed = replace(monitor, prompts=(*monitor.prompts, *unseen))
    return WatchPlan(monitor, search, plan_cost(assumed, search), forecast(assumed, ()), remarks)


def _plan_again(plan: WatchPlan, monitor: Monitor, remarks: tuple[str, ...]) -> WatchPlan:
    """The plan of what was found; the forecast anew where fewer border prompts were than were assumed."""
    channels = [prompt.channel for prompt in monitor.prompts]
    is_as_assumed = channels.count(Channel.TOKENS) == plan.search.kept and Channel.SENTINELS in channels
    forecasts = plan.forecasts if is_as_assumed else forecast(monitor, ())
    return WatchPlan(monitor, plan.search, plan_cost(monitor, plan.search), forecasts, remarks)


def add_monitor(asked: AddAsked, plan: WatchPlan, tell: Tell) -> Enrolment:
    """Meet the endpoint, find border prompts, and enrol. What is spent stays within the month's budget and is on
    record. Raises NetworkError where it does not answer, UsageError where the name is taken or too few border prompts
    were found."""
    with open_watchbook(asked.book, make=True) as book:
        if any(one.monitor.name == asked.name for one in book.read_monitors()):
            raise UsageError(
                "a monitor has this name", where=asked.name, next_step="Choose another, or remove it first."
            )
        monitor = plan.monitor
        bill = plan.cost.search
        tokens = round(2 * (bill.prompt_tokens + bill.output_tokens))
        reserved = book.reserve(
            monitor.name, Reservation(0, None if bill.usd is None else 2 * bill.usd, tokens), monitor.usd_per_month_max
        )
        if reserved is None:
            raise UsageError(BUDGET, where=asked.name, next_step="Raise --budget-usd-per-month; see --dry-run.")
        enrolment = _Enrolling(asked, plan, tell, tokens)
        try:
            enrolment.search()
        finally:
            book.settle(monitor.name, reserved, enrolment.cost_usd, enrolment.prompt_tokens + enrolment.output_tokens)
        made = enrolment.make()
        book.enrol(made.monitor)
    return made


class _Enrolling:
    """An enrolment under way: what was found so far, and what it cost."""

    def __init__(self, asked: AddAsked, plan: WatchPlan, tell: Tell, tokens_max: int) -> None:
        self._asked, self._plan, self._tell = asked, plan, tell
        self._meter = Meter(tokens_max=tokens_max)
        self._state: SearchState | None = None
        self._found: Found | None = None
        self._examined = Examined(plan.monitor.dialect)
        self._sentinels: tuple[Prompt, ...] = ()
        self._remarks: tuple[str, ...] = ()

    @property
    def prompt_tokens(self) -> int:
        """Spent so far."""
        return self._meter.prompt_tokens + (self._state.prompt_tokens if self._state else 0)

    @property
    def output_tokens(self) -> int:
        """Spent so far."""
        return self._meter.output_tokens + (self._state.output_tokens if self._state else 0)

    @property
    def cost_usd(self) -> float | None:
        """So far; None where the price is not known."""
        price = find_price(self._plan.monitor)
        return None if price is None else (self.prompt_tokens * price.input + self.output_tokens * price.output) / 1e6

    def search(self) -> None:
        """Examine the endpoint, go through the pool, and see whether what was found obeys a temperature."""
        asked, endpoint = self._asked, self._plan.monitor.endpoint
        how = Speaking(
            price=find_price(self._plan.monitor),
            environ=asked.book.environ,
            concurrency=asked.concurrency,
            seed=asked.seed,
        )
        speaker = make_speaker(endpoint, how)
        self._tell("examining the endpoint", 0, 0)
        self._examined = examine_endpoint(endpoint, speaker, self._meter)
        pool = _find_pool(asked)
        tongue = Tongue(endpoint.api, self._examined.dialect, self._plan.monitor.settings.temperature)
        if not self._examined.is_reasoning_only:
            self._found = self._go_through(pool, speaker, tongue)
            borders = [one.prompt for one in self._found.kept]
            obedience = check_temperature(borders, speaker, tongue, self._meter)
            self._remarks = (
                () if obedience is Obedience.OBEYED else (f"the temperature that is asked for: {obedience}",)
            )
            self._search_sentinels(pool, speaker, tongue)

    def _go_through(self, pool: tuple[PoolPrompt, ...], speaker: Speaker, tongue: Tongue) -> Found:
        left = None if self._meter.tokens_max is None else self._meter.tokens_max - self._meter.tokens
        search = replace(self._plan.search, tokens_max=left)
        seeking = find_border_prompts(pool, speaker, Quest(tongue, self._plan.monitor.salt, search))
        while True:
            try:
                self._state = next(seeking)
            except StopIteration as end:
                return cast("Found", end.value)
            self._tell("searching for border prompts", self._state.asked, len(pool))

    def _search_sentinels(self, pool: tuple[PoolPrompt, ...], speaker: Speaker, tongue: Tongue) -> None:
        assert self._found is not None
        known = [one.prompt.text for one in self._found.kept]
        if len(known) < _BORDER_MIN:
            return
        self._tell("searching for sentinels", 0, 0)
        quest = Quest(tongue, self._plan.monitor.salt, self._plan.search)
        self._sentinels = find_sentinels(pool, speaker, quest, self._meter, known)
        if not self._sentinels:
            self._remarks += ("no sentinels: answers open in always other ways, so another model takes longer to find",)

    def make(self) -> Enrolment:
        """The monitor as it is to be watched. UsageError where too few border prompts were found."""
        found, examined = self._found, self._examined
        kept = found.kept if found else ()
        if found is None or len(kept) < _BORDER_MIN:
            why = found.why if found else "its answers are reasoning alone"
            raise UsageError(
                f"only {len(kept)} border prompts were found: {why}",
                where=self._asked.name,
                next_step="Give --prompts of your own; an endpoint that only reasons has none.",
            )
        monitor = replace(
            self._plan.monitor,
            dialect=examined.dialect,
            has_logprobs=examined.dialect.logprobs > 0,
            prompts=(
                *_list_prompts(kept, self._plan.monitor.endpoint.api, examined.dialect),
                *self._sentinels,
            ),
        )
        remarks = (*self._plan.remarks, *examined.remarks, *self._remarks)
        return Enrolment(
            _plan_again(self._plan, monitor, remarks),
            tuple(one.balance for one in kept),
            len(found.spares),
            self._meter.requests + found.state.requests,
            self.prompt_tokens,
            self.output_tokens,
            self.cost_usd,
            found.why,
            len(self._sentinels),
        )


def _list_prompts(border: tuple[BorderPrompt, ...], api: Api, dialect: Dialect) -> tuple[Prompt, ...]:
    """Border prompts, those whose log probabilities are tracked, and the battery that the endpoint can be asked."""
    prompts = tuple(one.prompt for one in border)
    tracked = [replace(one, channel=Channel.LOGPROBS) for one in prompts[:_TRACKED]]
    return (*prompts, *((_PLAINEST, *tracked) if dialect.logprobs else ()), *make_battery(api, dialect))


def _find_endpoint(asked: AddAsked) -> Endpoint:
    if asked.api not in {api.value for api in _APIS}:
        raise UsageError(
            f"answers of {asked.api} are not watched", where="--api", next_step=f"Choose one of {', '.join(_APIS)}."
        )
    if "://" not in asked.url:
        raise UsageError("this is no address", where=asked.url or "--url", next_step="Write --url https://HOST/v1.")
    endpoint = Endpoint(
        asked.name, asked.url.rstrip("/"), asked.model, Api(asked.api), asked.key_variable, False, asked.ca_file
    )
    return complete(endpoint, asked.book.environ)


def _find_pool(asked: AddAsked) -> tuple[PoolPrompt, ...]:
    return read_pool(asked.pool) if asked.pool else make_pool(asked.seed)


def _ask_price(asked: AddAsked) -> MoneyAsked:
    return MoneyAsked({asked.name: asked.price} if asked.price else {}, {})


def _make_settings(asked: AddAsked) -> WatchSettings:
    settings = WatchSettings(alpha=parse_false_alarms(asked.false_alarms), seed=asked.seed)
    rounds = asked.rounds or settings.rounds
    settings = replace(
        settings,
        burn_in_days=asked.burn_in_days,
        rounds=rounds,
        temperature=asked.temperature,
        resolution=asked.resolution,
    )
    if asked.tolerance is None:
        return settings
    rest = tuple(pair for pair in settings.epsilon if pair[0] is not Channel.TOKENS)
    return replace(settings, epsilon=((Channel.TOKENS, asked.tolerance), *rest), is_tolerance_stated=True)


def parse_false_alarms(text: str) -> float:
    """`0.001/lifetime` as a probability. Raises UsageError."""
    number, _, unit = text.partition("/")
    try:
        alpha = float(number)
    except ValueError:
        alpha = 0.0
    if not 1e-9 <= alpha <= 0.2 or unit not in ("", "lifetime"):
        raise UsageError(
            "the rate of false alarms is a chance for the lifetime of the monitor",
            where=text,
            next_step="Write --false-alarms 0.001/lifetime.",
        )
    return alpha


def _check_budget(monitor: Monitor, reason: str) -> None:
    if monitor.usd_per_month_max is not None and find_price(monitor) is None:
        raise UsageError(
            f"a budget cannot be kept where the price is not known: {reason}",
            where="--budget-usd-per-month",
            next_step="Give --price IN/OUT in US dollars per million tokens.",
        )
