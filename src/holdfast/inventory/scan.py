"""One scan: walk, filter, detect in worker processes, join. Opens no network and runs nothing it reads."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import holdfast
from holdfast.inventory.cache import (
    Draft,
    ScanCache,
    compute_tree_digest,
    compute_version,
    get_cache_path,
    read_cache,
    write_cache,
)
from holdfast.inventory.environment import UNIT_MARKERS
from holdfast.inventory.limits import Limits
from holdfast.inventory.routing import find_format, is_store
from holdfast.inventory.walking import Choice, Walk, walk
from holdfast.records.use import Inventory, Skipped

_CHOICE = Choice(find_format, is_store, UNIT_MARKERS | {"__init__.py"})


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How to scan: limits on what is read, worker processes (0: as many as cores), folder of the cache (None: none)."""

    limits: Limits = field(default_factory=Limits)
    workers: int = 0
    cache_folder: Path | None = None
    clock_ns: Callable[[], int] = time.time_ns


@dataclass(frozen=True, slots=True)
class Target:
    """What is scanned: the root as it was named, the folder that paths are relative to, and what the walk saw."""

    root: Path
    folder: str
    seen: Walk

    @property
    def name(self) -> str:
        """Name of the folder, for the unit that the root itself may be."""
        return os.path.basename(self.folder)


def scan(root: Path, options: ScanOptions) -> Inventory:
    """Every use of a model under `root`, a folder or a file.

    Raises MissingPath and UnreadableFile for the root; whatever goes wrong below it is in `skipped`.
    """
    place = Path(os.path.realpath(root)) if root.exists() else root
    seen = walk(place, _CHOICE)
    target = Target(root, str(place if place.is_dir() else place.parent), seen)
    if options.cache_folder is None:
        return _sweep(target, options, ScanCache(), Draft())
    return _scan_with_cache(target, options, options.cache_folder)


def _scan_with_cache(target: Target, options: ScanOptions, folder: Path) -> Inventory:
    """The earlier result if nothing changed; else a sweep that reads what did. A store of models is always read."""
    version = compute_version(Path(holdfast.__file__).parent)
    path = get_cache_path(folder, os.path.realpath(target.root))
    cache = read_cache(path, version)
    tree = "" if target.seen.folders else compute_tree_digest(target.seen, f"{options.limits}|{target.name}")
    known = cache.find_inventory(tree) if tree else None
    if known is not None:
        return replace(known, root=str(target.root))
    draft = Draft()
    inventory = _sweep(target, options, cache, draft)
    problem = write_cache(path, version, tree, inventory, draft)
    notes = [Skipped(str(path), note) for note in (cache.note, problem) if note]
    return replace(inventory, skipped=(*inventory.skipped, *notes)) if notes else inventory


def _sweep(target: Target, options: ScanOptions, cache: ScanCache, draft: Draft) -> Inventory:
    from holdfast.inventory.sweep import sweep  # detectors are imported only when a file has to be read

    return sweep(target, options, cache.read_rows(), draft)
