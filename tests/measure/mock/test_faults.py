"""Everything that can go wrong with an answer goes wrong as it was asked to, and the log says how far it came."""

import socket

import numpy as np
import pytest
from tests.measure.mock.conftest import Start
from tests.measure.mock.talking import PATHS, ask, ask_and_look, connect, hear, hear_start, wait_for, write_request

from holdfast.measure.mock.spec import Distribution, Ending, Framing, MockSpec, Opening, Scenario
from holdfast.measure.mock.tables import Flag

QUICK = Distribution(mean=0.001)
FRAMINGS = (Framing.PLAIN, Framing.JOINED, Framing.SPLIT, Framing.UNTIL_CLOSE)
ENDINGS = MockSpec(
    ttft_s=QUICK,
    gap_s=QUICK,
    scenarios=tuple(
        Scenario(name=f"{ending}-{after}", ending=ending, after_tokens=after) for ending in Ending for after in (0, 3)
    ),
)
CUTS = MockSpec(
    ttft_s=QUICK,
    gap_s=QUICK,
    chunk_tokens=Distribution(mean=3),
    scenarios=tuple(
        Scenario(
            name=f"{framing}-{opening}",
            ending=Ending.CLOSE,
            after_tokens=4,
            split_s=0.001,
            framing=framing,
            opening=opening,
        )
        for framing in FRAMINGS
        for opening in Opening
    ),
)
REFUSALS = (
    Scenario(name="limited", status=429, retry_after_s=2),
    Scenario(name="soon", status=503, retry_after_s=0.5),
    Scenario(name="never", status=503),
    Scenario(name="unknown-key", status=401),
)


def test_a_closed_stream_ends_after_as_many_tokens_without_its_last_chunk(given: Start) -> None:
    answered = ask_and_look(given(ENDINGS), scenario="close-3", stream=True, max_tokens=10)
    heard, row = answered.heard, answered.row
    assert (len(heard.events), heard.is_whole, heard.is_reset) == (4, False, False)
    assert (row["tokens"], row["planned"], row["status"]) == (3, 10, 200)


def test_a_reset_stream_is_an_error_to_its_client(given: Start) -> None:
    heard = ask(given(ENDINGS), scenario="reset-3", stream=True, max_tokens=10)
    assert heard.is_reset
    assert not heard.data or not heard.is_whole


def test_a_connection_that_is_lost_before_the_first_token_gave_nothing(given: Start) -> None:
    for streams in (True, False):
        answered = ask_and_look(given(ENDINGS), scenario="close-0", stream=streams, max_tokens=10)
        assert answered.heard.data == b""
        assert answered.row["status"] == 0
    assert ask(given(ENDINGS), scenario="reset-0", stream=True).is_reset


def test_an_error_event_ends_a_stream_that_is_whole_to_http(given: Start) -> None:
    answered = ask_and_look(given(ENDINGS), scenario="error-3", stream=True, max_tokens=10)
    assert answered.heard.is_whole
    assert answered.heard.events[-1].json["error"]["type"] == "server_error"
    assert answered.row["tokens"] == 3


def test_an_error_before_the_first_token_is_an_http_status(given: Start) -> None:
    for streams in (True, False):
        answered = ask_and_look(given(ENDINGS), scenario="error-0", stream=streams)
        assert (answered.heard.status, answered.heard.json["error"]["code"]) == (500, "server_error")
        assert answered.row["status"] == 500


def test_garbage_is_no_event_and_before_the_first_token_no_http(given: Start) -> None:
    heard = ask(given(ENDINGS), scenario="garbage-3", stream=True, max_tokens=10)
    with pytest.raises(ValueError, match=r"utf-8|Expecting"):
        [event.json for event in heard.events]
    assert not ask(given(ENDINGS), scenario="garbage-0", stream=True).data.startswith(b"HTTP")


def test_a_stream_that_hangs_says_nothing_more_and_keeps_its_place(given: Start) -> None:
    mock = given(ENDINGS)
    before = wait_for(mock, served=0)["aborted"]
    assert not hear_start(mock, b"\n\n", scenario="hang-3", stream=True, max_tokens=10).is_whole
    wait_for(mock, aborted=before + 1, served=0)
    assert mock.read_log().requests["flags"][-1] == Flag.ABORTED


