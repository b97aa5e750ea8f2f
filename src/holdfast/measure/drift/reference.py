"""The reference of the token channel: which symbols each prompt is told apart by, and how often each came.

A random quarter of the burn-in's answers names the symbols, the rest counts them: so the counts are of symbols that
were named before them, and what they may be wrong by is known.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.measure.drift.bets import Ground, Places
from holdfast.measure.drift.margins import Array, bound_distance, bound_share, tabulate_excesses
from holdfast.records.watching import Seen

NAMED: Final = 3  # symbols told apart at each prompt; all others are one
REST: Final = NAMED
ANSWERS_MIN: Final = 12  # to a prompt, in the burn-in


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """`named[i]` are the symbols told apart at prompt `prompts[i]`. `counts` (prompts, symbols) of the counted answers,
    the rest last. `distance` bounds what the frequencies may be wrong by, as a mean total variation distance over
    prompts; `rest` the mean share of the rest."""

    prompts: tuple[int, ...]
    named: tuple[tuple[str, ...], ...]
    counts: Array
    distance: float
    rest: float

    @property
    def shares(self) -> Array:
        """Frequencies (prompts, symbols)."""
        shares: Array = self.counts / self.counts.sum(axis=1, keepdims=True)
        return shares

    def make_ground(self, epsilon: float) -> Ground:
        """What is bet against, with this tolerance."""
        return Ground(self.shares[None], np.array([epsilon + self.distance]))

    def place(self, seen: Sequence[Seen]) -> tuple[Places, Places]:
        """Places of prompts and symbols, each (1, answers); answers to prompts without a reference are left out."""
        rows = {prompt: row for row, prompt in enumerate(self.prompts)}
        known = [one for one in seen if one.prompt in rows]
        prompts = [rows[one.prompt] for one in known]
        symbols = [find_symbol(self.named[row], one.symbol) for row, one in zip(prompts, known, strict=True)]
        return np.array([prompts], dtype=np.int64), np.array([symbols], dtype=np.int64)


def find_symbol(named: Sequence[str], symbol: str) -> int:
    """Its place among the named ones, or that of the rest."""
    return named.index(symbol) if symbol in named else REST


def make_reference(seen: Sequence[Seen], seed: int, risk: float) -> Reference | None:
    """Of the burn-in's answers in the token channel; both bounds together fail with a chance of at most `risk`. None
    where no prompt has `ANSWERS_MIN` answers."""
    generator = np.random.default_rng(seed)
    prompts: list[int] = []
    named: list[tuple[str, ...]] = []
    counts: list[Places] = []
    for prompt in sorted({one.prompt for one in seen}):
        symbols = [one.symbol for one in seen if one.prompt == prompt]
        if len(symbols) < ANSWERS_MIN:
            continue
        places: list[int] = generator.permutation(len(symbols)).tolist()
        shuffled = [symbols[place] for place in places]
        naming, counted = shuffled[: len(symbols) // 4], shuffled[len(symbols) // 4 :]
        prompts.append(prompt)
        named.append(name_symbols(naming))
        counts.append(np.bincount([find_symbol(named[-1], one) for one in counted], minlength=NAMED + 1))
    if not prompts:
        return None
    table = np.array(counts, dtype=np.float64)
    distance, rest = bound_errors(table, risk)
    return Reference(tuple(prompts), tuple(named), table, distance, rest)


def name_symbols(naming: Sequence[str]) -> tuple[str, ...]:
    """The most frequent ones; of equally frequent ones the first in the alphabet."""
    ranked = sorted(Counter(naming).items(), key=lambda one: (-one[1], one[0]))
    return tuple(symbol for symbol, _ in ranked[:NAMED])


def bound_errors(counts: Array, risk: float) -> tuple[float, float]:
    """What the frequencies may be wrong by (a mean total variation distance), and the rest's mean share at most."""
    answers, prompts = int(counts.sum(axis=1).min()), counts.shape[0]
    each = risk / 2 / counts.shape[1]
    means = (counts / counts.sum(axis=1, keepdims=True)).mean(axis=0)
    shares = np.array([bound_share(float(mean) * answers * prompts, answers * prompts, each) for mean in means])
    return bound_distance(tabulate_excesses(answers, prompts), shares, risk / 2), float(shares[REST])
