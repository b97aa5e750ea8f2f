"""The API over HTTP, in front of an engine's process that answers from what it is asked."""

import asyncio
import base64
import json
import os
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from holdfast.front.openai.app import make_app
from holdfast.workflows.engines.environment import make_environment
from holdfast.workflows.engines.finding import EngineName
from holdfast.workflows.engines.processes import EngineProcess, Start
from holdfast.workflows.run import Running

TALKER = str(Path(__file__).with_name("talker.py"))
MODEL = "acme/talker"
Client = TestClient[Any, Any]


def talk(tmp_path: Path, act: Callable[[Client], Awaitable[None]], kind: str = "generate") -> EngineProcess:
    """Run `act` with a client of the API."""
    start = Start((sys.executable, TALKER), make_environment(os.environ, tmp_path), tmp_path, tmp_path / "log")
    with EngineProcess(start) as process:
        assert process.wait_ready(60)["event"] == "ready"
        running = Running(
            model=MODEL,
            revision="r1",
            engine=EngineName.TRANSFORMERS,
            version="talker 1",
            kind=kind,
            port=0,
            folder=tmp_path,
            log=tmp_path / "log",
            isolation="",
            process=process,
            speaks=True,
            labels=("no", "yes"),
        )

        async def go() -> None:
            async with TestClient(TestServer(make_app(running))) as client:
                await act(client)

        asyncio.run(go())
    return process


async def post(client: Client, path: str, body: dict[str, object], **more: Any) -> ClientResponse:
    return await client.post(path, json={"model": MODEL, **body}, **more)


def read_stream(text: str) -> list[Any]:
    """The events of a stream; each stands in a paragraph of its own."""
    said = [part.removeprefix("data: ") for part in text.split("\n\n") if part]
    return [part if part == "[DONE]" else json.loads(part) for part in said]


