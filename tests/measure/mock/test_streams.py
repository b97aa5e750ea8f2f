"""What a mock streams, read from a socket as it stands, and what its log says of it."""

from typing import Any

import h11
import numpy as np
import pytest
from tests.measure.mock.conftest import Start
from tests.measure.mock.talking import PATHS, Heard, ask, ask_and_look, connect, hear, hear_start, write_request

from holdfast.measure.mock.spec import Distribution, Framing, MockSpec, Opening, Scenario, Shape, UsageSaid
from holdfast.measure.mock.tables import Flag

QUICK = Distribution(mean=0.002)
LONG = Distribution(mean=3600.01)
SCENARIOS = (
    Scenario(),
    *(Scenario(name=f"framing-{framing}", framing=framing) for framing in Framing),
    *(Scenario(name=f"opening-{opening}", opening=opening) for opening in Opening),
    *(Scenario(name=f"usage-{usage}", usage=usage) for usage in UsageSaid),
    Scenario(name="declines", is_refusal=True),
    Scenario(name="empty", empty_every=2),
    Scenario(name="thinks", reasoning_tokens=3, usage=UsageSaid.OWN),
)
SPEC = MockSpec(ttft_s=QUICK, gap_s=Distribution(Shape.GAMMA, mean=0.001, cv=1.0), scenarios=SCENARIOS)
CHUNKS = MockSpec(ttft_s=QUICK, gap_s=QUICK, chunk_tokens=Distribution(Shape.SCRIPTED, values=(2, 2, 9, 1)))
SLOW = MockSpec(
    ttft_s=LONG,
    scenarios=(
        Scenario(name="early", opening=Opening.EARLY),
        Scenario(name="split", framing=Framing.SPLIT, split_s=3600, opening=Opening.NONE),
        Scenario(name="split_character", framing=Framing.SPLIT_CHARACTER, split_s=3600, opening=Opening.NONE),
    ),
)


def list_texts(heard: Heard) -> list[tuple[str, int]]:
    """The text of each event of chat that has some, and when it had come."""
    found = []
    for event in heard.events:
        choices = event.json["choices"] if event.data != "[DONE]" else []
        if choices and (text := choices[0]["delta"].get("content")):
            found.append((text, heard.find_stamp(event.end - 1)))
    return found


@pytest.mark.parametrize("framing", list(Framing))
def test_every_token_comes_once_in_order_and_never_before_its_logged_send(given: Start, framing: Framing) -> None:
    answered = ask_and_look(given(SPEC), scenario=f"framing-{framing}", stream=True, max_tokens=20)
    texts, rows = list_texts(answered.heard), answered.tokens
    assert len(texts) == 20, answered.heard.body.decode(errors="replace")
    assert all(len(text.split()) == 1 for text, _ in texts)
    assert rows["index"].tolist() == list(range(20))
    assert (np.array([stamp for _, stamp in texts]) >= rows["send_ns"]).all()
    assert (rows["after_ns"] >= rows["send_ns"]).all()
    assert (rows["send_ns"] >= rows["deadline_ns"]).all()


