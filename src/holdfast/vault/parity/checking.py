"""Compare every piece of a group and of its parity with the index. Reads all of it; changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holdfast.records.vault import Damage
from holdfast.vault.parity.files import READ_BYTES, Files, read_if_possible
from holdfast.vault.parity.group import Group
from holdfast.vault.parity.index import ParitySet, count_file_blocks, digest_piece, locate_parity
from holdfast.vault.parity.reading import check_structure
from holdfast.vault.storage.seam import Stored


@dataclass(frozen=True, slots=True)
class Health:
    """What is wrong with a set: `bad` pieces (shares × pieces), members and parity files that are not whole, and all of
    it in words."""

    bad: NDArray[np.bool_]
    damaged: frozenset[str]
    damaged_parity: frozenset[int]
    damage: tuple[Damage, ...]

    @property
    def whole(self) -> bool:
        """Nothing is wrong with the members nor with the parity."""
        return not self.damage


def check_set(held: ParitySet, files: Files) -> Health:
    """Read the members and the parity of a set, and say what is not as it was written."""
    bad = np.zeros((held.group.shares, held.group.pieces), dtype=np.bool_)
    damage = list[Damage]()
    for share in range(len(held.group.blocks)):
        damage += _check_share(held, files, share, bad[share])
    damaged = {block.key for share, block in enumerate(held.group.blocks) if bad[share].any()}
    for member in held.group.members:
        found = files.find(member.key)
        if found is None or found.size != member.size:
            damaged.add(member.key)
            damage.append(_name_wrong_size(member, found))
    parity = {number: _check_parity_file(held, files, number, bad) for number in range(held.group.files)}
    damage += [one for wrong in parity.values() for one in wrong]
    return Health(
        bad, frozenset(damaged), frozenset(number for number, wrong in parity.items() if wrong), tuple(damage)
    )


def check_parity_file(held: ParitySet, files: Files, number: int) -> list[Damage]:
    """Read a parity file, and say what is not as the set says."""
    return _check_parity_file(held, files, number, np.zeros((held.group.shares, held.group.pieces), dtype=np.bool_))


def locate_share(held: ParitySet, share: int) -> tuple[str, int]:
    """The key that holds a share, and where it starts there."""
    blocks = held.group.blocks
    if share < len(blocks):
        return blocks[share].key, blocks[share].offset
    number, offset = locate_parity(held.group, share)
    return held.keys[number], offset


def list_bad_ranges(group: Group, share: int, bad: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Runs of bad pieces of a share as (offset in the share, bytes)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], bad.astype(np.int8), [0]]))).tolist()
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        start = first * group.piece_bytes
        yield start, min(end * group.piece_bytes, group.share_length(share)) - start


def _check_parity_file(held: ParitySet, files: Files, number: int, bad: NDArray[np.bool_]) -> list[Damage]:
    damage = check_structure(held, files, number)
    first = len(held.group.blocks) + number * held.group.blocks_per_file
    for share in range(first, first + count_file_blocks(held.group, number)):
        damage += _check_share(held, files, share, bad[share])
    return damage


def _check_share(held: ParitySet, files: Files, share: int, bad: NDArray[np.bool_]) -> list[Damage]:
    """Mark a share's bad pieces, and name them."""
    key, offset = locate_share(held, share)
    size, length = held.group.piece_bytes, held.group.share_length(share)
    step = max(1, READ_BYTES // size)
    for first in range(0, -(-length // size), step):
        start = first * size
        wanted = min(step * size, length - start)
        data = read_if_possible(files, key, offset + start, wanted)
        for piece in range(first, first - (-wanted // size)):
            # A run that cannot be read is tried piece by piece: the fault may be in one of them.
            piece_start, piece_length = piece * size, held.group.piece_length(share, piece)
            found = (
                read_if_possible(files, key, offset + piece_start, piece_length)
                if data is None
                else memoryview(data)[piece_start - start :][:piece_length]
            )
            bad[piece] = found is None or digest_piece(found) != held.digest(share, piece)
    return list(_name_damage(held, share, bad))


def _name_wrong_size(member: Stored, found: Stored | None) -> Damage:
    if found is None:
        return Damage(member.key, 0, "The file is missing.")
    offset = min(member.size, found.size)
    return Damage(member.key, offset, f"The file has {found.size} bytes for {member.size}.")


def _name_damage(held: ParitySet, share: int, bad: NDArray[np.bool_]) -> Iterator[Damage]:
    key, offset = locate_share(held, share)
    for start, length in list_bad_ranges(held.group, share, bad):
        place = offset + start
        yield Damage(key, place, f"Bytes {place} to {place + length} are lost or not what was written.")
