"""Through what a watched endpoint is asked, and how a probe becomes a request. Nothing is asked that a probe does not
need: no seed, no penalties, and never a stream."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from holdfast.measure.load.asking import Manner, ask_all
from holdfast.measure.load.patience import Patience
from holdfast.measure.load.prices import Purse
from holdfast.records.errors import ConfigurationError
from holdfast.records.measurement import Api, Ask, Endpoint, Message, Reply, TokenPrice
from holdfast.records.watching import Channel, Dialect, Prompt

LOGPROB_TEMPERATURE: Final = 1.0  # where it is all the same whether an endpoint tells them before or after scaling
_TEMPERATURE_OF: Final = {Channel.LOGPROBS: LOGPROB_TEMPERATURE}
_UNHEARD_EACH: Final = 2  # replies: who hears that an endpoint refuses has not long asked on
_FREE: Final = TokenPrice(0.0, 0.0)  # for a gate that asks no money
_MEMBER_OF_LIMIT: Final = {Api.RESPONSES: "max_output_tokens"}


class Speaker(Protocol):
    """Asks an endpoint."""

    @property
    def sent(self) -> int:
        """How many requests were sent, or may have been, of what was asked last: each try is one."""
        ...

    def ask(self, asks: Sequence[Ask]) -> Iterator[Reply]:
        """One reply for each ask, in any order, the last of several tries. What there was no money for is STOPPED.
        Raises UnreachableEndpoint with the first reply when there is no connection at all. Closing the iterator ends
        what is under way."""
        ...

    def stop(self) -> None:
        """Send no more of what is being asked: what is under way is waited for, all else is STOPPED."""
        ...


@dataclass(slots=True)
class _Gate:
    """A purse that gives nothing once it is shut, before another that may give nothing sooner. It counts how often it
    gave something."""

    purse: Purse | None
    is_shut: bool = False
    given: int = 0

    def reserve(self, usd_max: float) -> bool:
        """Whether the request may be sent."""
        is_given = not self.is_shut and (self.purse is None or self.purse.reserve(usd_max))
        self.given += is_given
        return is_given

    def settle(self, reserved_usd: float, usd: float) -> None:
        """A request is over."""
        if self.purse is not None:
            self.purse.settle(reserved_usd, usd)


class HttpSpeaker:
    """Asks over HTTP or HTTPS."""

    def __init__(self, endpoint: Endpoint, manner: Manner, concurrency: int = 4) -> None:
        self._endpoint, self._concurrency = endpoint, concurrency
        self._gate = _Gate(manner.purse)
        self._manner = replace(
            manner, purse=self._gate, price=manner.price or _FREE, unheard_max=_UNHEARD_EACH * concurrency
        )

    @property
    def sent(self) -> int:
        """As a Speaker does."""
        return self._gate.given

    def ask(self, asks: Sequence[Ask]) -> Iterator[Reply]:
        """As a Speaker does. ConfigurationError when the key or the URL is of no use."""
        self._gate.is_shut, self._gate.given = False, 0
        return ask_all(self._endpoint, asks, self._concurrency, self._manner) if asks else iter(())

    def stop(self) -> None:
        """As a Speaker does."""
        self._gate.is_shut = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """How to speak with an endpoint. A purse needs a price; keys are looked for in `environ`, or in the environment of
    the process; `tries` in all where another may help."""

    price: TokenPrice | None = None
    purse: Purse | None = None
    environ: Mapping[str, str] | None = field(default=None, repr=False)
    concurrency: int = 4
    timeout_s: float = 60.0
    connect_s: float = 15.0
    tries: int = 4
    seed: int = 0


def make_speaker(endpoint: Endpoint, speaking: Speaking | None = None) -> HttpSpeaker:
    """The speaker for an endpoint. Nothing is sent yet. ConfigurationError for a purse without a price."""
    how = speaking or Speaking()
    if how.purse is not None and how.price is None:
        raise ConfigurationError(
            "a limit on what may be spent needs a price", next_step="Give the endpoint's price per million tokens."
        )
    manner = Manner(
        patience=Patience(tries=how.tries),
        timeout_s=how.timeout_s,
        connect_s=how.connect_s,
        seed=how.seed,
        price=how.price,
        purse=how.purse,
        environ=how.environ,
    )
    return HttpSpeaker(replace(endpoint, is_streaming=False), manner, how.concurrency)


@dataclass(frozen=True, slots=True)
class Tongue:
    """The interface of an endpoint, its dialect, and the temperature of border prompts."""

    api: Api = Api.CHAT
    dialect: Dialect = field(default_factory=Dialect)
    temperature: float = 0.1


def make_ask(number: int, prompt: Prompt, tongue: Tongue, temperature: float | None = None) -> Ask:
    """The request for one probe. Border prompts and sentinels are asked at the tongue's temperature, tracked ones at 1,
    the fixed battery at 0, each of them at another where one is given."""
    dialect = tongue.dialect
    if temperature is None:
        usual = tongue.temperature if prompt.channel in (Channel.TOKENS, Channel.SENTINELS) else 0.0
        temperature = _TEMPERATURE_OF.get(prompt.channel, usual)
    system = (Message("system", prompt.system),) if prompt.system else ()
    tokens_max = max(prompt.tokens_max, dialect.tokens_min)
    extra = _build_limit(tongue, tokens_max)
    if prompt.channel is Channel.LOGPROBS:
        extra |= _build_logprobs(tongue, dialect.logprobs)
    elif prompt.channel is Channel.TOKENS and dialect.tokens_min > 1 and dialect.logprobs:
        extra |= _build_logprobs(tongue, 1)  # they tell where the first token of a longer answer ends
    return Ask(
        number,
        (*system, Message("user", prompt.text)),
        tokens_max,
        temperature if dialect.takes_temperature else None,
        tools=prompt.tools,
        extra=json.dumps(extra) if extra else "",
    )


def _build_limit(tongue: Tongue, tokens_max: int) -> dict[str, object]:
    """The limit under the name that the endpoint knows it by."""
    usual = _MEMBER_OF_LIMIT.get(tongue.api, "max_tokens")
    if tongue.api is Api.RESPONSES or tongue.dialect.limit == usual:
        return {}
    return {usual: None, tongue.dialect.limit: tokens_max}


def _build_logprobs(tongue: Tongue, count: int) -> dict[str, object]:
    if not count:
        return {}
    if tongue.api is Api.COMPLETIONS:
        return {"logprobs": count}
    if tongue.api is Api.RESPONSES:
        return {"include": ["message.output_text.logprobs"], "top_logprobs": count}
    return {"logprobs": True, "top_logprobs": count}
