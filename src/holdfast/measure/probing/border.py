"""The search for border prompts: short prompts whose first token is nearly balanced between two, found by asking."""

import contextlib
import random
from collections import Counter
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from holdfast.measure.probing.digests import digest_text, fold_token
from holdfast.measure.probing.oddities import INTERRUPTED, Patrol
from holdfast.measure.probing.pool import PoolPrompt
from holdfast.measure.probing.reading import read_first
from holdfast.measure.probing.search import Search
from holdfast.measure.probing.speaking import Speaker, Tongue, make_ask
from holdfast.measure.probing.spending import Meter, ask_within
from holdfast.records.errors import ConfigurationError, UnreachableEndpoint
from holdfast.records.measurement import Ask, Fault, FirstToken, Reply
from holdfast.records.watching import Channel, Prompt


@dataclass(frozen=True, slots=True)
class Candidate:
    """A prompt whose answers differ: its place in the pool, and how often each answer came in answers that had no part
    in choosing it, the most frequent first, as digests of the token without its white space and case."""

    place: int
    counts: tuple[tuple[str, int], ...]
    prompt_tokens: int | None = None

    @property
    def balance(self) -> float:
        """The second answer's count over the first's: 1 is a perfect border, 0 none."""
        return self.counts[1][1] / self.counts[0][1] if len(self.counts) > 1 else 0.0