def test_a_stream_without_its_last_line_is_otherwise_whole(given: Start) -> None:
    heard = ask(given(ENDINGS), scenario="no_done-0", stream=True, max_tokens=3)
    assert heard.is_whole
    assert heard.events[-1].json["choices"][0]["finish_reason"] == "length"
    last = ask(given(ENDINGS), "responses", scenario="no_done-0", stream=True, max_output_tokens=3).events[-1]
    assert last.kind == "response.output_item.done"


@pytest.mark.parametrize("scenario", [scenario.name for scenario in CUTS.scenarios])
def test_a_break_comes_after_as_many_tokens_however_events_are_framed(given: Start, scenario: str) -> None:
    answered = ask_and_look(given(CUTS), scenario=scenario, stream=True, max_tokens=10)
    assert answered.tokens["count"].tolist() == [3, 1]


def test_a_refusal_has_its_status_and_says_when_to_come_again(start: Start) -> None:
    mock = start(MockSpec(scenarios=REFUSALS))
    heard = [ask(mock, scenario=scenario.name, stream=True) for scenario in REFUSALS]
    assert [one.status for one in heard] == [429, 503, 503, 401]
    assert [one.headers.get("retry-after") for one in heard] == ["2", "0.5", None, None]
    assert [one.json["error"]["code"] for one in heard] == [
        "rate_limit_exceeded", "server_error", "server_error", "invalid_api_key",
    ]  # fmt: skip
    assert mock.read_log().requests["status"].tolist() == [429, 503, 503, 401]
    assert wait_for(mock, refused=4)["tokens"] == 0


def test_scenarios_come_by_their_weights_and_by_the_request_alone(start: Start) -> None:
    scenarios = (Scenario(name="well", weight=3), Scenario(name="limited", weight=1, status=429))
    mock = start(MockSpec(ttft_s=Distribution(), gap_s=Distribution(), scenarios=scenarios, seed=5))
    with connect(mock) as connection:

        def get_status(sample: int) -> int:
            connection.sendall(write_request(PATHS["chat"], {"max_tokens": 1}, sample=sample))
            return hear(connection).status

        first = [get_status(sample) for sample in range(300)]
        again = [get_status(sample) for sample in reversed(range(0, 300, 7))]
    assert again == list(reversed(first[::7]))
    share = np.mean([status == 429 for status in first])
    assert abs(share - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 300)


def test_a_client_that_leaves_is_noted_and_no_more_is_sent(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=Distribution(mean=0.05)))
    hear_start(mock, b"\n\n", stream=True, max_tokens=1000)
    wait_for(mock, aborted=1, served=0)
    log = mock.read_log()
    assert log.requests["flags"].tolist() == [Flag.ABORTED]
    assert log.requests["end_ns"][0] > 0
    assert log.requests["tokens"][0] < 1000


def test_what_the_kernel_did_not_take_at_once_is_marked_and_stamped_when_it_did(start: Start) -> None:
    mock = start(MockSpec(ttft_s=QUICK, gap_s=Distribution(), text=" ".join(["x" * 50_000] * 5)))
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(60)
        connection.connect(("127.0.0.1", int(mock.url.split(":")[2].split("/")[0])))
        connection.sendall(write_request(PATHS["chat"], {"stream": True, "max_tokens": 160}))
        truth = wait_for(mock, tokens=160)
        heard = hear(connection)
    assert heard.is_whole
    log = mock.read_log()
    late = (log.tokens["flags"] & Flag.DEFERRED) > 0
    assert late.sum() == truth["deferred"] > 0
    assert log.requests["flags"].tolist() == [Flag.DEFERRED]
    assert (np.diff(log.tokens["send_ns"]) >= 0).all()
    stamps = [heard.find_stamp(event.end - 1) for event in heard.events if "xxx" in event.data]
    assert (np.array(stamps) >= log.tokens["send_ns"]).all()
    assert log.requests["end_ns"][0] >= log.tokens["after_ns"].max()


def test_a_client_that_never_reads_is_cut_off(start: Start) -> None:
    words = " ".join(["x" * 50_000] * 5)
    mock = start(MockSpec(ttft_s=QUICK, gap_s=Distribution(), text=words, chunk_tokens=Distribution(mean=5)))
    with connect(mock) as connection:
        connection.sendall(write_request(PATHS["chat"], {"stream": True, "max_tokens": 10_000}))
        wait_for(mock, aborted=1, served=0)
    assert mock.read_log().requests["flags"][0] & Flag.ABORTED
