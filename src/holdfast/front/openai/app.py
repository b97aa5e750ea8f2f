"""The routes, and the way from a request to the engine's events and back. On loopback; browsers' pages are refused.

`/v1/models`, `/v1/completions`, `/v1/chat/completions`, `/v1/embeddings` as OpenAI's; `/classify` as vLLM's.
"""

import asyncio
import base64
import json
import math
import struct
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from time import time
from typing import Any, Final, cast

from aiohttp import web

from holdfast.front.openai.asking import (
    BadAsk,
    TextAsk,
    read_chat,
    read_completion,
    read_embedding,
    read_texts,
)
from holdfast.workflows.run import Running

_BODY_BYTES_MAX: Final = 8 << 20
_WAITING_MAX: Final = 64
_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]", "::1"})
_RUNNING: Final = web.AppKey("running", Running)
_TURNS: Final = web.AppKey("turns", list[int])
_FINISH: Final = {"generate": "generates text", "embed": "makes embeddings", "classify": "tells labels"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(running: Running) -> web.Application:
    """The API of one engine."""
    app = web.Application(middlewares=[_guard], client_max_size=_BODY_BYTES_MAX)
    app[_RUNNING] = running
    app[_TURNS] = [0]
    app.router.add_get("/health", _tell_health)
    app.router.add_get("/v1/models", _list_models)
    app.router.add_get("/v1/models/{name:.+}", _show_model)
    app.router.add_post("/v1/completions", _complete)
    app.router.add_post("/v1/chat/completions", _chat)
    app.router.add_post("/v1/embeddings", _embed)
    app.router.add_post("/classify", _classify)
    return app


class _Refusal(Exception):
    """An answer that is an error, in OpenAI's shape."""

    def __init__(self, status: int, what: str, parameter: str | None = None, code: str | None = None) -> None:
        super().__init__(what)
        self.status, self.what, self.parameter, self.code = status, what, parameter, code

    def to_response(self) -> web.Response:
        kind = "invalid_request_error" if self.status < 500 else "server_error"
        error = {"message": self.what, "type": kind, "param": self.parameter, "code": self.code}
        return web.json_response({"error": error}, status=self.status)


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Errors in one shape; a page in a browser that names this server by another host's name gets nothing."""
    if request.host.rsplit(":", 1)[0] not in _HOSTS and request.host not in _HOSTS:
        return _Refusal(403, "this server answers to localhost and 127.0.0.1 alone").to_response()
    try:
        return await handler(request)
    except _Refusal as refusal:
        return refusal.to_response()
    except BadAsk as error:
        return _Refusal(400, str(error), error.parameter).to_response()
    except web.HTTPException as error:
        what = {404: f"there is no {request.path} here", 413: "the body is too large"}.get(error.status, error.reason)
        return _Refusal(error.status, what).to_response()


# --- what is here -----------------------------------------------------------------------------------------------------


async def _tell_health(request: web.Request) -> web.Response:
    running = request.app[_RUNNING]
    return web.json_response({"status": "ok", "model": running.model}, status=503 if running.process.is_over else 200)


async def _list_models(request: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [_describe(request.app[_RUNNING])]})


async def _show_model(request: web.Request) -> web.Response:
    _check_model(request, {"model": request.match_info["name"]})
    return web.json_response(_describe(request.app[_RUNNING]))


def _describe(running: Running) -> dict[str, object]:
    more = {"revision": running.revision, "engine": running.version, "kind": running.kind}
    return {"id": running.model, "object": "model", "created": 0, "owned_by": "holdfast", **more}


# --- text -------------------------------------------------------------------------------------------------------------


async def _complete(request: web.Request) -> web.StreamResponse:
    body = await _read_body(request, "generate")
    return await _answer_text(request, read_completion(body), _CompletionShape(request.app[_RUNNING].model))


async def _chat(request: web.Request) -> web.StreamResponse:
    body = await _read_body(request, "generate")
    return await _answer_text(request, read_chat(body), _ChatShape(request.app[_RUNNING].model))


