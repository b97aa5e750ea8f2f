"""Computes beside everything else what Xet's clients are told of large files: of those that somebody asked for, when
nothing else is being sent; and of those that clients cannot have in another way, at once.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from time import monotonic, sleep
from typing import Final

from holdfast.records.errors import HoldfastError
from holdfast.records.hub_service import ServedFile
from holdfast.workflows.hub_bodies import Body
from holdfast.workflows.serve import Service
from holdfast.workflows.xet_index import XetIndex, compute_layout

SEARCH_S: Final = 30.0
NEEDED_BYTES: Final = 40_000_000_000
"""The hub's client refuses files above 50 GB unless they are Xet's."""
PATIENCE_S: Final = 600.0  # so long a busy server puts off what can be done later
_LOOK_S: Final = 1.0
_PAUSE_S: Final = 0.05


class XetHasher:
    """A thread that computes layouts of files. `is_busy` says whether something is being sent just now."""

    def __init__(self, service: Service, index: XetIndex, is_busy: Callable[[], bool]) -> None:
        self._service = service
        self._index = index
        self._is_busy = is_busy
        self._wanted: dict[str, ServedFile] = {}
        self._failed: set[str] = set()
        self._wake = threading.Event()
        self._is_ending = False
        self._thread: threading.Thread | None = None

    def want(self, file: ServedFile) -> None:
        """Compute this one soon."""
        if self._thread is not None and file.sha256 not in self._wanted and file.sha256 not in self._failed:
            self._wanted[file.sha256] = file
            self._wake.set()

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._run, name="xet hashing", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; what was begun is given up."""
        self._is_ending = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        _give_way()
        while not self._is_ending:
            with contextlib.suppress(HoldfastError):  # it is looked at again a little later
                for file in self._list_unknown():
                    self._compute(file)
            self._wake.wait(SEARCH_S)
            self._wake.clear()

    def _list_unknown(self) -> Iterator[ServedFile]:
        """Files without a layout. Those that clients asked for come before all others."""
        yield from self._take_wanted()
        for file in self._service.list_large(NEEDED_BYTES):
            if not self._index.find_hash(file.sha256):
                yield file
            yield from self._take_wanted()

    def _take_wanted(self) -> Iterator[ServedFile]:
        while self._wanted and not self._is_ending:
            sha256 = next(iter(self._wanted))
            self._wait_until_idle()
            yield self._wanted[sha256]
            self._wanted.pop(sha256, None)

    def _wait_until_idle(self) -> None:
        ends = monotonic() + PATIENCE_S
        while self._is_busy() and monotonic() < ends and not self._is_ending:
            sleep(_LOOK_S)

    def _pause_while_busy(self, ends: float) -> None:
        """Between two pieces: a download that begins has both the processors and the medium for itself."""
        while self._is_busy() and monotonic() < ends and not self._is_ending:
            sleep(_PAUSE_S)

    def _compute(self, file: ServedFile) -> None:
        if self._is_ending or file.sha256 in self._failed:
            return
        with self._index.hold() as is_held:
            if is_held and self._index.find(file.sha256) is None:
                self._compute_here(file)

    def _compute_here(self, file: ServedFile) -> None:
        try:
            body = self._service.open_body(file, 0, file.size)
            try:
                self._index.put(compute_layout(self._read(body), file.sha256))
            finally:
                body.close()
        except _Ending:
            pass
        except HoldfastError:
            self._failed.add(file.sha256)  # who reads it is told what is wrong with it

    def _read(self, body: Body) -> Iterator[memoryview]:
        ends = monotonic() + PATIENCE_S
        while (piece := body.read_piece()) is not None:
            self._pause_while_busy(ends)
            if self._is_ending:
                raise _Ending
            assert isinstance(piece, memoryview), "nothing is read unchecked here"
            yield piece


class _Ending(Exception):
    pass


def _give_way() -> None:
    """Whoever is being served comes first."""
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
