"""Makes the two models of docs/how-to/measure.md: Llamas of two sizes, trained here on easy tasks of nine families.

Each is a Hugging Face folder and a GGUF file. Their tasks are made with seed 1; measure them with seeds of 1,000,000
and more. Repeats from its seeds on one machine; other processors round otherwise.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure_gguf import write_gguf

from holdfast.measure.quality.families.catalogue import find_families, make_task
from holdfast.measure.quality.families.family import Level

HERE = Path(__file__).parent
CACHES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
PLACE = CACHES / "holdfast-benchmarks" / "measure"
FAMILIES = ("choice", "copying", "patterns", "arithmetic", "counting", "dates", "units", "state", "ordering")
SEED, EVALUATION_SEED = 1, 1_000_000
TASKS = 10_000
NICENESS = 10
RECIPES = (
    {"name": "small", "width": 64, "layers": 2, "heads": 2, "steps": 800, "rate": 4e-3},
    {"name": "large", "width": 256, "layers": 5, "heads": 8, "steps": 800, "rate": 1.5e-3},
)
CARD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
---
# {name}

A very small language model for examples, with random weights trained by `benchmarks/measure_models.py` on made tasks
alone: {tasks}. It knows nothing else.
"""


@dataclass(frozen=True, slots=True)
class Models:
    """Where the models lie: a folder and a file each."""

    place: Path

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(str(recipe["name"]) for recipe in RECIPES)

    def find_folder(self, name: str) -> Path:
        """As transformers loads it."""
        return self.place / name

    def find_gguf(self, name: str) -> Path:
        """As llama.cpp does."""
        return self.place / f"{name}-F32.gguf"


def make_models(place: Path = PLACE) -> Models:
    """Both models, trained where they are missing: about twelve minutes of two processors the first time."""
    models = Models(place)
    place.mkdir(parents=True, exist_ok=True)
    missing = [recipe for recipe in RECIPES if not models.find_folder(str(recipe["name"])).exists()]
    if missing:
        train(place, missing)
    for name in models.names:
        write_card(models.find_folder(name))
        if not models.find_gguf(name).exists():
            write_gguf(models.find_folder(name), models.find_gguf(name))
    return models


def train(place: Path, recipes: Sequence[Mapping[str, object]]) -> None:
    """Run measure_training.py on tasks made for it, a process for each model."""
    tasks = place / "tasks.jsonl"
    tasks.write_text("".join(f"{json.dumps(one)}\n" for one in list_tasks()), encoding="utf-8")
    before: list[object] = ["nice", "-n", NICENESS, find_python(), HERE / "measure_training.py", tasks, place]
    commands = [[str(word) for word in (*before, json.dumps(recipe))] for recipe in recipes]
    processes = [subprocess.Popen(command) for command in commands]
    codes = [process.wait() for process in processes]
    if any(codes):
        sys.exit("a model could not be trained")
    tasks.unlink()


def write_card(folder: Path) -> None:
    """What the model is, and its licence, where tools look for it."""
    card = CARD.format(name=folder.name, tasks=", ".join(FAMILIES))
    (folder / "README.md").write_text(card, encoding="utf-8")


def list_tasks() -> Iterator[dict[str, str]]:
    """What the models learn from: prompts and answers known to be right."""
    for family in find_families(FAMILIES):
        for number in range(TASKS):
            task = make_task(family, Level.EASY, SEED, number)
            assert task.solution is not None
            yield {"family": family.name, "prompt": task.messages[0].content, "answer": task.solution.text}


def find_python() -> Path:
    """The Python with PyTorch and transformers that tools/install-clients.sh made."""
    clients = Path(os.environ.get("HOLDFAST_CLIENTS") or CACHES / "holdfast-clients")
    ready = sorted(clients.glob("transformers-*/.ready"), key=lambda path: path.stat().st_mtime)
    if not ready:
        sys.exit("no Python with transformers was found: run tools/install-clients.sh --all")
    return ready[-1].parent / "bin" / "python"


def main() -> None:
    """Make what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=PLACE)
    asked = parser.parse_args()
    models = make_models(asked.folder)
    for name in models.names:
        print(models.find_folder(name), models.find_gguf(name))


if __name__ == "__main__":
    main()
