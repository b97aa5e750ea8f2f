"""`holdfast scan`: settings in, inventory out."""

from collections.abc import Callable
from pathlib import Path

from holdfast.inventory.scan import ScanOptions, scan
from holdfast.records.settings import Settings
from holdfast.records.use import Inventory
from holdfast.workflows.folders import cache_folder

Progress = Callable[[int, int], None]


def run_scan(path: Path, settings: Settings, progress: Progress, *, cached: bool = True) -> Inventory:
    """Scan a folder or file. Raises MissingPath or UnreadableFile."""
    folder = cache_folder(settings.cache) if cached else None
    progress(0, 0)
    return scan(path, ScanOptions(workers=settings.jobs, cache_folder=folder))
