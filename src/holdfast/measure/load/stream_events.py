"""The events of streamed answers, one reader per interface: each takes an event and the moment when it came."""

from collections.abc import Callable
from typing import Any, Final

from holdfast.measure.load.gathered import (
    Gathered,
    read_error,
    read_object,
    read_objects,
    read_text,
    read_usage,
)
from holdfast.records.measurement import Api

TakeEvent = Callable[[Gathered, dict[str, Any], int], None]


def take_chat(gathered: Gathered, event: dict[str, Any], stamp_ns: int) -> None:
    """A `chat.completion.chunk`: the first with a role only, those with deltas, the last with usage. Of several
    choices the first is read."""
    _take_common(gathered, event)
    for choice in read_objects(event.get("choices")):
        delta = read_object(choice.get("delta"))
        if delta and not choice.get("index"):
            _take_delta(gathered, delta, stamp_ns)
            gathered.note_first(choice.get("logprobs"))
        if reason := read_text(choice.get("finish_reason")):
            gathered.note_finish(reason)
            gathered.is_whole = True


def take_completions(gathered: Gathered, event: dict[str, Any], stamp_ns: int) -> None:
    """A `text_completion`."""
    _take_common(gathered, event)
    for choice in read_objects(event.get("choices")):
        if (text := read_text(choice.get("text"))) and not choice.get("index"):
            gathered.texts.append(text)
            gathered.note_chunk(stamp_ns, is_answer=True)
            gathered.note_first(choice.get("logprobs"))
        if reason := read_text(choice.get("finish_reason")):
            gathered.note_finish(reason)
            gathered.is_whole = True


def take_responses(gathered: Gathered, event: dict[str, Any], stamp_ns: int) -> None:
    """A `response.…` event."""
    kind = read_text(event.get("type"))
    if kind.endswith(".delta"):
        _take_response_delta(gathered, kind, event, stamp_ns)
    elif kind == "response.output_item.added":
        item = read_object(event.get("item"))
        if item.get("type") == "function_call":
            gathered.add_call(_read_place(event.get("output_index")), read_text(item.get("name")), "")
    elif kind == "error":
        gathered.error = read_error(event.get("error") or event)
    elif "response" in event:
        take_response_state(gathered, read_object(event.get("response")))


def take_response_state(gathered: Gathered, response: dict[str, Any]) -> None:
    """The response object as it stands, in an event or as the whole answer."""
    gathered.note_served(response)
    if response.get("usage"):
        gathered.usage = read_usage(response["usage"])
    status = response.get("status")
    if status == "failed":
        gathered.error = read_error(response.get("error"))
    elif status == "completed":
        gathered.note_finish("tool_calls" if gathered.calls else "stop")
        gathered.is_whole = True
    elif status == "incomplete":
        reason = read_text(read_object(response.get("incomplete_details")).get("reason"))
        gathered.note_finish("length" if reason == "max_output_tokens" else reason or "incomplete")
        gathered.is_whole = True


TAKERS: Final[dict[Api, TakeEvent]] = {
    Api.CHAT: take_chat,
    Api.COMPLETIONS: take_completions,
    Api.RESPONSES: take_responses,
    Api.EMBEDDINGS: take_completions,
}


def find_only_text(api: Api, event: dict[str, Any]) -> str:
    """The text of an event that brings text and says nothing else; empty for any other."""
    choices = read_objects(event.get("choices"))
    if len(choices) != 1 or event.get("usage") or event.get("error"):
        return ""
    choice = choices[0]
    if choice.get("finish_reason") or choice.get("index"):
        return ""
    if api is Api.COMPLETIONS:
        return read_text(choice.get("text"))
    delta = read_object(choice.get("delta"))
    said = [name for name, value in delta.items() if value and name != "role"]
    return read_text(delta["content"]) if api is Api.CHAT and said == ["content"] else ""


def _take_common(gathered: Gathered, event: dict[str, Any]) -> None:
    if event.get("usage"):
        gathered.usage = read_usage(event["usage"])
    if event.get("error"):
        gathered.error = read_error(event["error"])
    gathered.note_served(event)


def _take_delta(gathered: Gathered, delta: dict[str, Any], stamp_ns: int) -> None:
    content, refusal = delta.get("content"), delta.get("refusal")
    reasoning = delta.get("reasoning_content") or delta.get("reasoning")
    is_answer = False
    if content and isinstance(content, str):
        gathered.texts.append(content)
        is_answer = True
    if refusal and isinstance(refusal, str):
        gathered.texts.append(refusal)
        is_answer = gathered.is_refusal = True
    if delta.get("tool_calls"):
        is_answer |= _take_calls(gathered, delta["tool_calls"])
    if reasoning and isinstance(reasoning, str):
        gathered.reasonings.append(reasoning)
        gathered.note_chunk(stamp_ns, is_answer=is_answer)
    elif is_answer:
        gathered.note_chunk(stamp_ns, is_answer=True)


def _take_calls(gathered: Gathered, calls: object) -> bool:
    """Whether any text of a call was there."""
    has_text = False
    for number, call in enumerate(read_objects(calls)):
        function = read_object(call.get("function"))
        name, arguments = read_text(function.get("name")), read_text(function.get("arguments"))
        gathered.add_call(_read_place(call.get("index", number)), name, arguments)
        has_text |= bool(name or arguments)
    return has_text


def _take_response_delta(gathered: Gathered, kind: str, event: dict[str, Any], stamp_ns: int) -> None:
    text = read_text(event.get("delta"))
    if not text:
        return
    is_reasoning = "reasoning" in kind
    if is_reasoning:
        gathered.reasonings.append(text)
    elif "function_call" in kind:
        gathered.add_call(_read_place(event.get("output_index")), "", text)
    elif "output_text" in kind or "refusal" in kind:
        gathered.texts.append(text)
        gathered.note_first(event.get("logprobs"))
        gathered.is_refusal |= "refusal" in kind
    gathered.note_chunk(stamp_ns, is_answer=not is_reasoning)


def _read_place(value: object) -> int:
    return value if isinstance(value, int) else 0
