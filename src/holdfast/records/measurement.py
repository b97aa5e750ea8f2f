"""What a measurement is made of: endpoints, what is asked of them, one sample per request, and numbers with intervals.

Times are nanoseconds of the machine's monotonic clock. What was not seen is None, never zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Api(StrEnum):
    """Which of the OpenAI-compatible interfaces is spoken."""

    CHAT = "chat"
    COMPLETIONS = "completions"
    RESPONSES = "responses"
    EMBEDDINGS = "embeddings"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is asked. `url` is the base that ends before `/chat/completions`; `key_variable` names the
    environment variable that holds the key, or after `@` a file that does; the key itself is in no record."""

    name: str
    url: str
    model: str
    api: Api = Api.CHAT
    key_variable: str = ""
    is_streaming: bool = True
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked in one request. `tools` and `response_format` are JSON texts as the interface takes them; `extra`
    is a JSON object whose members go into the body as they are (`{"ignore_eos": true}`). For completions and
    embeddings the messages' contents are joined by line ends."""

    number: int
    messages: tuple[Message, ...]
    tokens_max: int = 256
    temperature: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    tools: str = ""
    response_format: str = ""
    extra: str = ""


class Fault(StrEnum):
    """Why a request has no whole answer. NONE: it has one, even where the model refused or was cut at its limit."""

    NONE = ""
    CONNECT = "connect"  # no connection
    TLS = "tls"
    RESET = "reset"  # the connection broke before the answer was whole
    TIMEOUT = "timeout"
    STATUS = "status"  # an HTTP status of 300 and above, but 429: redirects are not followed
    LIMITED = "limited"  # 429
    MALFORMED = "malformed"  # not HTTP, not JSON, not events
    EVENT = "event"  # an error event in the stream
    UNFINISHED = "unfinished"  # the stream ended without saying that it does
    STOPPED = "stopped"  # by us: interrupted, or the budget was reached


class Phase(StrEnum):
    """Where in a run a request was due. Only STEADY ones are reported on, however late their answers came: leaving out
    those that were still under way at the end would leave out the slowest."""

    WARMUP = "warmup"
    STEADY = "steady"
    COOLDOWN = "cooldown"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the endpoint counts them. Cached ones are among the prompt's, reasoning ones among the completion's."""

    prompt: int | None = None
    cached: int | None = None
    completion: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One request. `scheduled_ns` is when it was due (in a closed loop: when its turn came), `sent_ns` when its first
    byte was given to the kernel. `first_token_ns`: the first event with any generated text; `first_answer_ns`: with
    text that is not reasoning. `chunk_ns`: when each event with generated text arrived, in order; like all the others
    these are moments of the monotonic clock, not spans since `sent_ns`. `run` counts repetitions of the whole plan,
    `level` the plan's loads. `prompt_sha256` is of the messages without the nonce before them, so that it is the same
    for the same task."""

    endpoint: str
    run: int
    level: int
    number: int
    worker: int
    phase: Phase
    scheduled_ns: int
    sent_ns: int | None
    first_byte_ns: int | None
    first_token_ns: int | None
    first_answer_ns: int | None
    last_token_ns: int | None
    end_ns: int
    chunk_ns: tuple[int, ...] = ()
    status: int | None = None
    fault: Fault = Fault.NONE
    fault_detail: str = ""
    retry_after_s: float | None = None
    finish_reason: str = ""
    is_refusal: bool = False
    usage: Usage = Usage()
    counted_prompt: int | None = None  # the second opinion: tokens by a tokenizer of ours, named in the run's header
    counted_completion: int | None = None
    cost_usd: float | None = None
    model_served: str = ""
    fingerprint: str = ""
    prompt_sha256: str = ""
    output_sha256: str = ""
    retries: int = 0  # tries before this one, where somebody wants the answer; a load never tries again