def test_a_completion_and_a_chat_have_openais_shape(tmp_path: Path) -> None:
    async def act(client: Client) -> None:
        whole = await (await post(client, "/v1/completions", {"prompt": "good day"})).json()
        assert (whole["object"], whole["model"]) == ("text_completion", MODEL)
        (choice,) = whole["choices"]
        assert choice == {"index": 0, "finish_reason": "stop", "logprobs": None, "text": "good day "}
        assert whole["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        messages = [{"role": "user", "content": "good day"}]
        chat = await (await post(client, "/v1/chat/completions", {"messages": messages})).json()
        assert chat["object"] == "chat.completion"
        assert chat["choices"][0]["message"] == {"role": "assistant", "content": "good day "}

    talk(tmp_path, act)


def test_a_stream_comes_in_pieces_and_ends_with_done(tmp_path: Path) -> None:
    async def act(client: Client) -> None:
        body = {
            "messages": [{"role": "user", "content": "a b"}],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        answer = await post(client, "/v1/chat/completions", body)
        assert answer.content_type == "text/event-stream"
        *chunks, usage, done = read_stream(await answer.text())
        assert [chunk["choices"][0]["delta"] for chunk in chunks] == [
            {"role": "assistant", "content": ""},
            {"content": "a "},
            {"content": "b "},
            {},
        ]
        assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, "stop"]
        assert (usage["choices"], usage["usage"]["total_tokens"], done) == ([], 5, "[DONE]")

    talk(tmp_path, act)


@pytest.mark.parametrize("is_streamed", [False, True])
def test_what_the_engine_refuses_is_the_askers_fault_and_what_it_breaks_is_not(
    tmp_path: Path, is_streamed: bool
) -> None:
    async def act(client: Client) -> None:
        for prompt, status in (("refuse", 400), ("fail", 500)):
            answer = await post(client, "/v1/completions", {"prompt": prompt, "stream": is_streamed})
            assert answer.status == status
            assert (await answer.json())["error"]["message"] in ("not this", "it broke")

    talk(tmp_path, act)


def test_an_engine_that_breaks_in_a_stream_ends_it_with_an_error_and_without_done(tmp_path: Path) -> None:
    async def act(client: Client) -> None:
        answer = await post(client, "/v1/completions", {"prompt": "go break", "stream": True})
        *_, last = read_stream(await answer.text())
        assert last["error"]["message"] == "broken in the middle"

    talk(tmp_path, act)


def test_an_engine_that_dies_is_told_as_503_and_by_health(tmp_path: Path) -> None:
    async def act(client: Client) -> None:
        assert (await client.get("/health")).status == 200
        for _ in range(2):  # the second finds it gone already
            assert (await post(client, "/v1/completions", {"prompt": "die"})).status == 503
        assert (await client.get("/health")).status == 503

    assert talk(tmp_path, act).end().code == 3


def test_who_goes_away_is_no_longer_answered(tmp_path: Path) -> None:
    async def act(client: Client) -> None:
        answer = await post(client, "/v1/completions", {"prompt": "wait", "stream": True})
        await answer.content.readuntil(b"\n\n")
        answer.close()
        asked = 1
        told: list[int] = []
        while not told:
            asked += 1
            whole = await (await post(client, "/v1/completions", {"prompt": "cancelled?"})).json()
            told = [number for number in json.loads(whole["choices"][0]["text"]) if number == 1]
            await asyncio.sleep(0.02)
            assert asked < 500

    talk(tmp_path, act)


def test_embeddings_are_lists_or_base64_of_the_same_numbers(tmp_path: Path) -> None:
    async def act(client: Client) -> None:
        whole = await (await post(client, "/v1/embeddings", {"input": ["abc", "d"]})).json()
        assert [one["embedding"] for one in whole["data"]] == [[3.0, 0.5], [1.0, 0.5]]
        packed = await (await post(client, "/v1/embeddings", {"input": "abc", "encoding_format": "base64"})).json()
        assert struct.unpack("<2f", base64.b64decode(packed["data"][0]["embedding"])) == (3.0, 0.5)

    talk(tmp_path, act, kind="embed")


def test_labels_come_with_chances_that_add_up_to_one(tmp_path: Path) -> None:
    async def act(client: Client) -> None:
        (one,) = (await (await post(client, "/classify", {"input": "x"})).json())["data"]
        assert (one["label"], one["num_classes"]) == ("yes", 2)
        assert one["probs"] == pytest.approx([0.268941, 0.731059], abs=1e-6)  # the logistic function at 1

    talk(tmp_path, act, kind="classify")


def test_a_request_of_another_kind_another_model_or_to_nowhere_is_told_so(tmp_path: Path) -> None:
    async def act(client: Client) -> None:
        other = await post(client, "/v1/embeddings", {"input": "x"})
        assert (other.status, (await other.json())["error"]["message"]) == (400, f"{MODEL} generates text")
        gone = await post(client, "/v1/completions", {"prompt": "x", "model": "acme/other"})
        assert (gone.status, (await gone.json())["error"]["code"]) == (404, "model_not_found")
        assert (await post(client, "/v1/completions", {"prompt": "x", "model": f"{MODEL}@r1"})).status == 200
        assert (await client.get("/v1/files")).status == 404
        assert (await client.get("/v1/completions")).status == 405
        listed = await (await client.get("/v1/models")).json()
        assert [one["id"] for one in listed["data"]] == [MODEL]
        assert (await (await client.get(f"/v1/models/{MODEL}")).json())["revision"] == "r1"

    talk(tmp_path, act)


def test_pages_of_other_sites_get_nothing(tmp_path: Path) -> None:
    async def act(client: Client) -> None:
        rebound = await post(client, "/v1/completions", {"prompt": "x"}, headers={"Host": "attacker.example"})
        assert rebound.status == 403
        simple = await client.post("/v1/completions", data='{"model": "acme/talker", "prompt": "x"}')
        assert simple.status == 415

    talk(tmp_path, act)


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[1]", 400), (b"\xff", 400), (b'"' + b"x" * (9 << 20), 413)]
)
def test_a_body_that_is_no_object_or_too_large_is_refused(tmp_path: Path, body: bytes, status: int) -> None:
    async def act(client: Client) -> None:
        answer = await client.post("/v1/completions", data=body, headers={"Content-Type": "application/json"})
        assert answer.status == status
        assert (await answer.json())["error"]["message"]

    talk(tmp_path, act)
