"""Writes a model's tables: the logits of first tokens in every variant, on border prompts and on ordinary ones.

Runs where PyTorch is; `tables` reads what it wrote without.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.watch_laboratory.altering import adjust_logits, sharpen_logits
from benchmarks.watch_laboratory.answering import Request, encode
from benchmarks.watch_laboratory.borders import find_borders
from benchmarks.watch_laboratory.catalogue import (
    BASE,
    TEMPERATURE,
    VARIANTS,
    ModelRecipe,
    Serving,
    Variant,
    find_model,
    find_variant,
)
from benchmarks.watch_laboratory.shelf import TrainedEngine, TrainedShelf
from benchmarks.watch_laboratory.tables import ABSENT, list_columns, place_columns
from benchmarks.watch_laboratory.texts import make_loose_pool, read_pool
from numpy.typing import NDArray

BORDERS, ROWS_AT_ONCE, SEARCH_SEED = 64, 64, 20
COLD = 1e-3  # as good as zero beside the noise of queries
Logits = NDArray[np.float32]


def write_tables(recipe: ModelRecipe, place: Path) -> None:
    """`tables.npz`, an array for each variant, and `tables.json`, what its rows and columns are."""
    shelf, pool = TrainedShelf(place, recipe.name), read_pool()
    found = _search(shelf, pool, TEMPERATURE)
    ordinary = [place for place in range(len(pool)) if place not in set(found)][: min(len(found), BORDERS)]
    _tabulate(shelf, place / recipe.name / "tables", Found(pool, found, ordinary))


def write_loose_tables(recipe: ModelRecipe, place: Path) -> None:
    """The same of loose words, whose answers vary by the noise of queries alone: `loose.npz` and `loose.json`."""
    shelf, pool = TrainedShelf(place, recipe.name), make_loose_pool(read_pool())
    _tabulate(shelf, place / recipe.name / "loose", Found(pool, _search(shelf, pool, COLD), []))


@dataclass(frozen=True, slots=True)
class Found:
    """Places in a pool: of border prompts, the most balanced first, and of ordinary ones."""

    pool: list[str]
    borders: list[int]
    ordinary: list[int]


def _search(shelf: TrainedShelf, pool: list[str], temperature: float) -> list[int]:
    engine = shelf.take_trained(BASE)
    draws = np.random.default_rng((SEARCH_SEED, find_model(shelf.model).seed))
    return find_borders(compute_rows(engine, pool, Serving()), spell_symbols(engine), temperature, draws)


def _tabulate(shelf: TrainedShelf, stem: Path, found: Found) -> None:
    borders = found.borders[:BORDERS]
    prompts = [found.pool[place] for place in (*borders, *found.ordinary)]
    names = spell_symbols(shelf.take_trained(BASE))
    columns = list_columns(names, spell_symbols(shelf.take_trained(find_variant("swap"))))
    arrays = {one.name: _compute_variant(shelf, one, prompts, columns) for one in VARIANTS}
    counted = {"borders": len(borders), "pool": len(found.pool), "found": len(found.borders)}
    _write(stem, arrays, {"prompts": prompts, "symbols": columns, **counted})
    print(f"{stem.parent.name}: {len(found.borders)} border prompts among {len(found.pool)}", flush=True)


def compute_rows(engine: TrainedEngine, prompts: Sequence[str], serving: Serving) -> Logits:
    """What an endpoint samples from after each prompt, at the probes' temperature: (prompts, vocabulary)."""
    rows = [encode(engine, Request((("user", prompt),)), serving)[-serving.context_max :] for prompt in prompts]
    made = np.empty((len(rows), engine.tokenizer.size), np.float32)
    for places in group_by_length(rows):
        some = engine.read_many([rows[place] for place in places], serving.steering)
        some[:, engine.tokenizer.end + 1 :] = ABSENT
        for place, logits in zip(places, some, strict=True):
            adjusted = adjust_logits(logits.astype(np.float64), serving, np.array(rows[place], np.int64))
            made[place] = sharpen_logits(adjusted, serving, TEMPERATURE)
    return made


def group_by_length(rows: Sequence[Sequence[int]]) -> Iterable[list[int]]:
    """Places of rows of one length, some at a time."""
    groups = defaultdict[int, list[int]](list)
    for place, row in enumerate(rows):
        groups[len(row)].append(place)
    for places in groups.values():
        for start in range(0, len(places), ROWS_AT_ONCE):
            yield places[start : start + ROWS_AT_ONCE]


def spell_symbols(engine: TrainedEngine) -> list[str]:
    """The text of each symbol; bytes that are no UTF-8 as escapes."""
    return [one.decode(errors="backslashreplace") for one in engine.tokenizer.spelling]


def _compute_variant(shelf: TrainedShelf, variant: Variant, prompts: list[str], columns: list[str]) -> Logits:
    engine = shelf.take_trained(variant)
    rows = compute_rows(engine, prompts, variant.serving)
    names = spell_symbols(engine)
    return rows if names == columns[: len(names)] else place_columns(rows, names, columns)


def _write(stem: Path, arrays: Mapping[str, Any], facts: Mapping[str, object]) -> None:
    stem.with_suffix(".json").write_text(json.dumps(facts), encoding="utf-8")
    partial = stem.with_name("partial.npz")
    with partial.open("wb") as file:
        np.savez_compressed(file, **arrays)
    partial.replace(stem.with_suffix(".npz"))
