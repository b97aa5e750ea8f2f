"""Whatever shape an answer has, its tokens, times, usage and end are what was sent; and each fault is told apart."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.measure.load.scripted import DONE, HEAD, chunk, event, finish, make_exchange, read, token, whole
from tests.measure.load.test_framing import cut, places

from holdfast.measure.load.reading import Labels, Reading, read_exchange
from holdfast.records.measurement import Api, Fault, TokenPrice, ToolCall, Usage

ROLE = event('{"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}')
END = b"0\r\n\r\n"
PLAIN_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def chunks(*events: bytes) -> list[bytes]:
    return [HEAD, *(chunk(one) for one in events), END]


def test_each_event_with_text_has_the_moment_when_it_came() -> None:
    reply = read(chunks(ROLE, token("a"), token("b"), finish(), DONE))
    assert reply.text == "ab"
    assert reply.sample.chunk_ns == (30, 40)
    assert (reply.sample.first_byte_ns, reply.sample.first_token_ns, reply.sample.last_token_ns) == (10, 30, 40)
    assert reply.sample.usage == Usage(5, None, 2, None)
    assert (reply.sample.fault, reply.sample.finish_reason) == (Fault.NONE, "stop")


def test_a_first_event_with_the_role_only_is_no_token() -> None:
    assert read(chunks(ROLE, ROLE, finish(), DONE)).sample.first_token_ns is None


def test_events_in_one_segment_share_its_moment() -> None:
    reply = read([HEAD + chunk(ROLE + token("a")) + chunk(token("b")), chunk(token("c") + finish()), chunk(DONE) + END])
    assert (reply.text, reply.sample.chunk_ns) == ("abc", (10, 10, 20))


@given(st.lists(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=4), max_size=6), places)
def test_text_is_the_same_however_its_bytes_are_cut(texts: list[str], at: list[int]) -> None:
    events = [event(json.dumps({"choices": [{"delta": {"content": text}}]}, ensure_ascii=False)) for text in texts]
    reply = read(cut(b"".join(chunks(*events, finish(), DONE)), at))
    assert reply.text == "".join(texts)
    assert len(reply.sample.chunk_ns) == len(texts)
    assert reply.sample.fault is Fault.NONE


@given(
    st.lists(st.text('ab"\\\n\té漢', max_size=4), max_size=8),
    st.lists(
        st.sampled_from(["", ',"finish_reason":null', ',"logprobs":null', ', "content": "x"']), min_size=8, max_size=8
    ),
    st.sampled_from(['"content": ', '"content":']),
    st.booleans(),
    st.sampled_from([b"%x\r\n%b\r\n", b"%X\r\n%b\r\n", b"%04x\r\n%b\r\n", b""]),
    st.sampled_from([0, 85, 150]),
)
def test_recognising_events_gives_what_reading_each_in_full_gives(
    texts: list[str], more: list[str], key: str, is_ascii: bool, framing: bytes, padding: int
) -> None:
    events = [
        event(f'{{"id":"{"x" * padding}","choices":[{{"index":0,"delta":{{{key}{written}}}{extra}}}]}}')
        for text, extra in zip(texts, more, strict=False)
        for written in [json.dumps(text, ensure_ascii=is_ascii)]
    ]
    sent = [*events, finish(), DONE]
    framed = [HEAD, *(framing % (len(one), one) for one in sent), END] if framing else [PLAIN_HEAD, *sent]
    parts = list(framed)
    quick, slow = (
        Reading(make_exchange(parts), Labels("it", Api.CHAT)),
        Reading(make_exchange(parts), Labels("it", Api.CHAT)),
    )
    slow._lessons = 0  # pyright: ignore[reportPrivateUsage]
    assert quick.advance(100)
    assert slow.advance(100)
    assert quick.finish() == slow.finish()


def test_reading_a_few_parts_at_a_time_gives_the_same() -> None:
    parts = chunks(ROLE, *(token(str(number)) for number in range(20)), finish(), DONE)
    reading = Reading(make_exchange(parts), Labels("it", Api.CHAT))
    steps = 1
    while not reading.advance(3):
        steps += 1
    assert steps == 9  # of 25 parts
    assert reading.finish() == read(parts)


def test_completions_are_read() -> None:
    def text(words: str, reason: str = "null") -> bytes:
        return event(f'{{"model":"m","choices":[{{"index":0,"text":"{words}","finish_reason":{reason}}}]}}')

    reply = read(chunks(text("a"), text("b"), text("c"), text("", '"length"'), DONE), Api.COMPLETIONS)
    assert (reply.text, reply.sample.chunk_ns, reply.sample.finish_reason) == ("abc", (20, 30, 40), "length")


def test_reasoning_is_apart_from_the_answer() -> None:
    def think(text: str, key: str = "reasoning_content") -> bytes:
        return event(f'{{"choices":[{{"delta":{{"{key}":"{text}"}}}}]}}')

    reply = read(chunks(ROLE, think("h"), think("m", "reasoning"), token("a"), finish(), DONE))
    assert (reply.text, reply.reasoning) == ("a", "hm")
    assert (reply.sample.first_token_ns, reply.sample.first_answer_ns) == (30, 50)
    assert len(reply.sample.chunk_ns) == 3


def test_calls_of_tools_are_put_together() -> None:
    def call(index: int, name: str, arguments: str) -> bytes:
        said = json.dumps({"index": index, "function": {"name": name, "arguments": arguments}})
        return event(f'{{"choices":[{{"delta":{{"tool_calls":[{said}]}}}}]}}')

    reply = read(
        chunks(
            ROLE,
            call(0, "add", ""),
            call(0, "", '{"a":'),
            call(0, "", "1}"),
            call(1, "now", "{}"),
            finish("tool_calls"),
        )
    )
    assert reply.tool_calls == (ToolCall("add", '{"a":1}'), ToolCall("now", "{}"))
    assert reply.sample.first_answer_ns == 30


def test_a_refusal_is_marked_and_is_no_fault() -> None:
    refused = event('{"choices":[{"delta":{"refusal":"No."}}]}')
    for reply in (read(chunks(ROLE, refused, finish())), read(chunks(ROLE, finish("content_filter")))):
        assert reply.sample.is_refusal
        assert reply.sample.fault is Fault.NONE


@pytest.mark.parametrize(
    "usage",
    [
        '{"prompt_tokens":9,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":8},'
        '"completion_tokens_details":{"reasoning_tokens":3}}',
        '{"input_tokens":9,"output_tokens":4,"input_tokens_details":{"cached_tokens":8},'
        '"output_tokens_details":{"reasoning_tokens":3}}',
    ],
)
def test_usage_in_an_event_of_its_own_is_read(usage: str) -> None:
    reply = read(chunks(token("a"), finish(), event(f'{{"choices":[],"usage":{usage}}}'), DONE))
    assert reply.sample.usage == Usage(9, 8, 4, 3)


@pytest.mark.parametrize("usage", ["{}", '"many"', '{"prompt_tokens":-1,"completion_tokens":true}', "[]"])
def test_usage_that_is_none_is_unknown(usage: str) -> None:
    reply = read(chunks(token("a"), event(f'{{"choices":[{{"delta":{{}},"finish_reason":"stop"}}],"usage":{usage}}}')))
    assert reply.sample.usage == Usage()


def respond(kind: str, **more: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **more})}\n\n".encode()


def test_responses_are_read() -> None:
    usage = {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 1},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 2},
    }
    reply = read(
        chunks(
            respond("response.created", response={"status": "in_progress", "model": "m-1"}),
            respond("response.reasoning_text.delta", delta="hm"),
            respond("response.output_item.added", output_index=1, item={"type": "function_call", "name": "add"}),
            respond("response.function_call_arguments.delta", output_index=1, delta="{}"),
            respond("response.output_text.delta", delta="a"),
            respond("response.completed", response={"status": "completed", "usage": usage, "model": "m-1"}),
        ),
        Api.RESPONSES,
    )
    assert (reply.text, reply.reasoning, reply.tool_calls) == ("a", "hm", (ToolCall("add", "{}"),))
    assert reply.sample.usage == Usage(3, 1, 4, 2)
    assert (reply.sample.first_token_ns, reply.sample.first_answer_ns, reply.sample.last_token_ns) == (30, 50, 60)
    assert (reply.sample.fault, reply.sample.model_served) == (Fault.NONE, "m-1")


def test_a_response_that_reached_its_limit_is_cut_and_not_failed() -> None:
    ended = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    sample = read(chunks(respond("response.incomplete", response=ended)), Api.RESPONSES).sample
    assert (sample.fault, sample.finish_reason) == (Fault.NONE, "length")


@pytest.mark.parametrize(
    "said",
    [
        respond("response.failed", response={"status": "failed", "error": {"message": "no memory"}}),
        respond("error", message="no memory"),
    ],
)
def test_a_response_that_failed_says_why(said: bytes) -> None:
    sample = read(chunks(said), Api.RESPONSES).sample
    assert (sample.fault, sample.fault_detail) == (Fault.EVENT, "no memory")


WHOLE = {
    Api.CHAT: {"model": "m", "choices": [{"message": {"content": "ab", "reasoning": "r"}, "finish_reason": "stop"}]},
    Api.COMPLETIONS: {"model": "m", "choices": [{"text": "ab", "finish_reason": "stop"}]},
    Api.RESPONSES: {
        "model": "m",
        "status": "completed",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "ab"}]}],
    },
    Api.EMBEDDINGS: {"model": "m", "data": [{"embedding": [0.5, 1]}], "usage": {"prompt_tokens": 3}},
}


@pytest.mark.parametrize("api", list(Api))
def test_an_answer_in_one_piece_is_read_and_has_no_first_token(api: Api) -> None:
    reply = read(cut(whole(json.dumps(WHOLE[api]).encode()), [50, 90]), api)
    assert reply.text == ("[0.5,1]" if api is Api.EMBEDDINGS else "ab")
    assert (reply.sample.fault, reply.sample.model_served, reply.sample.end_ns) == (Fault.NONE, "m", 30)
    assert (reply.sample.first_token_ns, reply.sample.chunk_ns) == (None, ())


@pytest.mark.parametrize("api", list(Api))
@pytest.mark.parametrize("body", [b"{}", b"[]", b"not json", b"\xff\xfe", b'{"choices":[]}', b"[" * 100_000])
def test_a_body_that_is_no_answer_is_malformed(api: Api, body: bytes) -> None:
    assert read([whole(body)], api).sample.fault is Fault.MALFORMED


def test_compressed_answers_are_not_taken() -> None:
    sample = read([whole(b"\x1f\x8b", headers="Content-Encoding: gzip\r\nContent-Type: application/json\r\n")]).sample
    assert sample.fault is Fault.MALFORMED
    assert "compressed" in sample.fault_detail


@pytest.mark.parametrize(
    ("parts", "fault", "words"),
    [
        ([whole(b'{"error":{"message":"bad model","code":"x"}}', "404 Not Found")], Fault.STATUS, "404: bad model x"),
        ([whole(b"<html>\n oops", "502 Bad Gateway", "")], Fault.STATUS, "502: <html> oops"),
        ([whole(b"", "429 Too Many Requests", "Retry-After: 7\r\n")], Fault.LIMITED, "429"),
        ([whole(b"", "307 Temporary Redirect", "Location: /x\r\n")], Fault.STATUS, "not followed"),
        ([whole(b'{"error":"overloaded"}')], Fault.EVENT, "overloaded"),
        (chunks(ROLE, token("a"), event('{"error":{"message":"out of memory"}}')), Fault.EVENT, "out of memory"),
        (chunks(ROLE, token("a")), Fault.UNFINISHED, "without"),
        (chunks(), Fault.UNFINISHED, "without"),
        (chunks(ROLE, b"data: {half\n\n", DONE), Fault.MALFORMED, "not JSON"),
        ([HEAD, chunk(ROLE), b"3\r\nabcde" + END], Fault.MALFORMED, "does not end"),
        (chunks(ROLE, b"data: [1]\n\n", DONE), Fault.MALFORMED, "not a JSON object"),
        (chunks(ROLE, b"data: \xff\n\n", DONE), Fault.MALFORMED, "not UTF-8"),
        (chunks(ROLE, b"data: " + b'{"a":' * 100_000 + b"\n\n", DONE), Fault.MALFORMED, "deep"),
    ],
)
def test_faults_are_told_apart(parts: list[bytes], fault: Fault, words: str) -> None:
    sample = read(parts).sample
    assert sample.fault is fault
    assert words in sample.fault_detail


@pytest.mark.parametrize("fault", [Fault.RESET, Fault.TIMEOUT, Fault.STOPPED])
def test_what_broke_off_is_whole_when_it_had_said_so(fault: Fault) -> None:
    assert read(chunks(token("a"), finish())[:-1], fault=fault).sample.fault is fault
    assert read(chunks(token("a"), finish(), DONE)[:-1], fault=fault).sample.fault is Fault.NONE


def test_what_came_before_a_fault_is_kept() -> None:
    reply = read([HEAD, chunk(token("a")), chunk(token("b"))[:5]], fault=Fault.RESET)
    assert (reply.text, reply.sample.chunk_ns, reply.sample.fault) == ("a", (20,), Fault.RESET)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ("Retry-After: 7\r\n", 7.0),
        ("Retry-After: 1.5\r\n", 1.5),
        ("Retry-After: soon\r\n", None),
        ("", None),
        ("Date: Wed, 21 Oct 2026 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2026 07:28:30 GMT\r\n", 30.0),
        ("Date: Wed, 21 Oct 2026 07:28:00 GMT\r\nRetry-After: Wed, 21 Oct 2026 07:27:00 GMT\r\n", 0.0),
    ],
)
def test_what_an_answer_asks_to_wait_is_on_the_record(headers: str, wait_s: float | None) -> None:
    assert read([whole(b"{}", "429 Too Many Requests", headers)]).sample.retry_after_s == wait_s


def test_secrets_that_a_server_repeats_are_hidden() -> None:
    exchange = make_exchange([whole(b'{"error":{"message":"wrong key: sk-123"}}', "401 Unauthorized")])
    sample = read_exchange(exchange, Labels("it", Api.CHAT, hide=lambda text: text.replace("sk-123", "…"))).sample
    assert sample.fault_detail == "HTTP status 401: wrong key: …"


def test_cost_and_a_second_opinion_on_tokens_are_on_the_record() -> None:
    labels = Labels("it", Api.CHAT, price=TokenPrice(2.0, 8.0), count=lambda text: len(text.split()))
    sample = read_exchange(make_exchange(chunks(token("a b c"), finish(), DONE)), labels).sample
    assert sample.cost_usd == pytest.approx((5 * 2 + 2 * 8) / 1e6)
    assert sample.counted_completion == 3


def test_names_of_the_server_are_made_fit_to_print() -> None:
    said = event('{"model":"m\\u0007\\nx","system_fingerprint":"' + "f" * 1000 + '","choices":[]}')
    sample = read(chunks(said, DONE)).sample
    assert sample.model_served == "m? x"
    assert len(sample.fingerprint) == 300


@given(st.binary(max_size=200), st.sampled_from(list(Api)))
def test_any_bytes_give_a_sample(data: bytes, api: Api) -> None:
    assert read([HEAD, chunk(b"data: " + data + b"\n\n"), END], api).sample.end_ns == 30
    assert read([whole(data)], api).sample.end_ns == 10
