"""What an endpoint takes and gives, found by asking a few times before anything else is asked: its dialect, whether
there is a first token to see, and whether it obeys a temperature."""

import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from holdfast.measure.probing.battery import make_battery
from holdfast.measure.probing.digests import fold_token
from holdfast.measure.probing.oddities import find_hindrance, is_overlong, is_reasoning, list_cached, say_cached
from holdfast.measure.probing.reading import read_first
from holdfast.measure.probing.speaking import Speaker, Tongue, make_ask
from holdfast.measure.probing.spending import Meter, ask_within
from holdfast.records.errors import ConfigurationError, NetworkError
from holdfast.records.measurement import Ask, Endpoint, Fault, Reply
from holdfast.records.watching import Channel, Dialect, Prompt

TRACKED_TEXT: Final = "x"  # the shortest prompt there is: its log probabilities are tracked
_LOGPROBS: Final = (20, 5, 0)
_TOKENS_MIN: Final = 16
_TRIES_MAX: Final = 8
_REFUSED: Final = frozenset({400, 404, 405, 415, 422})
_ONLY_REASONS: Final = re.compile(r"output limit was reached|could not finish the message", re.IGNORECASE)
_OPEN: Final = (
    "Say any word.",
    "Name something.",
    "Write a random name.",
    "Say a number.",
    "Begin a poem.",
    "Nenne ein Ding.",
    "Dis quelque chose.",
    "q v",
)
_HOT: Final = 1.5
_TURNS: Final = 5
_SHUFFLES: Final = 999
_OBEYED_P: Final = 0.01
_OBEYED_MIN: Final = 0.1


@dataclass(frozen=True, slots=True)
class Examined:
    """What was found. With `is_reasoning_only` no first token is ever seen, and there is nothing to watch by tokens;
    `remarks` say in words what was odd."""

    dialect: Dialect
    is_reasoning_only: bool = False
    remarks: tuple[str, ...] = ()


class Obedience(StrEnum):
    """Whether answers vary more at a higher temperature."""

    OBEYED = "obeyed"
    IGNORED = "ignored"
    UNKNOWN = "could not tell"


def examine_endpoint(endpoint: Endpoint, speaker: Speaker, meter: Meter) -> Examined:
    """About ten requests. Raises ConfigurationError where the endpoint refuses the key, does not know the model or
    takes no request of ours, NetworkError (or UnreachableEndpoint) where it gives no answer now."""
    tongue, reply = _find_tongue(endpoint, speaker, meter)
    if reply is None:
        return Examined(tongue.dialect, True, ("it reasons before it says anything: it takes no limit of one token",))
    logprobs = len(reply.first.alternatives) if reply.first is not None else 0
    dialect = replace(tongue.dialect, logprobs=min(tongue.dialect.logprobs, logprobs) if logprobs > 1 else 0)
    tongue = replace(tongue, dialect=replace(dialect, takes_tools=_takes_tools(tongue, speaker, meter)))
    asks = [make_ask(number, Prompt(Channel.TOKENS, text), tongue) for number, text in enumerate(_OPEN)]
    replies = [one for one in ask_within(speaker, asks, meter) if one.sample.fault is Fault.NONE]
    if not replies:
        raise _refuse_now(endpoint, "it gives no answers")
    reasoning = sum(is_reasoning(one) for one in replies)
    return Examined(tongue.dialect, reasoning == len(replies), tuple(_list_remarks(replies, asks[0].tokens_max)))


def check_temperature(borders: Sequence[Prompt], speaker: Speaker, tongue: Tongue, meter: Meter) -> Obedience:
    """Whether answers to border prompts and to open questions vary more at temperature 1.5 than at 0: the difference
    of how often two answers to one prompt differ, against shuffled temperatures (p <= 0.01). At most 160 requests."""
    if not tongue.dialect.takes_temperature:
        return Obedience.IGNORED
    prompts = [*borders[: len(_OPEN)], *(Prompt(Channel.TOKENS, text) for text in _OPEN)]
    cold, hot = (_ask_at(prompts, speaker, replace(tongue, temperature=heat), meter) for heat in (0.0, _HOT))
    pairs = [(cold[place], hot[place]) for place in cold if len(cold[place]) > 1 and len(hot.get(place, ())) > 1]
    if len(pairs) * 2 < len(prompts):
        return Obedience.UNKNOWN
    found = _compute_difference(pairs)
    if found < _OBEYED_MIN:
        return Obedience.IGNORED
    chance = random.Random(f"temperature/{len(pairs)}")  # noqa: S311 - it must be repeatable, not secret
    above = sum(_compute_difference(_shuffle(pairs, chance)) >= found for _ in range(_SHUFFLES))
    return Obedience.OBEYED if (1 + above) / (1 + _SHUFFLES) <= _OBEYED_P else Obedience.UNKNOWN


