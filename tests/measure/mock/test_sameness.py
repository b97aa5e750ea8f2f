"""The compiled server and the plain one send the same bytes, plan the same deadlines and log the same."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.measure.mock.talking import PATHS, connect, hear, write_request

from holdfast.measure.mock.log import MockLog
from holdfast.measure.mock.native import find_native_library
from holdfast.measure.mock.spec import (
    Distribution,
    Ending,
    Framing,
    MockSpec,
    Opening,
    Scenario,
    Shape,
    Stall,
    StallOf,
    UsageSaid,
)
from holdfast.measure.mock.starting import Mock, start_mock

pytestmark = pytest.mark.skipif(find_native_library() is None, reason="there is no compiler here")

BRIEF = Distribution(Shape.LOGNORMAL, mean=0.002, cv=0.7)
SPECS = (
    MockSpec(ttft_s=BRIEF, gap_s=Distribution(Shape.GAMMA, mean=0.0005, cv=1.5), seed=3, cache_block_tokens=4),
    MockSpec(
        ttft_s=Distribution(Shape.RECORDED, values=(0.001, 0.002, 0.0035)),
        gap_s=Distribution(Shape.GAMMA, mean=0.0005, cv=0.4),
        output_tokens=Distribution(Shape.LOGNORMAL, mean=9, cv=1.0),
        chunk_tokens=Distribution(Shape.LOGNORMAL, mean=2, cv=0.8),
        prefill_s_per_token=0.0001,
        gap_s_per_stream=0.0001,
        stalls=(Stall(StallOf.ALL, 0.004, 0.003), Stall(StallOf.STREAM, 0.002, 0.005, request=4)),
        scenarios=tuple(
            Scenario(
                f"{framing}-{opening}", framing=framing, opening=opening, usage=usage, empty_every=3, split_s=0.0004
            )
            for framing in Framing
            for opening, usage in zip(Opening, list(UsageSaid)[1:4], strict=True)
        ),
    ),
    MockSpec(
        ttft_s=Distribution(Shape.SCRIPTED, values=(0.001, 0.003)),
        gap_s=Distribution(mean=0.0005),
        chunk_tokens=Distribution(Shape.SCRIPTED, values=(1, 2, 5)),
        text='Es "gibt" \\ kein\tZurück — 日本.',
        scenarios=(
            *(
                Scenario(f"{ending}-{after}", ending=ending, after_tokens=after)
                for ending in Ending
                for after in (0, 2)
            ),
            Scenario("thinks", reasoning_tokens=4, usage=UsageSaid.LYING),
            Scenario("declines", is_refusal=True, reasoning_tokens=1, usage=UsageSaid.ABSENT),
            Scenario("limited", status=429, retry_after_s=1.5),
        ),
    ),
)


def write_bodies(api: str) -> Iterator[dict[str, Any]]:
    prompts: list[Any] = ["so we beat on, boats against the current", ["one two", "three\nfour é"], [1, 2, 3]]
    for streams in (True, False):
        for prompt in prompts:
            messages = [{"role": "user", "content": prompt}, {"role": "system", "content": [{"text": "be brief"}]}]
            key = {"chat": "messages", "completions": "prompt"}.get(api, "input")
            body = {key: messages if api == "chat" else prompt, "stream": streams, "model": "any"}
            yield {**body, "max_tokens": 7, "max_output_tokens": 7, "stream_options": {"include_usage": streams}}


def converse(mock: Mock, spec: MockSpec) -> list[bytes]:
    """What is heard to one request after the other, each on a connection of its own where it may be broken off."""
    heard = list[bytes]()
    for api in PATHS:
        for body in write_bodies(api):
            for scenario in spec.scenarios if api == "chat" else spec.scenarios[:2]:
                if scenario.ending is Ending.HANG:
                    continue
                with connect(mock) as connection:
                    names: dict[str, Any] = {"sample": len(heard), "scenario": scenario.name}
                    connection.sendall(write_request(PATHS[api], body, **names))
                    heard.append(hear(connection).data)
    return heard


def list_plan(log: MockLog) -> list[Any]:
    """All of a log that does not depend on the moment."""
    offsets = log.tokens["deadline_ns"] - log.requests["started_ns"][log.tokens["request"]]
    rows = log.requests[["sample", "prompt", "cached", "planned", "tokens", "scenario", "status", "api", "streamed"]]
    parts = log.tokens[["request", "index", "count"]]
    return [offsets.tolist(), rows.tolist(), parts.tolist(), (log.tokens["flags"] & 8).tolist()]


@pytest.mark.parametrize("number", range(len(SPECS)))
def test_both_servers_say_and_plan_the_same(number: int) -> None:
    spec = SPECS[number]
    with start_mock(spec) as native, start_mock(spec, prefer_plain=True) as plain:
        assert (native.version, plain.version) == ("native", "plain")
        said = [converse(mock, spec) for mock in (native, plain)]
        logs = [mock.read_log() for mock in (native, plain)]
    assert said[0] == said[1]
    if not any(stall.of is StallOf.ALL for stall in spec.stalls):
        assert list_plan(logs[0]) == list_plan(logs[1])
    assert list_plan(logs[0])[1:] == list_plan(logs[1])[1:]
    assert (logs[0].tokens["send_ns"] >= logs[0].tokens["deadline_ns"]).all()
    assert np.array_equal(logs[0].requests["sample"], np.arange(len(said[0])))


AT_ONCE = MockSpec(ttft_s=Distribution(), gap_s=Distribution(), cache_block_tokens=2, dimensions=1, tokens_max=30)
TEXT_KEYS = ("messages", "prompt", "input", "instructions", "content", "text")
LIMIT_KEYS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
KEYS = st.sampled_from(
    (*TEXT_KEYS, *LIMIT_KEYS, "role", "stream", "ignore_eos", "stream_options", "include_usage", "ü")
)
TEXTS = st.text(st.sampled_from('ab \t\n\r"\\/é日😀\x00\x7f\u2028'), max_size=12) | st.text(max_size=8)
SCALARS = st.none() | st.booleans() | st.integers(-3, 40) | st.floats(allow_nan=True) | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=6)


@st.composite
def write_odd_body(draw: st.DrawFn) -> bytes:
    """JSON, or what was JSON before some bytes of it were changed."""
    value = draw(OBJECTS | OBJECTS | VALUES)
    text = json.dumps(value, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, 1])))
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2])) if data else 0):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.sampled_from(b'{}[],:"\\ue-+.0 \xff\xc3\xed\x00n'))
    return bytes(data[: draw(st.sampled_from([None, None, None, -1, 3]))])


class Line:
    """A connection that is made anew when it was closed."""

    def __init__(self, mock: Mock) -> None:
        self._mock, self._connection = mock, connect(mock)

    def ask(self, data: bytes) -> bytes:
        self._connection.sendall(data)
        heard = hear(self._connection)
        if heard.status >= 400:
            self.close()
            self._connection = connect(self._mock)
        return heard.data

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="module")
def lines() -> Iterator[list[Line]]:
    with ExitStack() as stack:
        mocks = [stack.enter_context(start_mock(AT_ONCE, prefer_plain=plain)) for plain in (False, True)]
        yield [Line(mock) for mock in mocks]


@settings(max_examples=120)
@given(body=write_odd_body(), api=st.sampled_from(list(PATHS)))
def test_both_servers_understand_a_body_alike(lines: list[Line], body: bytes, api: str) -> None:
    said = [line.ask(write_request(PATHS[api], body, sample=1)) for line in lines]
    assert said[0] == said[1], body


HEADS = [
    b"GET /v1/models HTTP/1.1\r\n\r\n",
    b"GET /models?x=1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
    b"GET /v1/models  HTTP/1.1\r\n\r\n",
    b"GET /v1/models HTTP/2\r\n\r\n",
    b"GET /v1/models\r\n\r\n",
    b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
    b"POST /v1/nothing HTTP/1.1\r\n\r\n",
    b"POST /v1/models HTTP/1.1\r\n\r\n",
    b"GET /v1/completions HTTP/1.1\r\n\r\n",
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /completions HTTP/1.1\r\ncontent-length:\t2 \r\nX-HOLDFAST-SAMPLE: 5\r\n\r\n{}",
    b"POST /v1/v1/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}",
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: -2\r\n\r\n{}",
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: 9999999999999999999\r\n\r\n{}",
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n{}",
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: 2\r\nno colon\r\n\r\n{}",
    b"POST /v1/completions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: 2\r\nx-holdfast-sample: a\r\n\r\n{}",
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: 2\r\nx-holdfast-scenario: none\r\n\r\n{}",
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n[]",
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    b'POST /v1/completions HTTP/1.1\r\nContent-Length: 18\r\n\r\n{"max_tokens": 0} ',
    b'POST /v1/completions HTTP/1.1\r\nContent-Length: 22\r\n\r\n{"max_tokens": "many"}',
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: 130\r\n\r\n" + b"[" * 65 + b"]" * 65,
    b"POST /v1/completions HTTP/1.1\r\nContent-Length: 136\r\n\r\n" + b'{"a":' + b"[" * 65 + b"]" * 65 + b"}",
    b"A" * 70_000 + b"\r\n\r\n",
]


@pytest.mark.parametrize("number", range(len(HEADS)))
def test_both_servers_understand_a_head_alike(lines: list[Line], number: int) -> None:
    said = [line.ask(HEADS[number]) for line in lines]
    assert said[0] == said[1]
    assert said[0].startswith(b"HTTP/1.1 ")


def test_an_expectation_is_answered_before_the_body_comes(lines: list[Line]) -> None:
    head = b"POST /v1/completions HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    for line in lines:
        connection: socket.socket = line._connection
        connection.sendall(head)
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"{}")
        assert hear(connection).status == 200
