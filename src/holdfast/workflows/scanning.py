"""`holdfast scan`: settings in, inventory out."""

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

from holdfast.inventory.scan import ScanOptions, scan
from holdfast.records.settings import Settings
from holdfast.records.use import Inventory
from holdfast.workflows.folders import cache_folder

Progress = Callable[[int, int], None]


def run_scan(path: Path, settings: Settings, progress: Progress, *, cached: bool = True) -> Inventory:
    """Scan a folder or file. Raises MissingPath or UnreadableFile."""
    folder = cache_folder(settings.cache) if cached else None
    progress(0, 0)
    inventory = scan(path, ScanOptions(workers=settings.jobs, cache_folder=folder))
    return leave_out(inventory, settings.exclude) if settings.exclude else inventory


def leave_out(inventory: Inventory, patterns: Sequence[str]) -> Inventory:
    """The inventory without what lies under paths that holdfast.toml excludes, in `.gitignore`'s language."""
    excluded = GitIgnoreSpec.from_lines(patterns).match_file
    uses = tuple(use for use in inventory.uses if not excluded(use.place.path))
    return dataclasses.replace(
        inventory,
        uses=uses,
        catalogues=tuple(one for one in inventory.catalogues if not excluded(one.place.path)),
        artefacts=tuple(one for one in inventory.artefacts if not excluded(one.place.path)),
        skipped=tuple(one for one in inventory.skipped if not excluded(one.path)),
        services=tuple(sorted({use.service for use in uses if use.service})),
    )
