"""What a mock streams, read from a socket as it stands, and what its log says of it."""

from typing import Any

import h11
import numpy as np
import pytest
from tests.measure.mock.conftest import Start
from tests.measure.mock.talking import PATHS, Heard, ask, connect, hear, write_request

from holdfast.measure.mock.spec import Distribution, Framing, MockSpec, Opening, Scenario, Shape, UsageSaid
from holdfast.measure.mock.tables import Flag

QUICK = Distribution(mean=0.002)
FRAMINGS = tuple(Scenario(name=framing.value, framing=framing) for framing in Framing)
OPENINGS = tuple(Scenario(name=f"opening-{opening}", weight=0, opening=opening) for opening in Opening)
USAGES = tuple(Scenario(name=f"usage-{usage}", weight=0, usage=usage) for usage in UsageSaid)


def list_texts(heard: Heard) -> list[tuple[str, int]]:
    """The text of each event of chat that has some, and when it had come."""
    found = []
    for event in heard.events:
        choices = event.json["choices"] if event.data != "[DONE]" else []
        if choices and (text := choices[0]["delta"].get("content")):
            found.append((text, heard.find_stamp(event.end - 1)))
    return found


def test_every_token_comes_once_in_order_and_never_before_its_logged_send(start: Start) -> None:
    spec = MockSpec(ttft_s=QUICK, gap_s=Distribution(Shape.GAMMA, mean=0.001, cv=1.0), scenarios=FRAMINGS)
    mock = start(spec)
    heard = [
        ask(mock, scenario=framing.value, sample=number, stream=True, max_tokens=20)
        for number, framing in enumerate(Framing)
    ]
    log = mock.read_log()
    for number in range(len(heard)):
        texts, rows = list_texts(heard[number]), log.find_tokens(number)
        assert log.requests["sample"][number] == number
        assert rows["index"].tolist() == list(range(20))
        assert len(texts) == 20, heard[number].body.decode(errors="replace")
        assert all(len(text.split()) == 1 for text, _ in texts)
        assert all(stamp >= send for (_, stamp), send in zip(texts, rows["send_ns"].tolist(), strict=True))
    assert (log.tokens["after_ns"] >= log.tokens["send_ns"]).all()
    assert (log.compute_lateness_ns() >= 0).all()


def test_deadlines_follow_from_the_arrival_and_from_deadlines(start: Start) -> None:
    mock = start(MockSpec(ttft_s=Distribution(mean=0.02), gap_s=Distribution(Shape.SCRIPTED, values=(0.004, 0.001))))
    ask(mock, stream=True, max_tokens=6)
    log = mock.read_log()
    offsets = log.tokens["deadline_ns"] - log.requests["read_ns"][0]
    assert offsets.tolist() == [20_000_000, 24_000_000, 25_000_000, 29_000_000, 30_000_000, 34_000_000]
    assert log.requests["first_byte_ns"][0] <= log.requests["read_ns"][0] == log.requests["started_ns"][0]
    assert log.requests["first_send_ns"][0] == log.tokens["send_ns"][0]
    assert log.requests["end_ns"][0] >= log.tokens["after_ns"][-1]


