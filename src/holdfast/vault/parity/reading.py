"""Find parity sets on a medium. Any one index that is whole, of the two in each file, is enough to know a set."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from blake3 import blake3

from holdfast.records.errors import DamagedVault
from holdfast.records.vault import Damage
from holdfast.vault.parity.files import Files, read_if_possible
from holdfast.vault.parity.group import Group
from holdfast.vault.parity.index import (
    HEAD_BYTES,
    HEAD_MAGIC,
    TAIL_MAGIC,
    ParitySet,
    compute_file_bytes,
    compute_id,
    decode_head,
    decode_index,
    encode_head,
    encode_index,
    name_keys,
)
from holdfast.vault.storage.seam import Storage, Stored

PREFIX: Final = "parity/"


@dataclass(frozen=True, slots=True)
class Listing:
    """The sets that were found, and the files under `parity/` from which none can be read."""

    sets: tuple[ParitySet, ...]
    damage: tuple[Damage, ...]


def read_sets(storage: Storage) -> Listing:
    """Every parity set of a vault."""
    sets, damage = list[ParitySet](), list[Damage]()
    for group_id, stored in groupby(storage.iterate(PREFIX), key=lambda found: found.key.split("/")[1]):
        found = list(stored)
        held = _read_set(group_id, found, storage)
        if held is None:
            damage += [Damage(value.key, 0, "No index of this parity set can be read.") for value in found]
        else:
            sets.append(held)
    return Listing(tuple(sets), tuple(damage))


def find_index(files: Files, found: Sequence[Stored]) -> tuple[Group, bytes] | None:
    """The group and digests from the first whole index in these parity files, None when there is none."""
    for value in found:
        for index in _iterate_indexes(files, value):
            try:
                return decode_index(index, value.key)
            except DamagedVault:
                continue
    return None


def check_structure(held: ParitySet, files: Files, number: int) -> list[Damage]:
    """What is wrong with a parity file apart from its blocks: its size, and either head and index."""
    key = held.keys[number]
    stored = files.find(key)
    if stored is None:
        return [Damage(key, 0, "The parity file is missing.")]
    expected = compute_file_bytes(held.group, number)
    if stored.size != expected:
        return [Damage(key, min(stored.size, expected), f"The parity file has {stored.size} bytes for {expected}.")]
    return [
        Damage(key, offset, f"The {name} of the parity file is damaged.")
        for name, offset, wanted in _list_frames(held, number)
        if read_if_possible(files, key, offset, len(wanted)) != wanted
    ]


def _list_frames(held: ParitySet, number: int) -> Iterator[tuple[str, int, bytes]]:
    index = encode_index(held.group, held.digests)
    yield "first index", 0, encode_head(held.group, index, number) + index
    tail = index + encode_head(held.group, index, number, TAIL_MAGIC)
    yield "second index", compute_file_bytes(held.group, number) - len(tail), tail


def _read_set(group_id: str, found: Sequence[Stored], files: Files) -> ParitySet | None:
    known = find_index(files, found)
    if known is None or compute_id(known[0]) != group_id:
        return None
    group, digests = known
    keys = name_keys(group_id, group)
    seen = {value.key for value in found}
    return ParitySet(group_id, group, digests, keys, frozenset(n for n, key in enumerate(keys) if key in seen))


def _iterate_indexes(files: Files, value: Stored) -> Iterator[bytes]:
    """Indexes of a parity file whose digest is right: the first, then the second."""
    if value.size < 2 * HEAD_BYTES:
        return
    for magic, offset in ((HEAD_MAGIC, 0), (TAIL_MAGIC, value.size - HEAD_BYTES)):
        data = read_if_possible(files, value.key, offset, HEAD_BYTES)
        head = None if data is None else decode_head(data, value.key, magic)
        if head is None or head.index_bytes > value.size - HEAD_BYTES:
            continue
        start = HEAD_BYTES if magic == HEAD_MAGIC else offset - head.index_bytes
        index = read_if_possible(files, value.key, start, head.index_bytes)
        if index is not None and blake3(index).digest() == head.digest:
            yield index
