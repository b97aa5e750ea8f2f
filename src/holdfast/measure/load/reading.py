"""An exchange to its sample: bodies, events and tokens are read here, after the answer, a few parts at a time.

A fault of the wire stays the fault, whatever was understood of the answer, unless the answer had said that it was over.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from json import JSONDecodeError, JSONDecoder
from typing import Any, Final, cast

from holdfast.measure.load.events import EventDecoder
from holdfast.measure.load.exchange import Exchange
from holdfast.measure.load.framing import ChunkDecoder, Head
from holdfast.measure.load.gathered import Gathered, read_error, tidy
from holdfast.measure.load.patience import find_told_wait
from holdfast.measure.load.patterns import Pattern, Sizes, find_sizes, learn
from holdfast.measure.load.prices import compute_cost
from holdfast.measure.load.stream_events import TAKERS, find_only_text
from holdfast.measure.load.whole_answers import take_body
from holdfast.records.measurement import Api, Fault, Reply, Sample, TokenPrice

_DECODE: Final = JSONDecoder().raw_decode
_LESSONS_MAX: Final = 3
_ERROR_BYTES_MAX: Final = 64 << 10
_BROKEN_OFF: Final = (Fault.RESET, Fault.TIMEOUT, Fault.STOPPED)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the samples of one worker and one load have in common, and how they are read: `hide` takes secrets out of
    texts, `count` is a second opinion on numbers of tokens."""

    endpoint: str
    api: Api
    run: int = 0
    level: int = 0
    worker: int = 0
    price: TokenPrice | None = None
    hide: Callable[[str], str] = field(default=str, repr=False)
    count: Callable[[str], int] | None = None


