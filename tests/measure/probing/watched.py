"""Monitors of a served endpoint, as an enrolment would make them, and ways to go through a search."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from holdfast.measure.probing.battery import make_battery
from holdfast.measure.probing.border import Found, Quest, SearchState
from holdfast.measure.probing.digests import digest_text
from holdfast.measure.probing.planning import Doses, plan_visit
from holdfast.measure.probing.search import Search
from holdfast.measure.probing.speaking import Speaker, Speaking, Tongue, make_speaker
from holdfast.measure.probing.visiting import pay_visit
from holdfast.records.measurement import Api, Ask, Reply
from holdfast.records.watching import Channel, Dialect, Monitor, Prompt, Seen, Visit, WatchSettings
from tests.measure.probing.served import WORDS, Behaviour, Served

SALT = "00112233445566778899aabbccddeeff"
BORDERS = tuple(Prompt(Channel.TOKENS, f"border {number}") for number in range(20))
SENTINELS = tuple(Prompt(Channel.SENTINELS, f"sentinel {number}", tokens_max=8) for number in range(10))
TRACKED = (Prompt(Channel.LOGPROBS, "x"), Prompt(Channel.LOGPROBS, "border 0"))
WORD_OF = {digest_text(word.strip() or word, SALT): word.strip() or word for word in WORDS}
TOKENS_ONLY = Doses(3, 0, has_battery=False)
NOON_NS = 1_800_000_000_000_000_000


def make_monitor(served: Served, api: Api = Api.CHAT, **more: Any) -> Monitor:
    prompts = (*BORDERS, *TRACKED, *make_battery(api))
    monitor = Monitor("it", served.make_endpoint(api), WatchSettings(), prompts, salt=SALT, has_logprobs=True)
    return replace(monitor, dialect=Dialect(logprobs=20), **more)


@contextmanager
def serving(**behaviour: Any) -> Generator[tuple[Served, Monitor], None, None]:
    with Served(Behaviour(**behaviour)) as served:
        yield served, make_monitor(served)


def visit(monitor: Monitor, doses: Doses = TOKENS_ONLY, number: int = 1, **more: Any) -> Visit:
    """A visit whose clock stands still."""
    speaking = more.pop("speaking", None) or Speaking(timeout_s=5, tries=2)
    speaker = more.pop("speaker", None) or make_speaker(monitor.endpoint, speaking)
    return pay_visit(monitor, speaker, plan_visit(monitor, number, 20_000, doses), lambda: NOON_NS, **more)


def list_seen(visit: Visit, channel: Channel) -> list[Seen]:
    return [one for one in visit.seen if one.channel is channel]


def make_quest(search: Search, logprobs: int = 0) -> Quest:
    return Quest(Tongue(dialect=Dialect(logprobs=logprobs)), SALT, search)


def go_through(search: Generator[SearchState, None, Found]) -> tuple[list[SearchState], Found]:
    states: list[SearchState] = []
    while True:
        try:
            states.append(next(search))
        except StopIteration as end:
            return states, end.value


@dataclass
class BrokenOff:
    """A speaker whose user presses Ctrl-C after so many replies."""

    speaker: Speaker
    after: int

    @property
    def sent(self) -> int:
        return self.speaker.sent

    def stop(self) -> None:
        self.speaker.stop()

    def ask(self, asks: Sequence[Ask]) -> Iterator[Reply]:
        for number, reply in enumerate(self.speaker.ask(asks)):
            if number == self.after:
                raise KeyboardInterrupt
            yield reply
