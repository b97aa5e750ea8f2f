"""When bytes came: as the kernel noted on their arrival, however late this process got to read them; else the moment
after reading. The kernel's notes are of the wall clock and are turned into moments of the monotonic one."""

import socket
import struct
import sys
import time
from typing import Final

Notes = list[tuple[int, int, bytes]]
NOTE_BYTES: Final = socket.CMSG_SPACE(16) if hasattr(socket, "CMSG_SPACE") else 0
_NOTE: Final = struct.Struct("@ll")
_SO_TIMESTAMPNS: Final = 35  # linux/socket.h
_BRACKET_NS: Final = 10_000
_TRIES: Final = 10
_AHEAD_NS: Final = 1_000_000_000
_SECOND_NS: Final = 1_000_000_000


def note_arrivals(sock: socket.socket) -> bool:
    """Have the kernel note when bytes come; whether it does."""
    if sys.platform != "linux" or not hasattr(sock, "recvmsg"):
        return False
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    except OSError:
        return False
    return True


class Stamper:
    """Finds the moment of arrival: `sleep` is called before each wait for events, `wake` after it. Notes are believed
    that are not from before `since_ns`; the wall clock is ahead of the monotonic one by `offset_ns`."""

    __slots__ = ("_before_ns", "offset_ns", "since_ns", "woke_ns")

    def __init__(self) -> None:
        self.woke_ns = time.monotonic_ns()
        self._before_ns = self.since_ns = self.woke_ns
        self.offset_ns = 0
        self._read_clocks(_SECOND_NS)
        for _ in range(_TRIES):
            self._read_clocks(_BRACKET_NS)

    @property
    def waited_ns(self) -> int:
        """How long the last wait was."""
        return self.woke_ns - self._before_ns

    def sleep(self) -> None:
        """A wait begins. What the last one did not tell of had not come."""
        self.since_ns = self._before_ns
        self._before_ns = time.monotonic_ns()

    def sleep_again(self) -> None:
        """A wait begins, after one that told of as much as it can, and may not have told of all."""
        self._before_ns = time.monotonic_ns()

    def wake(self) -> None:
        """A wait has ended: see how far the two clocks are apart, unless this process was kept from reading both at
        once. A stamp may be late by the time between two readings, but never early."""
        self._read_clocks(_BRACKET_NS)

    def find(self, notes: Notes) -> int:
        """The moment of arrival in nanoseconds. A note that cannot be true (a clock was set) is passed over."""
        if notes:
            seconds, nanoseconds = _NOTE.unpack(notes[0][2])
            stamp_ns: int = seconds * _SECOND_NS + nanoseconds - self.offset_ns
            if self.since_ns <= stamp_ns <= self.woke_ns + _AHEAD_NS:
                return stamp_ns
        return time.monotonic_ns()

    def _read_clocks(self, bracket_ns: int) -> None:
        before_ns, wall_ns, self.woke_ns = time.monotonic_ns(), time.time_ns(), time.monotonic_ns()
        offset_ns = wall_ns - self.woke_ns
        if self.woke_ns - before_ns <= bracket_ns or abs(offset_ns - self.offset_ns) > _SECOND_NS:
            self.offset_ns = offset_ns
