"""Requests and tokens counted, and a limit that is never passed: each request is set aside at its worst case first."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.measure.load.prices import compute_worst_case
from holdfast.measure.probing.speaking import Speaker
from holdfast.records.measurement import Ask, Fault, Reply, TokenPrice

_ONE_EACH: Final = TokenPrice(1e6, 1e6)  # so that a worst case in dollars is one in tokens
_NOT_BILLED: Final = (Fault.LIMITED, Fault.STATUS, Fault.CONNECT, Fault.TLS)


@dataclass(slots=True)
class Meter:
    """What was asked for so far. `requests_max` and `tokens_max` limit it (None: nothing does). What an endpoint does
    not count is counted at its worst case, and `is_counted` is false then."""

    requests_max: int | None = None
    tokens_max: int | None = None
    requests: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    is_counted: bool = True

    @property
    def tokens(self) -> int:
        """Of both kinds."""
        return self.prompt_tokens + self.output_tokens

    def count_fitting(self, asks: Sequence[Ask]) -> int:
        """How many of these, from the first on, are within the limits at their worst."""
        most = len(asks)
        if self.requests_max is not None:
            most = min(most, max(0, self.requests_max - self.requests))
        if self.tokens_max is None:
            return most
        left = self.tokens_max - self.tokens
        for place, ask in enumerate(asks[:most]):
            left -= count_worst(ask)
            if left < 0:
                return place
        return most

    def book(self, ask: Ask, reply: Reply) -> None:
        """A request is over."""
        sample = reply.sample
        if sample.sent_ns is None:
            return
        self.requests += 1 + sample.retries
        usage = sample.usage
        if usage.prompt is not None and usage.completion is not None:
            self.prompt_tokens += usage.prompt
            self.output_tokens += usage.completion
        elif sample.fault not in _NOT_BILLED:
            self.is_counted = False
            self.prompt_tokens += count_worst(ask) - ask.tokens_max
            self.output_tokens += ask.tokens_max

    def book_worst(self, asks: Sequence[Ask]) -> None:
        """Requests that were sent, or may have been, and whose replies are not heard."""
        for ask in asks:
            self.requests += 1
            self.prompt_tokens += count_worst(ask) - ask.tokens_max
            self.output_tokens += ask.tokens_max


def count_worst(ask: Ask) -> int:
    """Tokens of both kinds that a request cannot need more than, where the endpoint keeps to its limit."""
    return round(compute_worst_case(ask, _ONE_EACH))


def ask_within(speaker: Speaker, asks: Sequence[Ask], meter: Meter) -> Generator[Reply, None, None]:
    """The replies to as many of the asks, in their order, as the meter's limits have room for. Those that were not
    asked are left out. Where it is broken off, what was sent and not heard is booked at its worst."""
    rest = list(asks)
    while rest and (fitting := meter.count_fitting(rest)):
        portion, rest = rest[:fitting], rest[fitting:]
        yield from _ask_portion(speaker, portion, meter)


def _ask_portion(speaker: Speaker, portion: Sequence[Ask], meter: Meter) -> Generator[Reply, None, None]:
    unheard = {ask.number: ask for ask in portion}
    replies, heard = speaker.ask(portion), 0
    try:
        for reply in replies:
            heard += reply.sample.retries + (reply.sample.sent_ns is not None)
            meter.book(unheard.pop(reply.number), reply)
            yield reply
    finally:
        if isinstance(replies, Generator):
            replies.close()
        if unheard:
            meter.book_worst([*unheard.values()][: max(0, speaker.sent - heard)])
