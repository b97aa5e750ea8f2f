"""Answers that are not streamed: one JSON body each, read per interface."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from holdfast.measure.load.gathered import Gathered, read_error, read_object, read_objects, read_text, read_usage
from holdfast.measure.load.stream_events import take_response_state
from holdfast.records.measurement import Api

TakeBody = Callable[[Gathered, dict[str, Any]], None]


def take_chat_body(gathered: Gathered, body: dict[str, Any]) -> None:
    """A `chat.completion`. ValueError when it holds no choice."""
    choice = _take_first_choice(gathered, body)
    message = read_object(choice.get("message"))
    gathered.texts.append(_join_content(message.get("content")))
    gathered.reasonings.append(read_text(message.get("reasoning_content") or message.get("reasoning")))
    if refusal := read_text(message.get("refusal")):
        gathered.texts.append(refusal)
        gathered.is_refusal = True
    for place, call in enumerate(read_objects(message.get("tool_calls"))):
        function = read_object(call.get("function"))
        gathered.add_call(place, read_text(function.get("name")), read_text(function.get("arguments")))


def take_completions_body(gathered: Gathered, body: dict[str, Any]) -> None:
    """A `text_completion`. ValueError when it holds no choice."""
    gathered.texts.append(read_text(_take_first_choice(gathered, body).get("text")))


def take_responses_body(gathered: Gathered, body: dict[str, Any]) -> None:
    """A `response`. ValueError when it is none."""
    if not isinstance(body.get("output"), list):
        raise ValueError("the answer has no output")
    for place, item in enumerate(read_objects(body["output"])):
        _take_item(gathered, place, item)
    take_response_state(gathered, body)


def take_embeddings_body(gathered: Gathered, body: dict[str, Any]) -> None:
    """A `list` of embeddings, kept as its JSON. ValueError when it is empty."""
    vectors: list[object] = [item.get("embedding") for item in read_objects(body.get("data"))]
    if not vectors or not all(vector and isinstance(vector, (list, str)) for vector in vectors):
        raise ValueError("the answer has no embedding")
    gathered.note_served(body)
    gathered.usage = replace(read_usage(body.get("usage")), completion=0)
    gathered.texts.append(json.dumps(vectors if len(vectors) > 1 else vectors[0], separators=(",", ":")))
    gathered.is_whole = True


BODY_TAKERS: Final[dict[Api, TakeBody]] = {
    Api.CHAT: take_chat_body,
    Api.COMPLETIONS: take_completions_body,
    Api.RESPONSES: take_responses_body,
    Api.EMBEDDINGS: take_embeddings_body,
}


def take_body(gathered: Gathered, api: Api, body: dict[str, Any]) -> None:
    """Any interface's body, or the error that is there in its place."""
    if body.get("error"):
        gathered.error = read_error(body["error"])
    else:
        BODY_TAKERS[api](gathered, body)


def _take_first_choice(gathered: Gathered, body: dict[str, Any]) -> dict[str, Any]:
    choices = read_objects(body.get("choices"))
    if not choices:
        raise ValueError("the answer has no choice")
    gathered.note_served(body)
    gathered.usage = read_usage(body.get("usage"))
    gathered.note_finish(read_text(choices[0].get("finish_reason")))
    gathered.note_first(choices[0].get("logprobs"))
    gathered.is_whole = True
    return choices[0]


def _take_item(gathered: Gathered, place: int, item: dict[str, Any]) -> None:
    kind = item.get("type")
    if kind == "function_call":
        gathered.add_call(place, read_text(item.get("name")), read_text(item.get("arguments")))
    for part in read_objects(item.get("content")) + read_objects(item.get("summary")):
        if kind == "reasoning":
            gathered.reasonings.append(read_text(part.get("text")))
        else:
            gathered.texts.append(read_text(part.get("text")) + read_text(part.get("refusal")))
            gathered.is_refusal |= part.get("type") == "refusal"
            gathered.note_first(part.get("logprobs"))


def _join_content(content: object) -> str:
    """Text, or a list of parts with text."""
    return read_text(content) or "".join(read_text(part.get("text")) for part in read_objects(content))
