"""What a watch is made of: a monitored endpoint, what one visit to it saw, and what may be said of it.

Days are whole days since 1970-01-01 UTC. Answers are symbols (keyed digests) and numbers, never texts. What was not
seen is None, never zero; unknown is an outcome, never *same*.
"""

from dataclasses import dataclass
from enum import StrEnum

from holdfast.records.measurement import Endpoint, Fault


class Channel(StrEnum):
    """What a probe looks at."""

    TOKENS = "tokens"  # the first token after a border prompt, whose answer is nearly balanced
    SENTINELS = "sentinels"  # the opening of an answer that is nearly always one of several
    LOGPROBS = "logprobs"  # the log probabilities of that first token, where the endpoint gives them
    REFUSALS = "refusals"  # whether a fixed prompt is declined
    FORMAT = "format"  # whether a fixed prompt's asked format is kept
    TOOLS = "tools"  # whether a tool call keeps to its schema
    TOKENIZER = "tokenizer"  # how many tokens the endpoint counts in fixed strings
    LENGTH = "length"  # how long answers to fixed prompts are
    LATENCY = "latency"
    FACTS = "facts"  # what the endpoint says of itself: model, fingerprint, headers


class Outcome(StrEnum):
    """What may be said of a monitor. Of a change: the served distribution changed, never the weights."""

    SAME = "same"
    CHANGED = "changed"
    COULD_NOT_TELL = "could not tell"


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer to one probe. `prompt` is its place among the channel's prompts, `at_ns` nanoseconds since 1970.

    `symbol` is the answer as a keyed digest (of a first token or an opening), or a plain word of ours (`refused`,
    `kept`); `number` a length, a count or seconds. `logprobs` are (symbol, natural logarithm) pairs, the most likely
    first. With a `fault` there was no answer: missing data, never a change."""

    channel: Channel
    prompt: int
    at_ns: int
    symbol: str = ""
    number: float | None = None
    logprobs: tuple[tuple[str, float], ...] = ()
    fault: Fault = Fault.NONE


@dataclass(frozen=True, slots=True)
class Fact:
    """What the endpoint said of itself in a visit: `name` is model, fingerprint, or `header NAME`."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One run of the probes, in the order of asking. `day` is the day it counts for; `planned` how many answers were
    planned, so that what is missing shows. `remarks` say what was odd (answers from a cache, temperature ignored)."""

    number: int
    day: int
    seed: int
    planned: int
    seen: tuple[Seen, ...]
    facts: tuple[Fact, ...] = ()
    prompt_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A probe as it is sent: `text` is ours or the team's, `system` may be empty."""

    channel: Channel
    text: str
    system: str = ""
    tokens_max: int = 1
    check: str = ""  # what the answer is held to, as JSON, for FORMAT and TOOLS
    tools: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What an endpoint takes and gives, as found at enrolment. `limit` is the name of the body's member that limits the
    answer, `tokens_min` the least that it takes there, `logprobs` how many alternatives of a token it tells (0: none).
    """

    limit: str = "max_tokens"
    tokens_min: int = 1
    logprobs: int = 0
    takes_temperature: bool = True
    takes_tools: bool = True


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What is fixed before the first monitored day, for one life of a monitor.

    `alpha` bounds the chance that this life ever alarms while nothing changed beyond the tolerance; `alarm_free_days`
    is the mean time between false alarms of the quicker, second rule, which only ever says *suspected*. `epsilon` is
    the tolerance by channel: the shift of a day's mean that is benign. `rounds` is how often each border prompt is
    asked a day, `burn_in_days` how long the reference is collected. Life k of a monitor spends alpha / (k (k + 1)).

    `logprob_rounds` is the same for prompts whose log probabilities are tracked, `sentinel_rounds` for sentinels,
    `burn_in_rounds` and `sentinel_burn_in_rounds` while the reference is collected; the fixed battery is asked every
    `battery_days`."""

    alpha: float = 0.001
    life: int = 1
    alarm_free_days: int = 3650
    epsilon: tuple[tuple[Channel, float], ...] = (
        (Channel.TOKENS, 0.05),
        (Channel.SENTINELS, 0.03),
        (Channel.LOGPROBS, 0.1),
    )
    rounds: int = 4
    burn_in_days: int = 14
    temperature: float = 0.1
    seed: int = 0
    logprob_rounds: int = 4
    burn_in_rounds: int = 60  # what the reference may be wrong by is tolerated besides
    battery_days: int = 7
    sentinel_rounds: int = 1
    sentinel_burn_in_rounds: int = 40
    is_tolerance_stated: bool = False  # else the burn-in may ask for more than `epsilon`
    resolution: float = 0.35  # *same* is said only where a shift so large would be found with probability 0.9


