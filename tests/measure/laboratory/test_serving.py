"""The laboratory's server speaks as an endpoint does, and changes silently while it runs."""

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest
from benchmarks.watch_laboratory.catalogue import BASE, SYSTEM, find_variant
from benchmarks.watch_laboratory.engines import MADE, Engine, MadeShelf
from benchmarks.watch_laboratory.starting import start_laboratory
from benchmarks.watch_laboratory.tables import compute_softmax

from tests.measure.laboratory.talking import QUESTION, Client, serve_made

NOT_UNDERSTOOD: list[tuple[dict[str, Any], str]] = [
    ({"messages": []}, "messages"),
    ({"messages": ["hello"]}, "role"),
    ({"messages": [{"role": "root", "content": "x"}]}, "root"),
    ({"messages": [{"role": "user", "content": "x" * 30_000}]}, "20000 characters"),
    ({"max_tokens": 0}, "max_tokens"),
    ({"temperature": 3}, "temperature"),
    ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
    ({"tools": [{"function": {}}]}, "tools"),
]


@pytest.fixture
def client() -> Iterator[Client]:
    """A server that starts as every one does."""
    with serve_made() as client:
        yield client


def read_chances(engine: Engine, temperature: float, system: str = SYSTEM) -> dict[str, float]:
    """The first token's law, straight from the model."""
    symbols = engine.tokenizer.encode_turns([("system", system), ("user", QUESTION)])
    chances = compute_softmax(engine.read_logits(symbols, 0.0), temperature)
    return {chr(symbol): float(chance) for symbol, chance in enumerate(chances[:128]) if chance > 0}


