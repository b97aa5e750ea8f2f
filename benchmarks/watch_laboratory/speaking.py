"""What the laboratory's server is told and says over HTTP: bodies of the chat and completions interfaces."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, cast

from benchmarks.watch_laboratory.answering import Answer, Request, Token

TOKENS_MAX, TOP_MAX, TEXT_CHARACTERS_MAX, MESSAGES_MAX = 512, 20, 20_000, 64
CREATED = 1_760_000_000  # the same always: an answer tells no time
Json = dict[str, Any]


class Refused(ValueError):
    """A request that is answered with an error. `code` is the HTTP status."""

    def __init__(self, message: str, code: int = 400) -> None:
        super().__init__(message)
        self.code = code


def read_request(body: Mapping[str, Any], *, is_chat: bool) -> Request:
    """The request in a body of JSON. Raises Refused, with the field."""
    tokens = body.get("max_completion_tokens", body.get("max_tokens"))
    return Request(
        read_turns(body) if is_chat else (("", read_text(body.get("prompt"), "prompt")),),
        int(read_number(16 if tokens is None else tokens, "max_tokens", 1, 1_000_000)),
        read_number(body.get("temperature", 1.0), "temperature", 0, 2),
        read_number(body.get("top_p", 1.0), "top_p", 0, 1),
        None if body.get("seed") is None else abs(int(read_number(body["seed"], "seed", -(2**63), 2**63))),
        read_top(body, is_chat=is_chat),
    )


def read_turns(body: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Roles and contents; parts of a content are joined."""
    messages = as_list(body.get("messages"))
    if not 0 < len(messages) <= MESSAGES_MAX:
        raise Refused(f"messages: a list of 1 to {MESSAGES_MAX} is expected")
    return tuple(_read_turn(one) for one in messages)


def _read_turn(message: object) -> tuple[str, str]:
    turn = as_object(message)
    role, content = turn.get("role"), turn.get("content") or ""
    if parts := as_list(content):
        content = "".join(str(as_object(part).get("text", "")) for part in parts)
    if role not in ("system", "developer", "user", "assistant", "tool"):
        raise Refused(f"role: {role!r} is none")
    turned = {"developer": "system", "tool": "user"}.get(role, role)
    return str(turned), read_text(content, "content")


def as_list(value: object) -> list[Any]:
    """A list as it is; anything else is an empty one."""
    found: list[Any] = []
    if isinstance(value, list):
        found += value
    return found


def as_object(value: object) -> Json:
    """An object as it is; anything else is an empty one."""
    return cast("Json", value) if isinstance(value, dict) else {}


def read_text(value: object, field: str) -> str:
    """A text that is not too long. A list of one text counts as it."""
    if len(some := as_list(value)) == 1:
        value = some[0]
    if not isinstance(value, str) or len(value) > TEXT_CHARACTERS_MAX:
        raise Refused(f"{field}: a text of at most {TEXT_CHARACTERS_MAX} characters is expected")
    return value


def read_number(value: object, field: str, low: float, high: float) -> float:
    """A number within its limits."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Refused(f"{field}: {value!r} is not a number of {low} to {high}")
    return value


def read_top(body: Mapping[str, Any], *, is_chat: bool) -> int | None:
    """How many alternatives a request wants told; None: no logprobs at all."""
    asked = body.get("top_logprobs", 0) if is_chat and body.get("logprobs") else body.get("logprobs")
    if asked is None or asked is False:
        return None
    return int(read_number(asked, "top_logprobs" if is_chat else "logprobs", 0, TOP_MAX))


def write_body(answer: Answer, request: Request, names: tuple[str, str], *, is_chat: bool) -> Json:
    """A whole answer. `names` are the model's, and the fingerprint."""
    choice: Json = {"index": 0, "finish_reason": answer.finish}
    if is_chat:
        choice["message"] = {"role": "assistant", "content": answer.text, **_write_reasoning(answer)}
    else:
        choice["text"] = answer.text
    choice["logprobs"] = write_logprobs(answer.tokens, request, is_chat=is_chat)
    kind = "chat.completion" if is_chat else "text_completion"
    return _open(names, kind) | {"choices": [choice], "usage": write_usage(answer)}


