"""From replies to what was seen: first tokens as symbols, checks as words of ours, counts, facts. Texts end here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.measure.load.gathered import tidy
from holdfast.measure.probing.checking import check_format, check_tools
from holdfast.measure.probing.digests import digest_text
from holdfast.measure.probing.oddities import is_reasoning
from holdfast.measure.probing.refusing import is_refused
from holdfast.records.measurement import Fault, Reply
from holdfast.records.watching import Channel, Fact, Prompt, Seen

REFUSED: Final = "refused"
ANSWERED: Final = "answered"
WHOLE: Final = "whole"
CUT: Final = "cut"
UNCOUNTED: Final = "not counted"
_CUT: Final = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
_ALTERNATIVES_MAX: Final = 20
_OPENING_LETTERS_MAX: Final = 48
_FIRST_PIECE: Final = re.compile(r"\s*(?:\w+|\S)")
_FACT_HEADERS: Final = (
    "server", "via", "x-served-by", "x-powered-by", "x-provider", "x-upstream-provider", "x-inference-provider",
    "x-model", "x-model-id", "x-model-version", "openai-version", "openai-model", "x-backend", "x-region",
)  # fmt: skip
_FACT_LETTERS_MAX: Final = 200
_FACT_VALUES_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Probe:
    """A prompt at its place among its channel's."""

    channel: Channel
    place: int
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Glass:
    """Through what answers are looked at: the key of their digests, and whether an answer may be longer than one token
    (then its first token is its first word where the endpoint tells no tokens), and whether empty ones are missing."""

    salt: str
    is_longer: bool = False
    is_emptied: bool = False


def read_seen(probe: Probe, reply: Reply, at_ns: int, glass: Glass) -> tuple[Seen, ...]:
    """What a reply to a probe shows: one thing seen, and for the channel of lengths a second, how long it took."""
    if reply.sample.fault is not Fault.NONE:
        return _miss(probe, at_ns, reply.sample.fault)
    if probe.channel in (Channel.TOKENS, Channel.LOGPROBS):
        return (_read_token(probe, reply, at_ns, glass),)
    if probe.channel is Channel.SENTINELS:
        return (_read_opening(probe, reply, at_ns, glass),)
    if is_reasoning(reply) and probe.channel is not Channel.TOKENIZER:
        return _miss(probe, at_ns, Fault.UNFINISHED)
    if probe.channel is Channel.LENGTH:
        return _read_length(probe, reply, at_ns)
    if probe.channel is Channel.TOKENIZER:
        count = reply.sample.usage.prompt
        symbol = "" if count is not None else UNCOUNTED
        return (Seen(probe.channel, probe.place, at_ns, symbol, None if count is None else float(count)),)
    return (Seen(probe.channel, probe.place, at_ns, _judge(probe, reply)),)


def read_missing(probe: Probe, at_ns: int, fault: Fault = Fault.STOPPED) -> tuple[Seen, ...]:
    """What is known of a probe that was planned and has no reply."""
    return _miss(probe, at_ns, fault)


def read_first(reply: Reply, *, is_longer: bool = False) -> str | None:
    """The first token as text; None where all that came was reasoning. White space and an end at once are tokens."""
    if reply.first is not None:
        return reply.first.text
    if is_reasoning(reply):
        return None
    if not is_longer:
        return reply.text
    found = _FIRST_PIECE.match(reply.text)
    return found[0] if found else reply.text


def read_opening(reply: Reply) -> str:
    """How an answer begins, without white space around it: at most 48 letters, whatever limit an endpoint takes. Empty
    where nothing was said."""
    return "" if is_reasoning(reply) else reply.text.strip()[:_OPENING_LETTERS_MAX].rstrip()


def read_facts(replies: Sequence[Reply]) -> tuple[Fact, ...]:
    """What the endpoint said of itself: the distinct values, of each at most eight, of its model, its fingerprint and
    the headers that name a server or a version. Times, limits and numbers of requests are not among them."""
    found: dict[str, dict[str, None]] = {}
    for reply in replies:
        said = {"model": reply.sample.model_served, "fingerprint": reply.sample.fingerprint}
        for name, value in (said | _list_headers(reply.headers)).items():
            values = found.setdefault(name, {})
            if value and len(values) < _FACT_VALUES_MAX:
                values[tidy(value)[:_FACT_LETTERS_MAX]] = None
    return tuple(Fact(name, value) for name, values in sorted(found.items()) for value in sorted(values))


def _list_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {f"header {name}": headers[name] for name in _FACT_HEADERS if name in headers}


def _miss(probe: Probe, at_ns: int, fault: Fault) -> tuple[Seen, ...]:
    missing = Seen(probe.channel, probe.place, at_ns, fault=fault)
    if probe.channel is not Channel.LENGTH:
        return (missing,)
    return (missing, Seen(Channel.LATENCY, probe.place, at_ns, fault=fault))


def _read_token(probe: Probe, reply: Reply, at_ns: int, glass: Glass) -> Seen:
    """The number beside a first token is the prompt's length as the endpoint counts it."""
    text = read_first(reply, is_longer=glass.is_longer)
    if text is None or (glass.is_emptied and not text):
        return Seen(probe.channel, probe.place, at_ns, fault=Fault.UNFINISHED)
    count = reply.sample.usage.prompt
    logprobs = _read_logprobs(reply, glass.salt) if probe.channel is Channel.LOGPROBS else ()
    if probe.channel is Channel.LOGPROBS and not logprobs:
        return Seen(probe.channel, probe.place, at_ns, fault=Fault.MALFORMED)
    symbol = digest_text(text.strip() or text, glass.salt)  # who strips white space serves the same
    return Seen(probe.channel, probe.place, at_ns, symbol, None if count is None else float(count), logprobs)


def _read_opening(probe: Probe, reply: Reply, at_ns: int, glass: Glass) -> Seen:
    """An opening of nothing is missing."""
    text = read_opening(reply)
    if not text:
        return Seen(probe.channel, probe.place, at_ns, fault=Fault.UNFINISHED)
    return Seen(probe.channel, probe.place, at_ns, digest_text(text, glass.salt))


def _read_logprobs(reply: Reply, salt: str) -> tuple[tuple[str, float], ...]:
    """The most likely first; of tokens that are the same as text (pieces of one character) the likeliest."""
    if reply.first is None:
        return ()
    kept: dict[str, float] = {}
    for text, log in sorted(reply.first.alternatives, key=lambda way: (-way[1], way[0])):
        kept.setdefault(digest_text(text, salt), log)
    return tuple(kept.items())[:_ALTERNATIVES_MAX]


def _read_length(probe: Probe, reply: Reply, at_ns: int) -> tuple[Seen, Seen]:
    """Letters, which no tokenizer counts differently, and seconds from the last try's sending."""
    sample = reply.sample
    symbol = CUT if sample.finish_reason in _CUT else WHOLE
    seconds = None if sample.sent_ns is None else (sample.end_ns - sample.sent_ns) / 1e9
    return (
        Seen(Channel.LENGTH, probe.place, at_ns, symbol, float(len(reply.text))),
        Seen(Channel.LATENCY, probe.place, at_ns, symbol, seconds),
    )


def _judge(probe: Probe, reply: Reply) -> str:
    if probe.channel is Channel.REFUSALS:
        return REFUSED if reply.sample.is_refusal or is_refused(reply.text) else ANSWERED
    if probe.channel is Channel.FORMAT:
        return check_format(probe.prompt.check, reply.text)
    return check_tools(probe.prompt.check, reply.tool_calls)
