"""intake.c through ctypes: what it put aside comes into an exchange only when something needs a look."""

import ctypes
import errno
import functools
import os
import sys
from array import array
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from holdfast.measure.load.connection import Connection
from holdfast.measure.load.intake import Arrival, Came
from holdfast.measure.load.waiting import READABLE
from holdfast.records.errors import InternalError

LIBRARY: Final = Path(__file__).with_name("libintake.so")
_VERSION: Final = 1
_EVENTS_AT_ONCE: Final = 64
_RDHUP, _EDGE = 0x2000, 1 << 31  # as EPOLLRDHUP and EPOLLET on Linux
_CAME: Final[tuple[Came, ...]] = tuple(Came)
_STAMP_BYTES: Final = 8
_NUMBER: Final = ctypes.c_int64
_PLACE: Final = ctypes.c_void_p


class _Arrival(ctypes.Structure):
    _fields_ = tuple((name, _NUMBER) for name in ("file", "events", "came", "error"))


class Clocks(ctypes.Structure):
    """What a Stamper knows."""

    _fields_ = tuple((name, _NUMBER) for name in ("since_ns", "before_ns", "woke_ns", "offset_ns"))


class _Intake(ctypes.Structure):
    _fields_ = (
        ("clocks", Clocks),
        ("has_come", _NUMBER),
        ("has_notes", _NUMBER),
        *((name, _PLACE) for name in ("bytes", "stamps", "ends")),
        ("size", _NUMBER),
        ("arrivals", _Arrival * _EVENTS_AT_ONCE),
    )


class NativeIntake:
    """intake.c on an epoll; the same methods as PlainIntake."""

    events = READABLE | _RDHUP | _EDGE

    def __init__(self, library: ctypes.CDLL, poll: int, connections: Mapping[int, Connection]) -> None:
        self._library, self._connections = library, connections
        self._gather, self._take = library.holdfast_intake_gather, library.holdfast_intake_take
        self._place: int | None = library.holdfast_intake_open(poll)
        if self._place is None:
            raise InternalError("there is no memory for what comes in", next_step="Free some memory and try again.")
        self._intake: Any = _Intake.from_address(self._place)
        self._arrivals: Any = self._intake.arrivals

    @property
    def has_come(self) -> bool:
        """As Intake has it."""
        return bool(self._intake.has_come)

    def gather(self, until_ns: int, rest_ns: int) -> list[Arrival]:
        """As Intake has it. Signals are handled meanwhile."""
        assert self._place is not None
        while True:
            count = self._gather(self._place, until_ns, rest_ns)
            if count >= 0:
                return [self._make_arrival(self._arrivals[number]) for number in range(count)]
            if count != -errno.EINTR:
                raise OSError(-count, os.strerror(-count))

    def begin(self, connection: Connection) -> None:
        """As Intake has it."""
        assert connection.exchange is not None
        code = self._library.holdfast_intake_begin(self._place, connection.fd, connection.exchange.watch.room)
        if code:
            raise OSError(code, os.strerror(code))

    def settle(self, connection: Connection) -> None:
        """As Intake has it."""
        count = self._take(self._place, connection.fd)
        exchange, intake = connection.exchange, self._intake
        if not count or exchange is None:
            return
        size: int = intake.size
        came = ctypes.string_at(intake.bytes, size)
        exchange.parts.extend(came, _read_numbers(intake.ends, count))
        exchange.stamps.extend(_read_numbers(intake.stamps, count))
        exchange.watch.room -= size

    def go_on(self, connection: Connection) -> None:
        """As Intake has it."""
        if connection.exchange is not None:
            watch = connection.exchange.watch
            told = watch.is_open_ended, watch.room, connection.is_sending
            self._library.holdfast_intake_go_on(self._place, connection.fd, *told)

    def end(self, connection: Connection) -> None:
        """As Intake has it."""
        self._library.holdfast_intake_end(self._place, connection.fd)

    def close(self) -> None:
        """As Intake has it."""
        place, self._place = self._place, None
        if place is not None:
            self._intake, self._arrivals = _Intake(), []
            self._library.holdfast_intake_close(place)

    def _make_arrival(self, row: Any) -> Arrival:
        code: int = row.error
        came: int = row.came
        error = OSError(code, os.strerror(code)) if code else None
        return Arrival(self._connections.get(row.file), row.events, _CAME[came], error)


@functools.cache
def find_native_library(path: Path = LIBRARY) -> ctypes.CDLL | None:
    """The compiled intake, or None where there is none or it is of another version."""
    if sys.platform != "linux":
        return None
    try:
        library = ctypes.CDLL(str(path))
        is_known = library.holdfast_intake_version() == _VERSION
        _declare(library)
        is_known &= library.holdfast_intake_layout() == ctypes.sizeof(_Intake)
    except (OSError, AttributeError):
        return None
    return library if is_known else None


def _declare(library: ctypes.CDLL) -> None:
    for name, result, *arguments in (
        ("layout", _NUMBER),
        ("open", _PLACE, _NUMBER),
        ("close", None, _PLACE),
        ("begin", _NUMBER, _PLACE, _NUMBER, _NUMBER),
        ("go_on", None, _PLACE, *[_NUMBER] * 4),
        ("end", None, _PLACE, _NUMBER),
        ("take", _NUMBER, _PLACE, _NUMBER),
        ("gather", _NUMBER, _PLACE, _NUMBER, _NUMBER),
        ("find", _NUMBER, ctypes.POINTER(Clocks), _NUMBER, _NUMBER),
    ):
        function = getattr(library, f"holdfast_intake_{name}")
        function.restype, function.argtypes = result, arguments


def _read_numbers(place: int, count: int) -> "array[int]":
    numbers = array("q")
    numbers.frombytes(ctypes.string_at(place, count * _STAMP_BYTES))
    return numbers