@dataclass(frozen=True, slots=True)
class SearchState:
    """How far a search has come; from it, it can go on. `portions` are done, `asked` is how many prompts of the pool
    were asked. No text of an answer is in it."""

    pool_digest: str
    portions: int = 0
    asked: int = 0
    candidates: tuple[Candidate, ...] = ()
    requests: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class BorderPrompt:
    """A border prompt that was found, and how balanced it was in how many answers."""

    prompt: Prompt
    balance: float
    answers: int
    prompt_tokens: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found: the best first. `why` says why there are fewer than were wanted, or why it ended early."""

    kept: tuple[BorderPrompt, ...]
    spares: tuple[BorderPrompt, ...]
    state: SearchState
    why: str = ""


@dataclass(frozen=True, slots=True)
class Quest:
    """How a search asks: the tongue, the salt of the monitor, its sizes and limits."""

    tongue: Tongue
    salt: str
    search: Search = field(default_factory=Search)


def find_border_prompts(
    pool: Sequence[PoolPrompt], speaker: Speaker, quest: Quest, state: SearchState | None = None
) -> Generator[SearchState, None, Found]:
    """Yields how far it has come after every portion; returns what it found. With a `state` it goes on from there.
    An interruption by the user, a limit that is reached, an endpoint that refuses end it, and it returns what it has.
    ConfigurationError when the state is of another pool."""
    seeking = _Seeking(pool, speaker, quest, state or SearchState(digest_pool(pool, quest)))
    if seeking.state.pool_digest != digest_pool(pool, quest):
        raise ConfigurationError(
            "the search was begun with another pool of prompts, temperature or seed",
            where="search for border prompts",
            next_step="Go on with the same ones, or begin the search anew.",
        )
    while not seeking.is_over:
        seeking.take_portion()
        yield seeking.state
    return seeking.choose()


def digest_pool(pool: Sequence[PoolPrompt], quest: Quest) -> str:
    """What a state must have been begun with."""
    search = quest.search
    said = [f"{search.seed}/{search.portion}/{quest.tongue.temperature}", *(one.text for one in pool)]
    return digest_text("\0".join(said), quest.salt)


@dataclass(slots=True)
class _Seeking:
    pool: Sequence[PoolPrompt]
    speaker: Speaker
    quest: Quest
    state: SearchState
    why: str = ""

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to ask, or no use in it."""
        is_through = self.state.portions * self.quest.search.portion >= len(self.pool)
        return bool(self.why) or is_through or self._has_enough()

    def take_portion(self) -> None:
        """Ask the next prompts of the pool, then more of those whose answers differ."""
        search, meter = self.quest.search, self._make_meter()
        start = self.state.portions * search.portion
        places = self._list_order()[start : start + search.portion]
        asked: dict[int, list[Reply]] = {}
        found: list[Candidate] = []
        try:
            asked = self._ask_first(places, meter)
            found = self._ask_more([place for place in places if self._is_divided(asked.get(place, []))], meter)
        except KeyboardInterrupt:
            self.why = INTERRUPTED
        except UnreachableEndpoint as error:
            self.why = f"no connection: {error.what}"
        self.state = SearchState(
            self.state.pool_digest,
            self.state.portions + (not self.why),
            self.state.asked + len(asked),
            (*self.state.candidates, *found),
            meter.requests,
            meter.prompt_tokens,
            meter.output_tokens,
        )

    def choose(self) -> Found:
        """The best, of one kind not too many while there are others."""
        search = self.quest.search
        ranked = self._rank()
        chosen = [*_cap(ranked, self.pool, search)]
        chosen += [one for one in ranked if one not in chosen]
        made = [self._make_border(one) for one in chosen[: search.kept + search.spares]]
        kept, spares = tuple(made[: search.kept]), tuple(made[search.kept :])
        return Found(kept, spares, self.state, self.why or self._explain(len(kept)))

    def _list_order(self) -> list[int]:
        order = list(range(len(self.pool)))
        random.Random(f"search/{self.quest.search.seed}").shuffle(order)  # noqa: S311 - it must be repeatable
        return order

    def _make_meter(self) -> Meter:
        search, state = self.quest.search, self.state
        return Meter(search.requests_max, search.tokens_max, state.requests, state.prompt_tokens, state.output_tokens)

    def _ask_first(self, places: Sequence[int], meter: Meter) -> dict[int, list[Reply]]:
        has_logprobs = bool(self.quest.tongue.dialect.logprobs)
        channel = Channel.LOGPROBS if has_logprobs else Channel.TOKENS
        return self._ask(places, channel, 1 if has_logprobs else self.quest.search.first, meter)

    def _ask_more(self, places: Sequence[int], meter: Meter) -> list[Candidate]:
        if self.why:
            return []
        heard = self._ask(places, Channel.TOKENS, self.quest.search.more, meter)
        made = [self._make_candidate(place, replies) for place, replies in heard.items()]
        return [one for one in made if one is not None]

    def _ask(self, places: Sequence[int], channel: Channel, times: int, meter: Meter) -> dict[int, list[Reply]]:
        """The answers to each prompt, where there are any."""
        asks = [
            make_ask(place * times + turn, Prompt(channel, self.pool[place].text), self.quest.tongue)
            for turn in range(times)
            for place in places
        ]
        heard: dict[int, list[Reply]] = {}
        for reply in self._listen(asks, meter):
            if reply.sample.fault is Fault.NONE:
                heard.setdefault(reply.number // times, []).append(reply)
        return heard

    def _listen(self, asks: Sequence[Ask], meter: Meter) -> Generator[Reply, None, None]:
        patrol, limits, count = Patrol(), {ask.number: ask.tokens_max for ask in asks}, 0
        with contextlib.closing(ask_within(self.speaker, asks, meter)) as replies:
            for reply in replies:
                count += 1
                yield reply
                if patrol.notices_end(reply, limits[reply.number]):
                    self.why = patrol.end
                    self.speaker.stop()
        if count < len(asks) and not self.why:
            self.why = "the limit of requests or tokens was reached"

    def _is_divided(self, replies: Sequence[Reply]) -> bool:
        """Whether the answers differ, or by their log probabilities would."""
        if self.quest.tongue.dialect.logprobs:
            gaps = [find_gap(reply.first) for reply in replies if reply.first is not None]
            limit = self.quest.search.gap_max * self.quest.tongue.temperature
            return any(gap is not None and gap <= limit for gap in gaps)
        return len({fold_token(text) for text in self._list_firsts(replies)}) > 1

    def _list_firsts(self, replies: Sequence[Reply]) -> list[str]:
        is_longer = self.quest.tongue.dialect.tokens_min > 1
        firsts = [read_first(reply, is_longer=is_longer) for reply in replies]
        return [text for text in firsts if text is not None]

    def _make_candidate(self, place: int, replies: Sequence[Reply]) -> Candidate | None:
        """None where not even half of the answers came."""
        folded = Counter(fold_token(text) for text in self._list_firsts(replies))
        if folded.total() * 2 < self.quest.search.more:
            return None
        counts = tuple((digest_text(text, self.quest.salt), count) for text, count in folded.most_common())
        usages = [reply.sample.usage.prompt for reply in replies if reply.sample.usage.prompt is not None]
        return Candidate(place, counts, max(usages) if usages else None)

    def _rank(self) -> list[Candidate]:
        good = [one for one in self.state.candidates if one.balance >= self.quest.search.balance_min]
        return sorted(good, key=lambda one: (-one.balance, one.place))

    def _has_enough(self) -> bool:
        search = self.quest.search
        good = [one for one in self._rank() if one.balance >= search.balance_good]
        return len(_cap(good, self.pool, search)) >= search.kept + search.spares

    def _make_border(self, one: Candidate) -> BorderPrompt:
        prompt = Prompt(Channel.TOKENS, self.pool[one.place].text)
        return BorderPrompt(prompt, one.balance, sum(count for _, count in one.counts), one.prompt_tokens)

    def _explain(self, kept: int) -> str:
        if kept >= self.quest.search.kept:
            return ""
        return f"{kept} border prompts in {self.state.asked} that were asked: answers to the others do not vary"


def find_gap(first: FirstToken) -> float | None:
    """The difference of the natural logarithms of the likeliest token and of the next that differs from it in more
    than white space and case; None where none is told."""
    ways = sorted(first.alternatives, key=lambda way: -way[1])
    others = [log for text, log in ways if fold_token(text) != fold_token(ways[0][0])]
    return ways[0][1] - others[0] if others else None


def _cap(ranked: Sequence[Candidate], pool: Sequence[PoolPrompt], search: Search) -> list[Candidate]:
    """At most so many of one kind, of prompts whose kind is known."""
    taken: Counter[str] = Counter()
    kept: list[Candidate] = []
    for one in ranked:
        kind = pool[one.place].kind
        taken[kind] += bool(kind)
        if taken[kind] <= search.kind_max:
            kept.append(one)
    return kept
