"""A visit: the planned probes are asked, and what was seen is a record. Whatever breaks is missing, never a change."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from holdfast.measure.probing.oddities import (
    INTERRUPTED,
    Patrol,
    count_faults,
    is_reasoning,
    list_cached,
    say_cached,
)
from holdfast.measure.probing.planning import VisitPlan
from holdfast.measure.probing.reading import Glass, Probe, read_facts, read_first, read_missing, read_seen
from holdfast.measure.probing.speaking import Speaker, Tongue, make_ask
from holdfast.measure.probing.spending import Meter, ask_within
from holdfast.records.errors import UnreachableEndpoint
from holdfast.records.measurement import Ask, Fault, Reply
from holdfast.records.watching import Channel, Monitor, Seen, Visit

_EMPTY_SHARE: Final = 0.9
_EMPTY_MIN: Final = 10
_PAIRS_MIN: Final = 20  # each agrees with probability 0.7 at most where both answers are likely


def pay_visit(
    monitor: Monitor, speaker: Speaker, plan: VisitPlan, clock_ns: Callable[[], int], *, tokens_max: int | None = None
) -> Visit:
    """What one visit saw, in the order of the plan. An endpoint that is down, withdrawn, refuses or limits makes probes
    that have a fault and remarks that say why; so does an interruption by the user, which ends the visit. `tokens_max`
    limits its tokens of both kinds. `clock_ns` tells nanoseconds since 1970. Raises ConfigurationError for a key or a
    URL that is of no use, and MalformedFile for a monitor that cannot be asked about."""
    visiting = _Visiting(monitor, plan, clock_ns, Meter(tokens_max=tokens_max), Patrol(monitor.endpoint.model))
    visiting.pay(speaker)
    return visiting.make_visit()


def make_tongue(monitor: Monitor) -> Tongue:
    """How the monitor's endpoint is spoken to."""
    return Tongue(monitor.endpoint.api, monitor.dialect, monitor.settings.temperature)


@dataclass(slots=True)
class _Visiting:
    """A visit under way."""

    monitor: Monitor
    plan: VisitPlan
    clock_ns: Callable[[], int]
    meter: Meter
    patrol: Patrol
    replies: dict[int, Reply] = field(default_factory=dict[int, Reply])
    at_ns: dict[int, int] = field(default_factory=dict[int, int])
    remarks: list[str] = field(default_factory=list[str])
    unasked: Fault = Fault.STOPPED
    is_emptied: bool = False
    cached: frozenset[int] = frozenset()

    def pay(self, speaker: Speaker) -> None:
        """Ask until all was asked, or until more would be of no use."""
        asks = self._make_asks()
        limits = {ask.number: ask.tokens_max for ask in asks}
        try:
            with contextlib.closing(ask_within(speaker, asks, self.meter)) as replies:
                for reply in replies:
                    self._take(reply)
                    if self.patrol.notices_end(reply, limits[reply.number]):
                        self._note(self.patrol.end)
                        speaker.stop()
        except UnreachableEndpoint as error:
            self._note(f"no connection: {error.what}")
            self.unasked = Fault.CONNECT
        except KeyboardInterrupt:
            self._note(INTERRUPTED)
        self._look_back(limits)

    def make_visit(self) -> Visit:
        """What is known now."""
        seen = [one for number, probe in enumerate(self.plan.probes) for one in self._read(number, probe)]
        meter, plan = self.meter, self.plan
        return Visit(
            plan.number,
            plan.day,
            plan.seed,
            plan.planned,
            tuple(seen),
            read_facts(self._list_replies()),
            meter.prompt_tokens,
            meter.output_tokens,
            self._compute_cost(),
            tuple(self.remarks),
        )

    def _make_asks(self) -> list[Ask]:
        tongue = make_tongue(self.monitor)
        return [make_ask(number, probe.prompt, tongue) for number, probe in enumerate(self.plan.probes)]

    def _take(self, reply: Reply) -> None:
        self.replies[reply.number] = reply
        self.at_ns[reply.number] = self.clock_ns()

    def _note(self, words: str) -> None:
        if words and words not in self.remarks:
            self.remarks.append(words)

    def _list_replies(self) -> list[Reply]:
        return [self.replies[number] for number in sorted(self.replies)]

    def _compute_cost(self) -> float | None:
        monitor, meter = self.monitor, self.meter
        if monitor.usd_input is None or monitor.usd_output is None:
            return None
        return (meter.prompt_tokens * monitor.usd_input + meter.output_tokens * monitor.usd_output) / 1e6

    def _read(self, number: int, probe: Probe) -> tuple[Seen, ...]:
        reply = self.replies.get(number)
        if reply is None:
            return read_missing(probe, self.clock_ns(), self.unasked)
        if number in self.cached and reply.sample.fault is Fault.NONE:
            return read_missing(probe, self.at_ns[number], Fault.MALFORMED)
        glass = Glass(self.monitor.salt, self.monitor.dialect.tokens_min > 1, self.is_emptied)
        return read_seen(probe, reply, self.at_ns[number], glass)

    # --- what was odd -------------------------------------------------------------------------------------------------

    def _look_back(self, limits: dict[int, int]) -> None:
        """At all that came: what does not show in any one answer."""
        replies = self._list_replies()
        if not self.remarks and len(replies) < len(limits):
            self._note(f"the limit of tokens was reached after {len(replies)} of {len(limits)} requests")
        self.cached = list_cached(replies)
        for words in (*count_faults(replies), say_cached(self.cached, replies)):
            self._note(words)
        if replies and not self.meter.is_counted:
            self._note("the endpoint does not count tokens: its worst case is booked")
        self._look_at_tokens()

    def _look_at_tokens(self) -> None:
        """At the first tokens of border prompts."""
        probes = self.plan.probes
        heard = [reply for reply in self._list_replies() if reply.sample.fault is Fault.NONE]
        border = [
            (probes[reply.number].place, reply) for reply in heard if probes[reply.number].channel is Channel.TOKENS
        ]
        tracked = [reply for reply in heard if probes[reply.number].channel is Channel.LOGPROBS]
        reasoning = sum(is_reasoning(reply) for _, reply in border)
        if reasoning:
            self._note(f"{reasoning} of {len(border)} answers were reasoning alone: their first token is not seen")
        if silent := sum(reply.first is None for reply in tracked):
            self._note(f"{silent} of {len(tracked)} answers came without log probabilities, which were given before")
        firsts = [(place, read_first(reply)) for place, reply in border]
        empty = sum(text == "" for _, text in firsts)
        if len(border) >= _EMPTY_MIN and empty >= _EMPTY_SHARE * len(border):
            self.is_emptied = True
            self._note(f"{empty} of {len(border)} answers are empty: they count as missing")
        elif _never_varies(firsts):
            self._note("answers to one prompt are always the same, though they varied: a cache or another temperature")


def _never_varies(firsts: Sequence[tuple[int, str | None]]) -> bool:
    """Whether all answers to each prompt are the same, in enough pairs of answers that this is no chance."""
    first: dict[int, str | None] = {}
    pairs = 0
    for place, text in firsts:
        if place in first and first[place] != text:
            return False
        pairs += place in first
        first.setdefault(place, text)
    return pairs >= _PAIRS_MIN
