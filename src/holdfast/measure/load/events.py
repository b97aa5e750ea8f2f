"""Server-sent events, whatever way they are cut and ended: the bytes of a body to the data of each event.

Lines end with \\n, \\r or \\r\\n; comments and unknown fields are passed over; several `data` lines are one text.
"""

from typing import Final

EVENT_BYTES_MAX: Final = 8 << 20
_MARK: Final = b"\xef\xbb\xbf"


class EventDecoder:
    """Takes a body piece by piece. A ValueError says that an event has no end."""

    __slots__ = ("_carried", "_carry", "_data", "_has_begun", "_held", "_skips_line_feed")

    def __init__(self) -> None:
        self._carry: list[bytes] = []  # of a line that is not whole
        self._carried = 0
        self._data: list[bytes] = []
        self._held = 0
        self._has_begun = False
        self._skips_line_feed = False

    @property
    def is_between(self) -> bool:
        """Whether all that came was whole events."""
        return not self._carried and not self._held

    def feed(self, piece: bytes) -> list[bytes]:
        """The data of the events that are whole with this piece."""
        if not self._carried and not self._held:
            found = _find_whole_events(piece)
            if found:
                self._has_begun, self._skips_line_feed = True, False
                return found
        return self._take(piece)

    def flush(self) -> list[bytes]:
        """The data of an event that the end of the body ends."""
        found: list[bytes] = []
        if self._carried:
            self._take_line(b"".join(self._carry), found)
        self._take_line(b"", found)
        return found

    def _take(self, piece: bytes) -> list[bytes]:
        if self._skips_line_feed and piece.startswith(b"\n"):
            piece = piece[1:]
        self._skips_line_feed = piece.endswith(b"\r") or (self._skips_line_feed and not piece)
        first, *lines = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        found: list[bytes] = []
        for line in lines:
            self._take_line(b"".join([*self._carry, first]), found)
            self._carry, self._carried, first = [], 0, line
        self._carry.append(first)
        self._carried += len(first)
        if self._carried + self._held > EVENT_BYTES_MAX:
            raise ValueError(f"an event of more than {EVENT_BYTES_MAX} bytes")
        return found

    def _take_line(self, line: bytes, found: list[bytes]) -> None:
        if not self._has_begun:
            self._has_begun = True
            line = line.removeprefix(_MARK)
        if line.startswith(b"data:") or line == b"data":
            self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            self._held += len(line)
        elif not line and self._held:
            found.append(b"\n".join(self._data))
            self._data, self._held = [], 0


def _find_whole_events(piece: bytes) -> list[bytes]:
    """The data of the events where the bytes are events of one line each, as most are; none where they are not."""
    if not (piece.startswith(b"data: ") and piece.endswith(b"\n\n")) or b"\r" in piece:
        return []
    events = piece[6:-2].split(b"\n\ndata: ")
    return events if piece.count(b"\n") == 2 * len(events) else []
