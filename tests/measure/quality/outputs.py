"""Replies as an asking function gives them, with what the tests do not look at filled in."""

from collections.abc import Iterator, Sequence

from holdfast.measure.quality.findings import Check, Finding, Means, Output
from holdfast.measure.quality.sandbox.running import Sandbox
from holdfast.records.measurement import Ask, Endpoint, Fault, Phase, Reply, Sample, ToolCall, Usage

ENDPOINT = Endpoint("local", "http://localhost/v1", "acme/small")
SANDBOXED = Means(Sandbox().run)


def judge(check: Check, text: str, *calls: ToolCall) -> Finding:
    """What one check says of a text."""
    return check.judge(Output(text, calls), SANDBOXED)


def make_sample(number: int, fault: Fault = Fault.NONE, finish_reason: str = "stop") -> Sample:
    """A request that took two seconds."""
    return Sample(
        endpoint="local",
        run=0,
        level=0,
        number=number,
        worker=0,
        phase=Phase.STEADY,
        scheduled_ns=0,
        sent_ns=1_000_000_000,
        first_byte_ns=None,
        first_token_ns=None,
        first_answer_ns=None,
        last_token_ns=None,
        end_ns=3_000_000_000,
        fault=fault,
        finish_reason=finish_reason,
        usage=Usage(prompt=11, completion=7),
        cost_usd=0.25,
    )


def make_reply(number: int, text: str, fault: Fault = Fault.NONE, finish_reason: str = "stop") -> Reply:
    """A reply with this text."""
    return Reply(number, text, "", (), make_sample(number, fault, finish_reason))


class Recited:
    """An asking function whose model says the given texts, whatever it is asked; it remembers what it was asked."""

    def __init__(self, *texts: str) -> None:
        self.texts = texts
        self.asked: list[Ask] = []

    def __call__(self, asks: Sequence[Ask]) -> Iterator[Reply]:
        self.asked += asks
        for ask, text in zip(asks, self.texts, strict=False):
            yield make_reply(ask.number, text)
