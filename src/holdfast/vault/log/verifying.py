"""Recomputes a whole log from its entries up and finds what does not fit its checkpoint. Reads only.

Two trees are grown side by side, one from the entries and one from the tiles of level 0. The one whose root the
checkpoint promises is right, so a difference names the other's file and byte.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from holdfast.records.errors import DamagedVault, MissingKey, TruncatedKey
from holdfast.records.vault import Damage
from holdfast.records.vault_log import Checkpoint
from holdfast.vault.log.merkle import HASH_BYTES, Frontier, hash_leaf, reduce_complete
from holdfast.vault.log.tiles import (
    TILES_PREFIX,
    WIDTH,
    Tile,
    find_key,
    find_tile,
    levels_of,
    read_bundle,
    read_tile,
    split_hashes,
    tiles_of,
    width_in,
)
from holdfast.vault.storage.seam import Storage

DAMAGES_MAX = 1000
CHECKPOINT_KEY = "log/checkpoint"


@dataclass(slots=True)
class _Tree:
    """A tree grown from one source, and the roots of its full tiles of level 0. Not `whole` once a hash is missing."""

    whole: bool = True
    frontier: Frontier = field(default_factory=Frontier)
    tops: list[bytes] = field(default_factory=list[bytes])

    def add(self, hashes: list[bytes], width: int) -> None:
        if len(hashes) < width:
            self.whole = False
        if not self.whole:
            return
        for one in hashes:
            self.frontier.add(one)
        if width == WIDTH:
            self.tops.append(reduce_complete(hashes))

    def has_root(self, root: bytes) -> bool:
        return self.whole and self.frontier.root() == root


@dataclass(frozen=True, slots=True)
class _Mismatch:
    """An entry that does not hash to what its tile says."""

    entry: Damage
    tile: Damage


def find_damage(storage: Storage, checkpoint: Checkpoint) -> list[Damage]:
    """What of the log is not as the checkpoint promises, lowest level first; empty when all of it is."""
    from_entries, from_tiles = _Tree(), _Tree()
    damages: list[Damage] = []
    mismatches: list[_Mismatch] = []
    for tile in tiles_of(0, checkpoint.size):
        _survey(storage, tile, (from_entries, from_tiles), damages, mismatches)
    if from_entries.has_root(checkpoint.root):
        damages += [mismatch.tile for mismatch in mismatches]
        damages += _find_damage_above(storage, checkpoint.size, from_entries.tops)
    elif from_tiles.has_root(checkpoint.root):
        damages += [mismatch.entry for mismatch in mismatches]
        damages += _find_damage_above(storage, checkpoint.size, from_tiles.tops)
    else:
        damages += [mismatch.entry for mismatch in mismatches]
        damages = damages or [Damage(CHECKPOINT_KEY, 0, "It promises another history than the entries and tiles hold.")]
    damages = damages or list(_find_damaged_predecessors(storage, checkpoint.size))
    return sorted(set(damages), key=lambda damage: (damage.key, damage.offset))[:DAMAGES_MAX]


def find_beyond(storage: Storage, size: int) -> tuple[str, ...]:
    """The files of tiles that no checkpoint up to `size` promises."""
    return tuple(stored.key for stored in storage.iterate(TILES_PREFIX) if _is_beyond(find_tile(stored.key), size))


def _survey(
    storage: Storage, tile: Tile, trees: tuple[_Tree, _Tree], damages: list[Damage], mismatches: list[_Mismatch]
) -> None:
    from_entries, from_tiles = trees
    bundle = read_bundle(storage, Tile(None, tile.index, tile.width))
    leaves = [hash_leaf(entry) for _, entry in bundle.entries]
    hashes = _read_exactly(storage, tile, damages)
    found = [
        _Mismatch(
            Damage(Tile(None, tile.index, tile.width).key, bundle.entries[place][0], "The entry was altered."),
            Damage(tile.key, _first_difference(leaf, digest, place), "The hash was altered."),
        )
        for place, (leaf, digest) in enumerate(zip(leaves, hashes, strict=False))
        if leaf != digest
    ]
    if bundle.fault is not None and not found:
        damages.append(bundle.fault)
    if bundle.fault is not None:
        from_entries.whole = False
    mismatches += found[: DAMAGES_MAX - len(mismatches)]
    from_entries.add(leaves, tile.width)
    from_tiles.add(hashes, tile.width)


def _read_exactly(storage: Storage, tile: Tile, damages: list[Damage]) -> list[bytes]:
    """The hashes of a tile, none when it cannot be read; what is wrong with its length is added to `damages`."""
    try:
        data = read_tile(storage, tile)
    except DamagedVault as error:
        damages.append(Damage(tile.key, 0, error.what))
        return []
    stored = storage.find(tile.key)
    if stored is not None and stored.size != len(data):
        damages.append(Damage(tile.key, len(data), f"{stored.size - len(data)} bytes follow the last hash."))
    return split_hashes(data)


def _find_damage_above(storage: Storage, size: int, tops: list[bytes]) -> Iterator[Damage]:
    """Damage in the levels above 0, whose hashes are the roots of the full tiles below."""
    for level in levels_of(size)[1:]:
        above: list[bytes] = []
        for tile in tiles_of(level, size):
            expected = tops[tile.index * WIDTH :][: tile.width]
            yield from _compare(storage, tile, expected)
            if tile.width == WIDTH:
                above.append(reduce_complete(expected))
        tops = above


def _compare(storage: Storage, tile: Tile, expected: list[bytes]) -> Iterator[Damage]:
    damages: list[Damage] = []
    hashes = _read_exactly(storage, tile, damages)
    yield from damages
    for place, (digest, right) in enumerate(zip(hashes, expected, strict=False)):
        if digest != right:
            yield Damage(tile.key, _first_difference(digest, right, place), "The hash was altered.")


def _first_difference(one: bytes, other: bytes, place: int) -> int:
    """The offset in a tile of the first byte in which two unequal hashes at `place` differ."""
    within = next(byte for byte in range(HASH_BYTES) if one[byte] != other[byte])
    return place * HASH_BYTES + within


def _find_damaged_predecessors(storage: Storage, size: int) -> Iterator[Damage]:
    """Partial files of earlier checkpoints that do not begin as the file that follows them."""
    for stored in storage.iterate(TILES_PREFIX):
        tile = find_tile(stored.key)
        if tile is None:
            yield Damage(stored.key, 0, "No file of a log is called so.")
        elif tile.width < width_in(tile, size):
            yield from _compare_predecessor(storage, tile, width_in(tile, size))


def _compare_predecessor(storage: Storage, tile: Tile, width: int) -> Iterator[Damage]:
    later = _read_start(storage, Tile(tile.level, tile.index, width), tile.width)
    stored = storage.find(tile.key)
    if stored is None:  # a writer took it away meanwhile
        return
    try:
        data = storage.read(tile.key, 0, min(stored.size, len(later)))
    except (MissingKey, TruncatedKey):
        return
    offset = next((place for place, byte in enumerate(data) if byte != later[place]), len(data))
    if offset < len(later) or stored.size != len(later):
        yield Damage(tile.key, offset, "It does not begin as the file that followed it.")


def _read_start(storage: Storage, tile: Tile, width: int) -> bytes:
    """The bytes of the first `width` hashes or entries of a tile or bundle that was found whole."""
    if tile.level is not None:
        return read_tile(storage, tile)[: width * HASH_BYTES]
    offset, entry = read_bundle(storage, tile).entries[width - 1]
    end = offset + 2 + len(entry)
    return storage.read(find_key(storage, tile), 0, end)


def _is_beyond(tile: Tile | None, size: int) -> bool:
    return tile is not None and tile.width > width_in(tile, size)
