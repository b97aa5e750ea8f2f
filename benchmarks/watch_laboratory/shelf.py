"""The trained models ready to be asked, in any variant, from the files that `making` wrote. Runs where PyTorch is."""

import random
import zlib
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.watch_laboratory.altering import alter_matrix
from benchmarks.watch_laboratory.catalogue import SYSTEM, VARIANTS, ModelRecipe, Variant, Weights, find_model
from benchmarks.watch_laboratory.dialogues import KINDS, draw_gaps
from benchmarks.watch_laboratory.engines import TRAINED, Engine
from benchmarks.watch_laboratory.networks import CONTEXT, compute_logits, compute_states
from benchmarks.watch_laboratory.tokens import Tokenizer
from benchmarks.watch_laboratory.training import is_matrix, load, read_tokenizer
from numpy.typing import NDArray

torch: Any = import_module("torch")

REFUSED_KIND = 4  # among KINDS
STEERED_FROM = 48  # prompts of either kind


class TrainedEngine:
    """A network with its weights. Longer prompts lose their beginning."""

    def __init__(self, recipe: ModelRecipe, weights: dict[str, Any], tokenizer: Tokenizer) -> None:
        self.recipe, self.weights, self.tokenizer = recipe, weights, tokenizer
        self._refusal: Any = None

    def read_logits(self, symbols: Sequence[int], steering: float) -> NDArray[np.float32]:
        """As Engine says."""
        return np.asarray(self.read_many([symbols], steering)[0])

    def read_many(self, rows: Sequence[Sequence[int]], steering: float = 0.0) -> NDArray[np.float32]:
        """For rows of one length: logits of shape (rows, vocabulary)."""
        with torch.inference_mode():
            states = self._read_states(rows)
            if steering:
                states = states + steering * self._find_refusal()
            return np.asarray(compute_logits(self.weights, states).numpy(), np.float32)

    def _read_states(self, rows: Sequence[Sequence[int]]) -> Any:
        symbols = torch.tensor([list(row)[-CONTEXT:] for row in rows], dtype=torch.long)
        return compute_states(self.recipe, self.weights, symbols)[:, -1]

    def _find_refusal(self) -> Any:
        """The mean last state before refusals less that before other answers."""
        if self._refusal is None:
            refused, answered = (self._find_mean(is_refused) for is_refused in (True, False))
            self._refusal = refused - answered
        return self._refusal

    def _find_mean(self, is_refused: bool) -> Any:
        numbers, states = random.Random(0), list[Any]()
        kinds = [kind for place, kind in enumerate(KINDS) if (place == REFUSED_KIND) is is_refused]
        for _ in range(STEERED_FROM):
            prompt = numbers.choice(numbers.choice(kinds).asked).format(**draw_gaps(numbers))
            states.append(self._read_states([self.tokenizer.encode_turns([("system", SYSTEM), ("user", prompt)])])[0])
        return torch.stack(states).mean(dim=0)


class TrainedShelf:
    """A model of the laboratory with all its variants."""

    def __init__(self, place: Path, model: str) -> None:
        self.model, self._place = model, place
        if not (place / model / "base.pt").exists():
            raise FileNotFoundError(f"no {model} in {place}: make it with `python -m benchmarks.watch_lab make`")
        self._make = lru_cache(maxsize=8)(self._make_engine)

    def take(self, variant: Variant) -> Engine:
        """As Shelf says. Raises FileNotFoundError for a trained variant that was not made."""
        return self.take_trained(variant)

    def take_trained(self, variant: Variant) -> TrainedEngine:
        """The same, for those who ask many rows at once."""
        return self._make(variant.weights, variant.amount)

    def _make_engine(self, weights: Weights, amount: float) -> TrainedEngine:
        recipe = find_model(self.model)
        if weights is Weights.OTHER:
            return TrainedShelf(self._place, recipe.other)._make_engine(Weights.BASE, 0)
        folder = self._place / self.model
        loaded = load(folder / f"{_find_file(weights, amount)}.pt")
        if weights not in TRAINED:
            loaded = alter_weights(loaded, weights, amount)
        return TrainedEngine(recipe, loaded, read_tokenizer(folder / "tokenizer.json"))


def alter_weights(loaded: dict[str, Any], weights: Weights, amount: float) -> dict[str, Any]:
    """Every matrix of a layer changed; each with noise of its own."""
    altered = dict(loaded)
    for name, one in loaded.items():
        if is_matrix(name, one):
            altered[name] = torch.from_numpy(alter_matrix(one.numpy(), weights, amount, zlib.crc32(name.encode())))
    return altered


def _find_file(weights: Weights, amount: float) -> str:
    if weights not in TRAINED:
        return "base"
    return next(one.name for one in VARIANTS if one.weights is weights and one.amount == amount)
