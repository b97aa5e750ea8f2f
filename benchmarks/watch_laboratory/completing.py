"""Writes whole short answers of a model's variants, sampled at temperature 1: for tests that compare texts.

Runs where PyTorch is; `completions` reads what it wrote without.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from benchmarks.watch_laboratory.altering import adjust_logits, sharpen_logits
from benchmarks.watch_laboratory.answering import Request, encode
from benchmarks.watch_laboratory.catalogue import PLACE, ModelRecipe, Variant, find_variant
from benchmarks.watch_laboratory.completions import (
    COMPLETED,
    ENDED,
    LENGTH,
    PROMPTS,
    SAMPLES,
    SAMPLES_BASE,
    TEMPERATURE,
)
from benchmarks.watch_laboratory.shelf import TrainedEngine, TrainedShelf
from benchmarks.watch_laboratory.tables import ABSENT, Tables, compute_softmax, load_tables
from benchmarks.watch_laboratory.tabulating import spell_symbols
from numpy.typing import NDArray

SEED = 30


def write_completions(recipe: ModelRecipe, place: Path = PLACE) -> None:
    """`completions.npz`: for each variant symbols of shape (prompts, samples, length), in the tables' columns."""
    shelf, tables = TrainedShelf(place, recipe.name), load_tables(recipe.name, ("base",), place)
    arrays = dict[str, NDArray[np.int32]]()
    for name in COMPLETED:
        draws = np.random.default_rng((SEED, recipe.seed, COMPLETED.index(name)))
        arrays[name] = _complete(shelf, find_variant(name), tables, draws)
    partial = place / recipe.name / "partial-completions.npz"
    with partial.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    partial.replace(place / recipe.name / "completions.npz")
    print(f"{recipe.name}: {sum(one[..., 0].size for one in arrays.values())} answers", flush=True)


def sample(
    engine: TrainedEngine, row: Sequence[int], variant: Variant, draws: np.random.Generator, count: int
) -> NDArray[np.int32]:
    """Answers to one prompt, of shape (count, length); after its end an answer has ENDED."""
    rows, said = np.tile(np.array(row, np.int64), (count, 1)), np.full((count, LENGTH), ENDED, np.int32)
    going = np.ones(count, bool)
    for place in range(LENGTH):
        cut = rows[:, -variant.serving.context_max :]
        steering = 0.0 if place else variant.serving.steering
        logits = engine.read_many(cut.tolist(), steering).astype(np.float64)
        logits[:, engine.tokenizer.end + 1 :] = ABSENT
        drawn = np.array([_draw(one, seen, variant, draws) for one, seen in zip(logits, cut, strict=True)])
        going &= drawn != engine.tokenizer.end
        said[going, place] = drawn[going]
        if not going.any():
            break
        rows = np.column_stack((rows, drawn))
    return said


def _complete(shelf: TrainedShelf, variant: Variant, tables: Tables, draws: np.random.Generator) -> NDArray[np.int32]:
    engine = shelf.take_trained(variant)
    columns = {name: place for place, name in reversed(list(enumerate(tables.symbols)))}
    places = np.array([*(columns[name] for name in spell_symbols(engine)), ENDED], np.int32)
    count = SAMPLES_BASE if variant.name == "base" else SAMPLES
    prompts = tables.prompts[tables.borders + 1 :][:PROMPTS]
    rows = [encode(engine, Request((("user", one),)), variant.serving) for one in prompts]
    return np.stack([places[sample(engine, row, variant, draws, count)] for row in rows])


def _draw(logits: NDArray[np.float64], seen: NDArray[np.int64], variant: Variant, draws: np.random.Generator) -> int:
    served = sharpen_logits(adjust_logits(logits, variant.serving, seen), variant.serving, TEMPERATURE)
    return int(draws.choice(len(served), p=compute_softmax(served, TEMPERATURE)))