@dataclass(frozen=True, slots=True)
class Monitor:
    """A watched endpoint under a name. Dollars are US; a price is per million tokens."""

    name: str
    endpoint: Endpoint
    settings: WatchSettings
    prompts: tuple[Prompt, ...]
    usd_per_month_max: float | None = None
    usd_input: float | None = None
    usd_output: float | None = None
    has_logprobs: bool = False
    salt: str = ""  # keys the digests of answers; hexadecimal
    dialect: Dialect = Dialect()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A day's evidence in one channel: natural logarithms of the wealth bet against *nothing changed*."""

    day: int
    channel: Channel
    answers: int
    log_wealth: float
    log_suspicion: float  # of the second rule (e-SR), against the logarithm of its days


@dataclass(frozen=True, slots=True)
class Moved:
    """How one channel differs from the reference after a change: `shift` in the channel's own unit, with its interval;
    None where too little was seen."""

    channel: Channel
    shift: float | None
    low: float | None
    high: float | None
    answers: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a plan would find: the power to find a change of this size (`shift`: mean total variation distance, None:
    of its own kind) within `answers_max` answers, after `quiet_days` without one, and when: the median answers and
    days (None: not within `answers_max`). `low` and `high` are the power's interval at 95 %."""

    change: str
    shift: float | None
    quiet_days: int
    answers_max: int
    power: float
    low: float
    high: float
    answers: int | None
    days: int | None


class Likeness(StrEnum):
    """What kind of change it looks like: a description, without a guarantee of its own."""

    MODEL = "another model"
    PROMPT = "prompt, template or sampling"
    POLICY = "refusal policy"
    PRECISION = "precision or kernels"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Triage:
    """What an alarm looks like: weights over likenesses that add up to 1, why, and the nearest known signatures
    (name, distance) among what was enrolled or made in the laboratory."""

    likeness: Likeness
    weights: tuple[tuple[Likeness, float], ...]
    moved: tuple[Moved, ...]
    nearest: tuple[tuple[str, float], ...] = ()
    words: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is known of a monitor after its visits. `why` says in words why it could not tell, or what alarmed.

    `log_threshold` is what `log_wealth` must reach; `shift_found` the smallest shift that this monitor would have found
    with probability 0.9 (None: it cannot be said), after an alarm in the days before it. `alarm_day` is the first day
    the wealth reached the threshold; `start_day`, `start_low`, `start_high` the estimated first day of the change and
    its interval."""

    outcome: Outcome
    why: str
    alpha: float
    log_wealth: float
    log_threshold: float
    days: int
    answers: int
    evidence: tuple[Evidence, ...] = ()
    is_suspected: bool = False
    shift_found: float | None = None
    alarm_day: int | None = None
    alarm_answers: int | None = None  # answers of monitored days up to the alarm
    start_day: int | None = None
    start_low: int | None = None
    start_high: int | None = None
    triage: Triage | None = None
    blind: tuple[str, ...] = ()  # kinds of change that this monitor cannot see
    weights: tuple[tuple[Channel, float], ...] = ()  # shares of the stake, adding up to 1: the wealth is their mixture


class Control(StrEnum):
    """What is promised of several monitors together."""

    FAMILY_WISE = "family-wise"  # the chance that any unchanged endpoint is called changed
    DISCOVERIES = "false discoveries"  # the mean share of unchanged ones among those that are called changed


@dataclass(frozen=True, slots=True)
class FamilyJudgement:
    """Several monitors at once, in the order given: which are called changed. `alpha` is what was asked for,
    `promise` what holds when the chances that references are worse than their margins are added."""

    control: Control
    alpha: float
    promise: float
    is_changed: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Conformance:
    """Whether a host serves as the reference does. `p_value` (None: nothing could be compared) is of *they serve the
    same*; `shift_found` the smallest shift of tokens that so many answers find with probability 0.9."""

    outcome: Outcome
    why: str
    alpha: float
    p_value: float | None
    reference_answers: int
    host_answers: int
    shift_found: float | None
    moved: tuple[Moved, ...]
    triage: Triage | None = None