def test_a_whole_answer_comes_when_its_last_token_would(start: Start) -> None:
    mock = start(MockSpec(ttft_s=Distribution(mean=0.02), gap_s=Distribution(mean=0.003)))
    heard = ask(mock, max_tokens=6, messages=[{"role": "user", "content": "so be it"}])
    log = mock.read_log()
    assert heard.json["choices"][0]["message"]["content"].split() != []
    assert len(heard.json["choices"][0]["message"]["content"].split()) == 6
    assert log.tokens[["index", "count"]].tolist() == [(0, 6)]
    assert int(log.tokens["deadline_ns"][0] - log.requests["read_ns"][0]) == 35_000_000
    assert not log.requests["streamed"][0]


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("api", list(PATHS))
def test_answers_are_http_as_another_parser_reads_it(start: Start, api: str, *, streams: bool) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK))
    heard = ask(mock, api, stream=streams, max_tokens=3, max_output_tokens=3, input=["a b", "c"])
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="POST", target="/", headers=[("host", "mock")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(heard.data)
    head, body = parser.next_event(), b""
    while isinstance(event := parser.next_event(), h11.Data):
        body += event.data
    assert isinstance(head, h11.Response)
    assert head.status_code == 200
    assert isinstance(event, h11.EndOfMessage)
    assert body == heard.body
    assert not parser.trailing_data[0]


def test_usage_is_said_where_the_scenario_says(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK, scenarios=(*USAGES, Scenario())))
    asked: Any = {"stream": True, "max_tokens": 4, "messages": [{"role": "user", "content": "one two three"}]}

    def find_usages(usage: UsageSaid, *, include: bool) -> list[tuple[int, int, int]]:
        heard = ask(mock, scenario=f"usage-{usage}", stream_options={"include_usage": include}, **asked)
        events = [event.json for event in heard.events if event.data != "[DONE]"]
        found = [(event["usage"], len(event["choices"])) for event in events if event.get("usage")]
        return [(usage["prompt_tokens"], usage["completion_tokens"], choices) for usage, choices in found]

    assert find_usages(UsageSaid.ASKED, include=False) == []
    assert find_usages(UsageSaid.ASKED, include=True) == [(3, 4, 0)]
    assert find_usages(UsageSaid.OWN, include=False) == [(3, 4, 0)]
    assert find_usages(UsageSaid.LAST, include=False) == [(3, 4, 1)]
    assert find_usages(UsageSaid.ABSENT, include=True) == []
    assert find_usages(UsageSaid.LYING, include=False) == [(13, 14, 0)]


def test_an_early_head_and_role_come_before_the_first_token_is_due(start: Start) -> None:
    mock = start(MockSpec(ttft_s=Distribution(mean=0.3), gap_s=QUICK, scenarios=(*OPENINGS, Scenario())))
    heard = {opening: ask(mock, scenario=f"opening-{opening}", stream=True, max_tokens=2) for opening in Opening}
    roles = {opening: "role" in heard[opening].events[0].json["choices"][0]["delta"] for opening in Opening}
    assert roles == {Opening.NONE: False, Opening.JOINED: True, Opening.EARLY: True}
    assert [len(list_texts(heard[opening])) for opening in Opening] == [2, 2, 2]
    early, joined = heard[Opening.EARLY], heard[Opening.JOINED]
    first = early.find_stamp(early.events[0].end - 1)
    assert first < list_texts(early)[0][1] - 100_000_000
    assert joined.find_stamp(joined.events[0].end - 1) == list_texts(joined)[0][1]


def test_events_hold_as_many_tokens_as_they_are_told(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK, chunk_tokens=Distribution(Shape.SCRIPTED, values=(1, 3, 9, 2))))
    heard = ask(mock, stream=True, max_tokens=12)
    log = mock.read_log()
    assert log.tokens["count"].tolist() == [1, 3, 5, 2, 1]
    assert log.tokens["index"].tolist() == [0, 1, 4, 9, 11]
    assert [len(text.split()) for text, _ in list_texts(heard)] == [1, 3, 5, 2, 1]


def test_joined_events_are_sent_when_the_last_of_them_is_due(start: Start) -> None:
    scenario = Scenario(framing=Framing.JOINED, join_events=3)
    mock = start(MockSpec(ttft_s=QUICK, gap_s=Distribution(mean=0.02), scenarios=(scenario,)))
    heard = ask(mock, stream=True, max_tokens=7)
    log = mock.read_log()
    assert [len(set(log.tokens[name].tolist())) for name in ("deadline_ns", "send_ns")] == [3, 3]
    assert np.diff(log.tokens["deadline_ns"]).tolist() == [0, 0, 60_000_000, 0, 0, 20_000_000]
    assert [stamp for _, stamp in list_texts(heard)[:3]] == [list_texts(heard)[0][1]] * 3


def test_a_split_event_comes_in_two_segments_and_is_whole_when_it_is_due(start: Start) -> None:
    scenario = Scenario(framing=Framing.SPLIT_CHARACTER, split_s=0.05)
    mock = start(MockSpec(ttft_s=Distribution(mean=0.1), gap_s=Distribution(mean=0.1), scenarios=(scenario,)))
    heard = ask(mock, stream=True, max_tokens=2)
    first = heard.body[: heard.pieces()[0][1] - heard.pieces()[0][0]]
    with pytest.raises(UnicodeDecodeError):
        first.decode()
    log = mock.read_log()
    assert int(log.tokens["deadline_ns"][0] - log.requests["read_ns"][0]) == 100_000_000
    assert heard.find_stamp(len(first) - 1) < heard.find_stamp(len(first))


