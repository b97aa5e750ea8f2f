"""Bytes in the parts in which they came."""

from array import array
from collections.abc import Iterable, Iterator


class Parts:
    """Parts in the order of arrival. `ends[i]` is how many bytes there are up to the end of part i."""

    __slots__ = ("_pieces", "ends")

    def __init__(self, parts: Iterable[bytes] = ()) -> None:
        self._pieces: list[bytes] = []
        self.ends = array("q")
        for part in parts:
            self.append(part)

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[bytes]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: int) -> bytes:
        return self.data[self.find_start(place) : self.ends[place]]

    @property
    def size(self) -> int:
        """All bytes."""
        return self.ends[-1] if self.ends else 0

    @property
    def data(self) -> bytes:
        """All of them, as one."""
        if len(self._pieces) != 1:
            self._pieces = [b"".join(self._pieces)]
        return self._pieces[0]

    def append(self, part: bytes) -> None:
        """One more came."""
        self.ends.append(self.size + len(part))
        self._pieces.append(part)

    def extend(self, data: bytes, ends: "array[int]") -> None:
        """Several more came, which end in `data` where `ends` says."""
        before = self.size
        self.ends.extend(array("q", [before + end for end in ends]) if before else ends)
        self._pieces.append(data)

    def find_start(self, place: int) -> int:
        """How many bytes there are before a part; the last part may be named as -1."""
        place = place if place >= 0 else place + len(self.ends)
        return self.ends[place - 1] if place else 0

    def join(self, first: int) -> bytes:
        """The parts from one on: its place, or -1 for the last alone."""
        wanted = self.size - self.find_start(first)
        found: list[bytes] = []
        left = wanted
        while left > 0:
            found.append(self._pieces[-1 - len(found)])
            left -= len(found[-1])
        data = found[0] if len(found) == 1 else b"".join(reversed(found))
        return data if len(data) == wanted else data[-wanted:] if wanted else b""
