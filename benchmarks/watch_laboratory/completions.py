"""Whole short answers of a model's variants as arrays: what tests that compare texts look at. Needs no PyTorch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.watch_laboratory.catalogue import PLACE
from benchmarks.watch_laboratory.tables import load_tables
from numpy.typing import NDArray

COMPLETED = (
    "base",
    "int8",
    "int4",
    "int3",
    "prune-10",
    "noise-4",
    "tune-8",
    "tune-64",
    "swap",
    "system-date",
    "watermark-2.5",
    "temperature-2",
)
PROMPTS, LENGTH, SAMPLES, SAMPLES_BASE = 25, 12, 20, 60
TEMPERATURE = 1.0
ENDED = -1


@dataclass(frozen=True, slots=True)
class Completions:
    """`symbols` has for each variant an array of int32 of shape (prompts, samples, length): places among the tables'
    symbols, and ENDED after an answer's end. All samples are independent; `base` has three times as many as the others,
    to stand for both sides of a comparison. `prompts` are ordinary ones. Tokens spent are all that are not ENDED."""

    prompts: tuple[str, ...]
    symbols: Mapping[str, NDArray[np.int32]]


def load_completions(model: str, variants: Sequence[str] = (), place: Path = PLACE) -> Completions:
    """A model's answers in the variants asked for (none: all). Raises FileNotFoundError where they were not made."""
    path = place / model / "completions.npz"
    if not path.exists():
        raise FileNotFoundError(
            f"no answers of {model} in {place}: `python -m benchmarks.watch_lab complete` makes them"
        )
    tables = load_tables(model, ("base",), place)
    with np.load(path, allow_pickle=False) as stored:
        symbols = {name: stored[name] for name in variants or stored.files}
    return Completions(tables.prompts[tables.borders + 1 :][:PROMPTS], symbols)
