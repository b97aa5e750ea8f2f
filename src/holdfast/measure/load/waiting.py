"""Waits for sockets and for a moment, whichever comes first, as exactly as the system can.

On Linux an epoll with a timer in it; elsewhere the system's own selector, whose timeouts are cut short and waited out.
"""

import contextlib
import ctypes
import os
import select
import selectors
import time
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

READABLE: Final = 1  # as EPOLLIN and EPOLLOUT on Linux
WRITABLE: Final = 4
EVENTS_MAX: Final = 64  # between two looks at the schedule
_SPIN_NS: Final = 200_000
_TIME: Final = -1
_FOREVER_S: Final = 3600.0
_CLOCK_MONOTONIC: Final = 1
_ABSOLUTE: Final = 1
_TIMER_FLAGS: Final = os.O_NONBLOCK if hasattr(os, "O_NONBLOCK") else 0


class Waiter(Protocol):
    """Says which sockets can be read or written."""

    def add(self, fd: int, events: int) -> None:
        """Watch a socket."""
        ...

    def change(self, fd: int, events: int) -> None:
        """Watch it for something else."""
        ...

    def remove(self, fd: int) -> None:
        """Watch it no more; one that is not watched is no error."""
        ...

    def arm(self, until_ns: int) -> None:
        """Wait until this moment and no longer."""
        ...

    @property
    def wait(self) -> Callable[[], list[tuple[int, int]]]:
        """Says which sockets are ready, and for what. When the moment has come there are none, or one among them is no
        socket that is watched."""
        ...

    @property
    def look(self) -> Callable[[], list[tuple[int, int]]]:
        """The same, without waiting."""
        ...

    def close(self) -> None:
        """Give back what the system lent."""
        ...


def make_waiter() -> Waiter:
    """The best that this system has."""
    return EpollWaiter() if hasattr(select, "epoll") and _has_timer() else SelectorWaiter()


class EpollWaiter:
    """Linux: a timer of the kernel in the same set as the sockets, exact to its wake-up."""

    def __init__(self) -> None:
        self._timer = _Timer()
        self._epoll = select.epoll()
        self._epoll.register(self._timer.fd, READABLE)
        self.fd = self._epoll.fileno()
        self._armed_ns = 0
        self.wait: Callable[[], list[tuple[int, int]]] = partial(self._epoll.poll, None, EVENTS_MAX)
        self.look: Callable[[], list[tuple[int, int]]] = partial(self._epoll.poll, 0, EVENTS_MAX)

    def add(self, fd: int, events: int) -> None:
        """Watch a socket."""
        self._epoll.register(fd, events)

    def change(self, fd: int, events: int) -> None:
        """Watch it for something else."""
        self._epoll.modify(fd, events)

    def remove(self, fd: int) -> None:
        """Watch it no more."""
        with contextlib.suppress(OSError, ValueError):
            self._epoll.unregister(fd)

    def arm(self, until_ns: int) -> None:
        """Wait until this moment and no longer."""
        if until_ns != self._armed_ns:
            self._timer.arm(until_ns)
            self._armed_ns = until_ns

    def close(self) -> None:
        """Give back what the system lent."""
        self._epoll.close()
        self._timer.close()


class SelectorWaiter:
    """Anywhere: sleeps until shortly before the moment and looks again and again from there."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._until_ns = 0

    def add(self, fd: int, events: int) -> None:
        """Watch a socket."""
        self._selector.register(fd, _to_selector(events))

    def change(self, fd: int, events: int) -> None:
        """Watch it for something else."""
        self._selector.modify(fd, _to_selector(events))

    def remove(self, fd: int) -> None:
        """Watch it no more."""
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(fd)

    def arm(self, until_ns: int) -> None:
        """Wait until this moment and no longer."""
        self._until_ns = until_ns

    def look(self) -> list[tuple[int, int]]:
        """Sockets that are ready now."""
        return [(key.fd, _from_selector(events)) for key, events in self._selector.select(0)]

    def wait(self) -> list[tuple[int, int]]:
        """Sockets that are ready."""
        while True:
            left_ns = self._until_ns - time.monotonic_ns()
            asleep_s = min(_FOREVER_S, max(0, left_ns - _SPIN_NS) // 1_000_000 / 1000)
            ready = self._selector.select(asleep_s)
            if ready or left_ns <= 0:
                found = [(key.fd, _from_selector(events)) for key, events in ready]
                return [*found, (_TIME, READABLE)] if left_ns <= 0 else found

    def close(self) -> None:
        """Give back what the system lent."""
        self._selector.close()


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Setting(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class _Timer:
    """A timerfd on the monotonic clock."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self.fd: int = self._library.timerfd_create(_CLOCK_MONOTONIC, _TIMER_FLAGS)
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), "no timer is to be had")
        self._setting = _Setting()
        self._reference = ctypes.byref(self._setting)
        self._set = self._library.timerfd_settime

    def arm(self, at_ns: int) -> None:
        """Becomes readable at the moment, and not before; what it was is forgotten."""
        self._setting.value.seconds, self._setting.value.nanoseconds = divmod(at_ns, 1_000_000_000)
        self._set(self.fd, _ABSOLUTE, self._reference, None)

    def close(self) -> None:
        """It is gone."""
        os.close(self.fd)


def _has_timer() -> bool:
    try:
        return hasattr(ctypes.CDLL(None), "timerfd_create")
    except OSError:
        return False


def _to_selector(events: int) -> int:
    reads = selectors.EVENT_READ if events & READABLE else 0
    return reads | (selectors.EVENT_WRITE if events & WRITABLE else 0)


def _from_selector(events: int) -> int:
    reads = READABLE if events & selectors.EVENT_READ else 0
    return reads | (WRITABLE if events & selectors.EVENT_WRITE else 0)
