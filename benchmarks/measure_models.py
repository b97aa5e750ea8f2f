"""Makes the two models of docs/how-to/measure.md: Llamas of two sizes, trained here on easy tasks of nine families.

Each is a Hugging Face folder and a GGUF file. Their tasks are made with seed 1; measure them with seeds of 1,000,000
and more. Repeats from its seeds on one machine; other processors and numbers of threads round otherwise.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
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
    {"name": "small", "width": 128, "layers": 2, "heads": 4, "steps": 1500, "rate": 3e-3},
    {"name": "large", "width": 256, "layers": 5, "heads": 8, "steps": 1500, "rate": 1.5e-3},
)


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


def make_models(place: Path = PLACE, threads: int = 2) -> Models:
    """Both models, trained where they are missing: see docs/benchmarks.md for how long that takes."""
    models = Models(place)
    place.mkdir(parents=True, exist_ok=True)
    if not all(models.find_folder(name).exists() for name in models.names):
        train(place, threads)
    for name in models.names:
        if not models.find_gguf(name).exists():
            write_gguf(models.find_folder(name), models.find_gguf(name))
    return models


def train(place: Path, threads: int) -> None:
    """Run measure_training.py on tasks made for it."""
    tasks = place / "tasks.jsonl"
    tasks.write_text("".join(f"{json.dumps(one)}\n" for one in list_tasks()), encoding="utf-8")
    words = [find_python(), HERE / "measure_training.py", tasks, place, json.dumps(RECIPES), "--threads", threads]
    waiting = {"OMP_WAIT_POLICY": "passive"}  # threads that spin take a busy machine's time and get nothing done
    command = ["nice", "-n", NICENESS, *words]
    subprocess.run([str(word) for word in command], check=True, env={**os.environ, **waiting})
    tasks.unlink()


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
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    models = make_models(asked.folder, asked.threads)
    for name in models.names:
        print(models.find_folder(name), models.find_gguf(name))


if __name__ == "__main__":
    main()
