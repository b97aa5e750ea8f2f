"""HTTP/1.1 answers: where they end, seen with as little work per part as can be, and what was in them, read later.

Everything that breaks the protocol is a ValueError that says how.
"""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from holdfast.measure.load.parts import Parts
from holdfast.measure.load.parts_kernel import get_parts_kernel

HEAD_BYTES_MAX: Final = 64 << 10
BODY_BYTES_MAX: Final = 64 << 20
_HEADERS_MAX: Final = 200
_HEADS_KEPT: Final = 32  # many servers begin every answer of a second alike
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?")
_CHUNK_SIZE: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?")
_CHUNK_LINE_BYTES_MAX: Final = 4096
_DONE: Final = b"[DONE]"
# What a part ends with when it may be the last: any other part costs one comparison.
HINTS: Final = (b"\r\n\r\n", b"DONE]\n\n\r\n", b"DONE]\n\n")
SHORT: Final = 5

Walk = Callable[[bytes, int], int]


class Seen(IntEnum):
    """What is known of an answer's end after another part of it."""

    MORE = 0
    WHOLE = 1
    SAYS_DONE = 2  # `[DONE]` was there: the body should end now


@dataclass(frozen=True, slots=True)
class Head:
    """An answer's status and headers (names in lower case). `length` and `is_chunked` say how the body ends; with
    neither it ends with the connection."""

    status: int
    headers: dict[str, str]
    body_start: int
    length: int | None
    is_chunked: bool
    is_last: bool


def find_head(data: bytes) -> Head | None:
    """The head at the start of what came, after any interim ones; None while it is not whole."""
    start = 0
    while (end := data.find(b"\r\n\r\n", start)) >= 0:
        head = _read_head(data[start:end], end + 4)
        if head.status >= 200:
            return head
        start = end + 4
    if len(data) > HEAD_BYTES_MAX:
        raise ValueError(f"more than {HEAD_BYTES_MAX} bytes of headers")
    if len(data) - start >= 5 and not data.startswith(b"HTTP/", start):
        raise ValueError("the answer is not HTTP")
    return None


@functools.lru_cache(maxsize=_HEADS_KEPT)
def _read_head(data: bytes, body_start: int) -> Head:
    first, *lines = data.split(b"\r\n")
    matched = _STATUS_LINE.fullmatch(first)
    if matched is None:
        raise ValueError("the answer is not HTTP")
    if len(lines) > _HEADERS_MAX:
        raise ValueError(f"more than {_HEADERS_MAX} headers")
    headers = dict(_read_header(line) for line in lines)
    status = int(matched[2])
    is_chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    is_last = matched[1] == b"0" or "close" in headers.get("connection", "").lower()
    return Head(status, headers, body_start, _read_length(status, headers, is_chunked), is_chunked, is_last)


def _read_header(line: bytes) -> tuple[str, str]:
    name, colon, value = line.partition(b":")
    if not colon:
        raise ValueError("a header has no colon")
    return name.decode("latin-1").lower(), value.strip().decode("latin-1")


def _read_length(status: int, headers: dict[str, str], is_chunked: bool) -> int | None:
    if status in (204, 304):
        return 0
    stated = headers.get("content-length")
    if is_chunked or stated is None:
        return None
    if not (stated.isascii() and stated.isdigit() and len(stated) < 16):
        raise ValueError("the length of the body is no number")
    if int(stated) > BODY_BYTES_MAX:
        raise ValueError(f"a body of more than {BODY_BYTES_MAX} bytes")
    return int(stated)


class Watch:
    """Sees where an answer ends while it comes in."""

    __slots__ = ("_chunks", "_fed", "_left", "head", "is_open_ended", "room")

    def __init__(self) -> None:
        self.head: Head | None = None
        self.is_open_ended = False  # where only a part's last bytes can say that it is the last
        self.room = HEAD_BYTES_MAX + BODY_BYTES_MAX  # bytes that may still come
        self._left: int | None = None
        self._chunks: ChunkWalker | None = None
        self._fed = 0

    @property
    def ends_with_connection(self) -> bool:
        """Whether the end of the connection is the end of the body."""
        return self.head is not None and self.head.length is None and not self.head.is_chunked

    def see(self, parts: Parts) -> Seen:
        """Look at the part that came last. ValueError when it cannot be. Where the end is open a part need not be
        looked at that is longer than SHORT and does not end with one of HINTS."""
        if self.room < 0:
            raise ValueError(f"more than {BODY_BYTES_MAX} bytes of body")
        if self.head is None:
            return self._see_head(parts)
        if self._left is not None:
            return self._count(parts.size - parts.find_start(-1))
        return self._look(parts)

    def _see_head(self, parts: Parts) -> Seen:
        came = parts.join(0)
        head = find_head(came)
        if head is None:
            return Seen.MORE
        self.head, self._left, self.is_open_ended = head, head.length, head.length is None
        rest = came[head.body_start :]
        if head.is_chunked:
            self._chunks = ChunkWalker()
            self._chunks.feed(rest)
            self._fed = len(parts)
        last = parts.size - parts.find_start(-1)
        return self._count(len(rest)) if self._left is not None else self._judge(rest[max(0, len(rest) - last) :])

    def _count(self, size: int) -> Seen:
        assert self._left is not None
        self._left -= size
        if self._left < 0:
            raise ValueError("more bytes than the head states")
        return Seen.WHOLE if self._left == 0 else Seen.MORE

    def _look(self, parts: Parts) -> Seen:
        if self._chunks is not None:
            self._chunks.feed(parts.join(self._fed))
            self._fed = len(parts)
        return self._judge(parts.join(-1))

    def _judge(self, data: bytes) -> Seen:
        if self._chunks is not None and self._chunks.is_over:
            if self._chunks.surplus:
                raise ValueError("more bytes after the end of the answer")
            return Seen.WHOLE
        return Seen.SAYS_DONE if _DONE in data else Seen.MORE


