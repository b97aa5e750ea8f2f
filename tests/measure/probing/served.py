"""An endpoint on loopback that serves a categorical model: softmax of seeded logits per prompt, with a temperature.

How it behaves may be changed while it runs. One thread, one loop; some thousands of answers a second.
"""

import asyncio
import contextlib
import itertools
import json
import math
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from holdfast.records.measurement import Api, Endpoint

WORDS = (
    " yes", "Yes", "yes", "No", " no", "The", " river", "lamp", " Stone", "42", " 7", "blue", " Wolf", "so", " it",
    "An", "他", "да", "\n", ".", " maybe", "both", "Neither", " one",
)  # fmt: skip
PATHS = {"/v1/chat/completions": Api.CHAT, "/v1/completions": Api.COMPLETIONS, "/v1/responses": Api.RESPONSES}
HANG, RESET, GARBAGE = "hang", "reset", "garbage"
REFUSAL = "I'm sorry, but I can't help with that."
_KNOWN = {
    "Mira is 34": '{"name": "Mira", "age": 34}',
    "a list of exactly three names": '["red", "green", "blue"]',
    "three kinds of tree": "- oak\n- elm\n- fir",
    "four steps for making tea": "1. Boil water\n2. Warm the pot\n3. Steep\n4. Pour",
    "What do bees make": "Honey",
    "Gegenteil von kalt": "Warm",
    "in capital letters only": "GOOD MORNING, NEIGHBOUR!",
    "in lower case letters only": "goodbye, dear friend.",
    "Is a whale a fish": "no",
}
_CALLS = {
    "get_weather": '{"city": "Lisbon", "unit": "celsius"}',
    "set_reminder": '{"text": "turn the bread", "minutes": 45, "tags": ["kitchen", "bread"]}',
}


@dataclass
class Behaviour:
    """What is served, and what goes wrong. `noise_sd` disturbs the logits as a quantisation would, the same way for
    every answer; `day_sd` in another way on every `day`. `fault` is a status, or HANG, RESET or GARBAGE, for a share of
    the requests."""

    seed: int = 1
    spread: float = 1.2  # standard deviation of the logits
    noise_sd: float = 0.0
    noise_seed: int = 1
    day: int = 0
    day_sd: float = 0.0
    diverted: float = 0.0  # the share of answers that another model gives
    fixed_temperature: float | None = None
    model: str = "a-model"
    fingerprint: str = "fp-1"
    answer_name: str = ""  # the same for all; else each has its own
    headers: dict[str, str] = field(default_factory=lambda: {"server": "served"})
    key: str = ""
    logprobs_max: int = 20  # 0: none are given, and nothing is said of it
    refuses_logprobs: bool = False
    wants_completion_tokens: bool = False
    tokens_min: int = 1
    refuses_temperature: bool = False
    refuses_tools: bool = False
    counts: bool = True
    letters_per_token: float = 4.0
    reasons: bool = False
    hides_reasoning: bool = False
    billed: int = 0  # tokens, whatever the limit
    is_empty: bool = False
    is_cached: bool = False
    refused: float = 0.0  # the share of questions longer than one token that are declined
    answer: str = ""  # to all that is longer than one token
    call: str = ""  # the arguments of every tool call
    fault: int | str = 0
    fault_share: float = 1.0
    fault_body: str = '{"error": {"message": "no"}}'
    fault_headers: dict[str, str] = field(default_factory=dict[str, str])
    faults_left: int = -1  # so many, then none; -1: no end
    delay_s: float = 0.0


