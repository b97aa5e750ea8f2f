"""A hub from code that does not wait in turns: questions and files over connections that a thread of its own holds."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Generator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self, TypeVar

from holdfast.upstream.address import Endpoint
from holdfast.upstream.carrying import Carrier, Wanted
from holdfast.upstream.client import HubClient
from holdfast.upstream.credentials import Token
from holdfast.upstream.fetching import FileFetcher, Progress
from holdfast.upstream.patience import Patience
from holdfast.upstream.wire import Wire

CONNECTIONS: Final = 8
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class LineAsked:
    """Which hub, with which token. `environ` tells the proxies; `connections` is how many ranges come at a time."""

    endpoint: Endpoint
    token: Token = field(default_factory=Token)
    environ: Mapping[str, str] = field(default_factory=dict[str, str])
    patience: Patience = field(default_factory=Patience)
    connections: int = CONNECTIONS


class Line:
    """Use it in a `with` block; the thread ends with it."""

    def __init__(self, asked: LineAsked) -> None:
        self.endpoint = asked.endpoint
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="hub", daemon=True)
        self._wire = Wire(asked.endpoint, asked.token, asked.patience, asked.environ, asked.connections + 2)
        self._connections = asked.connections
        self.client = HubClient(self._wire)

    def __enter__(self) -> Self:
        self._thread.start()
        self.ask(self._wire.__aenter__())
        return self

    def __exit__(self, *_: object) -> None:
        self.ask(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._wire.__aexit__()
        await self._loop.shutdown_asyncgens()
        await self._loop.shutdown_default_executor()

    def ask(self, question: Coroutine[None, None, _T]) -> _T:
        """The answer to a question, such as one of `client`."""
        future: Future[_T] = asyncio.run_coroutine_threadsafe(question, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()
            raise

    @contextlib.contextmanager
    def fetching(self, wanted: Sequence[Wanted], folder: Path, report: Progress) -> Generator[Carrier]:
        """The files, several at a time, small ones first. What arrived stays in the spools, however it ends."""
        carrier = Carrier(wanted, folder, FileFetcher(self._wire, self._connections, report), report)
        self.ask(carrier.start())
        try:
            yield carrier
        finally:
            self.ask(carrier.stop())
