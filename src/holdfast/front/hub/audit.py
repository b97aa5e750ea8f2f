"""What is given out and refused, on its way into the vault's log: gathered, joined, appended about once a second.

Nobody who asks for a file waits for it. What cannot be appended is kept and tried again, so many entries at most.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from holdfast.front.hub.site import LOG
from holdfast.records.errors import HoldfastError
from holdfast.records.vault_log import LogEvent, LogVerb
from holdfast.workflows.auditing import Deed

EVERY_S: Final = 1.0
RETRY_S: Final = 5.0
WAITING_MAX: Final = 100_000
REFUSALS_MAX: Final = 100  # a second, told one by one; the rest are told together
ENTRIES_MAX: Final = 2_000  # appended at once
_TEXT_MAX: Final = 2_000


class Auditor:
    """Deeds that wait to be in the log. `append` is called in a thread of its own, and raises when it fails."""

    def __init__(self, append: Callable[[Sequence[LogEvent]], None]) -> None:
        self._append = append
        self._deeds: dict[tuple[str, ...], Deed] = {}
        self._refusals = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="auditing")
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()
        self.written = self.failures = self.lost = 0

    @property
    def waiting(self) -> int:
        """Entries that are not in the log yet."""
        return len(self._deeds)

    def note(self, deed: Deed) -> None:
        """Remember a deed."""
        short = replace(deed, subject=_shorten(deed.subject), by=_shorten(deed.by), what=_shorten(deed.what))
        before = self._deeds.get(short.sameness)
        if before is None and short.verb is LogVerb.REFUSE:
            if self._refusals >= REFUSALS_MAX:
                short = replace(short, subject="", by="several", what="more than can be told one by one")
                before = self._deeds.get(short.sameness)
            self._refusals += 1
        if before is None and len(self._deeds) >= WAITING_MAX:
            self.lost += 1
            return
        self._deeds[short.sameness] = before.join(short) if before else short

    def start(self) -> None:
        """Begin to append in the background."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Append what is left. What cannot be is told of."""
        self._ending.set()
        if self._task is not None:
            await self._task
        while self._deeds and await self.flush():
            pass
        if self._deeds:
            LOG.error("%d entries of the log could not be written before the end", len(self._deeds))
        self._thread.shutdown()

    async def flush(self) -> bool:
        """Append what waits, as much as is appended at once; whether that went well."""
        taken = list(self._deeds.items())[:ENTRIES_MAX]
        self._refusals = 0
        if not taken:
            return True
        for key, _ in taken:
            del self._deeds[key]
        events = [deed.to_event() for _, deed in taken]
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._append, events)
        except HoldfastError as error:
            self._take_back(taken)
            self.failures += 1
            LOG.error("the log cannot be written: %s (%s); %d entries wait", error.what, error.where, self.waiting)
            return False
        self.written += len(events)
        return True

    def _take_back(self, taken: list[tuple[tuple[str, ...], Deed]]) -> None:
        """Older ones first, joined with what came meanwhile."""
        newer = self._deeds
        self._deeds = dict(taken)
        for key, deed in newer.items():
            self._deeds[key] = self._deeds[key].join(deed) if key in self._deeds else deed

    async def _run(self) -> None:
        while not self._ending.is_set():
            wait_s = EVERY_S if await self.flush() else RETRY_S
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), wait_s)


def _shorten(text: str) -> str:
    """Text that an entry can hold: one that cannot be encoded would hold up all others."""
    return text[:_TEXT_MAX].encode("utf-8", "replace").decode()
