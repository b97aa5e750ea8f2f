"""One scan: walk, filter, detect in worker processes, join. Opens no network and runs nothing it reads."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from holdfast.inventory.limits import Limits
from holdfast.inventory.reading import Read, read_file
from holdfast.inventory.routing import find_format
from holdfast.inventory.walking import Choice, Found, Walk, walk
from holdfast.records.use import Inventory

_ALONE_FILES_MAX = 64  # fewer files are read faster than worker processes start


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How to scan: limits on what is read, worker processes (0: as many as cores), folder of the cache (None: none)."""

    limits: Limits = field(default_factory=Limits)
    workers: int = 0
    cache_folder: Path | None = None


def scan(root: Path, options: ScanOptions) -> Inventory:
    """Every use of a model under `root`, a folder or a file.

    Raises MissingPath and UnreadableFile for the root; whatever goes wrong below it is in `skipped`.
    """
    seen = walk(root, Choice(find_format, lambda _name: False))
    base = root if root.is_dir() else root.parent
    reads = list(_read_all(os.path.realpath(base), seen.files, options))
    return _join(root, seen, reads)


def _read_all(root: str, files: Sequence[Found], options: ScanOptions) -> Iterable[Read]:
    workers = options.workers or _count_cores()
    if workers == 1 or len(files) <= _ALONE_FILES_MAX:
        return (read_file(root, found, options.limits) for found in files)
    from holdfast.inventory.workers import read_in_processes

    return read_in_processes(root, files, options.limits, workers)


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _join(root: Path, seen: Walk, reads: Sequence[Read]) -> Inventory:
    reports = [read.report for read in reads if read.report is not None]
    skipped = [*seen.skipped, *(report.skipped for report in reports if report.skipped)]
    return Inventory(
        root=str(root),
        skipped=tuple(sorted(skipped, key=lambda one: (one.path, one.reason))),
        files_seen=seen.files_seen,
        files_parsed=sum(1 for read in reads if read.digest),
    )
