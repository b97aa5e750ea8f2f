"""Reads every file that is new or changed, follows open references, and joins. Remembers what it read in a draft."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.inventory.artefacts.stores import read_stores
from holdfast.inventory.assembling import Parts, assemble
from holdfast.inventory.cache import Draft, Kept, Row, decode_row, find_kept
from holdfast.inventory.charts import read_chart_names
from holdfast.inventory.environment import read_layout
from holdfast.inventory.following import (
    FILES_MAX,
    ROUNDS_MAX,
    ModuleIndex,
    find_setting_names,
    find_settings_files,
    holds_a_name,
    keep_definitions,
)
from holdfast.inventory.reading import Read, Task, read_file
from holdfast.inventory.sighting import FileReport
from holdfast.inventory.walking import Found
from holdfast.inventory.workers import ReaderPool
from holdfast.records.use import Inventory

if TYPE_CHECKING:
    from holdfast.inventory.scan import ScanOptions, Target

_ALONE_FILES_MAX = 64  # fewer files are read faster than worker processes start


def sweep(target: "Target", options: "ScanOptions", rows: Mapping[str, Row], draft: Draft) -> Inventory:
    """The inventory of a walked tree. `rows` are what an earlier scan knew; `draft` receives what this one knows."""
    with ReaderPool(target.folder, options.limits, options.workers or _count_cores()) as pool:
        sweeper = _Sweeper(pool, rows)
        sweeper.read(target.seen.files)
        sweeper.follow()
    sweeper.remember(draft, options.clock_ns())
    reports = sweeper.get_reports()
    stores = read_stores(Path(target.folder), target.seen.folders)
    parts = Parts(
        root=str(target.root),
        seen=target.seen,
        layout=read_layout(
            target.seen.markers, target.name, read_chart_names(Path(target.folder), target.seen.markers)
        ),
        reports=reports,
        artefacts=stores.artefacts,
        notes=stores.skipped,
        files_parsed=sum(1 for read in sweeper.reads.values() if read.digest),
    )
    return assemble(parts)


class _Sweeper:
    """The reads of one sweep by path."""

    def __init__(self, pool: ReaderPool, rows: Mapping[str, Row]) -> None:
        self.pool = pool
        self.folder = pool.folder
        self.limits = pool.limits
        self.rows = rows
        self.reads: dict[str, Read] = {}

    def read(self, files: Sequence[Found]) -> None:
        """Unchanged files from the earlier scan, the others from disk."""
        tasks: list[Task] = []
        for found in files:
            row = self.rows.get(found.path)
            kept = find_kept(row, found)
            if kept is not None:
                self.reads[found.path] = Read(found, kept.digest, kept.report)
            else:
                tasks.append(Task(found, row[3] if row else ""))
        for read in self._read_all(tasks):
            self.reads[read.found.path] = self._restore(read)

    def _restore(self, read: Read) -> Read:
        """A file whose content is as before gets its earlier report back."""
        if not read.digest or read.report is not None:
            return read
        try:
            return read._replace(report=decode_row(self.rows[read.found.path]).report)
        except (ValueError, KeyError, IndexError, TypeError):
            return next(iter(self._read_all([Task(read.found)])))

    def _read_all(self, tasks: Sequence[Task]) -> Iterable[Read]:
        if self.pool.workers == 1 or len(tasks) <= _ALONE_FILES_MAX:
            return [read_file(self.folder, task, self.limits) for task in tasks]
        return self.pool.read(tasks)

    def follow(self) -> None:
        """Read files that the prefilter left aside when an open reference leads to them."""
        modules = ModuleIndex(self.reads)
        for _ in range(ROUNDS_MAX):
            reports = self.get_reports()
            aside = {path: read.found for path, read in self.reads.items() if read.report is None}
            wanted = [aside[path] for path in modules.find(reports) if path in aside][:FILES_MAX]
            names = find_setting_names(reports)
            wanted += [found for found in find_settings_files(aside) if self._holds(found, names)] if names else []
            if not wanted:
                return
            for read in self._read_all([Task(found, forced=True) for found in wanted]):
                report = read.report or FileReport(read.found.path)
                self.reads[read.found.path] = keep_definitions(read._replace(report=report))

    def _holds(self, found: Found, names: Iterable[str]) -> bool:
        if found.size > self.limits.get_bytes_max(found.format):
            return False
        try:
            return holds_a_name(Path(self.folder, found.path).read_bytes(), names)
        except OSError:
            return False

    def get_reports(self) -> list[FileReport]:
        """All reports, ordered by path."""
        return [read.report for _, read in sorted(self.reads.items()) if read.report is not None]

    def remember(self, draft: Draft, now_ns: int) -> None:
        """Put what is worth keeping into the draft."""
        for read in self.reads.values():
            if read.settled:
                draft.add(read.found, Kept(read.digest, read.report), now_ns)
            else:
                draft.settled = False


def _count_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
