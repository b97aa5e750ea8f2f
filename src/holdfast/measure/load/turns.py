"""Whose turn it is: the requests of one worker in one load, in the order in which they are due."""

import heapq
from array import array
from dataclasses import dataclass
from typing import Final, Protocol

from holdfast.measure.load.exchange import Exchange, Turn
from holdfast.records.measurement import Load, Phase

NEVER: Final = 1 << 62
SECOND_NS: Final = 1_000_000_000
PAUSE_NS: Final = 100_000_000


class Turns(Protocol):
    """A source of turns."""

    @property
    def due_ns(self) -> int:
        """When the next request is due; NEVER when none is before another ends, or none any more."""
        ...

    def take(self) -> Turn:
        """The next one. Only when one is due."""
        ...

    def end(self, exchange: Exchange) -> None:
        """One has ended."""
        ...


@dataclass(frozen=True, slots=True)
class Share:
    """A worker's part of a load: every `of`-th request, beginning with `first`."""

    first: int = 0
    of: int = 1

    def count(self, total: int) -> int:
        """How many of so many are its own."""
        return max(0, (total - self.first + self.of - 1) // self.of)


@dataclass(frozen=True, slots=True)
class Dealt:
    """A worker's part of a schedule: offsets in nanoseconds, of which the first `warmup` are warm-up, the next
    `steady` steady, and the rest cool-down."""

    share: Share
    offsets_ns: "array[int]"
    warmup: int
    steady: int

    def find_phase(self, place: int) -> Phase:
        """Of the request at a place."""
        if place < self.warmup:
            return Phase.WARMUP
        return Phase.STEADY if place < self.warmup + self.steady else Phase.COOLDOWN


def deal(offsets_ns: "array[int]", warmup: int, steady: int, share: Share) -> Dealt:
    """A worker's part of a whole schedule."""
    own_warmup = share.count(warmup)
    return Dealt(share, offsets_ns[share.first :: share.of], own_warmup, share.count(warmup + steady) - own_warmup)


class OpenTurns:
    """Turns at given moments, however slow the answers are; at most `in_flight_max` at a time (0: any number). What
    waits for that keeps its moment."""

    def __init__(self, start_ns: int, dealt: Dealt, in_flight_max: int = 0) -> None:
        self._start_ns, self._dealt, self._in_flight_max = start_ns, dealt, in_flight_max
        self._next = 0
        self._in_flight = 0
        self._steady_left = dealt.steady

    @property
    def due_ns(self) -> int:
        """The moment of the next."""
        dealt = self._dealt
        if self._in_flight_max and self._in_flight >= self._in_flight_max:
            return NEVER
        if self._next >= len(dealt.offsets_ns):
            return NEVER
        if not self._steady_left and self._next >= dealt.warmup + dealt.steady:
            return NEVER
        return self._start_ns + dealt.offsets_ns[self._next]

    def take(self) -> Turn:
        """The next one; its number is its place in the whole schedule."""
        place, dealt = self._next, self._dealt
        self._next += 1
        self._in_flight += 1
        due_ns = self._start_ns + dealt.offsets_ns[place]
        return Turn(dealt.share.first + place * dealt.share.of, due_ns, dealt.find_phase(place))

    def end(self, exchange: Exchange) -> None:
        """One has ended."""
        self._in_flight -= 1
        self._steady_left -= exchange.turn.phase is Phase.STEADY


class ClosedTurns:
    """Turns that come when answers end: `concurrency` under way at any time, but for a pause after each failure, so
    that an endpoint that refuses is not flooded. They begin together, or where there is a warm-up one after the other
    within its first second."""

    def __init__(self, start_ns: int, load: Load, share: Share) -> None:
        self._load, self._share = load, share
        self._steady_ns = start_ns + round(load.warmup_s * SECOND_NS)
        self._end_ns = self._steady_ns + round(load.duration_s * SECOND_NS) if load.duration_s else NEVER
        self._limit = share.count(load.requests) if load.requests else NEVER
        self._given = self._steady_given = self._steady_left = 0
        self._due = _spread(start_ns, load, share)
        self._tidy()

    @property
    def due_ns(self) -> int:
        """The moment of the next."""
        return self._due[0] if self._due else NEVER

    def take(self) -> Turn:
        """The next one; its turn came when one before it ended."""
        due_ns = heapq.heappop(self._due)
        phase = self._find_phase(due_ns)
        turn = Turn(self._share.first + self._given * self._share.of, due_ns, phase or Phase.COOLDOWN)
        self._given += 1
        if phase is Phase.STEADY:
            self._steady_given += 1
            self._steady_left += 1
            if self._steady_given == self._limit:
                self._end_ns = due_ns
        self._tidy()
        return turn

    def end(self, exchange: Exchange) -> None:
        """One has ended: it is another's turn."""
        self._steady_left -= exchange.turn.phase is Phase.STEADY
        heapq.heappush(self._due, exchange.end_ns + (PAUSE_NS if exchange.has_failed else 0))
        self._tidy()

    def _find_phase(self, due_ns: int) -> Phase | None:
        """Of a request that is due then; None: there is to be none."""
        if due_ns < self._steady_ns:
            return Phase.WARMUP
        if due_ns < self._end_ns and self._steady_given < self._limit:
            return Phase.STEADY
        is_kept_up = self._steady_left > 0 and due_ns < self._end_ns + round(self._load.cooldown_s * SECOND_NS)
        return Phase.COOLDOWN if is_kept_up else None

    def _tidy(self) -> None:
        while self._due and self._find_phase(self._due[0]) is None:
            heapq.heappop(self._due)


def _spread(start_ns: int, load: Load, share: Share) -> list[int]:
    """When each of a worker's streams begins."""
    over_ns = min(SECOND_NS, round(load.warmup_s * SECOND_NS / 2))
    own = range(share.first, load.concurrency, share.of)
    return [start_ns + over_ns * number // load.concurrency for number in own]
