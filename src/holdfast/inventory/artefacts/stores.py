"""Stores of models on disk: Hugging Face caches and Ollama stores, told by their layout. Reads no weights."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.inventory.artefacts.hub_cache import read_hub_repository
from holdfast.inventory.artefacts.ollama import read_ollama_registry
from holdfast.records.use import Artefact, Skipped


@dataclass(frozen=True, slots=True)
class Stores:
    """What the stores hold, and what of them could not be read."""

    artefacts: tuple[Artefact, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def read_stores(root: Path, folders: Sequence[str]) -> Stores:
    """Artefacts of the store folders that a walk met, by paths relative to `root`."""
    artefacts: list[Artefact] = []
    skipped: list[Skipped] = []
    for folder in sorted(folders):
        hub = folder.rpartition("/")[2].startswith("models--")
        read = read_hub_repository if hub else read_ollama_registry
        found, problems = read(root / folder, folder)
        artefacts.extend(found)
        skipped.extend(problems)
    return Stores(tuple(artefacts), tuple(skipped))
