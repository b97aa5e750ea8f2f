"""One answer, step by step: what is to be sent when, in bytes. It knows no sockets and no clock."""

from dataclasses import dataclass, field
from enum import Enum, auto

from holdfast.measure.mock.course import Course, Freeze, advance, count_ns
from holdfast.measure.mock.rendering import Filling
from holdfast.measure.mock.spec import Ending, Framing, Opening, Scenario
from holdfast.measure.mock.wording import Wording, write_refusal

_WHOLE = (Ending.WHOLE, Ending.NO_DONE)


class After(Enum):
    """What comes after a step."""

    NEXT = auto()  # another, when `due_ns` says
    DONE = auto()
    CLOSE = auto()
    RESET = auto()
    HANG = auto()


class _Stage(Enum):
    REFUSE = auto()
    OPEN = auto()
    HALF = auto()
    TOKENS = auto()
    FAIL = auto()
    WHOLE = auto()


@dataclass(frozen=True, slots=True)
class Part:
    """An event with text that a step sends: `count` tokens after `index` others."""

    index: int
    count: int
    is_reasoning: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """What is sent at one moment. `due_ns` is when it was due."""

    data: bytes
    due_ns: int
    after: After = After.NEXT
    parts: tuple[Part, ...] = ()
    status: int = 200