def _find_tongue(endpoint: Endpoint, speaker: Speaker, meter: Meter) -> tuple[Tongue, Reply | None]:
    """A dialect in which a question is answered, and the answer; None where reasoning leaves no room for one."""
    tongue = Tongue(endpoint.api, Dialect(logprobs=_LOGPROBS[0]))
    for _ in range(_TRIES_MAX):
        reply = _ask_one(make_ask(0, Prompt(Channel.LOGPROBS, TRACKED_TEXT), tongue), speaker, meter)
        sample = reply.sample if reply else None
        if reply is None or sample is None:
            raise _refuse_now(endpoint, "the limit of requests or tokens leaves room for none")
        if sample.fault is Fault.NONE:
            return tongue, reply
        if (hindrance := find_hindrance(sample, endpoint.model)) is not None:
            raise ConfigurationError(
                hindrance.words, where=f"endpoint {endpoint.name}", next_step="Check the URL, the model and the key."
            )
        if _ONLY_REASONS.search(sample.fault_detail):
            return tongue, None
        dialect = _adapt(tongue.dialect, sample.fault_detail) if sample.status in _REFUSED else None
        if dialect is None:
            raise _refuse_now(endpoint, sample.fault_detail)
        tongue = replace(tongue, dialect=dialect)
    raise _refuse_now(endpoint, "it refuses every form of a question")


def _ask_one(ask: Ask, speaker: Speaker, meter: Meter) -> Reply | None:
    return next(iter([*ask_within(speaker, [ask], meter)]), None)


def _adapt(dialect: Dialect, words: str) -> Dialect | None:
    """Another dialect, as the words of a refusal suggest, or else the next; None when there is none left."""
    for pattern, change in _CHANGES:
        if re.search(pattern, words, re.IGNORECASE) and (other := change(dialect)) != dialect:
            return other
    return next((other for _, change in _CHANGES if (other := change(dialect)) != dialect), None)


def _ask_less(dialect: Dialect) -> Dialect:
    fewer = [count for count in _LOGPROBS if count < dialect.logprobs]
    return replace(dialect, logprobs=fewer[0]) if fewer else dialect


def _rename_limit(dialect: Dialect) -> Dialect:
    return replace(dialect, limit="max_completion_tokens")


def _raise_limit(dialect: Dialect) -> Dialect:
    return replace(dialect, tokens_min=_TOKENS_MIN)


def _leave_temperature(dialect: Dialect) -> Dialect:
    return replace(dialect, takes_temperature=False)


_CHANGES: Final[tuple[tuple[str, Callable[[Dialect], Dialect]], ...]] = (
    (r"log_?prob|\binclude\b", _ask_less),
    (r"max_completion_tokens", _rename_limit),
    (r"temperature", _leave_temperature),
    (r"max_output_tokens|max_tokens|minimum|at least", _raise_limit),
)


def _takes_tools(tongue: Tongue, speaker: Speaker, meter: Meter) -> bool:
    tools = [prompt for prompt in make_battery(tongue.api) if prompt.channel is Channel.TOOLS]
    if not tools:
        return False
    reply = _ask_one(make_ask(0, tools[0], tongue), speaker, meter)
    return reply is not None and reply.sample.status not in _REFUSED


def _list_remarks(replies: Sequence[Reply], tokens_max: int) -> list[str]:
    reasoning = sum(is_reasoning(one) for one in replies)
    empty = sum(read_first(one) == "" for one in replies)
    is_long = any(is_overlong(one.sample, tokens_max) for one in replies)
    is_uncounted = any(one.sample.usage.prompt is None for one in replies)
    remarks = (
        f"{reasoning} of {len(replies)} answers are reasoning alone: their first token is not seen"
        if reasoning
        else "",
        f"{empty} of {len(replies)} answers are empty" if empty else "",
        "the endpoint does not count tokens" if is_uncounted else "",
        "the endpoint does not keep to its limit of tokens" if is_long else "",
        say_cached(list_cached(replies), replies),
    )
    return [words for words in remarks if words]


def _refuse_now(endpoint: Endpoint, why: str) -> NetworkError:
    return NetworkError(
        f"the endpoint cannot be examined: {why}",
        where=f"endpoint {endpoint.name}",
        next_step="Try again later; nothing was enrolled.",
    )


def _ask_at(prompts: Sequence[Prompt], speaker: Speaker, tongue: Tongue, meter: Meter) -> dict[int, list[str]]:
    asks = [
        make_ask(place * _TURNS + turn, prompt, tongue)
        for turn in range(_TURNS)
        for place, prompt in enumerate(prompts)
    ]
    heard: dict[int, list[str]] = {}
    for reply in ask_within(speaker, asks, meter):
        text = read_first(reply, is_longer=tongue.dialect.tokens_min > 1)
        if reply.sample.fault is Fault.NONE and text is not None:
            heard.setdefault(reply.number // _TURNS, []).append(fold_token(text))
    return heard


_Pair = tuple[list[str], list[str]]


def _compute_difference(pairs: Sequence[_Pair]) -> float:
    """The mean over prompts of how much oftener two hot answers differ than two cold ones."""
    return sum(_compute_variety(hot) - _compute_variety(cold) for cold, hot in pairs) / len(pairs)


def _compute_variety(answers: Sequence[str]) -> float:
    """The share of pairs that differ."""
    same = sum(count * (count - 1) for count in Counter(answers).values())
    return 1 - same / (len(answers) * (len(answers) - 1))


def _shuffle(pairs: Sequence[_Pair], chance: random.Random) -> list[_Pair]:
    shuffled: list[_Pair] = []
    for cold, hot in pairs:
        both = [*cold, *hot]
        chance.shuffle(both)
        shuffled.append((both[: len(cold)], both[len(cold) :]))
    return shuffled
