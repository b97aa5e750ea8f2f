"""A group of files that one parity set stands for, cut into blocks and pieces. Numbers only, no input or output."""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from holdfast.records.errors import UsageError
from holdfast.vault.parity.field import SHARES_MAX
from holdfast.vault.storage.seam import Stored

DATA_BLOCKS_MAX: Final = 200
BLOCK_BYTES_MIN: Final = 16 << 10
PIECE_BYTES_MIN: Final = 128 << 10
PIECES_MAX: Final = 4096
COLUMN_BYTES_MAX: Final = 48 << 20  # what the blocks of one run of columns may take in memory
COLUMNS_AT_ONCE: Final = 8  # data blocks that are read before they are multiplied


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of a member: a data block of the code. The code sees it with zeros up to the group's `block_bytes`."""

    key: str
    offset: int
    length: int


@dataclass(frozen=True)
class Group:
    """Members in order, and how they are cut. A block never spans members; a piece is what one digest stands for.

    Every parity block has `block_bytes` bytes; a parity file holds `blocks_per_file` of them, the last one fewer.
    """

    members: tuple[Stored, ...]
    block_bytes: int
    piece_bytes: int
    parity_blocks: int
    blocks_per_file: int

    @functools.cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The data blocks in the order of the members."""
        return tuple(
            Block(member.key, offset, min(self.block_bytes, member.size - offset))
            for member in self.members
            for offset in range(0, member.size, self.block_bytes)
        )

    @property
    def shares(self) -> int:
        """Data and parity blocks together."""
        return len(self.blocks) + self.parity_blocks

    @property
    def pieces(self) -> int:
        """Pieces in a whole block; the last one may be shorter."""
        return math.ceil(self.block_bytes / self.piece_bytes)

    @property
    def files(self) -> int:
        """Parity files."""
        return math.ceil(self.parity_blocks / self.blocks_per_file)

    @property
    def size(self) -> int:
        """Bytes of all members."""
        return sum(member.size for member in self.members)

    def share_length(self, share: int) -> int:
        """Bytes of a share that are on the medium: a parity block is always whole."""
        return self.blocks[share].length if share < len(self.blocks) else self.block_bytes

    def piece_length(self, share: int, piece: int) -> int:
        """Bytes of a piece of a share on the medium, 0 when it is padding only."""
        return max(0, min(self.piece_bytes, self.share_length(share) - piece * self.piece_bytes))

    def pieces_at_once(self, rows: int) -> int:
        """How many pieces of a row may be worked on together when there are so many rows of results."""
        return max(1, COLUMN_BYTES_MAX // ((rows + COLUMNS_AT_ONCE) * self.piece_bytes))


def cut_group(members: Sequence[Stored], percent: float, parity_files: int) -> Group:
    """Cut these members, with `percent` % of parity in about so many files. Members without bytes have no blocks."""
    blocks_max = compute_blocks_max(percent)
    sizes = [member.size for member in members]
    block_bytes = _choose_block_bytes(sizes, blocks_max)
    blocks = _count_blocks(sizes, block_bytes)
    parity_blocks = _count_parity(blocks, percent)
    return Group(
        tuple(members),
        block_bytes,
        _choose_piece_bytes(block_bytes, parity_blocks),
        parity_blocks,
        max(1, math.ceil(parity_blocks / parity_files)),
    )


def compute_blocks_max(percent: float) -> int:
    """The most data blocks that leave room for `percent` % of parity among 255 shares."""
    count = DATA_BLOCKS_MAX
    while count + _count_parity(count, percent) > SHARES_MAX:
        count -= 1
    return count


def check_percent(percent: float) -> None:
    """Raises UsageError for what is no percentage of parity."""
    if not 0 < percent <= 100:
        raise UsageError(f"{percent} is no percentage of parity.", next_step="Give more than 0 and at most 100.")


def _count_parity(blocks: int, percent: float) -> int:
    return math.ceil(round(blocks * percent / 100, 9))


def _count_blocks(sizes: Sequence[int], block_bytes: int) -> int:
    return sum(math.ceil(size / block_bytes) for size in sizes)


def _choose_block_bytes(sizes: Sequence[int], blocks_max: int) -> int:
    low, high = 1, max([1, *(math.ceil(size / 64) for size in sizes)])
    while low < high:
        middle = (low + high) // 2
        if _count_blocks(sizes, middle * 64) <= blocks_max:
            high = middle
        else:
            low = middle + 1
    return max(1, min(max(low * 64, BLOCK_BYTES_MIN), max(sizes, default=1)))


def _choose_piece_bytes(block_bytes: int, parity_blocks: int) -> int:
    wanted = max(PIECE_BYTES_MIN, math.ceil(block_bytes / PIECES_MAX))
    bearable = COLUMN_BYTES_MAX // (parity_blocks + COLUMNS_AT_ONCE)
    return min(block_bytes, wanted, bearable)