class Served:
    """The endpoint while it is entered. `bodies` are the requests that it read."""

    def __init__(self, behaviour: Behaviour | None = None, chance_seed: int = 7) -> None:
        self.behaviour = behaviour or Behaviour()
        self.bodies: list[dict[str, Any]] = []
        self.heads: list[str] = []
        self.answered = 0
        self.transports: set[asyncio.Transport] = set()
        self._chance = random.Random(chance_seed)
        self._logits: dict[tuple[object, ...], list[tuple[str, float]]] = {}
        self._cached: dict[str, bytes] = {}
        self._names = itertools.count()

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._port = listener.getsockname()[1]
        self._server = self._loop.run_until_complete(self._loop.create_server(lambda: _Client(self), sock=listener))
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._close)
        self._thread.join()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.close()

    def _close(self) -> None:
        self._server.close()
        for transport in self.transports:
            transport.abort()
        self._loop.call_soon(self._loop.stop)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/v1"

    def make_endpoint(self, api: Api = Api.CHAT, **more: Any) -> Endpoint:
        return Endpoint("it", self.url, "a-model", api, **more)

    def list_logits(self, prompt: str) -> list[tuple[str, float]]:
        """The natural logarithms of the odds of each word at temperature 1, as they are served now."""
        return self._find_logits(prompt, self.behaviour.seed)

    def list_shares(self, prompt: str, temperature: float) -> dict[str, float]:
        """The probability of each word."""
        logits = self.list_logits(prompt)
        top = max(value for _, value in logits)
        weights = {word: math.exp((value - top) / temperature) for word, value in logits}
        return {word: weight / sum(weights.values()) for word, weight in weights.items()}

    def _find_logits(self, prompt: str, seed: int) -> list[tuple[str, float]]:
        now = self.behaviour
        key = (prompt, seed, now.spread, now.noise_sd, now.noise_seed, now.day_sd, now.day if now.day_sd else 0)
        if key not in self._logits:
            base, noise = random.Random(f"{seed}/{prompt}"), random.Random(f"noise/{now.noise_seed}/{prompt}")
            day = random.Random(f"day/{now.day}/{prompt}")
            self._logits[key] = [
                (word, base.gauss(0, now.spread) + noise.gauss(0, now.noise_sd) + day.gauss(0, now.day_sd))
                for word in WORDS
            ]
        return self._logits[key]

    # --- a request ----------------------------------------------------------------------------------------------------

    def answer(self, head: str, body: bytes) -> bytes | str:
        """The bytes of an answer, or HANG or RESET."""
        now = self.behaviour
        asked = json.loads(body)
        self.bodies.append(asked)
        self.heads.append(head)
        if now.key and f"Authorization: Bearer {now.key}" not in head:
            return self._write(401, f'{{"error": {{"message": "bad key {_find_key(head)}", "code": "invalid_key"}}}}')
        if now.fault and now.faults_left and self._chance.random() < now.fault_share:
            now.faults_left -= now.faults_left > 0
            return self._fail(now)
        api = PATHS[head.split(" ", 2)[1]]
        if refusal := self._find_refusal(api, asked):
            return self._write(400, json.dumps({"error": {"message": refusal, "code": "unsupported"}}))
        return self._reply(api, asked)

    def _fail(self, now: Behaviour) -> bytes | str:
        if isinstance(now.fault, int):
            return self._write(now.fault, now.fault_body, now.fault_headers)
        return b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<garbage>" if now.fault == GARBAGE else now.fault

    def _find_refusal(self, api: Api, asked: dict[str, Any]) -> str:
        now = self.behaviour
        limit = asked.get("max_output_tokens" if api is Api.RESPONSES else "max_tokens")
        if now.wants_completion_tokens and "max_tokens" in asked:
            return "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        if now.refuses_logprobs and ("logprobs" in asked or "top_logprobs" in asked):
            return "logprobs are not supported"
        if now.logprobs_max and (asked.get("top_logprobs") or 0) > now.logprobs_max:
            return f"top_logprobs must be at most {now.logprobs_max}"
        if now.refuses_temperature and "temperature" in asked:
            return "temperature is not supported with this model"
        if now.refuses_tools and "tools" in asked:
            return "this model knows no tools"
        if limit is not None and limit < now.tokens_min:
            return f"the limit is below the minimum of {now.tokens_min}"
        return ""

    def _reply(self, api: Api, asked: dict[str, Any]) -> bytes:
        now = self.behaviour
        prompt = _read_prompt(api, asked)
        if now.is_cached and prompt in self._cached:
            return self._cached[prompt]
        limit = asked.get("max_tokens") or asked.get("max_completion_tokens") or asked.get("max_output_tokens") or 16
        heat = now.fixed_temperature if now.fixed_temperature is not None else asked.get("temperature", 1.0)
        seed = now.seed + 1000 if now.diverted and self._chance.random() < now.diverted else now.seed
        logits = self._find_logits(prompt, seed)
        first = self._draw(logits, heat)
        said = self._say(prompt, limit, first)
        usage = self._count(prompt, said, limit)
        name = now.answer_name or f"id-{next(self._names)}"
        head = {"id": name, "model": now.model, "system_fingerprint": now.fingerprint}
        logprobs = _list_logprobs(logits, first, asked, now.logprobs_max)
        made = head | _BODIES[api](now, asked, said, logprobs) | usage
        written = self._write(200, json.dumps(made))
        if now.is_cached:
            self._cached[prompt] = written
        return written

    def _draw(self, logits: list[tuple[str, float]], heat: float) -> str:
        if heat <= 0:
            return max(logits, key=lambda pair: pair[1])[0]
        top = max(value for _, value in logits)
        weights = [math.exp((value - top) / heat) for _, value in logits]
        return self._chance.choices([word for word, _ in logits], weights)[0]

    def _say(self, prompt: str, limit: int, first: str) -> str:
        now = self.behaviour
        if now.reasons or now.is_empty:
            return ""
        if limit <= 1:
            return first
        if now.refused and random.Random(f"refused/{now.seed}/{prompt}").random() < now.refused:
            return REFUSAL
        known = next((text for start, text in _KNOWN.items() if start in prompt), "")
        words = (first, *random.Random(f"{now.seed}/words/{prompt}").choices(WORDS, k=min(limit, 24) - 1))
        return now.answer or known or "".join(words)

    def _count(self, prompt: str, said: str, limit: int) -> dict[str, Any]:
        now = self.behaviour
        if not now.counts:
            return {}
        tokens = math.ceil(len(prompt.encode()) / now.letters_per_token) + 7
        after = now.billed or max(1, min(limit, len(said.split())))
        reasoning = {"reasoning_tokens": after} if now.reasons and not now.hides_reasoning else {}
        chat = {"prompt_tokens": tokens, "completion_tokens": after, "completion_tokens_details": reasoning}
        other = {"input_tokens": tokens, "output_tokens": after, "output_tokens_details": reasoning}
        return {"usage": chat | other}

    def _write(self, status: int, body: str, headers: dict[str, str] | None = None) -> bytes:
        data = body.encode()
        lines = [f"HTTP/1.1 {status} X", "Content-Type: application/json", f"Content-Length: {len(data)}"]
        lines += [f"{name}: {value}" for name, value in (self.behaviour.headers | (headers or {})).items()]
        return "\r\n".join([*lines, "\r\n"]).encode() + data