@dataclass(slots=True, eq=False)
class Answer:
    """An answer under way. `due_ns` is when its next step is to be taken."""

    scenario: Scenario
    wording: Wording
    course: Course
    filling: Filling
    freezes: tuple[Freeze, ...]
    streams: bool
    is_cut: bool
    wants_usage: bool
    due_ns: int = 0
    _stage: _Stage = _Stage.TOKENS
    _started_ns: int = 0
    _token_ns: int = 0  # when the next token is due, which a first half precedes
    _planned: int = 0  # tokens in events, the next one included
    _chunk: int = 0
    _events: int = 0
    _half: bytes = b""
    _held: bytes = b""
    _parts: list[Part] = field(default_factory=list[Part])
    _has_head: bool = False
    _has_answered: bool = False

    def begin(self, started_ns: int, served: int) -> None:
        """Its turn came, and so many streams are served now."""
        self._started_ns = self._token_ns = started_ns
        if self.scenario.status >= 400:
            self._stage, self.due_ns = _Stage.REFUSE, advance(started_ns, 0, self.freezes)
            return
        first_ns = self.course.draw_first_ns(self.filling.prompt - self.filling.cached)
        if not self.streams:
            self._plan_whole(first_ns, served)
            return
        self._plan(first_ns)
        if self.scenario.opening is Opening.EARLY:
            self._stage, self.due_ns = _Stage.OPEN, advance(started_ns, 0, self.freezes)

    def take_step(self, served: int) -> Step:
        """The step that is due."""
        match self._stage:
            case _Stage.REFUSE:
                status = self.scenario.status
                refusal = write_refusal(status, self.scenario.retry_after_s)
                return Step(refusal, self.due_ns, After.DONE, status=status)
            case _Stage.WHOLE:
                return self._answer_whole()
            case _Stage.OPEN:
                step = Step(self._write_body(b""), self.due_ns)
                self._set_stage(self._started_ns)
                return step
            case _Stage.HALF:
                return self._send_half()
            case _Stage.TOKENS:
                return self._send_tokens(served)
            case _Stage.FAIL:
                return self._fail()

    def _plan(self, step_ns: int) -> None:
        before_ns, self._token_ns = self._token_ns, advance(self._token_ns, step_ns, self.freezes)
        self._chunk = 0 if self._breaks() else self.course.draw_chunk(self._find_room())
        self._set_stage(before_ns)

    def _set_stage(self, before_ns: int) -> None:
        """A first half is due earlier, but not before the event before it was."""
        self._stage, self.due_ns = (_Stage.TOKENS if self._chunk else _Stage.FAIL), self._token_ns
        if self._chunk and self.scenario.framing in (Framing.SPLIT, Framing.SPLIT_CHARACTER):
            self._stage = _Stage.HALF
            self.due_ns = max(before_ns, self._token_ns - count_ns(self.scenario.split_s))

    def _breaks(self) -> bool:
        """Whether what comes next is how the answer breaks off."""
        after = min(self.scenario.after_tokens, self.filling.planned)
        return self.scenario.ending not in _WHOLE and self._planned >= after

    def _find_room(self) -> int:
        """The most tokens of the next event: reasoning and text share none, and it ends where the answer breaks off."""
        ends = [self.filling.planned]
        if self._planned < self.filling.reasoning:
            ends.append(self.filling.reasoning)
        if self.scenario.ending not in _WHOLE:
            ends.append(self.scenario.after_tokens)
        return min(ends) - self._planned

    def _plan_whole(self, first_ns: int, served: int) -> None:
        """An answer in one piece is due when its last token would be."""
        at_ns = advance(self._token_ns, first_ns, self.freezes)
        done = self.course.draw_chunk(self.filling.planned)
        while done < self.filling.planned:
            at_ns = advance(at_ns, self.course.draw_gap_ns(served), self.freezes)
            done += self.course.draw_chunk(self.filling.planned - done)
        self._stage, self.due_ns = _Stage.WHOLE, at_ns

    def _answer_whole(self) -> Step:
        if self.scenario.ending not in _WHOLE:
            return self._fail()
        planned, reasoning = self.filling.planned, self.filling.reasoning
        body = self.filling.render(self.wording.answer[self.is_cut], reasoning, planned - reasoning)
        head = self.wording.answer_head.replace(b"\x0e", b"%d" % len(body))
        return Step(head + body, self.due_ns, After.DONE, (Part(0, planned),))

    def _send_half(self) -> Step:
        event, self._half = self._write_events(), b""
        at = self._find_split(event)
        step = Step(self._write_body(event[:at]), self.due_ns)
        self._half, self._stage, self.due_ns = event[at:], _Stage.TOKENS, self._token_ns
        return step

    def _find_split(self, event: bytes) -> int:
        """Within the first character of several bytes, or else in the middle."""
        wide = next((at for at, byte in enumerate(event) if byte >= 0xC0), None)
        if self.scenario.framing is Framing.SPLIT_CHARACTER and wide is not None:
            return wide + 1
        return len(event) // 2

    def _send_tokens(self, served: int) -> Step:
        self._held += self._half or self._write_events()
        self._half = b""
        self._parts.append(Part(self._planned, self._chunk, self._planned < self.filling.reasoning))
        self._planned += self._chunk
        self._events += 1
        due_ns, is_last = self._token_ns, self._planned == self.filling.planned and self.scenario.ending in _WHOLE
        if not is_last:
            self._plan(self.course.draw_gap_ns(served))
            if self.scenario.framing is Framing.JOINED and len(self._parts) < self.scenario.join_events and self._chunk:
                return Step(b"", due_ns)
        return self._release(due_ns, is_last)

    def _release(self, due_ns: int, is_last: bool) -> Step:
        """All events that were held, and after the last the end of the stream."""
        held = self._held + (self._write_closing() if is_last else b"")
        step = Step(
            self._write_body(held) + (self._end_body() if is_last else b""),
            due_ns,
            self._find_end() if is_last else After.NEXT,
            tuple(self._parts),
        )
        self._held = b""
        self._parts.clear()
        return step

    def _write_events(self) -> bytes:
        """The event with the next tokens, after what must come before it."""
        is_reasoning, written = self._planned < self.filling.reasoning, b""
        if not self._events and self.scenario.opening is not Opening.EARLY:
            written += self.filling.render(self.wording.opening, 0, 0)
        if not is_reasoning and not self._has_answered:
            written += self.filling.render(self.wording.answering, 0, 0)
            self._has_answered = True
        if self.scenario.empty_every and self._events % self.scenario.empty_every == 0:
            written += self.filling.render(self.wording.empty, 0, 0)
        template = self.wording.reasoning if is_reasoning else self.wording.token
        return written + self.filling.render(template, self._planned, self._chunk)

    def _write_closing(self) -> bytes:
        closing = self.wording.closing_asked if self.wants_usage else self.wording.closing
        reasoning = self.filling.reasoning
        return self.filling.render(closing[self.is_cut], reasoning, self.filling.planned - reasoning)

    def _write_body(self, data: bytes) -> bytes:
        """Part of the body, after the head when that has not been sent."""
        written = b"" if self._has_head else self.wording.head
        if not self._has_head and self.scenario.opening is Opening.EARLY:
            data = self.filling.render(self.wording.opening, 0, 0) + data
        self._has_head = True
        if not data or self.scenario.framing is Framing.UNTIL_CLOSE:
            return written + data
        return written + b"%x\r\n%b\r\n" % (len(data), data)

    def _end_body(self) -> bytes:
        return b"" if self.scenario.framing is Framing.UNTIL_CLOSE else b"0\r\n\r\n"

    def _find_end(self) -> After:
        return After.CLOSE if self.scenario.framing is Framing.UNTIL_CLOSE else After.DONE

    def _fail(self) -> Step:
        after = {Ending.ERROR: self._find_end(), Ending.RESET: After.RESET, Ending.HANG: After.HANG}
        then = after.get(self.scenario.ending, After.CLOSE)
        is_error = self.scenario.ending is Ending.ERROR
        if not self._has_head:
            status = 500 if is_error else 0
            return Step(self.wording.failing_first, self.due_ns, After.DONE if is_error else then, status=status)
        failing = self.filling.render(self.wording.failing, 0, 0)
        data = self._write_body(failing) if failing else b""
        return Step(data + (self._end_body() if is_error else b""), self.due_ns, then)
