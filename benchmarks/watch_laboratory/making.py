"""Makes the laboratory in its folder: models, their fine-tunes, their tables; what is there already is left as it is.

Run by watch_lab.py in a Python that has PyTorch: `python -m benchmarks.watch_laboratory.making FOLDER [MODEL …]`.
"""

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.watch_laboratory.catalogue import MODELS, ModelRecipe, find_model
from benchmarks.watch_laboratory.completing import write_completions
from benchmarks.watch_laboratory.openings import write_openings
from benchmarks.watch_laboratory.tabulating import write_loose_tables, write_tables
from benchmarks.watch_laboratory.training import make_model, tune_model

torch: Any = import_module("torch")

THREADS = 1  # with more, a busy machine spends its time waiting; and one repeats exactly


def make_all(place: Path, recipes: tuple[ModelRecipe, ...]) -> None:
    """Every model before any table, for a table has the logits of another model in it."""
    for recipe in recipes:
        if not (place / recipe.name / "base.pt").exists():
            make_model(recipe, place / recipe.name)
    for recipe in recipes:
        if not (place / recipe.name / "lora-64.pt").exists():
            tune_model(recipe, place / recipe.name)
        if not (place / recipe.name / "tables.npz").exists():
            write_tables(recipe, place)
        if not (place / recipe.name / "loose.npz").exists():
            write_loose_tables(recipe, place)
        if not (place / recipe.name / "openings.npz").exists():
            write_openings(recipe.name, place)


def main() -> None:
    """Make what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--answers", action="store_true", help="whole answers too")
    asked = parser.parse_args()
    torch.set_num_threads(THREADS)
    recipes = tuple(find_model(name) for name in asked.models) or MODELS
    make_all(asked.folder, recipes)
    for recipe in recipes if asked.answers else ():
        if not (asked.folder / recipe.name / "completions.npz").exists():
            write_completions(recipe, asked.folder)


if __name__ == "__main__":
    main()
