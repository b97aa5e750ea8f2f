"""How a tree grows: the tiles and bundles that new entries make, computed and put. Signs nothing.

What is put here is promised by no checkpoint yet, so a process may be killed anywhere: the next one writes over it.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from holdfast.records.errors import NotVerified
from holdfast.records.vault import Damage
from holdfast.vault.log.merkle import hash_leaf, reduce_complete
from holdfast.vault.log.tiles import (
    HEIGHT,
    WIDTH,
    Tile,
    TileReader,
    damaged,
    find_tile,
    join_bundle,
    read_bundle,
    width_in,
)
from holdfast.vault.storage.seam import Storage
from holdfast.vault.storage.staging import StagedStorage

PUTS_MAX = 2
LOG: Final = "log"
"""How files are called that wait to be part of the log: whoever holds it may take them away."""

TailReader = Callable[[Tile], list[bytes]]


def grow(size: int, entries: Sequence[bytes], read_tail: TailReader) -> Iterator[tuple[Tile, bytes]]:
    """The bundles and tiles, lowest first, that a tree of `size` leaves writes to take in entries.

    `read_tail` gives the entries of a partial bundle or the hashes of a partial tile.
    """
    for tile, items in _extend(None, size, list(entries), read_tail):
        yield tile, join_bundle(items)
    level = 0
    new = [hash_leaf(entry) for entry in entries]
    while new:
        above: list[bytes] = []
        for tile, hashes in _extend(level, size, new, read_tail):
            yield tile, b"".join(hashes)
            if tile.width == WIDTH:
                above.append(reduce_complete(hashes))
        level, new = level + 1, above


def read_tail(storage: Storage, size: int) -> TailReader:
    """A reader of the partial tiles of a tree, which finds a bundle that does not fit its tile."""
    tiles = TileReader(storage, size)

    def read(tile: Tile) -> list[bytes]:
        if tile.level is not None:
            return tiles.read_hashes(tile)
        bundle = read_bundle(storage, tile)
        if bundle.fault is not None:
            raise damaged(bundle.fault)
        hashes = tiles.read_hashes(Tile(0, tile.index, tile.width))
        for (offset, entry), digest in zip(bundle.entries, hashes, strict=True):
            if hash_leaf(entry) != digest:
                raise damaged(Damage(tile.key, offset, "The entry and its hash do not agree."))
        return [entry for _, entry in bundle.entries]

    return read


def sweep_staging(storage: StagedStorage, staged: str = LOG) -> None:
    """Take away what killed writers left half written, of the log or of what else is called `staged`. Only for who
    alone may write to it."""
    for stored in list(storage.staging.iterate()):
        if stored.key.startswith(f"{staged}-"):
            storage.staging.remove(stored.key)


def put_checked(storage: StagedStorage, key: str, data: bytes, staged: str = LOG) -> None:
    """Put a small value, and read it back from the medium; once more when the medium lost it."""
    for _ in range(PUTS_MAX):
        with storage.create_staging(f"{staged}-{os.getpid()}-{os.urandom(8).hex()}") as file:
            file.write(data)
            file.close()
            storage.put(key, file.path)
        storage.forget(key)
        if storage.read(key, 0, len(data)) == data:
            return
    raise NotVerified("What was read back is not what was written.", where=key, next_step="Check the medium.")


def clear_unpromised(storage: Storage, tile: Tile, size: int) -> None:
    """Take away partial predecessors of a tile that a killed writer left and no checkpoint up to `size` promised."""
    for stored in list(storage.iterate(tile.partial_prefix)):
        partial = find_tile(stored.key)
        if partial is not None and partial.width > width_in(tile, size):
            storage.delete(stored.key)


def clear_partials(storage: Storage, tile: Tile) -> None:
    """Take away the partial predecessors of a full tile that a checkpoint promises."""
    for stored in list(storage.iterate(tile.partial_prefix)):
        storage.delete(stored.key)


def _extend(level: int | None, size: int, new: list[bytes], read: TailReader) -> Iterator[tuple[Tile, list[bytes]]]:
    count = size >> HEIGHT * (level or 0)
    first, width = divmod(count, WIDTH)
    items = (read(Tile(level, first, width)) if width else []) + new
    for place in range(0, len(items), WIDTH):
        part = items[place : place + WIDTH]
        yield Tile(level, first + place // WIDTH, len(part)), part
