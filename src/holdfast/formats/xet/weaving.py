"""A xorb's bytes from those of the file: each chunk's header is put before its bytes, and nothing else changes."""

from collections.abc import Iterator

import numpy as np

from holdfast.formats.xet.codings import Coding
from holdfast.formats.xet.layout import XetLayout
from holdfast.formats.xet.xorb import HEADER_BYTES, write_chunk_header


class Weaver:
    """Bytes `begin` to `stop` of a serialized xorb, from bytes `file_begin` to `file_stop` of the file, which are given
    in order and in pieces of any size."""

    def __init__(self, layout: XetLayout, number: int, begin: int, stop: int) -> None:
        xorb = layout.xorbs[number]
        lengths: list[int] = layout.lengths[xorb.first : xorb.end].tolist()
        starts = np.cumsum([0, *(HEADER_BYTES + length for length in lengths)])
        assert 0 <= begin < stop <= starts[-1]
        first = int(np.searchsorted(starts, begin, side="right")) - 1
        last = int(np.searchsorted(starts, stop, side="left")) - 1
        origin = layout.get_whole(number).begin

        def find_place(chunk: int, stored: int) -> int:
            within = max(stored - int(starts[chunk]) - HEADER_BYTES, 0)
            return origin + int(starts[chunk]) - HEADER_BYTES * chunk + within

        self.file_begin, self.file_stop = find_place(first, begin), find_place(last, stop)
        self._parts = _list_parts(lengths[first : last + 1], begin - int(starts[first]), stop - int(starts[last]))
        self._left = 0  # bytes of the file before the next header

    def weave(self, piece: memoryview) -> bytes:
        """The next bytes of the file with the headers before them."""
        woven: list[bytes | memoryview] = []
        while piece:
            if not self._left:
                header, self._left = next(self._parts)
                woven.append(header)
            woven.append(piece[: self._left])
            taken = min(self._left, len(piece))
            piece, self._left = piece[taken:], self._left - taken
        return b"".join(woven)

    def end(self) -> bytes:
        """What comes after the file's last byte: a header that the range ends in, if it does."""
        assert not self._left, "all bytes of the file were given"
        return b"".join(header for header, _ in self._parts)


def _list_parts(lengths: list[int], skipped: int, taken: int) -> Iterator[tuple[bytes, int]]:
    """What is left of each chunk's header, and how many of its bytes follow: `skipped` bytes are left out at the
    beginning of the first chunk, and all but `taken` of the last."""
    last = len(lengths) - 1
    for number, length in enumerate(lengths):
        begin = skipped if number == 0 else 0
        stop = taken if number == last else HEADER_BYTES + length
        header = write_chunk_header(length, Coding.NONE, length)[begin:stop]
        yield header, max(stop - HEADER_BYTES, 0) - max(begin - HEADER_BYTES, 0)