@dataclass(frozen=True, slots=True)
class Window:
    """When one load of a run was offered: warm-up from `start_ns`, the steady part from `steady_ns` to `end_ns`, and
    `done_ns` when nothing was under way any more."""

    run: int
    level: int
    start_ns: int
    steady_ns: int
    end_ns: int
    done_ns: int


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model asks for; `arguments` as it wrote them."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class FirstToken:
    """The first token of an answer, as an endpoint that gives log probabilities tells it. `alternatives` are tokens and
    the natural logarithms of their probabilities, in the endpoint's order."""

    text: str
    logprob: float
    alternatives: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for an Ask. `text` without the reasoning; `identity` is the endpoint's own name for the answer;
    `headers` are the answer's, their names in lower case."""

    number: int
    text: str
    reasoning: str
    tool_calls: tuple[ToolCall, ...]
    sample: Sample
    first: FirstToken | None = None
    identity: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


class Arrivals(StrEnum):
    """CLOSED: a new request when one ends. The others are open loops: requests come however slow the answers are."""

    CLOSED = "closed"
    POISSON = "poisson"
    CONSTANT = "constant"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Load:
    """One load of a plan: `concurrency` for a closed loop, `rate_per_s` for an open one, `offsets_s` for a replay.

    It ends after `duration_s` or `requests`, whichever comes first (0: not by that). Warm-up runs at the same load
    before it. What is under way at the end is waited for; while it is, and for at most `cooldown_s`, the load is kept
    up with requests that are COOLDOWN."""

    arrivals: Arrivals
    concurrency: int = 1
    rate_per_s: float = 0.0
    offsets_s: tuple[float, ...] = ()
    duration_s: float = 0.0
    requests: int = 0
    warmup_s: float = 0.0
    in_flight_max: int = 0  # for an open loop; 0: no limit. What waits for it waits on the record
    cooldown_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval at `confidence`. Where too little was seen all three are None, and `missing` says how
    many samples more an answer needs (None: it cannot be said)."""

    value: float | None
    low: float | None
    high: float | None
    samples: int
    runs: int = 1
    confidence: float = 0.95
    method: str = ""
    missing: int | None = 0

    @property
    def is_known(self) -> bool:
        """Whether there is a number and an interval."""
        return self.value is not None and self.low is not None and self.high is not None


@dataclass(frozen=True, slots=True)
class Objective:
    """What makes a request good: every bound that is set holds. Seconds, from the schedule."""

    ttft_s: float | None = None
    tpot_s: float | None = None
    end_to_end_s: float | None = None
    share: float = 0.99  # of requests that must be good for a load to be met


class Verdict(StrEnum):
    """What a check says of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"  # no whole answer, or the check could not tell


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of one endpoint to one task, as judged. Tasks of one `cluster` are not independent; `use` is what the
    team does with the model, `family` what kind of task it is. `fault` is why there was no whole answer; `is_refusal`
    marks an answer that declines (a mark of its own, not a verdict), `is_cut` one that ended at its limit of tokens."""

    endpoint: str
    suite: str
    family: str
    use: str
    cluster: str
    task: str
    attempt: int
    verdict: Verdict
    score: float | None  # 0 to 1; None where the verdict is unknown
    check: str
    reason: str
    prompt_tokens: int | None
    completion_tokens: int | None
    cost_usd: float | None
    seconds: float | None
    prompt_sha256: str
    output_sha256: str
    fault: Fault = Fault.NONE
    is_refusal: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class PriceTier:
    """The prices of a request with more than `above` input tokens; they hold for all of its tokens."""

    above: int
    input: float
    output: float
    cached: float | None = None
    cache_write: float | None = None


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """US dollars per million tokens. `cached` is for input read from a cache, `cache_write` for input written to one
    (None: as input). `as_of` is the day the price was read, `source` where. `tiers` rise by `above`."""

    input: float
    output: float
    cached: float | None = None
    per_request: float = 0.0
    as_of: str = ""
    source: str = ""
    cache_write: float | None = None
    tiers: tuple[PriceTier, ...] = ()


@dataclass(frozen=True, slots=True)
class Range:
    """A number that is not known better than this: least, likeliest, most; and who says so."""

    low: float
    mode: float
    high: float
    source: str = ""
