"""Made-up endpoints for the tests of watching: what they answer is drawn from stated shares, by a seed."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from holdfast.records.measurement import Endpoint
from holdfast.records.watching import Channel, Monitor, Prompt, Seen, Visit, WatchSettings

PROMPTS = 20
SYMBOLS = 5
Shares = NDArray[np.float64]


def make_monitor(settings: WatchSettings | None = None, prompts: int = PROMPTS) -> Monitor:
    border = tuple(Prompt(Channel.TOKENS, f"prompt {number}") for number in range(prompts))
    return Monitor("one", Endpoint("one", "http://127.0.0.1:1/v1", "model"), settings or WatchSettings(), border)


def make_shares(seed: int, prompts: int = PROMPTS) -> Shares:
    """Two symbols that are nearly balanced at every prompt, and three rarer ones."""
    generator = np.random.default_rng(seed)
    logits = np.stack(
        [
            np.zeros(prompts),
            -np.abs(generator.normal(0, 0.5, prompts)),
            *(-1.5 - generator.exponential(3.0, prompts) for _ in range(3)),
        ],
        axis=1,
    )
    return normalise(logits)


def shift_shares(shares: Shares, spread: float, seed: int) -> Shares:
    """Random shifts of the log odds."""
    return normalise(np.log(shares) + spread * np.random.default_rng(seed).normal(size=shares.shape))


def normalise(logits: Shares) -> Shares:
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    normal: Shares = raised / raised.sum(axis=-1, keepdims=True)
    return normal


def draw_visit(shares: Shares, number: int, answers: int, seed: int, word: str = "s") -> Visit:
    """A day's answers; `word` begins every symbol."""
    generator = np.random.default_rng((seed, number))
    prompts = generator.integers(0, len(shares), answers)
    seen = tuple(
        Seen(Channel.TOKENS, int(prompt), place, f"{word}{generator.choice(shares.shape[1], p=shares[prompt])}")
        for place, prompt in enumerate(prompts)
    )
    return Visit(number, 20_000 + number, seed, answers, seen)


def draw_visits(days: Sequence[Shares], seed: int, burn_in: int = 14, rounds: int = 45) -> list[Visit]:
    """A visit a day: longer ones for the burn-in."""
    return [
        draw_visit(shares, number, PROMPTS * (rounds if number < burn_in else 3), seed)
        for number, shares in enumerate(days)
    ]
