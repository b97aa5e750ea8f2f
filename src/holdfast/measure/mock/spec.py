"""What a mock does: how long it takes, what it says, what goes wrong. Times in seconds; every field has a default."""

from dataclasses import dataclass
from enum import StrEnum


class Shape(StrEnum):
    """How a number is drawn. SCRIPTED takes the values in their order, over and over; RECORDED draws among them."""

    CONSTANT = "constant"
    LOGNORMAL = "lognormal"
    GAMMA = "gamma"
    RECORDED = "recorded"
    SCRIPTED = "scripted"


@dataclass(frozen=True, slots=True)
class Distribution:
    """A number: by `mean` and coefficient of variation `cv`, or a list of `values`. In JSON a number is a constant."""

    shape: Shape = Shape.CONSTANT
    mean: float = 0.0
    cv: float = 0.0
    values: tuple[float, ...] = ()


class Opening(StrEnum):
    """When a stream's head and the event that holds only the role are sent."""

    NONE = "none"  # the head with the first token; no such event
    JOINED = "joined"  # both with the first token, before it
    EARLY = "early"  # both as soon as the request is served, long before the first token


class Framing(StrEnum):
    """How events are written."""

    PLAIN = "plain"
    CRLF = "crlf"
    CR = "cr"
    NO_SPACE = "no_space"  # "data:{"
    COMMENTS = "comments"  # comment lines before and in each event
    FIELDS = "fields"  # ids, retry fields and ones that nobody knows
    MULTILINE = "multiline"  # one event's JSON over two data lines
    JOINED = "joined"  # `join_events` in one segment, when the last of them is due
    SPLIT = "split"  # each event in two segments, `split_s` apart; it is whole when it is due
    SPLIT_CHARACTER = "split_character"  # the same, within a character of several bytes
    UNTIL_CLOSE = "until_close"  # no chunks: the body ends where the connection does


class UsageSaid(StrEnum):
    """Where a stream says how many tokens there were."""

    ASKED = "asked"  # in an event of its own where `stream_options.include_usage` is set, else nowhere
    OWN = "own"  # always, in an event of its own
    LAST = "last"  # always, in the event with the finish reason
    ABSENT = "absent"
    LYING = "lying"  # as OWN, with a digit 1 before each count: 64 becomes 164


class Ending(StrEnum):
    """How an answer ends once `after_tokens` have been sent. But for WHOLE and NO_DONE the connection is lost too."""

    WHOLE = "whole"
    NO_DONE = "no_done"  # all of it, but no `[DONE]`
    ERROR = "error"  # an error event
    CLOSE = "close"  # closed in the middle
    RESET = "reset"
    HANG = "hang"  # nothing more, ever
    GARBAGE = "garbage"  # bytes that are no event; before the first token: that are not HTTP


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to answer. A request takes one by `weight`, or the one that its header `x-holdfast-scenario` names."""

    name: str = "plain"
    weight: float = 1.0
    status: int = 200  # from 400: refused at once
    retry_after_s: float | None = None
    opening: Opening = Opening.JOINED
    framing: Framing = Framing.PLAIN
    join_events: int = 3
    split_s: float = 0.002
    empty_every: int = 0  # an event without text before every so many with text; 0: none
    usage: UsageSaid = UsageSaid.ASKED
    ending: Ending = Ending.WHOLE
    after_tokens: int = 0
    reasoning_tokens: int = 0  # so many of the tokens come first, as reasoning
    reasoning_key: str = "reasoning_content"
    is_refusal: bool = False  # the text comes as a refusal's


class StallOf(StrEnum):
    """What a stall freezes."""

    ALL = "all"  # every stream
    STREAM = "stream"  # one request's
    ACCEPT = "accept"  # new connections


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing is sent for `duration_s` from `at_s` on, and what comes after is so much later. `at_s` counts from the
    first request's arrival; for a STREAM from that of `request`: its sample number, or else how many came before."""

    of: StallOf
    at_s: float
    duration_s: float
    request: int = 0


@dataclass(frozen=True, slots=True)
class MockSpec:
    """A mock. The first token is due `ttft_s` after the request was read (or its turn came), each further event
    `gap_s` after the previous was due, however late that was sent."""

    ttft_s: Distribution = Distribution(mean=0.1)
    gap_s: Distribution = Distribution(mean=0.01)
    output_tokens: Distribution | None = None  # None: as many as the request allows
    tokens_default: int = 64  # where the request sets no limit
    chunk_tokens: Distribution = Distribution(mean=1)  # tokens in an event, 1 to 5
    seed: int = 0
    model: str = "holdfast-mock"
    text: str = ""  # whose words are the tokens; empty: words of the mock's own
    dimensions: int = 8  # of embeddings
    concurrency: int = 0  # how many are served at once, the others wait; 0: no limit
    queue_max: int | None = None  # more are refused with 429; None: no limit
    prefill_s_per_token: float = 0.0  # added to the first token's time for each prompt token that is not cached
    gap_s_per_stream: float = 0.0  # added to each gap for each stream that is being served
    cache_block_tokens: int = 0  # prompts that begin alike are cached in blocks of so many; 0: never
    stalls: tuple[Stall, ...] = ()
    scenarios: tuple[Scenario, ...] = (Scenario(),)
    host: str = "127.0.0.1"
    port: int = 0
    core: int | None = None  # the processor to stay on
    is_realtime: bool = False  # before all other work, where the system allows it
    log_requests_max: int = 1_000_000
    log_tokens_max: int = 10_000_000
    connections_max: int = 4096
    body_bytes_max: int = 32 << 20
    tokens_max: int = 100_000
