"""The search for sentinels: prompts whose answers open in one of several ways, time and again, and not in others."""

import contextlib
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from holdfast.measure.probing.border import Quest
from holdfast.measure.probing.oddities import Patrol
from holdfast.measure.probing.pool import PoolPrompt
from holdfast.measure.probing.reading import read_opening
from holdfast.measure.probing.search import SENTINEL_TOKENS
from holdfast.measure.probing.speaking import Speaker, make_ask
from holdfast.measure.probing.spending import Meter, ask_within
from holdfast.records.errors import UnreachableEndpoint
from holdfast.records.measurement import Fault
from holdfast.records.watching import Channel, Prompt

_MANY: Final = 8  # openings: where there are so many, hardly another model has the same
_ONCE_MAX: Final = 0.5  # of the answers: openings that came once tell how often new ones will come (Good and Turing)
_ONCE_COST: Final = 0.3  # in openings: a longer reference will know most of what came once
_KIND_MAX: Final = 1
_LEAST: Final = 4  # with fewer, a mean over them says little


def find_sentinels(
    pool: Sequence[PoolPrompt], speaker: Speaker, quest: Quest, meter: Meter, without: Sequence[str] = ()
) -> tuple[Prompt, ...]:
    """The best, or none where there are fewer than four. Some prompts of the pool (none of `without`) are asked often
    enough to see in how many ways their answers open. Where the meter's limit is reached, the connection fails or the
    endpoint refuses, of what was heard until then."""
    search = quest.search
    if not search.sentinels:
        return ()
    texts = _choose_texts(pool, search.sentinel_prompts, search.seed, frozenset(without))
    found = choose_sentinels(_ask(texts, speaker, quest, meter), search.sentinel_answers, search.sentinels)
    return tuple(map(_make_prompt, found)) if len(found) >= _LEAST else ()


def choose_sentinels(heard: Mapping[str, Sequence[str]], asked: int, count: int) -> list[str]:
    """The best prompts by how their answers opened, of `asked` to each; their usual openings differ."""
    ranks = {text: rank for text, openings in heard.items() if (rank := _rank(openings, asked)) is not None}
    kept: dict[str, str] = {}
    for text in sorted(ranks, key=lambda one: (ranks[one], one)):
        if len(kept) < count:
            kept.setdefault(Counter(heard[text]).most_common(1)[0][0], text)
    return list(kept.values())


def _choose_texts(pool: Sequence[PoolPrompt], count: int, seed: int, without: frozenset[str]) -> list[str]:
    """At random, few of one kind while there are others."""
    shuffled = list(pool)
    random.Random(f"sentinels/{seed}").shuffle(shuffled)  # noqa: S311 - it must be repeatable, not secret
    taken: Counter[str] = Counter()
    first: list[str] = []
    later: list[str] = []
    for one in shuffled:
        taken[one.kind] += bool(one.kind)
        if one.text not in without:
            (first if taken[one.kind] <= _KIND_MAX else later).append(one.text)
    return [*first, *later][:count]


def _ask(texts: Sequence[str], speaker: Speaker, quest: Quest, meter: Meter) -> dict[str, list[str]]:
    """The openings by prompt, empty ones among them."""
    times, heard = quest.search.sentinel_answers, dict[str, list[str]]()
    asks = [
        make_ask(place * times + turn, _make_prompt(text), quest.tongue)
        for turn in range(times)
        for place, text in enumerate(texts)
    ]
    patrol, limits = Patrol(), {ask.number: ask.tokens_max for ask in asks}
    try:
        with contextlib.closing(ask_within(speaker, asks, meter)) as replies:
            for reply in replies:
                if reply.sample.fault is Fault.NONE:
                    heard.setdefault(texts[reply.number // times], []).append(read_opening(reply))
                if patrol.notices_end(reply, limits[reply.number]):
                    speaker.stop()
    except UnreachableEndpoint:
        return heard
    return heard


def _rank(openings: Sequence[str], asked: int) -> float | None:
    """The less the better: many openings, of which few came once. None for a prompt that says too
    little, nothing, or always something else."""
    counts = Counter(openings)
    once = sum(count == 1 for count in counts.values())
    if "" in counts or len(openings) * 4 < asked * 3 or once > _ONCE_MAX * len(openings):
        return None
    return _ONCE_COST * once - min(len(counts), _MANY)


def _make_prompt(text: str) -> Prompt:
    return Prompt(Channel.SENTINELS, text, tokens_max=SENTINEL_TOKENS)
