"""Digest the members of a group as they are read: a first time against their names, a second time against the first."""

from pathlib import PurePosixPath

import numpy as np
from blake3 import blake3

from holdfast.records.errors import DamagedVault, NotVerified
from holdfast.vault.parity.field import Bytes
from holdfast.vault.parity.files import READ_BYTES, DigestOf, Files
from holdfast.vault.parity.group import Group
from holdfast.vault.parity.index import DIGEST_BYTES, digest_piece


class FirstReading:
    """Takes all blocks in order, whole, in one or several parts; fills the table of digests of pieces.

    Raises DamagedVault at the end of a member that is not what its name says.
    """

    def __init__(self, group: Group, files: Files, digest_of: DigestOf, table: Bytes) -> None:
        self._group = group
        self._files = files
        self._digest_of = digest_of
        self._table = table
        self._sizes = {member.key: member.size for member in group.members}
        self._whole = blake3()

    def take(self, share: int, first: int, data: bytes) -> None:
        """The bytes of a block from its piece `first` on."""
        block = self._group.blocks[share]
        self._whole.update(data)
        digest_pieces(self._group, data, self._table[share, first:])
        if block.offset + first * self._group.piece_bytes + len(data) == self._sizes[block.key]:
            self._finish(block.key)

    def _finish(self, key: str) -> None:
        digest, self._whole = self._whole.hexdigest(), blake3()
        found = self._files.find(key)
        if found is None or found.size != self._sizes[key] or digest != self._digest_of(key):
            raise DamagedVault(
                f"{PurePosixPath(key).name} is not what its name says, so that no parity is made of it.",
                where=key,
                next_step="Run `holdfast verify`, then `holdfast repair`.",
            )


class SecondReading:
    """Compares what is read with a table that the first reading filled."""

    def __init__(self, group: Group, table: Bytes) -> None:
        self._group = group
        self._table = table

    def take(self, share: int, first: int, data: bytes) -> None:
        """The bytes of a block from its piece `first` on; raises NotVerified when they differ."""
        seen = np.zeros((-(-len(data) // self._group.piece_bytes), DIGEST_BYTES), dtype=np.uint8)
        digest_pieces(self._group, data, seen)
        if not np.array_equal(seen, self._table[share, first : first + len(seen)]):
            block = self._group.blocks[share]
            start = block.offset + first * self._group.piece_bytes
            raise NotVerified(
                f"Bytes {start} to {start + len(data)} were read differently the second time.",
                where=block.key,
                next_step="Check the medium, then run again.",
            )


def read_members(group: Group, files: Files, reading: FirstReading) -> None:
    """Show all members to a reading, in order."""
    step = max(1, READ_BYTES // group.piece_bytes) * group.piece_bytes
    for share, block in enumerate(group.blocks):
        for start in range(0, block.length, step):
            data = files.read(block.key, block.offset + start, min(step, block.length - start))
            reading.take(share, start // group.piece_bytes, data)


def digest_pieces(group: Group, data: bytes, rows: Bytes) -> None:
    """Put the digests of these pieces, the last one perhaps short, into the rows of a table."""
    view = memoryview(data)
    for place, start in enumerate(range(0, len(data), group.piece_bytes)):
        rows[place] = np.frombuffer(digest_piece(view[start : start + group.piece_bytes]), dtype=np.uint8)