class _CompletionShape:
    """How `/v1/completions` says a piece and a whole."""

    begins: Sequence[Mapping[str, object]] = ()
    piece_kind = whole_kind = "text_completion"
    prefix = "cmpl"

    def __init__(self, model: str) -> None:
        self.model = model
        self.made = int(time())

    def say_piece(self, text: str) -> dict[str, object]:
        return {"text": text}

    def say_whole(self, text: str) -> dict[str, object]:
        return {"text": text}

    def wrap(self, kind: str, number: int, choices: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """A chunk or a whole answer."""
        about = {"id": f"{self.prefix}-{number}", "object": kind, "created": self.made, "model": self.model}
        return {**about, "choices": list(choices)}

    def choose(self, said: Mapping[str, object], finish: str | None) -> dict[str, object]:
        return {"index": 0, "finish_reason": finish, "logprobs": None, **said}


class _ChatShape(_CompletionShape):
    """How `/v1/chat/completions` does."""

    begins = ({"delta": {"role": "assistant", "content": ""}},)
    piece_kind, whole_kind, prefix = "chat.completion.chunk", "chat.completion", "chatcmpl"

    def say_piece(self, text: str) -> dict[str, object]:
        return {"delta": {"content": text} if text else {}}

    def say_whole(self, text: str) -> dict[str, object]:
        return {"message": {"role": "assistant", "content": text}}


async def _answer_text(request: web.Request, asked: TextAsk, shape: _CompletionShape) -> web.StreamResponse:
    async with _ask(request, {"do": "generate", "ask": asked.ask}) as (number, events):
        if asked.is_streamed:
            return await _stream(request, asked, shape, number, events)
        text = ""
        async for event in events:
            if event["event"] == "piece":
                text += event["text"]
                continue
            result = _read_done(event)
            choice = shape.choose(shape.say_whole(text), result["finish"])
            whole = {**shape.wrap(shape.whole_kind, number, [choice]), "usage": _count(result)}
            return web.json_response(whole)
    raise AssertionError("the engine's events end with an answer")


async def _stream(
    request: web.Request, asked: TextAsk, shape: _CompletionShape, number: int, events: AsyncIterator[dict[str, Any]]
) -> web.StreamResponse:
    """Server-sent events. Nothing is sent before the engine has begun, so that a refusal has its status."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})

    async def send(said: Mapping[str, object] | str) -> None:
        text = said if isinstance(said, str) else json.dumps(said)
        await response.write(f"data: {text}\n\n".encode())

    async def send_choice(said: Mapping[str, object], finish: str | None = None) -> None:
        if not response.prepared:
            await response.prepare(request)
            for begun in shape.begins:
                await send(shape.wrap(shape.piece_kind, number, [shape.choose(begun, None)]))
        await send(shape.wrap(shape.piece_kind, number, [shape.choose(said, finish)]))

    async for event in events:
        if event["event"] == "piece":
            await send_choice(shape.say_piece(event["text"]))
        elif response.prepared and event["event"] != "done":
            await send({"error": {"message": str(event.get("reason", "the engine ended")), "type": "server_error"}})
        else:
            result = _read_done(event)
            await send_choice(shape.say_piece(""), result["finish"])
            if asked.wants_usage:
                await send({**shape.wrap(shape.piece_kind, number, []), "usage": _count(result)})
            await send("[DONE]")
    await response.write_eof()
    return response


def _count(result: Mapping[str, Any]) -> dict[str, int]:
    prompt, made = int(result["prompt_tokens"]), int(result["tokens"])
    return {"prompt_tokens": prompt, "completion_tokens": made, "total_tokens": prompt + made}


# --- numbers ----------------------------------------------------------------------------------------------------------


async def _embed(request: web.Request) -> web.StreamResponse:
    asked = read_embedding(await _read_body(request, "embed"))
    result = await _ask_once(request, {"do": "embed", "texts": asked.texts})
    data = [
        {"object": "embedding", "index": index, "embedding": _pack(vector) if asked.as_base64 else vector}
        for index, vector in enumerate(cast("list[list[float]]", result["vectors"]))
    ]
    usage = {"prompt_tokens": result["tokens"], "total_tokens": result["tokens"]}
    return web.json_response({"object": "list", "data": data, "model": request.app[_RUNNING].model, "usage": usage})


def _pack(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


async def _classify(request: web.Request) -> web.StreamResponse:
    texts = read_texts(await _read_body(request, "classify"))
    running = request.app[_RUNNING]
    result = await _ask_once(request, {"do": "classify", "texts": texts})
    data: list[dict[str, object]] = []
    for index, logits in enumerate(cast("list[list[float]]", result["vectors"])):
        chances = _soften(logits)
        best = max(range(len(chances)), key=chances.__getitem__)
        label = running.labels[best] if best < len(running.labels) else str(best)
        data.append({"index": index, "label": label, "probs": chances, "num_classes": len(chances)})
    return web.json_response({"object": "list", "data": data, "model": running.model})


def _soften(logits: Sequence[float]) -> list[float]:
    most = max(logits)
    raised = [math.exp(number - most) for number in logits]
    return [number / sum(raised) for number in raised]


# --- asking the engine ------------------------------------------------------------------------------------------------


async def _read_body(request: web.Request, kind: str) -> Mapping[str, object]:
    if request.content_type != "application/json":  # a page of another site cannot send this without asking first
        raise _Refusal(415, "the body must be application/json")
    try:
        said = cast("object", await request.json())
    except (ValueError, RecursionError) as error:
        raise _Refusal(400, "the body is no JSON") from error
    if not isinstance(said, dict):
        raise _Refusal(400, "the body must be an object")
    body = cast("dict[str, object]", said)
    _check_model(request, body)
    running = request.app[_RUNNING]
    if running.kind != kind:
        does = _FINISH.get(running.kind, "answers none of these requests")
        raise _Refusal(400, f"{running.model} {does}", "model", "unsupported")
    return body


def _check_model(request: web.Request, body: Mapping[str, object]) -> None:
    running = request.app[_RUNNING]
    if body.get("model") not in (running.model, f"{running.model}@{running.revision}"):
        raise _Refusal(404, f"{body.get('model')!r} is not here; {running.model!r} is", "model", "model_not_found")


async def _ask_once(request: web.Request, what: Mapping[str, object]) -> Mapping[str, Any]:
    async with _ask(request, what) as (_, events):
        async for event in events:
            return _read_done(event)
    raise AssertionError("the engine's events end with an answer")


@asynccontextmanager
async def _ask(
    request: web.Request, what: Mapping[str, object]
) -> AsyncGenerator[tuple[int, AsyncIterator[dict[str, Any]]]]:
    """A request to the engine and its events; called back when who asked goes away."""
    turns = request.app[_TURNS]
    if turns[0] >= _WAITING_MAX:
        raise _Refusal(429, f"{turns[0]} requests wait already", code="too_many_requests")
    turns[0] += 1
    process = request.app[_RUNNING].process
    loop = asyncio.get_running_loop()
    events: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    number = process.ask(what, lambda event: _hand_over(loop, events, event))
    try:
        yield number, _iterate(events)
    finally:
        turns[0] -= 1
        process.cancel(number)


def _hand_over(loop: asyncio.AbstractEventLoop, events: "asyncio.Queue[dict[str, Any]]", event: dict[str, Any]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(events.put_nowait, event)


async def _iterate(events: "asyncio.Queue[dict[str, Any]]") -> AsyncIterator[dict[str, Any]]:
    while True:
        event = await events.get()
        yield event
        if event["event"] != "piece":
            return


def _read_done(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The result; raises _Refusal with what the engine says instead."""
    if event["event"] == "done":
        return cast("Mapping[str, Any]", event["result"])
    if event["event"] == "failed":
        status = 400 if event.get("outcome") == "refused" else 500
        raise _Refusal(status, str(event.get("reason")))
    raise _Refusal(503, "the engine has ended")
