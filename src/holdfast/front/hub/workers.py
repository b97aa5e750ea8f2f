"""Several processes that serve one vault on one port: they share its socket, and one parent that starts them anew.

The parent answers nothing itself and opens no vault. When it ends, however it ends, its workers end.
"""

import asyncio
import contextlib
import logging
import multiprocessing
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, Protocol

from holdfast.front.hub.logs import close_log, open_log
from holdfast.front.hub.metrics import Pool
from holdfast.front.hub.running import Listening, open_socket, raise_file_limit, serve_until, tell_address
from holdfast.front.hub.site import LOG, SiteAsked
from holdfast.records.errors import HoldfastError, InternalError
from holdfast.workflows.serve import ServeAsked

AGAIN_S: Final = 1.0
START_WAIT_S: Final = 120.0
_LOOK_S: Final = 0.5


class _End(Protocol):
    """An end of a pipe between a parent and a worker."""

    def poll(self, timeout: float, /) -> bool: ...
    def recv(self) -> object: ...
    def send(self, obj: object, /) -> None: ...


@dataclass(frozen=True, slots=True)
class _Order:
    """What a worker is told to do."""

    asked: ServeAsked
    site: SiteAsked
    listening: Listening
    ready: _End


@dataclass(slots=True)
class _Worker:
    """A process and where it says that it is ready, or what is wrong."""

    process: BaseProcess
    ready: _End


def run_workers(
    asked: ServeAsked, site: SiteAsked, listening: Listening, count: int, tell: Callable[[str], None]
) -> None:
    """Serve by `count` processes until SIGTERM or SIGINT. `tell` gets the address once all answer. Raises what one of
    them cannot do."""
    raise_file_limit()
    log = open_log(listening.log_form, listening.log_path)
    plain = replace(asked, vault=replace(asked.vault, environ=dict(asked.vault.environ)))
    try:
        with open_socket(listening) as opened, tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
            shared = replace(listening, opened=opened)
            crew = _Crew(plain, site, shared, Path(folder), count)
            crew.run(lambda: tell(tell_address(opened, listening)))
    finally:
        close_log(log)


class _Crew:
    """The workers of one server."""

    def __init__(self, asked: ServeAsked, site: SiteAsked, listening: Listening, folder: Path, count: int) -> None:
        self._order = (asked, site, listening)
        self._folder = folder
        self._count = count
        self._context = multiprocessing.get_context("spawn")
        self._workers: dict[int, _Worker] = {}
        self._is_ending = False

    def run(self, tell: Callable[[], None]) -> None:
        """Start them, start those anew that end by themselves, end them all at a signal."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._end)
        try:
            for number in range(self._count):
                self._workers[number] = self._start(number)
            for worker in self._workers.values():
                self._wait_until_ready(worker)
            if not self._is_ending:
                tell()
            while not self._is_ending:
                self._look()
        finally:
            self._stop()

    def _end(self, *_: object) -> None:
        self._is_ending = True

    def _start(self, number: int) -> _Worker:
        asked, site, listening = self._order
        ours, theirs = self._context.Pipe(duplex=False)
        pooled = replace(listening, pool=Pool(self._folder, str(number)))
        order = _Order(asked, site, pooled, theirs)
        process = self._context.Process(target=_work, args=(order,), name=f"holdfast-worker-{number}")
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _wait_until_ready(self, worker: _Worker) -> None:
        """Raises what the worker says is wrong."""
        ends = time.monotonic() + START_WAIT_S
        while not self._is_ending and time.monotonic() < ends:
            if worker.ready.poll(_LOOK_S):
                with contextlib.suppress(EOFError):
                    said = worker.ready.recv()
                    if isinstance(said, HoldfastError):
                        raise said
                    return
            if not worker.process.is_alive():
                raise InternalError("a worker ended before it was ready", next_step="Its own words stand above.")
        if not self._is_ending:
            raise InternalError("a worker was not ready in time", next_step="See the log.")

    def _look(self) -> None:
        """Start anew whoever ended by itself."""
        wait([worker.process.sentinel for worker in self._workers.values()], _LOOK_S)
        for number, worker in self._workers.items():
            if not worker.process.is_alive() and not self._is_ending:
                LOG.error("worker %d ended with %s; it is started anew", number, worker.process.exitcode)
                time.sleep(AGAIN_S)
                self._workers[number] = self._start(number)

    def _stop(self) -> None:
        """End all, and wait as long as transfers may take to end."""
        grace_s = self._order[2].grace_s + 30
        for worker in self._workers.values():
            worker.process.terminate()
        ends = time.monotonic() + grace_s
        for worker in self._workers.values():
            worker.process.join(max(0.0, ends - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _work(order: _Order) -> None:
    """A worker's life."""
    log = open_log(order.listening.log_form, order.listening.log_path)
    try:
        asyncio.run(_serve(order))
    except HoldfastError as error:
        with contextlib.suppress(OSError):
            order.ready.send(error)
    finally:
        close_log(log)
        logging.shutdown()


async def _serve(order: _Order) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    parent = multiprocessing.parent_process()
    assert parent is not None, "a worker has a parent"

    def end_with_it() -> None:
        loop.remove_reader(parent.sentinel)
        ended.set()

    loop.add_reader(parent.sentinel, end_with_it)

    def tell(address: str) -> None:
        order.ready.send(address)

    await serve_until(order.asked, order.site, order.listening, tell, ended)