def test_deadlines_follow_from_the_arrival_and_from_deadlines(start: Start) -> None:
    mock = start(MockSpec(ttft_s=Distribution(mean=0.02), gap_s=Distribution(Shape.SCRIPTED, values=(0.004, 0.001))))
    streamed = ask_and_look(mock, stream=True, max_tokens=6)
    row, rows = streamed.row, streamed.tokens
    offsets = rows["deadline_ns"] - row["read_ns"]
    assert offsets.tolist() == [20_000_000, 24_000_000, 25_000_000, 29_000_000, 30_000_000, 34_000_000]
    assert row["first_byte_ns"] <= row["read_ns"] == row["started_ns"]
    assert row["first_send_ns"] == rows["send_ns"][0]
    assert row["end_ns"] >= rows["after_ns"][-1]
    whole = ask_and_look(mock, max_tokens=6)
    assert len(whole.heard.json["choices"][0]["message"]["content"].split()) == 6
    assert (whole.tokens["deadline_ns"] - whole.row["read_ns"]).tolist() == [34_000_000]
    assert whole.tokens[["index", "count"]].tolist() == [(0, 6)]
    assert [bool(one.row["streamed"]) for one in (streamed, whole)] == [True, False]


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("api", list(PATHS))
def test_answers_are_http_as_another_parser_reads_it(given: Start, api: str, *, streams: bool) -> None:
    heard = ask(given(SPEC), api, stream=streams, max_tokens=3, max_output_tokens=3, input=["a b", "c"])
    parser = h11.Connection(h11.CLIENT)
    parser.send(h11.Request(method="POST", target="/", headers=[("host", "mock")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(heard.data)
    head, body = parser.next_event(), b""
    while isinstance(event := parser.next_event(), h11.Data):
        body += event.data
    assert isinstance(head, h11.Response)
    assert head.status_code == 200
    if heard.headers.get("connection") != "close":
        assert isinstance(event, h11.EndOfMessage)
    assert body == heard.body
    assert not parser.trailing_data[0]


def test_usage_is_said_where_the_scenario_says(given: Start) -> None:
    asked: Any = {"stream": True, "max_tokens": 4, "messages": [{"role": "user", "content": "one two three"}]}

    def find_usages(usage: UsageSaid, *, include: bool) -> list[tuple[int, int, int]]:
        options = {"include_usage": include}
        heard = ask(given(SPEC), scenario=f"usage-{usage}", stream_options=options, **asked)
        events = [event.json for event in heard.events if event.data != "[DONE]"]
        found = [(event["usage"], len(event["choices"])) for event in events if event.get("usage")]
        return [(usage["prompt_tokens"], usage["completion_tokens"], choices) for usage, choices in found]

    assert find_usages(UsageSaid.ASKED, include=False) == []
    assert find_usages(UsageSaid.ASKED, include=True) == [(3, 4, 0)]
    assert find_usages(UsageSaid.OWN, include=False) == [(3, 4, 0)]
    assert find_usages(UsageSaid.LAST, include=False) == [(3, 4, 1)]
    assert find_usages(UsageSaid.ABSENT, include=True) == []
    assert find_usages(UsageSaid.LYING, include=False) == [(13, 14, 0)]


def test_the_role_stands_before_the_first_token_or_nowhere(given: Start) -> None:
    mock = given(SPEC)
    heard = {opening: ask(mock, scenario=f"opening-{opening}", stream=True, max_tokens=2) for opening in Opening}
    roles = {opening: "role" in heard[opening].events[0].json["choices"][0]["delta"] for opening in Opening}
    assert roles == {Opening.NONE: False, Opening.JOINED: True, Opening.EARLY: True}
    assert [len(list_texts(heard[opening])) for opening in Opening] == [2, 2, 2]


def test_an_early_head_and_role_come_long_before_the_first_token(given: Start) -> None:
    heard = hear_start(given(SLOW), b"\n\n", scenario="early", stream=True, max_tokens=2)
    assert [event.json["choices"][0]["delta"] for event in heard.events] == [{"role": "assistant", "content": ""}]
    assert given(SLOW).read_log().tokens.size == 0


@pytest.mark.parametrize("framing", ["split", "split_character"])
def test_a_split_event_comes_in_two_segments(given: Start, framing: str) -> None:
    heard = hear_start(given(SLOW), b"data: ", scenario=framing, stream=True, max_tokens=2)
    assert heard.events == []
    assert given(SLOW).read_log().tokens.size == 0
    if framing == "split_character":
        with pytest.raises(UnicodeDecodeError):
            heard.body.decode()


def test_a_split_event_is_whole_when_it_is_due(start: Start) -> None:
    scenario = Scenario(framing=Framing.SPLIT, split_s=0.004)
    mock = start(MockSpec(ttft_s=Distribution(mean=0.01), gap_s=Distribution(mean=0.006), scenarios=(scenario,)))
    answered = ask_and_look(mock, stream=True, max_tokens=3)
    offsets = answered.tokens["deadline_ns"] - answered.row["read_ns"]
    assert offsets.tolist() == [10_000_000, 16_000_000, 22_000_000]


def test_events_hold_as_many_tokens_as_they_are_told(given: Start) -> None:
    answered = ask_and_look(given(CHUNKS), stream=True, max_tokens=12)
    assert answered.tokens["count"].tolist() == [2, 2, 5, 1, 2]
    assert answered.tokens["index"].tolist() == [0, 2, 4, 9, 10]
    assert [len(text.split()) for text, _ in list_texts(answered.heard)] == [2, 2, 5, 1, 2]


def test_joined_events_are_sent_when_the_last_of_them_is_due(start: Start) -> None:
    scenario = Scenario(framing=Framing.JOINED, join_events=3)
    answered = ask_and_look(
        start(MockSpec(ttft_s=QUICK, gap_s=Distribution(mean=0.01), scenarios=(scenario,))), stream=True, max_tokens=7
    )
    rows, stamps = answered.tokens, [stamp for _, stamp in list_texts(answered.heard)]
    assert [len(set(rows[name].tolist())) for name in ("deadline_ns", "send_ns")] == [3, 3]
    assert np.diff(rows["deadline_ns"]).tolist() == [0, 0, 30_000_000, 0, 0, 10_000_000]
    assert stamps[:3] == [stamps[0]] * 3


def test_reasoning_comes_first_and_is_counted_apart(given: Start) -> None:
    answered = ask_and_look(given(SPEC), scenario="thinks", stream=True, max_tokens=5)
    events = [event.json for event in answered.heard.events if event.data != "[DONE]"]
    deltas = [event["choices"][0]["delta"] for event in events if event["choices"]]
    assert ["reasoning_content" in delta for delta in deltas[1:6]] == [True, True, True, False, False]
    assert events[-1]["usage"]["completion_tokens_details"]["reasoning_tokens"] == 3
    assert ((answered.tokens["flags"] & Flag.REASONING) > 0).tolist() == [True, True, True, False, False]


def test_reasoning_and_text_share_no_event(start: Start) -> None:
    spec = MockSpec(ttft_s=QUICK, gap_s=QUICK, chunk_tokens=Distribution(mean=2), scenarios=(SCENARIOS[-1],))
    assert ask_and_look(start(spec), stream=True, max_tokens=5).tokens["count"].tolist() == [2, 1, 2]


def test_a_refusal_and_empty_events_are_no_text(given: Start) -> None:
    declined = ask(given(SPEC), scenario="declines", stream=True, max_tokens=3)
    assert list_texts(declined) == []
    assert b'"refusal":"' in declined.body
    empty = ask(given(SPEC), scenario="empty", stream=True, max_tokens=4)
    assert empty.body.count(b'{"content":""}') == 2
    assert len(list_texts(empty)) == 4


def test_the_text_of_a_stream_is_that_of_the_whole_answer(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=QUICK, text='He said "no" — naïvely.'))
    streamed = "".join(text for text, _ in list_texts(ask(mock, stream=True, max_tokens=6)))
    whole = ask(mock, max_tokens=6).json["choices"][0]["message"]["content"]
    assert streamed == whole == 'He said "no" — naïvely. He '


def test_responses_number_their_events_and_end_with_the_whole_answer(given: Start) -> None:
    asked: Any = {"scenario": "thinks", "sample": 0, "max_output_tokens": 5, "input": "so it is"}
    events = ask(given(SPEC), "responses", stream=True, **asked).events
    assert [event.json["sequence_number"] for event in events] == list(range(len(events)))
    assert all(event.kind == event.json["type"] for event in events)
    last = events[-1].json
    assert last["type"] == "response.incomplete"
    assert last["response"]["usage"]["output_tokens_details"] == {"reasoning_tokens": 3}
    whole = ask(given(SPEC), "responses", **asked).json
    assert whole == last["response"]
    said = "".join(event.json["delta"] for event in events if event.kind == "response.output_text.delta")
    assert whole["output"][1]["content"][0]["text"] == said


def test_embeddings_are_one_unit_vector_for_each_input(given: Start) -> None:
    cases: list[tuple[Any, int, int]] = [("a b", 1, 2), (["a", "b c"], 2, 3), ([1, 2], 1, 2), ([[1, 2], [3]], 2, 3)]
    for texts, count, tokens in cases:
        said = ask(given(SPEC), "embeddings", input=texts).json
        assert [item["index"] for item in said["data"]] == list(range(count))
        assert all(len(item["embedding"]) == SPEC.dimensions for item in said["data"])
        assert np.linalg.norm(said["data"][0]["embedding"]) == pytest.approx(1.0)
        assert said["usage"]["prompt_tokens"] == tokens


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