def _write_chat(now: Behaviour, asked: dict[str, Any], said: str, logprobs: list[dict[str, Any]]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": said}
    reason = "length" if _is_cut(said) else "stop"
    if now.reasons and not now.hides_reasoning:
        message["reasoning_content"] = "hm"
    if asked.get("tools") and not now.answer:
        name = asked["tools"][0]["function"]["name"]
        call = {"name": name, "arguments": now.call or _CALLS[name]}
        message, reason = {"content": None, "tool_calls": [{"type": "function", "function": call}]}, "tool_calls"
    told = {"content": logprobs} if logprobs else None
    choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": told}
    return {"object": "chat.completion", "choices": [choice]}


def _write_completions(now: Behaviour, _: dict[str, Any], said: str, logprobs: list[dict[str, Any]]) -> dict[str, Any]:
    told = {
        "tokens": [one["token"] for one in logprobs],
        "token_logprobs": [one["logprob"] for one in logprobs],
        "top_logprobs": [{way["token"]: way["logprob"] for way in one["top_logprobs"]} for one in logprobs],
    }
    choice = {"index": 0, "text": said, "finish_reason": "length", "logprobs": told if logprobs else None}
    return {"object": "text_completion", "choices": [choice]}


def _write_responses(
    now: Behaviour, asked: dict[str, Any], said: str, logprobs: list[dict[str, Any]]
) -> dict[str, Any]:
    content = [{"type": "output_text", "text": said, "logprobs": logprobs}]
    output: list[dict[str, Any]] = [{"type": "message", "content": content}]
    if now.reasons:
        output = [{"type": "reasoning", "summary": [{"type": "summary_text", "text": "hm"}]}]
    if asked.get("tools") and not now.answer:
        name = asked["tools"][0]["name"]
        output = [{"type": "function_call", "name": name, "arguments": now.call or _CALLS[name]}]
    state = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    return {"object": "response", "output": output} | state


_BODIES: dict[Api, Callable[[Behaviour, dict[str, Any], str, list[dict[str, Any]]], dict[str, Any]]] = {
    Api.CHAT: _write_chat,
    Api.COMPLETIONS: _write_completions,
    Api.RESPONSES: _write_responses,
}


def _read_prompt(api: Api, asked: dict[str, Any]) -> str:
    if api is Api.COMPLETIONS:
        return str(asked["prompt"])
    return "\n".join(turn["content"] for turn in asked["messages" if api is Api.CHAT else "input"])


def _list_logprobs(
    logits: list[tuple[str, float]], first: str, asked: dict[str, Any], most: int
) -> list[dict[str, Any]]:
    """Of the first token only, at temperature 1 as served."""
    wanted = asked.get("top_logprobs") or asked.get("logprobs") or 0
    if not wanted or not most:
        return []
    total = math.log(sum(math.exp(value) for _, value in logits))
    ways = sorted(((value - total, word) for word, value in logits), reverse=True)
    told = [{"token": word, "logprob": log} for log, word in ways[: min(int(wanted), most)]]
    own = next(log for log, word in ways if word == first)
    return [{"token": first, "logprob": own, "top_logprobs": told}]


def _is_cut(said: str) -> bool:
    return said in WORDS


def _find_key(head: str) -> str:
    return head.partition("Authorization: Bearer ")[2].partition("\r\n")[0]


class _Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._data = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._served.transports.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._served.transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, separator, body = self._data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if separator and len(body) >= length:
            self._data = body[length:]
            self._answer(self._served.answer(head.decode(), body[:length]))

    def _answer(self, written: bytes | str) -> None:
        if written == RESET:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        elif isinstance(written, bytes):
            self._served.answered += 1
            if self._served.behaviour.delay_s:
                self._keep(self._send_late(written))
            else:
                self._transport.write(written)

    def _keep(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_late(self, written: bytes) -> None:
        await asyncio.sleep(self._served.behaviour.delay_s)
        with contextlib.suppress(OSError):
            self._transport.write(written)
