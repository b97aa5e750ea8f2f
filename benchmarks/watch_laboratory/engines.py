"""What the server asks of a model, and the smallest model that gives it: made from a seed, in numpy alone.

`made` has learned nothing; it is there for tests of the server, and of those who ask it, where no PyTorch is.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

import numpy as np
from benchmarks.watch_laboratory.altering import alter_matrix
from benchmarks.watch_laboratory.catalogue import Variant, Weights
from benchmarks.watch_laboratory.tokens import Tokenizer
from numpy.typing import NDArray

MADE = "made"
TRAINED = (Weights.TUNED, Weights.LORA, Weights.OLDER, Weights.OTHER)  # kept as files of their own
WIDTH, SPREAD, MEMORY = 64, 6.0, 0.7


class Engine(Protocol):
    """A model with its tokenizer."""

    @property
    def tokenizer(self) -> Tokenizer: ...

    def read_logits(self, symbols: Sequence[int], steering: float) -> NDArray[np.float32]:
        """What comes after some symbols: logits of shape (vocabulary,)."""
        ...


class Shelf(Protocol):
    """Where a model's variants are."""

    @property
    def model(self) -> str: ...

    def take(self, variant: Variant) -> Engine:
        """The model as a variant has it; the same for all variants that leave the weights alone."""
        ...


class MadeEngine:
    """A fading sum of the symbols' vectors, through one matrix. Answers are single letters and signs."""

    def __init__(self, weights: Weights, amount: float, seed: int) -> None:
        self.tokenizer = Tokenizer()
        draws = np.random.default_rng(seed)
        self._vectors = draws.standard_normal((self.tokenizer.size, WIDTH))
        matrix = draws.standard_normal((self.tokenizer.size, WIDTH)).astype(np.float32)
        self._matrix = alter_matrix(matrix, weights, amount, seed) * np.float32(SPREAD / WIDTH**0.5)
        self._refusal = self._matrix[ord("S")]

    def read_logits(self, symbols: Sequence[int], steering: float) -> NDArray[np.float32]:
        """As Engine says. Only printing characters and the end come."""
        state = np.zeros(WIDTH)
        for symbol in symbols:
            state = MEMORY * state + self._vectors[symbol]
        logits = self._matrix @ (np.tanh(state) + steering * self._refusal)
        logits[: ord(" ")] = logits[127 : self.tokenizer.end] = logits[self.tokenizer.end + 1 :] = -1e4
        return np.asarray(logits, np.float32)


class MadeShelf:
    """Variants of the made model; one that was trained, tuned or swapped is the model of another seed."""

    model = MADE

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._make = lru_cache(maxsize=8)(self._make_engine)

    def take(self, variant: Variant) -> Engine:
        """As Shelf says."""
        return self._make(variant.weights, variant.amount)

    def _make_engine(self, weights: Weights, amount: float) -> Engine:
        if weights in TRAINED:
            return MadeEngine(Weights.BASE, 0, self._seed + 1)
        return MadeEngine(weights, amount, self._seed)
