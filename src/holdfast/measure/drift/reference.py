"""The reference of the token channel: which symbols each prompt is told apart by, and how often each came.

A random third of the burn-in's answers names the symbols and makes the bets, the rest measures them: so what is
measured was fixed before, and what the measure may be wrong by is known.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from holdfast.measure.drift.bets import Ground, Places
from holdfast.measure.drift.margins import Array, bound_distance, bound_share, tabulate_excesses
from holdfast.records.watching import Seen

NAMED: Final = 4  # symbols told apart at each prompt; all others are one
REST: Final = NAMED
ANSWERS_MIN: Final = 12  # to a prompt, in the burn-in
_RISKS: Final = (0.6, 0.2, 0.2)  # of bets' means, of the distance, of the rest


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """`named[i]` are the symbols told apart at prompt `prompts[i]`. `made` and `counts` (prompts, symbols) are of the
    answers that bets are made of and of those that measure them, as many at every prompt; the rest last. `distance`
    bounds what the latter's frequencies may be wrong by, as a mean total variation distance over prompts; `rest` the
    mean share of the rest; `risk` is left for the means of bets."""

    prompts: tuple[int, ...]
    named: tuple[tuple[str, ...], ...]
    made: Array
    counts: Array
    distance: float
    rest: float
    risk: float

    @property
    def shares(self) -> Array:
        """Frequencies of all answers (prompts, symbols)."""
        both = self.made + self.counts
        shares: Array = both / both.sum(axis=1, keepdims=True)
        return shares

    def make_ground(self, epsilon: float) -> Ground:
        """What is bet against, with this tolerance."""
        made = self.made / self.made.sum(axis=1, keepdims=True)
        counted, answers = self.counts / self.counts.sum(axis=1, keepdims=True), self.counts[:1].sum(axis=1)
        limits = np.array([epsilon]), np.array([self.distance])
        return Ground(made[None], counted[None], answers, *limits, self.risk)

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
    """Of the burn-in's answers in the token channel; all its bounds together fail with a chance of at most `risk`. A
    prompt with less than half as many answers as the usual one is left out. None where no prompt has `ANSWERS_MIN`."""
    by_prompt: dict[int, list[str]] = defaultdict(list)
    for one in seen:
        by_prompt[one.prompt].append(one.symbol)
    return split_reference(by_prompt, seed, risk)


def split_reference(by_prompt: Mapping[int, Sequence[str]], seed: int, risk: float) -> Reference | None:
    """The same of answers that are sorted by their prompts already."""
    generator = np.random.default_rng(seed)
    least = max(median(map(len, by_prompt.values())) / 2, ANSWERS_MIN) if by_prompt else ANSWERS_MIN
    prompts = tuple(sorted(prompt for prompt, symbols in by_prompt.items() if len(symbols) >= least))
    if not prompts:
        return None
    counted = min(len(by_prompt[prompt]) for prompt in prompts) * 2 // 3
    named: list[tuple[str, ...]] = []
    tables: list[tuple[Places, Places]] = []
    for prompt in prompts:
        places: list[int] = generator.permutation(len(by_prompt[prompt])).tolist()
        shuffled = [by_prompt[prompt][place] for place in places]
        named.append(name_symbols(shuffled[counted:]))
        tables.append((count_symbols(named[-1], shuffled[counted:]), count_symbols(named[-1], shuffled[:counted])))
    made, counts = (np.array(table, dtype=np.float64) for table in zip(*tables, strict=True))
    distance, rest = bound_errors(counts, risk)
    return Reference(prompts, tuple(named), made, counts, distance, rest, risk * _RISKS[0])


def count_symbols(named: Sequence[str], symbols: Sequence[str]) -> Places:
    """How often each named one came, and the rest."""
    return np.bincount([find_symbol(named, one) for one in symbols], minlength=NAMED + 1)


def name_symbols(naming: Sequence[str]) -> tuple[str, ...]:
    """The most frequent ones; of equally frequent ones the first in the alphabet."""
    ranked = sorted(Counter(naming).items(), key=lambda one: (-one[1], one[0]))
    return tuple(symbol for symbol, _ in ranked[:NAMED])


def bound_errors(counts: Array, risk: float) -> tuple[float, float]:
    """What the frequencies may be wrong by (a mean total variation distance), and the rest's mean share at most.
    `counts` (prompts, symbols), as many at every prompt."""
    answers, prompts = round(float(counts[0].sum())), counts.shape[0]
    each = risk * _RISKS[1] / 2 / counts.shape[1]
    shares = np.array([bound_share(float(hits), answers * prompts, each) for hits in counts.sum(axis=0)])
    distance = bound_distance(tabulate_excesses(answers, prompts), shares, risk * _RISKS[1] / 2)
    return distance, bound_share(float(counts[:, REST].sum()), answers * prompts, risk * _RISKS[2])