def test_reasoning_comes_first_and_is_counted_apart(start: Start) -> None:
    scenario = Scenario(reasoning_tokens=3, usage=UsageSaid.OWN)
    chunks = Distribution(mean=2)
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK, chunk_tokens=chunks, scenarios=(scenario,)))
    events = [event.json for event in ask(mock, stream=True, max_tokens=5).events if event.data != "[DONE]"]
    deltas = [event["choices"][0]["delta"] for event in events if event["choices"]]
    thoughts = [len(delta["reasoning_content"].split()) for delta in deltas if "reasoning_content" in delta]
    texts = [len(delta["content"].split()) for delta in deltas if delta.get("content")]
    assert (thoughts, texts) == ([2, 1], [2])
    assert events[-1]["usage"]["completion_tokens_details"]["reasoning_tokens"] == 3
    assert ((mock.read_log().tokens["flags"] & Flag.REASONING) > 0).tolist() == [True, True, False]


def test_a_refusal_and_empty_events_are_no_text(start: Start) -> None:
    scenarios = (Scenario(name="declines", is_refusal=True), Scenario(name="empty", empty_every=2))
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK, scenarios=scenarios))
    declined = ask(mock, scenario="declines", stream=True, max_tokens=3)
    assert list_texts(declined) == []
    assert b'"refusal":"' in declined.body
    empty = ask(mock, scenario="empty", stream=True, max_tokens=4)
    assert empty.body.count(b'{"content":""}') == 2
    assert len(list_texts(empty)) == 4


def test_the_text_of_a_stream_is_that_of_the_whole_answer(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK, text='He said "no" — naïvely.'))
    streamed = "".join(text for text, _ in list_texts(ask(mock, sample=1, stream=True, max_tokens=6)))
    whole = ask(mock, sample=1, max_tokens=6).json["choices"][0]["message"]["content"]
    assert streamed == whole == 'He said "no" — naïvely. He '


def test_responses_number_their_events_and_end_with_the_whole_answer(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK, scenarios=(Scenario(reasoning_tokens=2),)))
    events = ask(mock, "responses", sample=5, stream=True, max_output_tokens=5, input="so it is").events
    assert [event.json["sequence_number"] for event in events] == list(range(len(events)))
    assert all(event.kind == event.json["type"] for event in events)
    last = events[-1].json
    assert last["type"] == "response.incomplete"
    assert last["response"]["usage"]["output_tokens_details"] == {"reasoning_tokens": 2}
    whole = ask(mock, "responses", sample=5, max_output_tokens=5, input="so it is").json
    assert whole == last["response"]
    said = "".join(event.json["delta"] for event in events if event.kind == "response.output_text.delta")
    assert whole["output"][1]["content"][0]["text"] == said


def test_embeddings_are_one_unit_vector_for_each_input(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, dimensions=12))
    cases: list[tuple[Any, int, int]] = [("a b", 1, 2), (["a", "b c"], 2, 3), ([1, 2], 1, 2), ([[1, 2], [3]], 2, 3)]
    for given, count, tokens in cases:
        said = ask(mock, "embeddings", input=given).json
        assert [item["index"] for item in said["data"]] == list(range(count))
        assert all(len(item["embedding"]) == 12 for item in said["data"])
        assert np.linalg.norm(said["data"][0]["embedding"]) == pytest.approx(1.0)
        assert said["usage"] == {"prompt_tokens": tokens, "total_tokens": tokens}


def test_one_connection_serves_many_requests_also_when_they_are_sent_at_once(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK))
    with connect(mock) as connection:
        one = write_request(PATHS["chat"], {"stream": True, "max_tokens": 3})
        for _ in range(3):
            connection.sendall(one)
            assert len(list_texts(hear(connection))) == 3
        connection.sendall(one + one + write_request("/v1/models", method="GET", connection="close"))
        everything = b""
        while more := connection.recv(1 << 16):
            everything += more
    assert everything.count(b"HTTP/1.1 200 OK") == 3
    assert everything.endswith(b'"owned_by": "holdfast"}]}')
    log = mock.read_log()
    assert log.requests["connection"].tolist() == [0] * 5
    assert log.requests["tokens"].tolist() == [3] * 5
