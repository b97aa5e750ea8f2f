"""Bodies of requests as what an engine is asked. What would change an answer and cannot be done here is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

TEXTS_MAX: Final = 256
TOKENS_MAX: Final = 1_000_000
_STOPS_MAX: Final = 4
_MESSAGES_MAX: Final = 10_000
_ROLES: Final = frozenset({"system", "developer", "user", "assistant", "tool"})
_LEFT_OUT: Final = (
    "tools",
    "functions",
    "logprobs",
    "top_logprobs",
    "echo",
    "suffix",
    "audio",
    "logit_bias",
    "prediction",
)
_ZERO: Final = ("frequency_penalty", "presence_penalty")
_ONE: Final = ("n", "best_of")


class BadAsk(Exception):
    """A request that cannot be answered; `parameter` is what is wrong in it."""

    def __init__(self, what: str, parameter: str) -> None:
        super().__init__(what)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class TextAsk:
    """A request for text: `ask` goes to the engine as it is."""

    ask: Mapping[str, object]
    is_streamed: bool = False
    wants_usage: bool = False


@dataclass(frozen=True, slots=True)
class ListAsk:
    """A request about texts: embeddings, or labels."""

    texts: tuple[str, ...]
    as_base64: bool = field(default=False)


def read_completion(body: Mapping[str, object]) -> TextAsk:
    """Of `/v1/completions`: one prompt."""
    prompt = body.get("prompt", "")
    listed = cast("list[object]", prompt) if isinstance(prompt, list) else [prompt]
    if len(listed) != 1 or not isinstance(listed[0], str) or not listed[0]:
        raise BadAsk("one prompt, as text, is answered at a time", "prompt")
    return _read_text(body, {"prompt": listed[0]}, ("max_tokens",), 16)


def read_chat(body: Mapping[str, object]) -> TextAsk:
    """Of `/v1/chat/completions`: messages of text."""
    said = body.get("messages")
    if not isinstance(said, list) or not said or len(cast("list[object]", said)) > _MESSAGES_MAX:
        raise BadAsk("messages must be a list that is not empty", "messages")
    messages = [_read_message(one) for one in cast("list[object]", said)]
    return _read_text(body, {"messages": messages}, ("max_completion_tokens", "max_tokens"), None)


def read_embedding(body: Mapping[str, object]) -> ListAsk:
    """Of `/v1/embeddings`."""
    form = body.get("encoding_format") or "float"
    if form not in ("float", "base64"):
        raise BadAsk("encoding_format is float or base64", "encoding_format")
    if body.get("dimensions") is not None:
        raise BadAsk("dimensions cannot be chosen here: the copy's own are given", "dimensions")
    return ListAsk(read_texts(body), form == "base64")


def read_texts(body: Mapping[str, object]) -> tuple[str, ...]:
    """`input`: a text, or a list of them."""
    said = body.get("input")
    listed = cast("list[object]", said) if isinstance(said, list) else [said]
    if not listed or len(listed) > TEXTS_MAX or not all(isinstance(one, str) and one for one in listed):
        raise BadAsk(f"input must be one to {TEXTS_MAX} texts that are not empty", "input")
    return tuple(cast("list[str]", listed))


def _read_message(said: object) -> dict[str, object]:
    message = cast("dict[str, object]", said) if isinstance(said, dict) else {}
    if message.get("role") not in _ROLES:
        raise BadAsk(f"a message's role is one of {', '.join(sorted(_ROLES))}", "messages")
    content = message.get("content")
    if isinstance(content, list):
        parts = [cast("dict[str, Any]", part) for part in cast("list[object]", content) if isinstance(part, dict)]
        if not all(part.get("type") == "text" and isinstance(part.get("text"), str) for part in parts):
            raise BadAsk("only text can be read here", "messages")
        content = "".join(part["text"] for part in parts)
    if not isinstance(content, str):
        raise BadAsk("a message's content must be text", "messages")
    return {"role": message["role"], "content": content}


def _read_text(
    body: Mapping[str, object], begun: Mapping[str, object], limits: tuple[str, ...], default: int | None
) -> TextAsk:
    _check_left_out(body)
    limit = next((name for name in limits if body.get(name) is not None), limits[0])
    tokens = _read_number(body, limit, 1, TOKENS_MAX)
    options = cast("dict[str, object]", body.get("stream_options") or {})
    ask = {
        "prompt": "",
        "messages": [],
        **begun,
        "max_tokens": default if tokens is None else int(tokens),
        "temperature": _read_number(body, "temperature", 0, 2),
        "top_p": _read_number(body, "top_p", 0, 1),
        "seed": _read_seed(body),
        "stop": _read_stop(body),
    }
    return TextAsk(ask, body.get("stream") is True, options.get("include_usage") is True)


def _check_left_out(body: Mapping[str, object]) -> None:
    asked = [name for name in _LEFT_OUT if body.get(name)]
    asked += [name for name in _ZERO if body.get(name) not in (None, 0)]
    asked += [name for name in _ONE if body.get(name) not in (None, 1)]
    form = body.get("response_format")
    if isinstance(form, dict) and cast("dict[str, object]", form).get("type") != "text":
        asked.append("response_format")
    if asked:
        raise BadAsk(f"{asked[0]} cannot be done by this engine; vllm and llama.cpp can", asked[0])


def _read_number(body: Mapping[str, object], name: str, least: float, most: float) -> float | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise BadAsk(f"{name} must be a number from {least} to {most}", name)
    return value


def _read_seed(body: Mapping[str, object]) -> int | None:
    seed = _read_number(body, "seed", -(2**63), 2**63 - 1)
    return None if seed is None else int(seed) & (2**63 - 1)


def _read_stop(body: Mapping[str, object]) -> list[str]:
    said = body.get("stop")
    if said is None:
        return []
    listed = cast("list[object]", said) if isinstance(said, list) else [said]
    if len(listed) > _STOPS_MAX or not all(isinstance(one, str) and one for one in listed):
        raise BadAsk(f"stop must be at most {_STOPS_MAX} texts", "stop")
    return cast("list[str]", listed)
