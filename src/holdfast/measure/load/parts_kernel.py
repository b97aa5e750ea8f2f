"""parts.c through ctypes: what came, read in one pass."""

import ctypes
import functools
import os
from array import array
from pathlib import Path
from typing import Any, Final

from holdfast.measure.load.parts import Parts

LIBRARY: Final = Path(__file__).with_name("libparts.so")
CHOICE: Final = "HOLDFAST_KERNEL"  # `plain` rules the compiled one out
_VERSION: Final = 1
_NUMBER: Final = ctypes.c_int64
_PLACE: Final = ctypes.c_void_p


class Surroundings(ctypes.Structure):
    """What stands around the texts of events, as parts.c wants it."""

    _fields_ = (
        *((name, ctypes.c_char_p) for name in ("start", "ending", "digits")),
        *((name, _NUMBER) for name in ("start_size", "ending_size", "least")),
    )


class PartsKernel:
    """The functions of parts.c. They keep nothing."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._walk, self._run = library.holdfast_parts_walk, library.holdfast_parts_run
        self._walk.restype = self._run.restype = _NUMBER
        self._walk.argtypes = [ctypes.c_char_p, _NUMBER, _NUMBER]
        self._run.argtypes = [ctypes.c_char_p, _PLACE, _NUMBER, _NUMBER, _PLACE, _PLACE, _PLACE]

    def walk(self, data: bytes, at: int) -> int:
        """From one chunk's size to the next: where the first is that is not plain and whole, or beyond the end."""
        found: int = self._walk(data, len(data), at)
        return found

    def take_run(self, parts: Parts, first: int, end: int, around: Surroundings) -> tuple[int, bytes]:
        """As Pattern.take_run."""
        room = array("b", bytes(parts.find_start(end) - parts.find_start(first)))
        size = _NUMBER()
        places = parts.ends.buffer_info()[0], first, end, ctypes.addressof(around), room.buffer_info()[0]
        count: int = self._run(parts.data, *places, ctypes.addressof(size))
        return count, room[: size.value].tobytes()


@functools.cache
def get_parts_kernel() -> PartsKernel | None:
    """The compiled functions, or None where there are none; HOLDFAST_KERNEL=plain says so too."""
    return None if os.environ.get(CHOICE) == "plain" else find_parts_kernel()


def find_parts_kernel(path: Path = LIBRARY) -> PartsKernel | None:
    """The compiled functions, or None where there are none or they are of another version."""
    try:
        library: Any = ctypes.CDLL(str(path))
        library.holdfast_parts_version.restype = _NUMBER
        return PartsKernel(library) if library.holdfast_parts_version() == _VERSION else None
    except (OSError, AttributeError):
        return None