def write_chunks(answer: Answer, request: Request, names: tuple[str, str], *, is_chat: bool) -> Iterator[Json]:
    """The events of a stream, without the last, which is the usage's."""
    opening = _open(names, "chat.completion.chunk" if is_chat else "text_completion")
    if is_chat:
        yield opening | {
            "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}]
        }
        if thought := _write_reasoning(answer):
            yield opening | {"choices": [{"index": 0, "delta": thought, "finish_reason": None}]}
    for token in answer.tokens:
        text = token.spelling.decode(errors="replace")
        choice: Json = {"index": 0, "finish_reason": None}
        choice |= {"delta": {"content": text}} if is_chat else {"text": text}
        yield opening | {"choices": [choice | {"logprobs": write_logprobs((token,), request, is_chat=is_chat)}]}
    last: Json = {"delta": {}} if is_chat else {"text": ""}
    yield opening | {"choices": [{"index": 0, "finish_reason": answer.finish, **last}]}


def write_usage(answer: Answer) -> Json:
    """Tokens as the endpoint counts them."""
    completion = len(answer.tokens) + answer.reasoning
    usage = {"prompt_tokens": answer.prompt_tokens, "completion_tokens": completion}
    usage |= {"total_tokens": answer.prompt_tokens + completion}
    return usage | ({"completion_tokens_details": {"reasoning_tokens": answer.reasoning}} if answer.reasoning else {})


def write_logprobs(tokens: tuple[Token, ...], request: Request, *, is_chat: bool) -> Json | None:
    """As either interface has them; None where none were asked for, or there are none."""
    if request.top_logprobs is None or any(math.isnan(one.logprob) for one in tokens):
        return None
    if is_chat:
        return {"content": [_write_token(one.spelling, one.logprob) | _write_top(one) for one in tokens]}
    return {
        "tokens": [one.spelling.decode(errors="replace") for one in tokens],
        "token_logprobs": [one.logprob for one in tokens],
        "top_logprobs": [{text.decode(errors="replace"): value for text, value in one.top} for one in tokens],
        "text_offset": [0] * len(tokens),
    }


def write_call(body: Mapping[str, Any], answer: Answer, *, is_broken: bool) -> Json:
    """A call of the first tool offered, with what its schema requires; a broken one lacks the first of that."""
    function = as_object(as_object((as_list(body.get("tools")) or [None])[0]).get("function"))
    if not isinstance(function.get("name"), str):
        raise Refused("tools: a list of functions with names is expected")
    schema = as_object(function.get("parameters"))
    properties = as_object(schema.get("properties"))
    required = [str(one) for one in as_list(schema.get("required"))][1 if is_broken else 0 :]
    arguments = {name: _fill(as_object(properties.get(name)), answer.text) for name in required}
    called = {"name": function["name"], "arguments": json.dumps(arguments)}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_0", "type": "function", "function": called}],
    }


def _fill(schema: Mapping[str, Any], text: str) -> object:
    if schema.get("enum"):
        return schema["enum"][0]
    made: dict[object, object] = {"number": 1.5, "integer": 1, "boolean": True, "array": [], "object": {}}
    return made.get(schema.get("type"), text or "x")


def _open(names: tuple[str, str], kind: str) -> Json:
    return {"id": "laboratory-0", "object": kind, "created": CREATED, "model": names[0], "system_fingerprint": names[1]}


def _write_reasoning(answer: Answer) -> Json:
    return {"reasoning_content": " hm" * answer.reasoning} if answer.reasoning else {}


def _write_token(spelling: bytes, logprob: float) -> Json:
    return {"token": spelling.decode(errors="replace"), "logprob": logprob, "bytes": list(spelling)}


def _write_top(token: Token) -> Json:
    return {"top_logprobs": [_write_token(text, value) for text, value in token.top]}
