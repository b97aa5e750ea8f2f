"""The laboratory's models as arrays: the logits of the first token of an answer, for every variant. Needs no PyTorch.

Made by `python -m benchmarks.watch_lab make`; a simulation adds its own noise and day effects to them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.watch_laboratory.catalogue import MODELS, PLACE, TEMPERATURE, ModelRecipe, find_model
from numpy.typing import NDArray

ABSENT = -1e4  # the logit of a symbol that cannot come


@dataclass(frozen=True, slots=True)
class Tables:
    """What a simulation needs of one model.

    `prompts` are `borders` border prompts, the most balanced first, and then as many ordinary ones, of which the first
    is "x". `symbols` are the texts of the columns. `logits` has for each variant (`base` among them) an array of
    float32 of shape (prompts, symbols): what the endpoint samples from after dividing by `temperature`, so changes of
    sampling are in it. Rows mean the same in all arrays. A share q of diverted traffic is a mixture of probabilities,
    not of logits."""

    model: ModelRecipe
    prompts: tuple[str, ...]
    borders: int
    symbols: tuple[str, ...]
    logits: Mapping[str, NDArray[np.float32]]
    pool: int  # how many prompts were searched
    found: int  # how many of them were border prompts
    temperature: float = TEMPERATURE

    def compute_probabilities(self, variant: str, temperature: float | None = None) -> NDArray[np.float64]:
        """The first token's distribution without noise, of shape (prompts, symbols)."""
        return compute_softmax(self.logits[variant], self.temperature if temperature is None else temperature)

    def compute_shift(self, variant: str, prompts: int = 20) -> float:
        """Mean total variation distance to `base` over the first border prompts, at the probes' temperature."""
        rows = slice(0, min(prompts, self.borders))
        base, other = (self.compute_probabilities(name)[rows] for name in ("base", variant))
        return float(np.abs(base - other).sum(axis=1).mean() / 2)


def compute_softmax(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """Probabilities along the last axis."""
    scaled = logits.astype(np.float64) / temperature
    weights = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


def load_tables(model: str, variants: Sequence[str] = (), place: Path = PLACE, stem: str = "tables") -> Tables:
    """A model's tables with the variants asked for (none: all); of `stem` "loose": of loose words. Raises
    FileNotFoundError where they were not made."""
    folder = place / model
    if not (folder / f"{stem}.npz").exists():
        raise FileNotFoundError(
            f"no tables of {model} in {place}: make them with `python -m benchmarks.watch_lab make`"
        )
    facts = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
    with np.load(folder / f"{stem}.npz", allow_pickle=False) as stored:
        names = dict.fromkeys(("base", *(variants or stored.files)))
        logits = {name: _widen(stored[name], len(facts["symbols"])) for name in names}
    return Tables(
        find_model(model),
        tuple(facts["prompts"]),
        facts["borders"],
        tuple(facts["symbols"]),
        logits,
        facts["pool"],
        facts["found"],
    )


def list_made(place: Path = PLACE) -> tuple[str, ...]:
    """The models whose tables are there, in the catalogue's order."""
    return tuple(one.name for one in MODELS if (place / one.name / "tables.npz").exists())


def list_columns(own: Sequence[str], others: Sequence[str]) -> list[str]:
    """A model's symbols in their order, and those that only another one has."""
    known = set(own)
    return [*own, *dict.fromkeys(one for one in others if one not in known)]


def place_columns(logits: NDArray[np.float32], names: Sequence[str], columns: Sequence[str]) -> NDArray[np.float32]:
    """Another model's logits under the columns of its texts. Two symbols of one text become the likelier."""
    places = {name: place for place, name in reversed(list(enumerate(columns)))}
    made = np.full((len(logits), len(columns)), ABSENT, np.float32)
    for symbol, name in enumerate(names):
        made[:, places[name]] = np.maximum(made[:, places[name]], logits[:, symbol])
    return made


def _widen(logits: NDArray[np.float32], symbols: int) -> NDArray[np.float32]:
    """Columns for the symbols that only a swapped model has."""
    wide = np.full((len(logits), symbols), ABSENT, np.float32)
    wide[:, : logits.shape[1]] = logits
    return wide
