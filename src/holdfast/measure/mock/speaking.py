"""What OpenAI's interfaces say, as JSON values with slots: events of streams and whole answers, not yet framed."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple, Protocol, cast

from holdfast.measure.mock.spec import MockSpec, Opening, Scenario, UsageSaid
from holdfast.records.measurement import Api

Plain = dict[str, object]
CREATED: Final = 1_700_000_000  # a moment like any other: answers do not depend on the day
FAILURE: Final = "The mock breaks off, as it was told to."


class Slot(IntEnum):
    """What is put in place of a byte of a template. Those from PROMPT to TOTAL and from SEQUENCE on are decimal."""

    ID = 1  # 16 hexadecimal digits, the request's own
    TEXT = 2  # the tokens of the event; of a whole answer all that are not reasoning
    REASONING_TEXT = 3
    PROMPT = 4  # how many tokens
    COMPLETION = 5
    CACHED = 6
    REASONING = 7
    TOTAL = 11
    LENGTH = 14  # bytes of the body
    SEQUENCE = 15  # how many events of the stream came before
    ITEMS = 16  # one item for each input, with commas between
    PLACE = 17  # how many items came before


class Event(NamedTuple):
    """One event of a stream; `name` is empty where the interface gives events no names."""

    name: str
    data: object


class Speaker(Protocol):
    """One interface. `reason` is "stop" or "length"."""

    def open(self) -> list[Event]:
        """Before the first token."""
        ...

    def begin_answer(self) -> list[Event]:
        """Before the first token that is not reasoning."""
        ...

    def say(self, text: str) -> Event:
        """Some text; none, where it is empty."""
        ...

    def think(self, text: str) -> Event:
        """Some reasoning."""
        ...

    def close(self, reason: str, *, with_usage: bool) -> list[Event]:
        """After the last token."""
        ...

    def fail(self) -> Event:
        """An error in the middle."""
        ...

    def answer(self, reason: str) -> Plain:
        """All of it at once."""
        ...


def find_speaker(spec: MockSpec, scenario: Scenario, api: Api) -> Speaker:
    """The speaker of an interface; embeddings are never streamed."""
    match api:
        case Api.CHAT:
            return Chat(spec, scenario)
        case Api.COMPLETIONS:
            return Completions(spec, scenario)
        case Api.RESPONSES:
            return Responses(spec, scenario)
        case Api.EMBEDDINGS:
            return Embeddings(spec, scenario)


@dataclass(frozen=True, slots=True)
class Chat:
    """`/v1/chat/completions`."""

    spec: MockSpec
    scenario: Scenario

    def open(self) -> list[Event]:
        return [] if self.scenario.opening is Opening.NONE else [self._chunk({"role": "assistant", "content": ""})]

    def begin_answer(self) -> list[Event]:
        return []

    def say(self, text: str) -> Event:
        return self._chunk({"refusal" if self.scenario.is_refusal else "content": text})

    def think(self, text: str) -> Event:
        return self._chunk({self.scenario.reasoning_key: text})

    def close(self, reason: str, *, with_usage: bool) -> list[Event]:
        last = self._chunk({}, reason)
        if with_usage and self.scenario.usage is UsageSaid.LAST:
            return [Event("", {**_object(last), "usage": count_usage(self.scenario)})]
        own = Event("", {**_object(last), "choices": [], "usage": count_usage(self.scenario)})
        return [last, own] if with_usage else [last]

    def fail(self) -> Event:
        return Event("", describe_failure())

    def answer(self, reason: str) -> Plain:
        text, key = chr(Slot.TEXT), self.scenario.reasoning_key
        message: Plain = {"role": "assistant", "content": None if self.scenario.is_refusal else text}
        message["refusal"] = text if self.scenario.is_refusal else None
        if self.scenario.reasoning_tokens:
            message[key] = chr(Slot.REASONING_TEXT)
        choice: Plain = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
        return _with_usage({**self._name("chat.completion"), "choices": [choice]}, self.scenario)

    def _chunk(self, delta: Plain, reason: str | None = None) -> Event:
        choice: Plain = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return Event("", {**self._name("chat.completion.chunk"), "choices": [choice]})

    def _name(self, kind: str) -> Plain:
        return _name("chatcmpl-", kind, self.spec.model)


@dataclass(frozen=True, slots=True)
class Completions:
    """`/v1/completions`, the older interface. It knows neither roles nor reasoning: all is text."""

    spec: MockSpec
    scenario: Scenario

    def open(self) -> list[Event]:
        return []

    def begin_answer(self) -> list[Event]:
        return []

    def say(self, text: str) -> Event:
        return self._chunk(text)

    def think(self, text: str) -> Event:
        return self._chunk(text)

    def close(self, reason: str, *, with_usage: bool) -> list[Event]:
        last = self._chunk("", reason)
        if with_usage and self.scenario.usage is UsageSaid.LAST:
            return [Event("", {**_object(last), "usage": count_usage(self.scenario)})]
        own = Event("", {**_object(last), "choices": [], "usage": count_usage(self.scenario)})
        return [last, own] if with_usage else [last]

    def fail(self) -> Event:
        return Event("", describe_failure())

    def answer(self, reason: str) -> Plain:
        text = chr(Slot.REASONING_TEXT) + chr(Slot.TEXT)
        return _with_usage(_object(self._chunk(text, reason)), self.scenario)

    def _chunk(self, text: str, reason: str | None = None) -> Event:
        choice: Plain = {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}
        return Event("", {**_name("cmpl-", "text_completion", self.spec.model), "choices": [choice]})


@dataclass(frozen=True, slots=True)
class Responses:
    """`/v1/responses`: named events with numbers; usage only in the last."""

    spec: MockSpec
    scenario: Scenario

    def open(self) -> list[Event]:
        begun = self._respond("in_progress", [])
        return [self._event("response.created", response=begun), self._event("response.in_progress", response=begun)]

    def begin_answer(self) -> list[Event]:
        item: Plain = {**self._write_message(""), "status": "in_progress", "content": []}
        return [
            self._event("response.output_item.added", output_index=0, item=item),
            self._event("response.content_part.added", **self._locate(), part=self._write_part("")),
        ]

    def say(self, text: str) -> Event:
        kind = "refusal" if self.scenario.is_refusal else "output_text"
        return self._event(f"response.{kind}.delta", **self._locate(), delta=text)

    def think(self, text: str) -> Event:
        place: Plain = {"item_id": f"rs_{chr(Slot.ID)}", "output_index": 0, "content_index": 0}
        return self._event("response.reasoning_text.delta", **place, delta=text)

    def close(self, reason: str, *, with_usage: bool) -> list[Event]:
        text = chr(Slot.TEXT)
        said = {"refusal": text} if self.scenario.is_refusal else {"text": text}
        kind = "refusal" if self.scenario.is_refusal else "output_text"
        status = "completed" if reason == "stop" else "incomplete"
        whole = self.answer(reason)
        if not with_usage:
            whole["usage"] = None
        return [
            self._event(f"response.{kind}.done", **self._locate(), **said),
            self._event("response.content_part.done", **self._locate(), part=self._write_part(text)),
            self._event("response.output_item.done", output_index=0, item=self._write_message(text)),
            self._event(f"response.{status}", response=whole),
        ]

    def fail(self) -> Event:
        return self._event("error", code="server_error", message=FAILURE, param=None)

    def answer(self, reason: str) -> Plain:
        output: list[object] = [self._write_message(chr(Slot.TEXT))]
        if self.scenario.reasoning_tokens:
            thought = {"type": "reasoning_text", "text": chr(Slot.REASONING_TEXT)}
            output.insert(0, {"id": f"rs_{chr(Slot.ID)}", "type": "reasoning", "summary": [], "content": [thought]})
        whole = self._respond("completed" if reason == "stop" else "incomplete", output)
        whole["incomplete_details"] = None if reason == "stop" else {"reason": "max_output_tokens"}
        return _with_usage(whole, self.scenario, names=("input", "output"))

    def _respond(self, status: str, output: list[object]) -> Plain:
        name: Plain = {"id": f"resp_{chr(Slot.ID)}", "object": "response", "created_at": CREATED, "status": status}
        rest: Plain = {"error": None, "incomplete_details": None, "model": self.spec.model, "output": output}
        settings: Plain = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "usage": None}
        return {**name, **rest, **settings}

    def _write_message(self, text: str) -> Plain:
        content = [self._write_part(text)]
        kind: Plain = {"id": f"msg_{chr(Slot.ID)}", "type": "message", "status": "completed", "role": "assistant"}
        return {**kind, "content": content}

    def _write_part(self, text: str) -> Plain:
        if self.scenario.is_refusal:
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": []}

    def _locate(self) -> Plain:
        return {"item_id": f"msg_{chr(Slot.ID)}", "output_index": 0, "content_index": 0}

    def _event(self, kind: str, **rest: object) -> Event:
        return Event(kind, {"type": kind, "sequence_number": chr(Slot.SEQUENCE), **rest})


@dataclass(frozen=True, slots=True)
class Embeddings:
    """`/v1/embeddings`: the same vector of length 1 for every input."""

    spec: MockSpec
    scenario: Scenario

    def open(self) -> list[Event]:
        return []

    begin_answer = open

    def say(self, text: str) -> Event:
        return Event("", text)

    think = say

    def close(self, reason: str, *, with_usage: bool) -> list[Event]:  # noqa: ARG002
        return []

    def fail(self) -> Event:
        return Event("", describe_failure())

    def answer(self, reason: str) -> Plain:  # noqa: ARG002
        whole: Plain = {"object": "list", "model": self.spec.model, "data": [chr(Slot.ITEMS)]}
        if self.scenario.usage is not UsageSaid.ABSENT:
            lie = "1" if self.scenario.usage is UsageSaid.LYING else ""
            whole["usage"] = {"prompt_tokens": lie + chr(Slot.PROMPT), "total_tokens": lie + chr(Slot.PROMPT)}
        return whole

    def write_item(self) -> Plain:
        """What stands for one input."""
        size = self.spec.dimensions
        vector = [round(size**-0.5, 9)] * size
        return {"object": "embedding", "index": chr(Slot.PLACE), "embedding": vector}


def count_usage(scenario: Scenario, names: tuple[str, str] = ("prompt", "completion")) -> Plain:
    """The usage of a request; a lie has a digit 1 before each count."""
    lie = "1" if scenario.usage is UsageSaid.LYING else ""
    prompt, completion = names
    return {
        f"{prompt}_tokens": lie + chr(Slot.PROMPT),
        f"{completion}_tokens": lie + chr(Slot.COMPLETION),
        "total_tokens": lie + chr(Slot.TOTAL),
        f"{prompt}_tokens_details": {"cached_tokens": chr(Slot.CACHED)},
        f"{completion}_tokens_details": {"reasoning_tokens": chr(Slot.REASONING)},
    }


def describe_failure() -> Plain:
    """An error as OpenAI writes it."""
    return {"error": {"message": FAILURE, "type": "server_error", "param": None, "code": "server_error"}}


def _with_usage(whole: Plain, scenario: Scenario, names: tuple[str, str] = ("prompt", "completion")) -> Plain:
    return whole if scenario.usage is UsageSaid.ABSENT else {**whole, "usage": count_usage(scenario, names)}


def _name(prefix: str, kind: str, model: str) -> Plain:
    return {
        "id": prefix + chr(Slot.ID),
        "object": kind,
        "created": CREATED,
        "model": model,
        "system_fingerprint": "fp_mock",
    }


def _object(event: Event) -> Plain:
    assert isinstance(event.data, dict)
    return dict(cast("Plain", event.data))