class Reading:
    """Reads one exchange: `advance` until it says that all was read, then `finish`."""

    __slots__ = (
        "_at",
        "_body",
        "_chunks",
        "_events",
        "_gathered",
        "_has_done",
        "_head",
        "_is_stream",
        "_labels",
        "_lessons",
        "_pattern",
        "_to_skip",
        "_trouble",
        "exchange",
    )

    def __init__(self, exchange: Exchange, labels: Labels) -> None:
        self.exchange = exchange
        self._labels = labels
        self._head: Head | None = exchange.watch.head
        self._chunks = ChunkDecoder() if self._head is not None and self._head.is_chunked else None
        self._events = EventDecoder()
        self._gathered = Gathered()
        self._at = 0
        self._to_skip = self._head.body_start if self._head is not None else 0
        self._body: list[bytes] = []
        self._is_stream = self._head is not None and _find_stream(self._head, b"")
        self._has_done = False
        self._pattern: Pattern | None = None
        self._lessons = _LESSONS_MAX
        self._trouble = ""

    def advance(self, parts: int) -> bool:
        """Read up to so many parts more; whether all are read."""
        if self._head is None:
            return True
        try:
            self._take_parts(self._head, min(len(self.exchange.parts), self._at + parts))
        except (ValueError, RecursionError) as error:
            self._trouble = _name_trouble(error)
        return bool(self._trouble) or self._at >= len(self.exchange.parts)

    def finish(self) -> Reply:
        """The reply, whose sample says what became of the request."""
        if not self._trouble and self._head is not None and self.exchange.fault is Fault.NONE:
            try:
                self._take_end(self._head)
            except (ValueError, RecursionError) as error:
                self._trouble = _name_trouble(error)
        gathered = self._gathered
        text, reasoning = "".join(gathered.texts), "".join(gathered.reasonings)
        calls = tuple(call for _, call in sorted(gathered.calls.items()))
        called = "".join(f"\n{call.name}({call.arguments})" for call in calls)
        sample = self._build_sample(text + called, reasoning)
        headers = self._head.headers if self._head is not None else {}
        return Reply(sample.number, text, reasoning, calls, sample, gathered.first, tidy(gathered.identity), headers)

    def _take_parts(self, head: Head, end: int) -> None:
        exchange = self.exchange
        while self._at < end:
            if self._pattern is not None and self._take_run(self._pattern, end):
                continue
            self._pattern = None
            part, stamp_ns = exchange.parts[self._at], exchange.stamps[self._at]
            self._at += 1
            if self._to_skip:
                skipped = min(self._to_skip, len(part))
                self._to_skip -= skipped
                part = part[skipped:]
            if part:
                self._take_part(head, part, stamp_ns)

    def _take_run(self, pattern: Pattern, end: int) -> bool:
        """Parts that are known by what surrounds their text; whether there were any."""
        count, text = pattern.take_run(self.exchange.parts, self._at, end)
        if count:
            self._gathered.note_run(text.decode(), self.exchange.stamps[self._at : self._at + count])
            self._at += count
            self._lessons = _LESSONS_MAX
        return count > 0

    def _take_part(self, head: Head, part: bytes, stamp_ns: int) -> None:
        for piece in self._chunks.feed(part) if self._chunks is not None else (part,):
            if not self._is_stream and not self._body:
                self._is_stream = _find_stream(head, piece)
            if self._is_stream:
                self._take_events(self._events.feed(piece), stamp_ns)
            else:
                self._body.append(piece)

    def _take_events(self, events: list[bytes], stamp_ns: int) -> None:
        take = TAKERS[self._labels.api]
        for data in events:
            if self._has_done:
                return
            text = data.decode().strip()
            if text == "[DONE]":
                self._has_done = self._gathered.is_whole = True
            elif text:
                event = _read_object(text)
                before = len(self._gathered.chunk_ns)
                take(self._gathered, event, stamp_ns)
                if self._lessons and len(self._gathered.chunk_ns) > before and len(events) == 1:
                    self._learn(data, event)

    def _learn(self, data: bytes, event: dict[str, Any]) -> None:
        """A stream whose events differ in more than their text is given up on."""
        text = find_only_text(self._labels.api, event)
        if text and self._events.is_between and (self._chunks is None or self._chunks.is_between):
            self._lessons -= 1
            sizes = find_sizes(self.exchange.parts[self._at - 1]) if self._chunks is not None else Sizes.NONE
            self._pattern = learn(self._labels.api, data, text, sizes)

    def _take_end(self, head: Head) -> None:
        if self._is_stream:
            stamps = self.exchange.stamps
            self._take_events(self._events.flush(), stamps[-1])
        elif head.status < 300:
            coding = head.headers.get("content-encoding", "identity")
            if coding != "identity":
                raise ValueError("the body is compressed, which was not asked for")
            take_body(self._gathered, self._labels.api, _read_object(b"".join(self._body).decode().strip()))

    def _judge(self) -> tuple[Fault, str]:
        exchange, gathered = self.exchange, self._gathered
        if self._head is not None and self._head.status >= 300:
            return self._judge_status(self._head)
        is_whole = self._has_done and exchange.fault in _BROKEN_OFF
        is_ours = exchange.fault is Fault.STOPPED or not self._trouble
        if exchange.fault is not Fault.NONE and is_ours and not is_whole:
            return exchange.fault, exchange.detail
        if gathered.error:
            return Fault.EVENT, gathered.error
        if self._trouble:
            return Fault.MALFORMED, self._trouble
        if not gathered.is_whole:
            return Fault.UNFINISHED, "the stream ended without a reason to finish and without [DONE]"
        return Fault.NONE, ""

    def _judge_status(self, head: Head) -> tuple[Fault, str]:
        if head.status < 400:
            return Fault.STATUS, f"HTTP status {head.status}: redirects are not followed"
        words = _read_error_body(b"".join(self._body)[:_ERROR_BYTES_MAX])
        fault = Fault.LIMITED if head.status == 429 else Fault.STATUS
        return fault, f"HTTP status {head.status}" + (f": {words}" if words else "")

    def _build_sample(self, said: str, reasoning: str) -> Sample:
        exchange, gathered, labels, head = self.exchange, self._gathered, self._labels, self._head
        fault, detail = self._judge()
        chunks, stamps = gathered.chunk_ns, exchange.stamps
        is_heard = fault is Fault.NONE or bool(said or reasoning)
        return Sample(
            endpoint=labels.endpoint,
            run=labels.run,
            level=labels.level,
            number=exchange.turn.number,
            worker=labels.worker,
            phase=exchange.turn.phase,
            scheduled_ns=exchange.turn.scheduled_ns,
            sent_ns=exchange.sent_ns,
            first_byte_ns=stamps[0] if stamps else None,
            first_token_ns=chunks[0] if chunks else None,
            first_answer_ns=gathered.first_answer_ns,
            last_token_ns=chunks[-1] if chunks else None,
            end_ns=exchange.end_ns,
            chunk_ns=tuple(chunks),
            status=head.status if head is not None else None,
            fault=fault,
            fault_detail=tidy(labels.hide(detail)),
            retry_after_s=find_told_wait(head.headers) if head is not None else None,
            finish_reason=tidy(gathered.finish_reason),
            is_refusal=gathered.is_refusal,
            usage=gathered.usage,
            counted_prompt=exchange.template.counted,
            counted_completion=labels.count(said + reasoning) if labels.count and is_heard else None,
            cost_usd=compute_cost(gathered.usage, labels.price),
            model_served=tidy(gathered.model),
            fingerprint=tidy(gathered.fingerprint),
            prompt_sha256=exchange.template.prompt_sha256,
            output_sha256=hashlib.sha256((reasoning + said).encode("utf-8", "replace")).hexdigest() if is_heard else "",
            retries=exchange.retries,
        )


def read_exchange(exchange: Exchange, labels: Labels) -> Reply:
    """An exchange read in one go."""
    reading = Reading(exchange, labels)
    while not reading.advance(len(exchange.parts)):
        pass
    return reading.finish()


def _find_stream(head: Head, piece: bytes) -> bool:
    """Whether the body is a stream, as its head says or else its first piece."""
    if head.status >= 300:
        return False
    kind = head.headers.get("content-type", "").lower()
    if "event-stream" in kind or "json" in kind:
        return "event-stream" in kind
    return piece.startswith((b"data:", b"event:", b":"))


def _read_object(text: str) -> dict[str, Any]:
    value, end = _DECODE(text)
    if end != len(text) or not isinstance(value, dict):
        raise ValueError("not a JSON object where one belongs")
    return cast("dict[str, Any]", value)


def _read_error_body(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    try:
        value = _read_object(text)
    except (ValueError, RecursionError):
        return tidy(text)
    error = value.get("error") or value.get("message") or value.get("detail")
    return read_error(error) if error else tidy(text)


def _name_trouble(error: ValueError | RecursionError) -> str:
    if isinstance(error, JSONDecodeError):
        return "not JSON where JSON belongs"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8 where text belongs"
    return tidy(str(error)) if isinstance(error, ValueError) else "JSON that is nested too deep"
