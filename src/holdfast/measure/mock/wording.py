"""A mock's answers as templates of bytes, in which a byte that JSON never contains is a slot (speaking.Slot).

Both servers fill in the same templates, so what they say cannot differ. Events and HTTP are framed here, oddly where
the scenario says so.
"""

import json
import re
from dataclasses import dataclass
from typing import Final

from holdfast.measure.mock.speaking import Embeddings, Event, describe_failure, find_speaker
from holdfast.measure.mock.spec import Ending, Framing, MockSpec, Scenario, UsageSaid
from holdfast.records.measurement import Api

APIS: Final = (Api.CHAT, Api.COMPLETIONS, Api.RESPONSES, Api.EMBEDDINGS)
WORDS: Final = (
    "the", "of", "and", "a", "to", "in", "is", "it", "that", "was", "for", "on", "are", "as", "with", "they",
    "at", "be", "this", "from", "have", "or", "by", "one", "had", "not", "but", "what", "all", "were", "when", "we",
    "there", "can", "an", "your", "which", "their", "said", "if", "do", "will", "each", "about", "how", "up", "out",
    "them", "then",
)  # fmt: skip
WIDE_WORDS: Final = ("naïve", "façade", "Größe", "日本語", "東京", "Ελλάδα", "мир", "שלום", "😀", "𝛑𝛒𝛓")
GARBAGE_EVENT: Final = b'data: {"choices": [{"delta": \xff\xfe <html>\n\n'
GARBAGE: Final = b"\x16\x03\x01\x00\x05garbage\x00\xff\n\n"
_NUMBER_SLOT: Final = re.compile(r'"(1?)\\u00(0[4-7bf]|1[01])"')
_TEXT_SLOT: Final = re.compile(r"\\u000([123])")
_REASONS: Final = {
    100: "Continue", 200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 411: "Length Required", 413: "Content Too Large", 429: "Too Many Requests",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip
_KINDS: Final = {401: "invalid_api_key", 404: "not_found", 429: "rate_limit_exceeded"}


@dataclass(frozen=True, slots=True)
class Wording:
    """The templates of one scenario in one interface. `closing` and `answer` go by how the answer ends: at a stop, or
    cut at its limit. `closing_asked` is `closing` for a request that asks for usage."""

    head: bytes
    opening: bytes  # events before the first token
    answering: bytes  # events before the first token that is not reasoning
    reasoning: bytes  # an event
    token: bytes  # an event
    empty: bytes  # an event
    closing: tuple[bytes, bytes]
    closing_asked: tuple[bytes, bytes]
    failing: bytes  # what is sent before the connection is lost in the middle of a stream
    failing_first: bytes  # the same, when nothing has been sent: a whole response, or what is none
    answer_head: bytes
    answer: tuple[bytes, bytes]  # a body
    item: bytes


def write_wording(spec: MockSpec, scenario: Scenario, api: Api) -> Wording:
    """The templates for one scenario and interface."""
    speaker = find_speaker(spec, scenario, api)
    frame = _Frame(scenario)
    item = write_template(speaker.write_item()) if isinstance(speaker, Embeddings) else b""
    asked = scenario.usage is not UsageSaid.ABSENT
    unasked = asked and (scenario.usage is not UsageSaid.ASKED or api is Api.RESPONSES)
    ends = ("stop", "length")
    return Wording(
        head=_write_stream_head(scenario),
        opening=frame.write(speaker.open()),
        answering=frame.write(speaker.begin_answer()),
        reasoning=frame.write([speaker.think("\2")]),
        token=frame.write([speaker.say("\2")]),
        empty=frame.write([speaker.say("")]),
        closing=_pair([frame.close(speaker.close(end, with_usage=unasked), api) for end in ends]),
        closing_asked=_pair([frame.close(speaker.close(end, with_usage=asked), api) for end in ends]),
        failing=_write_failing(scenario, frame.write([speaker.fail()])),
        failing_first=_write_failing(scenario, write_error(500, describe_failure())),
        answer_head=write_head(200, "Content-Type: application/json", "Content-Length: \x0e"),
        answer=_pair([write_template(speaker.answer(end)) for end in ends]),
        item=item,
    )


def list_words(spec: MockSpec, scenario: Scenario) -> tuple[bytes, ...]:
    """The tokens' texts, ready to stand in JSON: each a word and a space."""
    own = WIDE_WORDS if scenario.framing is Framing.SPLIT_CHARACTER else WORDS
    return tuple(json.dumps(f"{word} ", ensure_ascii=False)[1:-1].encode() for word in spec.text.split() or own)


def write_refusal(status: int, retry_after_s: float | None = None) -> bytes:
    """The whole HTTP response of a scenario that refuses, or of a full queue."""
    kind = _KINDS.get(status, "server_error")
    error = {"message": "The mock refuses this request, as it was told to.", "type": kind, "param": None, "code": kind}
    after = () if retry_after_s is None else (f"Retry-After: {retry_after_s:g}",)
    return write_error(status, {"error": error}, *after)


def write_fault(status: int, message: str) -> bytes:
    """The whole HTTP response to a request that cannot be understood."""
    kind = "invalid_request_error"
    return write_error(status, {"error": {"message": message, "type": kind, "param": None, "code": None}})


def write_error(status: int, error: object, *headers: str) -> bytes:
    """A whole HTTP response."""
    body = json.dumps(error).encode()
    return write_head(status, "Content-Type: application/json", f"Content-Length: {len(body)}", *headers) + body


def write_models(spec: MockSpec) -> bytes:
    """The answer to `GET /v1/models`."""
    model = {"id": spec.model, "object": "model", "created": 0, "owned_by": "holdfast"}
    return write_error(200, {"object": "list", "data": [model]})


def write_head(status: int, *headers: str) -> bytes:
    """A status line and headers."""
    return "\r\n".join((f"HTTP/1.1 {status} {_REASONS.get(status, 'Other')}", *headers, "", "")).encode()


def write_template(value: object) -> bytes:
    """JSON in which slots are bytes: a number's without quotes."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    text = _NUMBER_SLOT.sub(lambda found: found[1] + chr(int(found[2], 16)), text)
    return _TEXT_SLOT.sub(lambda found: chr(int(found[1])), text).encode()


@dataclass(frozen=True, slots=True)
class _Frame:
    """Events as the scenario frames them."""

    scenario: Scenario

    def write(self, events: list[Event]) -> bytes:
        return b"".join(self._write(event.name, write_template(event.data)) for event in events)

    def close(self, events: list[Event], api: Api) -> bytes:
        """The last events, and the line that says so; the responses interface has none."""
        is_said = self.scenario.ending is not Ending.NO_DONE and api is not Api.RESPONSES
        if self.scenario.ending is Ending.NO_DONE and api is Api.RESPONSES:
            events = events[:-1]
        return self.write(events) + (self._write("", b"[DONE]") if is_said else b"")

    def _write(self, name: str, data: bytes) -> bytes:
        lines = [f"event: {name}".encode()] if name else []
        match self.scenario.framing:
            case Framing.NO_SPACE:
                lines += [b"data:" + data]
            case Framing.MULTILINE:
                lines += [b"data: " + part for part in _break_json(data)]
            case Framing.COMMENTS:
                lines = [b": still here", b"", *lines, b"data: " + data, b": and here"]
            case Framing.FIELDS:
                lines = [b"id: 7", b"retry: 3000", *lines, b"unknown: field", b"data: " + data]
            case _:
                lines += [b"data: " + data]
        end = {Framing.CRLF: b"\r\n", Framing.CR: b"\r"}.get(self.scenario.framing, b"\n")
        return end.join((*lines, b"", b""))


def _break_json(data: bytes) -> list[bytes]:
    """In two after its first comma, which in what is said here is never within a text."""
    before, comma, after = data.partition(b",")
    return [before + comma, after] if comma else [data]


def _write_stream_head(scenario: Scenario) -> bytes:
    kind = ("Content-Type: text/event-stream; charset=utf-8", "Cache-Control: no-cache")
    until_close = scenario.framing is Framing.UNTIL_CLOSE
    return write_head(200, *kind, "Connection: close" if until_close else "Transfer-Encoding: chunked")


def _write_failing(scenario: Scenario, error: bytes) -> bytes:
    if scenario.ending is Ending.ERROR:
        return error
    if scenario.ending is Ending.GARBAGE:
        return GARBAGE if error.startswith(b"HTTP") else GARBAGE_EVENT
    return b""


def _pair(two: list[bytes]) -> tuple[bytes, bytes]:
    first, second = two
    return first, second
