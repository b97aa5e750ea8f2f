"""Stores of models on disk: Hugging Face caches, Ollama stores, LM Studio and llama.cpp folders. Reads layouts only."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from holdfast.records.use import Artefact, Skipped


@dataclass(frozen=True, slots=True)
class Stores:
    """What the stores hold, and what of them could not be read."""

    artefacts: tuple[Artefact, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def read_stores(root: Path, folders: Sequence[str]) -> Stores:
    """Artefacts of the store folders that a walk met, by paths relative to `root`."""
    return Stores()
