"""One request and what came back for it, as bytes with stamps: what the loop fills in and the reading takes apart."""

from dataclasses import dataclass
from itertools import accumulate

from holdfast.measure.load.framing import Watch
from holdfast.measure.load.parts import Parts
from holdfast.measure.load.templates import Template
from holdfast.records.measurement import Fault, Phase


@dataclass(frozen=True, slots=True)
class Turn:
    """A request that is due: its number in the load, when, and in which phase."""

    number: int
    scheduled_ns: int
    phase: Phase = Phase.STEADY


class Exchange:
    """A request under way or done. `parts[i]` came at `stamps[i]`. Filled by one loop, read afterwards."""

    __slots__ = (
        "deadline_ns",
        "detail",
        "done_ns",
        "end_ns",
        "fault",
        "is_second_try",
        "parts",
        "request",
        "reserved_usd",
        "retries",
        "sent_ns",
        "stamps",
        "template",
        "turn",
        "watch",
    )

    def __init__(self, turn: Turn, template: Template, request: bytes) -> None:
        self.turn = turn
        self.template = template
        self.request = request
        self.retries = 0
        self.reserved_usd = 0.0
        self.deadline_ns = 0
        self.is_second_try = False
        self.clear()

    def __repr__(self) -> str:
        return f"Exchange({self.turn.number}, {self.fault or 'no fault'}, {len(self.parts)} parts)"

    @property
    def has_failed(self) -> bool:
        """Whether the wire or the status says so: what the answer says is read later."""
        head = self.watch.head
        return self.fault is not Fault.NONE or (head is not None and head.status >= 300)

    def clear(self) -> None:
        """Nothing was sent and nothing came."""
        self.sent_ns: int | None = None
        self.stamps: list[int] = []
        self.parts = Parts()
        self.watch = Watch()
        self.done_ns = 0  # when its stream last said [DONE]
        self.end_ns = 0
        self.fault = Fault.NONE
        self.detail = ""

    def end(self, end_ns: int, fault: Fault = Fault.NONE, detail: str = "") -> None:
        """It is over, well or not. Stamps of parts that came within microseconds are put in order."""
        if self.stamps != sorted(self.stamps):
            self.stamps = list(accumulate(self.stamps, max))
        self.end_ns, self.fault, self.detail = max([end_ns, *self.stamps[-1:]]), fault, detail
        self.request = b""
