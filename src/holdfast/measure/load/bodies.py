"""The JSON bodies of requests, one shape per interface. Says nothing that the ask does not say."""

import json
from collections.abc import Sequence
from typing import Any, Final, cast

from holdfast.records.errors import MalformedFile
from holdfast.records.measurement import Api, Ask, Endpoint, Message

_EXTRA_BYTES_MAX: Final = 1 << 20


def build_body(endpoint: Endpoint, ask: Ask, nonce: str = "") -> dict[str, Any]:
    """The body as a JSON object, with the nonce before the prompt. A member of `extra` that is null is left out of
    the body, so that a server that knows nothing of `stream_options` can be asked without."""
    body: dict[str, Any] = {"model": endpoint.model, **_build_prompt(endpoint.api, ask, nonce)}
    if endpoint.api is not Api.EMBEDDINGS:
        body |= _build_sampling(endpoint.api, ask) | _build_tools(endpoint.api, ask)
        body |= _build_streaming(endpoint)
    body |= _read_object(ask, "extra", ask.extra)
    return {name: value for name, value in body.items() if value is not None}


def join_prompt(ask: Ask) -> str:
    """The messages' contents, joined by line ends: what completions and embeddings take."""
    return "\n".join(message.content for message in ask.messages)


def _build_prompt(api: Api, ask: Ask, nonce: str) -> dict[str, Any]:
    if api is Api.CHAT:
        return {"messages": _build_messages(ask.messages, nonce)}
    if api is Api.RESPONSES:
        return {"input": _build_messages(ask.messages, nonce), "store": False}
    return {"prompt" if api is Api.COMPLETIONS else "input": nonce + join_prompt(ask)}


def _build_messages(messages: Sequence[Message], nonce: str) -> list[dict[str, str]]:
    built = [{"role": message.role, "content": message.content} for message in messages]
    if built:
        built[0]["content"] = nonce + built[0]["content"]
    return built


def _build_sampling(api: Api, ask: Ask) -> dict[str, Any]:
    limit = "max_output_tokens" if api is Api.RESPONSES else "max_tokens"
    return {
        limit: ask.tokens_max,
        "temperature": ask.temperature,
        "seed": ask.seed,
        "stop": list(ask.stop) or None,
    }


def _build_tools(api: Api, ask: Ask) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if ask.tools:
        made["tools"] = _read_json(ask, "tools", ask.tools)
    if ask.response_format:
        shape = _read_json(ask, "response_format", ask.response_format)
        made |= {"text": {"format": shape}} if api is Api.RESPONSES else {"response_format": shape}
    return made


def _build_streaming(endpoint: Endpoint) -> dict[str, Any]:
    if not endpoint.is_streaming:
        return {}
    options = {} if endpoint.api is Api.RESPONSES else {"stream_options": {"include_usage": True}}
    return {"stream": True, **options}


def _read_object(ask: Ask, name: str, text: str) -> dict[str, Any]:
    value: object = _read_json(ask, name, text) if text else {}
    if not isinstance(value, dict):
        raise _refuse(ask, name, "is not a JSON object")
    return cast("dict[str, Any]", value)


def _read_json(ask: Ask, name: str, text: str) -> object:
    if len(text) > _EXTRA_BYTES_MAX:
        raise _refuse(ask, name, f"is longer than {_EXTRA_BYTES_MAX} characters")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _refuse(ask, name, "is not JSON") from None


def _refuse(ask: Ask, name: str, what: str) -> MalformedFile:
    return MalformedFile(f"`{name}` {what}", where=f"prompt {ask.number}", next_step="Correct it; nothing was sent.")
