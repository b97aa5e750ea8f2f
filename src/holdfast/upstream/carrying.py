"""Many files on their way at once, small ones first: how much of the disk they take meanwhile is bounded."""

import asyncio
import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.records.errors import BusyVault
from holdfast.records.hub import HubFile
from holdfast.upstream.fetching import FileFetcher, Progress
from holdfast.upstream.spool import Spool, check_room
from holdfast.upstream.together import find_first, run_in_thread

ROOM_BYTES: Final = 12 << 30
_FILES_AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch: its address, and its spool's name, which is made of its digest."""

    file: HubFile
    url: str
    spool: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A file of which every byte is in its spool; none is proved. `done` is to be called when it is not needed now."""

    wanted: Wanted
    spool: Spool
    done: Callable[[], None]


class Carrier:
    """Fetches files in the event loop's thread for another thread, which iterates over them once.

    It gives what is whole by then, at least one file, until there are no more, and raises the first error. `passed` are
    files that another process or thread is fetching.
    """

    def __init__(self, wanted: Sequence[Wanted], folder: Path, fetcher: FileFetcher, report: Progress) -> None:
        self._wanted = sorted(wanted, key=lambda one: one.file.size)
        self._folder = folder
        self._fetcher = fetcher
        self._report = report
        self._whole: queue.SimpleQueue[Arrived | BaseException | None] = queue.SimpleQueue()
        self._room = _Room()
        self._open: set[Spool] = set()
        self._task: asyncio.Task[None] | None = None
        self.passed: list[Wanted] = []

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End, whatever is under way; what arrived stays in the spools."""
        assert self._task is not None, "it was started"
        self._task.cancel()
        await asyncio.wait([self._task])
        for spool in self._open:
            spool.close()

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for one in self._wanted:
                    await self._room.take(one.file.size)
                    group.create_task(self._fetch(one))
            self._whole.put(None)
        except BaseException as error:
            self._whole.put(find_first(error))
            if isinstance(error, asyncio.CancelledError):
                raise

    async def _fetch(self, one: Wanted) -> None:
        loop = asyncio.get_running_loop()
        try:
            spool = await run_in_thread(lambda: Spool(self._folder, one.spool, one.file.size), Spool.close)
        except BusyVault:
            self.passed.append(one)
            self._room.give_back(one.file.size)
            return
        self._open.add(spool)
        self._report(spool.resumed_bytes)
        check_room(self._folder, one.file.size - spool.arrived_bytes)
        await self._fetcher.fetch(one.file, one.url, spool)

        def done() -> None:
            loop.call_soon_threadsafe(self._let_go, spool)

        self._whole.put(Arrived(one, spool, done))

    def _let_go(self, spool: Spool) -> None:
        self._open.discard(spool)
        spool.close()
        self._room.give_back(spool.size)

    def __iter__(self) -> Iterator[list[Arrived]]:
        while True:
            some: list[Arrived] = []
            found = self._whole.get()
            while isinstance(found, Arrived):
                some.append(found)
                try:
                    found = self._whole.get_nowait()
                except queue.Empty:
                    break
            if some:
                yield some
            if found is None:
                return
            if not isinstance(found, Arrived):
                raise found


class _Room:
    """How much may be on its way: one file of any size, or several that are small together."""

    def __init__(self) -> None:
        self._used = 0
        self._files = 0
        self._freed = asyncio.Event()

    async def take(self, size: int) -> None:
        while self._files and (self._used + size > ROOM_BYTES or self._files >= _FILES_AT_ONCE):
            self._freed.clear()
            await self._freed.wait()
        self._used += size
        self._files += 1

    def give_back(self, size: int) -> None:
        self._used -= size
        self._files -= 1
        self._freed.set()
