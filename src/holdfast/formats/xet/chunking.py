"""A file's Xet chunks and its hash, from its bytes in order. Holds a piece and what it found, never the file."""

from array import array
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from holdfast.formats.xet.cutting import CHUNK_BYTES_MAX, Buffer, Cutter, get_cutter
from holdfast.formats.xet.hashes import HASH_BYTES, Tree, compute_chunk_hash, compute_file_hash

_BATCH: Final = 32  # chunks that one call cuts and one thread hashes, about 2 MiB
_GATHERED: Final = 1 << 20  # pieces are brought to this size when they are smaller than a chunk can be


@dataclass(frozen=True, slots=True)
class XetFile:
    """A file as Xet sees it. `hashes` holds 32 bytes a chunk, `lengths` as many numbers."""

    hash: bytes
    size: int
    hashes: bytes
    lengths: "array[int]"

    @property
    def chunks(self) -> Iterator[tuple[bytes, int]]:
        """(hash, length) of each chunk in the file's order."""
        for number, length in enumerate(self.lengths):
            yield self.hashes[HASH_BYTES * number : HASH_BYTES * (number + 1)], length


@dataclass(frozen=True, slots=True)
class Batch:
    """Chunks that follow each other in `data`, which they fill."""

    data: memoryview
    lengths: list[int]


def hash_file(pieces: Iterable[Buffer], threads: int = 1, cutter: Cutter | None = None) -> XetFile:
    """The chunks and the hash of the file whose bytes `pieces` give. A piece may be overwritten once the next is asked
    for. With more than one thread the chunks of a piece are hashed while its rest is cut."""
    hashes, lengths, tree = bytearray(), array("I"), Tree()
    for found, batch in iterate_chunks(pieces, threads, cutter):
        hashes += found
        lengths.extend(batch)
        for number, length in enumerate(batch):
            tree.add(found[HASH_BYTES * number : HASH_BYTES * (number + 1)], length)
    return XetFile(compute_file_hash(tree.find_root()), sum(lengths), bytes(hashes), lengths)


def iterate_chunks(
    pieces: Iterable[Buffer], threads: int = 1, cutter: Cutter | None = None
) -> Iterator[tuple[bytes, list[int]]]:
    """The chunks of a file some at a time: their hashes one after the other, and their lengths."""
    cutting = _Cutting(cutter or get_cutter())
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(threads)) if threads > 1 else None
        for piece in _gather(pieces):
            yield from _hash_batches(cutting.cut(piece), pool)
        yield from _hash_batches(cutting.end(), pool)


def cut_into_batches(pieces: Iterable[Buffer], cutter: Cutter | None = None) -> Iterator[Batch]:
    """The chunks of a file with their bytes, some at a time. A batch is gone once the next is asked for."""
    cutting = _Cutting(cutter or get_cutter())
    for piece in _gather(pieces):
        yield from cutting.cut(piece)
    yield from cutting.end()


class _Cutting:
    """Cuts pieces of which only the last may be shorter than a chunk can be."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        self._rest = b""  # the beginning of a chunk that did not end

    def cut(self, piece: memoryview) -> Iterator[Batch]:
        if self._rest:
            joined = self._rest + bytes(piece[: CHUNK_BYTES_MAX - len(self._rest)])
            lengths = self._cutter.cut(joined, 1)
            if not lengths:
                self._rest = joined
                return
            yield Batch(memoryview(joined)[: lengths[0]], lengths)
            piece = piece[lengths[0] - len(self._rest) :]
        while lengths := self._cutter.cut(piece, _BATCH):
            end = sum(lengths)
            yield Batch(piece[:end], lengths)
            piece = piece[end:]
        self._rest = bytes(piece)

    def end(self) -> Iterator[Batch]:
        if self._rest:
            yield Batch(memoryview(self._rest), [len(self._rest)])


def _gather(pieces: Iterable[Buffer]) -> Iterator[memoryview]:
    """The same bytes in pieces that are no shorter than the longest chunk, but for the last."""
    gathered = bytearray()
    for piece in pieces:
        view = memoryview(piece).cast("B")
        if not gathered and len(view) >= CHUNK_BYTES_MAX:
            yield view
            continue
        gathered += view
        if len(gathered) >= _GATHERED:
            yield memoryview(gathered)
            gathered = bytearray()
    if gathered:
        yield memoryview(gathered)


def _hash_batches(batches: Iterator[Batch], pool: ThreadPoolExecutor | None) -> Iterator[tuple[bytes, list[int]]]:
    if pool is None:
        for batch in batches:
            yield _hash(batch), batch.lengths
        return
    waiting: list[tuple[Future[bytes], list[int]]] = [(pool.submit(_hash, batch), batch.lengths) for batch in batches]
    for future, lengths in waiting:
        yield future.result(), lengths


def _hash(batch: Batch) -> bytes:
    hashes = bytearray()
    at = 0
    for length in batch.lengths:
        hashes += compute_chunk_hash(batch.data[at : at + length])
        at += length
    return bytes(hashes)
