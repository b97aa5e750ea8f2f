"""Each thing that a server can do to a request has its name, and what may pass is tried again."""

import socket
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.measure.load.certificates import make_server_tls
from tests.measure.load.scripted import (
    CLOSE,
    DONE,
    HANG,
    HEAD,
    RESET,
    Request,
    Scripted,
    Step,
    chunk,
    finish,
    make_ask,
    stream,
    token,
    whole,
)

from holdfast.measure.load.asking import Manner, ask_all
from holdfast.measure.load.patience import Patience
from holdfast.measure.load.prices import Budget
from holdfast.records.errors import ConfigurationError, MalformedFile, MissingPath, UnreachableEndpoint
from holdfast.records.measurement import Api, Endpoint, Fault, Reply, TokenPrice

ONCE = Manner(Patience(tries=1))
QUICK = Manner(Patience(tries=4, base_s=0.01))
ANSWER = list(stream(token("a"), finish(), DONE))
LIMITED = whole(b"{}", "429 Too Many Requests", "Retry-After: 0\r\n")


def ask_one(server: Scripted, manner: Manner = ONCE, **more: object) -> Reply:
    (reply,) = ask_all(server.make_endpoint(**more), [make_ask()], manner=manner)  # type: ignore[arg-type]
    return reply


@pytest.mark.parametrize(
    ("steps", "fault", "words"),
    [
        (ANSWER, Fault.NONE, ""),
        ([CLOSE], Fault.RESET, "closed"),
        ([RESET], Fault.RESET, "reset|closed"),
        ([HEAD, chunk(token("a")), CLOSE], Fault.RESET, "closed"),
        ([HEAD, chunk(token("a")), 0.05, RESET], Fault.RESET, "reset"),
        ([HEAD, chunk(token("a")), HANG], Fault.TIMEOUT, "within"),
        ([HANG], Fault.TIMEOUT, "within"),
        ([b"garbage\r\n\r\n"], Fault.MALFORMED, "not HTTP"),
        ([HEAD, b"nonsense\r\n"], Fault.MALFORMED, "no size"),
        ([HEAD, chunk(b"data: nonsense\n\n"), b"0\r\n\r\n"], Fault.MALFORMED, "not JSON"),
        (list(stream(token("a"))), Fault.UNFINISHED, "without"),
        ([whole(b'{"error":"no"}', "503 No")], Fault.STATUS, "503: no"),
        ([LIMITED], Fault.LIMITED, "429"),
        ([HEAD, chunk(token("a")), chunk(finish()), chunk(DONE), HANG], Fault.NONE, ""),
        ([b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", token("a"), DONE, CLOSE], Fault.NONE, ""),
        ([b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n", token("a"), CLOSE], Fault.UNFINISHED, ""),
    ],
)
def test_each_fault_has_its_name(steps: list[Step], fault: Fault, words: str) -> None:
    with Scripted(lambda _: steps) as server:
        sample = ask_one(server, Manner(Patience(tries=1), timeout_s=3.0)).sample
    assert sample.fault is fault
    assert any(word in sample.fault_detail for word in words.split("|"))
    assert sample.sent_ns is not None
    assert sample.sent_ns <= sample.end_ns


def test_an_answer_over_tls_is_read_and_the_certificate_is_verified(tmp_path: Path) -> None:
    context, ca_file = make_server_tls(tmp_path)
    long = list(stream(*(token("a" * 2000) for _ in range(40)), finish(), DONE))
    with Scripted(lambda _: long, context) as server:
        reply = ask_one(server, ca_file=str(ca_file))
        assert (reply.sample.fault, reply.text) == (Fault.NONE, "a" * 80_000)
        with pytest.raises(UnreachableEndpoint, match="the certificate does not hold"):
            ask_one(server)


def test_tls_where_there_is_none_is_told(tmp_path: Path) -> None:
    with Scripted(lambda _: ANSWER) as server:
        endpoint = Endpoint("it", server.url.replace("http:", "https:"), "m")
        with pytest.raises(UnreachableEndpoint, match="TLS"):
            list(ask_all(endpoint, [make_ask()], manner=Manner(connect_s=1.0)))
    with pytest.raises(MissingPath, match=r"ca\.pem"):
        list(ask_all(Endpoint("it", "https://127.0.0.1:1/v1", "m", ca_file=str(tmp_path / "ca.pem")), [make_ask()]))


def test_an_endpoint_that_is_not_there_is_told_before_anything_is_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(UnreachableEndpoint, match=rf"endpoint it, http://127\.0\.0\.1:{port}/v1/chat.*refused"):
        list(ask_all(Endpoint("it", f"http://me:secret@127.0.0.1:{port}/v1", "m"), [make_ask()]))
    with pytest.raises(UnreachableEndpoint, match="no address"):
        list(ask_all(Endpoint("it", "http://no-such-host.invalid/v1", "m"), [make_ask()]))


@pytest.mark.parametrize("trouble", [[LIMITED], [whole(b"{}", "503 No")], [CLOSE]])
def test_what_may_pass_is_tried_again_and_counted(trouble: list[Step]) -> None:
    with Scripted(lambda request: trouble if request.number < 2 else ANSWER) as server:
        reply = ask_one(server, QUICK)
        assert len(server.requests) == 3
    assert (reply.text, reply.sample.retries, reply.sample.fault) == ("a", 2, Fault.NONE)


@pytest.mark.parametrize(
    "trouble",
    [[whole(b"{}", "400 Bad")], [whole(b"{}", "401 No")], [HEAD, chunk(token("a")), CLOSE], [HEAD, b"zz\r\n"]],
)
def test_what_will_not_pass_is_not_tried_again(trouble: list[Step]) -> None:
    with Scripted(lambda _: trouble) as server:
        reply = ask_one(server, QUICK)
        assert len(server.requests) == 1
    assert (reply.sample.retries, reply.sample.fault is Fault.NONE) == (0, False)


def test_a_wait_that_the_server_asks_for_is_waited() -> None:
    def answer(request: Request) -> Iterable[Step]:
        return [whole(b"", "429 No", "Retry-After: 0.3\r\n")] if request.number == 0 else ANSWER

    with Scripted(answer) as server:
        started = time.monotonic()
        assert ask_one(server, QUICK).sample.retries == 1
        assert time.monotonic() - started >= 0.3


def test_a_wait_beyond_patience_is_not_waited() -> None:
    with Scripted(lambda _: [whole(b"", "429 No", "Retry-After: 86400\r\n")]) as server:
        sample = ask_one(server, QUICK).sample
    assert (sample.fault, sample.retry_after_s, sample.retries) == (Fault.LIMITED, 86400.0, 0)


def test_every_ask_has_one_reply_and_connections_are_used_again() -> None:
    def answer(request: Request) -> Iterable[Step]:
        return [whole(b'{"choices":[{"message":{"content":"%d"}}]}' % len(request.body))]

    with Scripted(answer) as server:
        asks = [make_ask(number, "x" * number) for number in range(60)]
        replies = {reply.number: reply for reply in ask_all(server.make_endpoint(is_streaming=False), asks, 5)}
        assert len({request.connection for request in server.requests}) <= 6
    sizes = [int(replies[number].text) for number in range(60)]
    assert sizes == list(range(sizes[0], sizes[0] + 60))
    spans = [(reply.sample.sent_ns or 0, reply.sample.end_ns) for reply in replies.values()]
    assert _count_overlaps(spans) <= 5


def test_a_server_that_closes_after_each_answer_is_asked_on_new_connections() -> None:
    body = whole(b'{"choices":[{"text":"a"}]}', headers="Connection: close\r\nContent-Type: application/json\r\n")
    with Scripted(lambda _: [body, CLOSE]) as server:
        asks = [make_ask(number) for number in range(8)]
        replies = list(ask_all(server.make_endpoint(Api.COMPLETIONS), asks, 2))
    assert {reply.sample.fault for reply in replies} == {Fault.NONE}


def test_a_long_prompt_is_sent_whole_to_a_slow_reader() -> None:
    with Scripted(lambda request: [whole(b'{"choices":[{"text":"%d"}]}' % len(request.body))]) as server:
        (reply,) = ask_all(server.make_endpoint(Api.COMPLETIONS), [make_ask(text="x" * (8 << 20))])
    assert int(reply.text) > 8 << 20


def test_closing_early_ends_what_is_under_way() -> None:
    with Scripted(lambda request: ANSWER if request.number == 0 else [HANG]) as server:
        replies = ask_all(server.make_endpoint(), [make_ask(number) for number in range(4)], 1)
        assert next(replies).text == "a"
        replies.close()  # type: ignore[attr-defined]
        assert not [thread for thread in threading.enumerate() if thread.name == "asking"]


def test_nothing_is_sent_that_the_budget_may_not_cover() -> None:
    price = TokenPrice(0.0, 1_000_000.0)  # a dollar for each token that comes out
    budget = Budget(10.0)
    with Scripted(lambda _: list(stream(token("a"), finish(tokens=2), DONE))) as server:
        manner = Manner(Patience(tries=1), price=price, purse=budget)
        replies = list(ask_all(server.make_endpoint(), [make_ask(n, tokens_max=4) for n in range(9)], 3, manner))
        assert len(server.requests) == 4  # two dollars each, and four are put aside before
    assert [reply.sample.fault for reply in replies].count(Fault.STOPPED) == 5
    assert (budget.spent_usd, budget.reserved_usd) == (8.0, 0.0)
    with pytest.raises(ConfigurationError, match="needs a price"):
        ask_all(Endpoint("it", "http://127.0.0.1:1", "m"), [], manner=Manner(purse=budget))


def test_a_key_that_the_server_repeats_is_in_no_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", "sk-very-secret")

    def answer(request: Request) -> Iterable[Step]:
        return [whole(b'{"error":{"message":"%b"}}' % request.head.partition("Bearer ")[2][:14].encode(), "401 No")]

    with Scripted(answer) as server:
        reply = ask_one(server, key_variable="A_KEY")
        assert "sk-very-secret" in server.requests[0].head
    assert reply.sample.fault_detail == "HTTP status 401: …"
    assert "secret" not in repr(reply)


def test_an_ask_that_cannot_be_sent_is_refused_before_anything_is() -> None:
    with Scripted(lambda _: ANSWER) as server:
        with pytest.raises(MalformedFile, match="prompt 1"):
            ask_all(server.make_endpoint(), [make_ask(0), make_ask(1, extra="{")])
        assert not server.requests


def _count_overlaps(spans: list[tuple[int, int]]) -> int:
    """How many were under way at once."""
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)