class ChunkWalker:
    """Walks from one chunk's size to the next, to the end of a body. What comes after it is `surplus`. `walk` takes it
    over plain chunks, or stays where it is."""

    __slots__ = ("_carry", "_skip", "_trailer", "_walk", "is_over", "surplus")

    def __init__(self, walk: Walk | None = None) -> None:
        self._walk = walk or find_walk()
        self._carry = b""  # of a size line that is not whole
        self._skip = 0  # bytes to the next size line
        self._trailer: bytes | None = None
        self.is_over = False
        self.surplus = b""

    def feed(self, data: bytes) -> None:
        """Walk over these bytes. ValueError where a size should be and is none."""
        if self._trailer is not None:
            self._end(self._trailer + data)
            return
        if self._carry:
            data, self._carry = self._carry + data, b""
        at = self._walk(data, self._skip)
        sizes: dict[bytes, int] = {}  # most are alike
        while at < len(data):
            end = data.find(b"\r\n", at)
            if end < 0:
                self._keep(data[at:])
                return
            line = data[at:end]
            size = sizes.get(line)
            if size is None:
                size = sizes[line] = _read_size(line)
            if not size:
                self._end(data[end + 2 :])
                return
            at = end + 4 + size
        self._skip = at - len(data)

    def _keep(self, line: bytes) -> None:
        if len(line) > _CHUNK_LINE_BYTES_MAX:
            raise ValueError("a line between chunks has no end")
        self._carry, self._skip = line, 0

    def _end(self, trailer: bytes) -> None:
        """After the last chunk come lines of which the last is empty."""
        end = 0 if trailer.startswith(b"\r\n") else trailer.find(b"\r\n\r\n") + 2
        if end == 1:
            self._trailer = trailer
            if len(trailer) > HEAD_BYTES_MAX:
                raise ValueError("the lines after a body have no end")
            return
        self.is_over, self.surplus = True, trailer[end + 2 :]


def find_walk() -> Walk:
    """The fastest there is here."""
    kernel = get_parts_kernel()
    return kernel.walk if kernel is not None else stay


def stay(data: bytes, at: int) -> int:  # noqa: ARG001
    """A walk that leaves all to ChunkWalker."""
    return at


class ChunkDecoder:
    """Takes the chunks of a body apart. What comes after the last is `surplus`."""

    __slots__ = ("_carry", "_is_trailer", "_left", "is_over", "surplus")

    def __init__(self) -> None:
        self._carry = b""  # of a size line or a trailer that is not whole
        self._left = 0  # bytes of the present chunk that are still to come, with its line end
        self._is_trailer = False
        self.is_over = False
        self.surplus = b""

    @property
    def is_between(self) -> bool:
        """Whether all that came was whole chunks, and more may come."""
        return not self._left and not self._carry and not self._is_trailer

    def feed(self, data: bytes) -> list[bytes]:
        """The pieces of the body that these bytes bring."""
        if not self._left and not self._carry and not self._is_trailer:
            whole = _find_whole_chunk(data)
            if whole is not None:
                return [whole]
        return self._take(data)

    def _take(self, data: bytes) -> list[bytes]:
        pieces: list[bytes] = []
        if self._carry:
            data, self._carry = self._carry + data, b""
        at = 0
        while at < len(data) and not self.is_over:
            if self._left:
                at = self._take_chunk(data, at, pieces)
            elif (end := data.find(b"\r\n", at)) >= 0:
                self._take_line(data[at:end])
                at = end + 2
            else:
                self._keep(data[at:])
                return pieces
        self.surplus += data[at:]
        return pieces

    def _take_chunk(self, data: bytes, at: int, pieces: list[bytes]) -> int:
        """Bytes of the present chunk: `_left` counts its own and the two of the line end after it."""
        taken = min(self._left, len(data) - at)
        own = min(taken, max(0, self._left - 2))
        if own:
            pieces.append(data[at : at + own])
        ending = data[at + own : at + taken]
        if ending and ending != b"\r\n"[2 - (self._left - own) :][: len(ending)]:
            raise ValueError("a chunk does not end where it says")
        self._left -= taken
        return at + taken

    def _take_line(self, line: bytes) -> None:
        if self._is_trailer:
            self.is_over = not line
            return
        size = _read_size(line)
        self._is_trailer = size == 0
        self._left = size + 2 if size else 0

    def _keep(self, line: bytes) -> None:
        if len(line) > _CHUNK_LINE_BYTES_MAX:
            raise ValueError("a line between chunks has no end")
        self._carry = line


def _read_size(line: bytes) -> int:
    matched = _CHUNK_SIZE.fullmatch(line)
    if matched is None:
        raise ValueError("a chunk has no size")
    size = int(matched[1], 16)
    if size > BODY_BYTES_MAX:
        raise ValueError(f"a chunk of more than {BODY_BYTES_MAX} bytes")
    return size


def _find_whole_chunk(data: bytes) -> bytes | None:
    """The body where the bytes are exactly one chunk, as most are that a stream brings."""
    end = data.find(b"\r\n", 0, 10)
    if end < 1 or not data.endswith(b"\r\n"):
        return None
    try:
        size = int(data[:end], 16)
    except ValueError:
        return None
    return data[end + 2 : -2] if size > 0 and len(data) == end + 4 + size else None