def read_events(text: str) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in text.split("\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def test_first_tokens_follow_the_law_of_the_model(client: Client) -> None:
    client.change(noise=0)
    law, counts = read_chances(MadeShelf().take(BASE), 0.7), client.count_first(300, temperature=0.7)
    assert sum(abs(counts.get(symbol, 0) / 300 - chance) for symbol, chance in law.items()) / 2 < 0.1


def test_a_swap_shows_in_what_is_said_and_in_nothing_else(client: Client) -> None:
    before = client.chat(max_tokens=1, temperature=0).body
    client.change(variant="swap")
    after = client.chat(max_tokens=1, temperature=0).body
    said = [one["choices"][0].pop("message")["content"] for one in (before, after)]
    law = read_chances(MadeShelf().take(find_variant("swap")), 1.0)
    assert said[0] != said[1] == max(law, key=lambda symbol: law[symbol])
    assert before == after


def test_a_share_of_the_traffic_is_diverted(client: Client) -> None:
    client.change(variant="swap", share=0.25, behaviours=["announces"], noise=0)
    served = [client.chat(max_tokens=1).body["model"] for _ in range(200)]
    assert set(served) == {"made-base", "made-swap"}
    assert 25 < served.count("made-swap") < 80


def test_a_seed_repeats_an_answer_and_the_rest_is_the_servers_draw(client: Client) -> None:
    client.change(noise=0)
    assert len({client.say(max_tokens=12, seed=5) for _ in range(4)}) == 1
    assert len({client.say(max_tokens=12) for _ in range(6)}) > 1
    with serve_made(seed=1) as one, serve_made(seed=1) as other:
        assert one.say(max_tokens=12) == other.say(max_tokens=12)


def test_logprobs_are_those_of_the_model_whatever_the_temperature(client: Client) -> None:
    client.change(noise=0)
    law = read_chances(MadeShelf().take(BASE), 1.0)
    told = client.chat(max_tokens=1, temperature=0.1, logprobs=True, top_logprobs=5).body
    (token,) = told["choices"][0]["logprobs"]["content"]
    top = {one["token"]: one["logprob"] for one in token["top_logprobs"]}
    assert top == pytest.approx({name: math.log(law[name]) for name in sorted(law, key=lambda one: -law[one])[:5]})
    assert token["logprob"] == pytest.approx(math.log(law[token["token"]]))
    assert bytes(token["bytes"]).decode() == token["token"]


def test_completions_have_logprobs_in_their_own_form(client: Client) -> None:
    told = client.complete(max_tokens=2, logprobs=3, temperature=0.2).body["choices"][0]
    assert "".join(told["logprobs"]["tokens"]) == told["text"]
    assert [len(one) for one in told["logprobs"]["top_logprobs"]] == [3, 3]


@pytest.mark.parametrize("is_chat", [True, False])
def test_a_stream_says_what_a_whole_answer_does(client: Client, is_chat: bool) -> None:
    client.change(noise=0)
    ask = client.chat if is_chat else client.complete
    fields: dict[str, Any] = {"seed": 3, "max_tokens": 9, "logprobs": True if is_chat else 0}
    whole = ask(**fields).body
    events = read_events(ask(**fields, stream=True, stream_options={"include_usage": True}).body)
    choices = [one["choices"][0] for one in events if one["choices"]]
    said = [one["delta"].get("content", "") if is_chat else one["text"] for one in choices]
    answer = whole["choices"][0]
    assert "".join(said) == (answer["message"]["content"] if is_chat else answer["text"])
    assert (choices[-1]["finish_reason"], events[-1]["usage"]) == (answer["finish_reason"], whole["usage"])


def test_tokens_are_counted_as_the_template_writes_them(client: Client) -> None:
    usage = client.chat(max_tokens=3, seed=1).body["usage"]
    assert usage["prompt_tokens"] == len(SYSTEM) + len(QUESTION) + 5
    client.change(behaviours=["other tokenizer"])
    assert client.chat(max_tokens=3, seed=1).body["usage"]["prompt_tokens"] != usage["prompt_tokens"]
    client.change(behaviours=[], variant="system-date")
    more = client.chat(max_tokens=3, seed=1).body["usage"]["prompt_tokens"] - usage["prompt_tokens"]
    assert more == len(find_variant("system-date").serving.system)


def test_a_day_shifts_all_its_answers_alike_and_the_next_one_otherwise(client: Client) -> None:
    client.change(noise=0, day_effect=0.5)

    def read_day(day: int) -> float:
        client.change(day=day)
        return float(
            client.chat(max_tokens=1, seed=1, logprobs=True).body["choices"][0]["logprobs"]["content"][0]["logprob"]
        )

    assert read_day(1) == read_day(1) != read_day(2)
    client.change(day_effect=0, lasting_effect=0.5, lasting_days=5)
    assert read_day(10) == read_day(14) != read_day(15)


def test_an_endpoint_that_ignores_temperature_varies_where_it_was_told_not_to(client: Client) -> None:
    assert len(client.count_first(20, temperature=0)) == 1
    client.change(behaviours=["ignores temperature"])
    assert len(client.count_first(20, temperature=0)) > 1
    client.change(behaviours=["greedy"])
    assert len(client.count_first(20, temperature=1)) == 1


def test_logprobs_may_be_left_out_or_refused(client: Client) -> None:
    client.change(behaviours=["no logprobs"])
    assert client.chat(max_tokens=1, logprobs=True).body["choices"][0]["logprobs"] is None
    client.change(behaviours=["refuses logprobs"])
    assert client.chat(max_tokens=1, logprobs=True).status == 400
    assert client.chat(max_tokens=1).status == 200


def test_a_caching_endpoint_answers_the_same_request_alike(client: Client) -> None:
    client.change(behaviours=["caches"])
    assert len({client.say(max_tokens=12) for _ in range(6)}) == 1
    assert len({client.say(max_tokens=12, user=str(number)) for number in range(6)}) > 1


def test_every_nth_request_is_told_to_wait(client: Client) -> None:
    client.change(limit_every=3, retry_after_s=7)
    told = [client.chat(max_tokens=1) for _ in range(6)]
    assert [one.status for one in told] == [200, 200, 429, 200, 200, 429]
    assert told[2].headers["Retry-After"] == "7"


def test_thoughts_are_paid_out_of_the_same_tokens(client: Client) -> None:
    client.change(behaviours=["reasons"], reasoning_tokens=16)
    told = client.chat(max_tokens=1).body
    assert (told["choices"][0]["message"]["content"], told["choices"][0]["finish_reason"]) == ("", "length")
    usage = client.chat(max_tokens=20, seed=1).body["usage"]
    assert usage["completion_tokens_details"] == {"reasoning_tokens": 16}
    assert 16 <= usage["completion_tokens"] <= 20


def test_answers_may_be_empty(client: Client) -> None:
    client.change(behaviours=["empty"])
    assert client.say(max_tokens=5) == ""


def test_some_requests_fail_in_one_of_two_ways(client: Client) -> None:
    client.change(errors=0.5)
    statuses = [client.chat(max_tokens=1).status for _ in range(40)]
    assert {*statuses} == {0, 200, 500}
    assert client.send("GET", "/laboratory").body["failed"] == 40 - statuses.count(200)


@pytest.mark.parametrize(("status", "reason"), [(404, "does not exist"), (410, "retired"), (451, "legal")])
def test_a_model_may_be_withdrawn(client: Client, status: int, reason: str) -> None:
    client.change(status=status)
    told = client.chat(max_tokens=1)
    assert told.status == status
    assert reason in told.body["error"]["message"]


def test_a_tool_is_called_as_its_schema_asks_or_not(client: Client) -> None:
    schema: dict[str, Any] = {
        "type": "object",
        "required": ["city", "days"],
        "properties": {"days": {"type": "integer"}},
    }
    tools = [{"type": "function", "function": {"name": "forecast", "parameters": schema}}]
    message = client.chat(max_tokens=4, tools=tools).body["choices"][0]["message"]
    called = message["tool_calls"][0]["function"]
    assert (called["name"], sorted(json.loads(called["arguments"]))) == ("forecast", ["city", "days"])
    client.change(broken_tools=1)
    broken = client.chat(max_tokens=4, tools=tools).body["choices"][0]["message"]["tool_calls"][0]["function"]
    assert sorted(json.loads(broken["arguments"])) == ["days"]


@pytest.mark.parametrize(("fields", "reason"), NOT_UNDERSTOOD)
def test_a_request_that_is_not_understood_is_refused_with_its_field(
    client: Client, fields: dict[str, Any], reason: str
) -> None:
    told = client.chat(**fields)
    assert told.status == 400
    assert reason in told.body["error"]["message"]


def test_bodies_that_are_none_are_refused_and_the_server_goes_on(client: Client) -> None:
    for body in (b"{", b"[]", b"[" * 100_000, b"\xff\xfe"):
        assert client.send("POST", "/v1/chat/completions", body).status == 400
    assert client.send("GET", "/v1/nothing").status == 404
    assert client.send("GET", "/v1/models").body["data"][0]["id"] == MADE
    assert client.chat(max_tokens=1).status == 200


def test_a_server_of_its_own_is_changed_while_it_runs_and_ends_with_its_block() -> None:
    with start_laboratory(MADE) as served:
        assert served.change(variant="int4", noise=0)["variant"] == "int4"
        with pytest.raises(ValueError, match="no variant"):
            served.change(variant="int5")
        assert served.describe()["asked"] == 0
    with pytest.raises(OSError, match="refused"):
        served.describe()


def test_a_made_model_is_another_at_every_precision() -> None:
    laws = [read_chances(MadeShelf().take(find_variant(name)), 0.1) for name in ("base", "int8", "int4", "int3")]
    assert all(one != other for place, one in enumerate(laws) for other in laws[:place])
