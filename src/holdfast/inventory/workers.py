"""Spreads the reading of files over processes. A file that kills its process is reported; the others are still read."""

import gc
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.context import BaseContext

from holdfast.inventory.limits import Limits
from holdfast.inventory.reading import Read, Task, read_file
from holdfast.inventory.sighting import FileReport
from holdfast.records.use import Skipped

Batch = tuple[str, Sequence[Task], Limits]


def read_in_processes(root: str, tasks: Sequence[Task], limits: Limits, workers: int) -> Iterator[Read]:
    """Do `tasks` in `workers` processes; results come in no particular order."""
    batches: list[Batch] = [(root, batch, limits) for batch in _cut(tasks, workers)]
    unread: list[Batch] = []
    with ProcessPoolExecutor(workers, mp_context=_get_context(), initializer=prepare_worker) as pool:
        futures: list[tuple[Future[list[Read]], Batch]] = [(pool.submit(read_batch, batch), batch) for batch in batches]
        for future, batch in futures:
            try:
                yield from future.result()
            except BrokenProcessPool:
                unread.append(batch)
    for _, left, _ in unread:
        yield from _read_one_by_one(root, left, limits)


def read_batch(batch: Batch) -> list[Read]:
    """Read one batch in this process."""
    root, tasks, limits = batch
    return [read_file(root, task, limits) for task in tasks]


def prepare_worker() -> None:
    """Fewer collections: a worker lives for seconds and makes many syntax trees."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def _read_one_by_one(root: str, tasks: Sequence[Task], limits: Limits) -> Iterator[Read]:
    left = list(tasks)
    while left:
        with ProcessPoolExecutor(1, mp_context=_get_context(), initializer=prepare_worker) as pool:
            while left:
                task = left.pop(0)
                try:
                    yield from pool.submit(read_batch, (root, [task], limits)).result()
                except BrokenProcessPool:
                    skipped = Skipped(task.found.path, "its reader ended the process that ran it")
                    yield Read(task.found, "", FileReport(task.found.path, skipped=skipped), settled=False)
                    break


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
