"""The files of a log in C2SP tlog-tiles: what they are called, what they hold, how they are read. Writes nothing.

A tile holds up to 256 hashes of one level; a bundle holds the entries under a tile of level 0. What a checkpoint
promises and is not there, or is not of its form, raises DamagedVault with its key.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from holdfast.records.errors import DamagedVault, MissingKey, TruncatedKey
from holdfast.records.vault import Damage
from holdfast.vault.log.merkle import HASH_BYTES, reduce_complete
from holdfast.vault.storage.seam import Storage

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
ENTRY_BYTES_MAX: Final = 0xFFFF
BUNDLE_BYTES_MAX: Final = WIDTH * (2 + ENTRY_BYTES_MAX)
TILES_PREFIX: Final = "log/tile/"

_KEY = re.compile(r"log/tile/(entries|0|[1-9]\d?)/((?:x\d{3}/)*\d{3})(?:\.p/([1-9]\d{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile of `level`, or a bundle of entries when that is None: number `index` of it, `width` hashes or entries."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def key(self) -> str:
        """Where it is in the vault."""
        whole = f"{TILES_PREFIX}{'entries' if self.level is None else self.level}/{encode_index(self.index)}"
        return whole if self.width == WIDTH else f"{whole}.p/{self.width}"

    @property
    def partial_prefix(self) -> str:
        """The folder of its partial predecessors."""
        return f"{Tile(self.level, self.index).key}.p/"


@dataclass(frozen=True, slots=True)
class Bundle:
    """Entries with the offset of each (of its length) in their bundle. `fault` is the damage that ended reading."""

    entries: tuple[tuple[int, bytes], ...]
    fault: Damage | None = None


def encode_index(index: int) -> str:
    """A number in groups of three digits, all but the last marked by an x: 1234067 is `x001/x234/067`."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    return "/".join(reversed(groups))


def find_tile(key: str) -> Tile | None:
    """What a key names, None when it is no file of tiles."""
    match = _KEY.fullmatch(key)
    if match is None:
        return None
    level, index, width = match.groups()
    tile = Tile(
        None if level == "entries" else int(level),
        int(index.replace("x", "").replace("/", "")),
        int(width) if width else WIDTH,
    )
    return tile if tile.key == key else None


def tiles_of(level: int | None, size: int) -> Iterator[Tile]:
    """The tiles of a level, or bundles, that a tree of `size` leaves promises; the last may be partial."""
    count = size >> HEIGHT * (level or 0)
    for index in range(count // WIDTH):
        yield Tile(level, index)
    if count % WIDTH:
        yield Tile(level, count // WIDTH, count % WIDTH)


def levels_of(size: int) -> range:
    """The levels that have tiles in a tree of `size` leaves."""
    return range((max(size.bit_length(), 1) - 1) // HEIGHT + 1 if size else 0)


def width_in(tile: Tile, size: int) -> int:
    """How wide a tree of `size` leaves has this tile; 0 when it has none."""
    count = size >> HEIGHT * (tile.level or 0)
    return max(0, min(WIDTH, count - tile.index * WIDTH))


class TileReader:
    """Reads hashes of complete subtrees out of the tiles of a tree of `size` leaves; a HashReader of merkle."""

    def __init__(self, storage: Storage, size: int) -> None:
        self._storage = storage
        self._size = size
        self._tiles: dict[Tile, bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        tile_level, height = divmod(level, HEIGHT)
        first = index << height
        tile = Tile(tile_level, first // WIDTH)
        hashes = self.read_hashes(Tile(tile_level, tile.index, width_in(tile, self._size)))
        place = first % WIDTH
        return reduce_complete(hashes[place : place + (1 << height)])

    def read_hashes(self, tile: Tile) -> list[bytes]:
        """The hashes of a tile."""
        if tile not in self._tiles:
            self._tiles[tile] = read_tile(self._storage, tile)
        return split_hashes(self._tiles[tile])


def split_hashes(data: bytes) -> list[bytes]:
    """A tile's bytes as hashes."""
    return [data[place : place + HASH_BYTES] for place in range(0, len(data), HASH_BYTES)]


def read_tile(storage: Storage, tile: Tile) -> bytes:
    """The bytes of a tile of hashes."""
    length = tile.width * HASH_BYTES
    try:
        return storage.read(find_key(storage, tile), 0, length)
    except (MissingKey, TruncatedKey) as error:
        raise damaged(Damage(tile.key, 0, f"The tile is missing or shorter than {length} bytes.")) from error


def read_bundle(storage: Storage, tile: Tile) -> Bundle:
    """The first `width` entries of a bundle, as far as they can be read."""
    key = find_key(storage, tile)
    stored = storage.find(key)
    if stored is None:
        return Bundle((), Damage(tile.key, 0, "The bundle of entries is missing."))
    if stored.size > BUNDLE_BYTES_MAX:
        return Bundle((), Damage(key, BUNDLE_BYTES_MAX, "The bundle is longer than any can be."))
    try:
        data = storage.read(key, 0, stored.size)
    except (MissingKey, TruncatedKey):
        return Bundle((), Damage(key, 0, "The bundle became shorter while it was read."))
    return split_bundle(data, tile, key)


def split_bundle(data: bytes, tile: Tile, key: str) -> Bundle:
    """Cut a bundle at the lengths before its entries; under the tile's own key nothing may follow the last."""
    entries: list[tuple[int, bytes]] = []
    offset = 0
    for _ in range(tile.width):
        end = offset + 2 + int.from_bytes(data[offset : offset + 2], "big")
        if offset + 2 > len(data) or end > len(data):
            return Bundle(tuple(entries), Damage(key, offset, "The bundle ends inside this entry."))
        entries.append((offset, data[offset + 2 : end]))
        offset = end
    if key == tile.key and offset != len(data):
        return Bundle(tuple(entries), Damage(key, offset, f"{len(data) - offset} bytes follow the last entry."))
    return Bundle(tuple(entries))


def join_bundle(entries: list[bytes]) -> bytes:
    """The bytes of a bundle: every entry after its length in two bytes, the greater one first."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def damaged(damage: Damage) -> DamagedVault:
    """The error for damage in the log."""
    return DamagedVault(
        damage.what,
        where=f"{damage.key} at byte {damage.offset}",
        next_step="Bring the log's files back from a second copy; do not append until they fit again.",
    )


def find_key(storage: Storage, tile: Tile) -> str:
    """Where the bytes of a tile are: under its own key, else at the start of the full tile."""
    # A partial file may be gone once the full one is there, and begins as the full one does.
    if tile.width < WIDTH and storage.find(tile.key) is None and storage.find(Tile(tile.level, tile.index).key):
        return Tile(tile.level, tile.index).key
    return tile.key
