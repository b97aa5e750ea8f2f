"""Spreads the reading of files over processes. A file that kills its process is reported; the others are still read."""

import gc
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from types import TracebackType

from holdfast.inventory.limits import Limits
from holdfast.inventory.reading import Read, Task, read_file
from holdfast.inventory.routing import preload_detectors
from holdfast.inventory.sighting import FileReport
from holdfast.records.use import Skipped

Batch = tuple[str, Sequence[Task], Limits]


class ReaderPool:
    """Processes that read files of one folder; they start with the first files and stay until the end."""

    def __init__(self, folder: str, limits: Limits, workers: int) -> None:
        self.folder = folder
        self.limits = limits
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "ReaderPool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def read(self, tasks: Sequence[Task]) -> Iterator[Read]:
        """Do `tasks`; results come in no particular order."""
        pool = self._open()
        unread: list[Sequence[Task]] = []
        batches = list(_cut(tasks, self.workers))
        futures = [pool.submit(read_batch, (self.folder, batch, self.limits)) for batch in batches]
        for future, batch in zip(futures, batches, strict=True):
            try:
                yield from future.result()
            except BrokenProcessPool:
                unread.append(batch)
        if unread:
            self._close()
            for batch in unread:
                yield from self._read_one_by_one(batch)

    def _open(self) -> ProcessPoolExecutor:
        if self._pool is None:
            context = _get_context()
            if context.get_start_method() == "fork":
                preload_detectors()  # once here instead of once in every process
            self._pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=prepare_worker)
        return self._pool

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _read_one_by_one(self, tasks: Sequence[Task]) -> Iterator[Read]:
        left = list(tasks)
        while left:
            with ProcessPoolExecutor(1, mp_context=_get_context(), initializer=prepare_worker) as pool:
                while left:
                    task = left.pop(0)
                    try:
                        yield from pool.submit(read_batch, (self.folder, [task], self.limits)).result()
                    except BrokenProcessPool:
                        skipped = Skipped(task.found.path, "its reader ended the process that ran it")
                        yield Read(task.found, "", FileReport(task.found.path, skipped=skipped), settled=False)
                        break


def read_batch(batch: Batch) -> list[Read]:
    """Read one batch in this process."""
    folder, tasks, limits = batch
    return [read_file(folder, task, limits) for task in tasks]


def prepare_worker() -> None:
    """Fewer collections: a worker lives for seconds and makes many syntax trees."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _cut(tasks: Sequence[Task], workers: int) -> Iterator[Sequence[Task]]:
    """Batches of about equal bytes, large enough to cost little and small enough to end together."""
    total = sum(task.found.size for task in tasks)
    bytes_max = max(total // (workers * 24), 250_000)
    batch: list[Task] = []
    size = 0
    for task in tasks:
        batch.append(task)
        size += task.found.size + 4_000
        if size >= bytes_max:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _get_context() -> BaseContext:
    """Fork where it is safe, that is with one thread, because it starts in milliseconds; else a fresh interpreter."""
    if sys.platform == "linux" and threading.active_count() == 1 and len(os.listdir("/proc/self/task")) == 1:
        return get_context("fork")
    return get_context("spawn")
