"""The bytes of a parity file: head, index, blocks, index again, tail (docs/format.md, "Parity")."""

import re
import struct
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from holdfast.records.errors import DamagedVault, NewerVault
from holdfast.vault.parity.field import SHARES_MAX
from holdfast.vault.parity.group import Group
from holdfast.vault.storage.seam import Stored

VERSION: Final = 1
HEAD_MAGIC: Final = b"HOLDPARI"
TAIL_MAGIC: Final = b"HOLDPARE"
DIGEST_BYTES: Final = 16

_HEAD: Final = struct.Struct("<8sHHIQ8x32s")
_PLAN: Final = struct.Struct("<HHHHQI")
_MEMBER: Final = struct.Struct("<QH")
HEAD_BYTES: Final = _HEAD.size


@dataclass(frozen=True, slots=True)
class ParitySet:
    """A group and the digests of all its pieces. `keys` are the keys of its parity files, whether there or not;
    `held` the numbers of those that were seen.

    `digests` has 16 bytes for every piece of every share, share by share; zeros where a piece is padding only.
    """

    id: str
    group: Group
    digests: bytes
    keys: tuple[str, ...]
    held: frozenset[int]

    @property
    def complete(self) -> bool:
        """Every parity file was seen; its bytes may still be damaged."""
        return len(self.held) == self.group.files

    def digest(self, share: int, piece: int) -> bytes:
        """The first 16 bytes of the BLAKE3 of a piece."""
        start = (share * self.group.pieces + piece) * DIGEST_BYTES
        return self.digests[start : start + DIGEST_BYTES]


def digest_piece(data: bytes | memoryview) -> bytes:
    """What the index holds for a piece."""
    return blake3(data).digest(DIGEST_BYTES)


@dataclass(frozen=True, slots=True)
class Head:
    """What stands at the start and at the end of a parity file."""

    number: int
    index_bytes: int
    block_bytes: int
    digest: bytes


def compute_id(group: Group) -> str:
    """BLAKE3 of the list of members and how they are cut, as 64 hexadecimal digits."""
    return blake3(_encode_plan(group)).hexdigest()


def compute_index_bytes(group: Group) -> int:
    """How long the index of a group is."""
    return len(_encode_plan(group)) + group.shares * group.pieces * DIGEST_BYTES


def name_keys(group_id: str, group: Group) -> tuple[str, ...]:
    """The keys of a vault's parity files for a group."""
    return tuple(f"parity/{group_id}/{number}.parity" for number in range(group.files))


def encode_index(group: Group, digests: bytes) -> bytes:
    """The index: the plan, then a digest for every piece."""
    return _encode_plan(group) + digests


def decode_index(data: bytes, where: str) -> tuple[Group, bytes]:
    """The group and the digests of its pieces; raises DamagedVault when the bytes contradict themselves."""
    try:
        group, start = _decode_plan(data)
        expected = group.shares * group.pieces * DIGEST_BYTES
    except (struct.error, UnicodeDecodeError, ValueError) as error:
        raise _contradiction(where, str(error)) from error
    if len(data) - start != expected:
        raise _contradiction(where, f"{len(data) - start} bytes of digests for {expected}")
    return group, data[start:]


def encode_head(group: Group, index: bytes, number: int, magic: bytes = HEAD_MAGIC) -> bytes:
    """The 64 bytes before the first index, or with TAIL_MAGIC after the second."""
    length = count_file_blocks(group, number) * group.block_bytes
    return _HEAD.pack(magic, VERSION, number, len(index), length, blake3(index).digest())


def decode_head(data: bytes, where: str, magic: bytes = HEAD_MAGIC) -> Head | None:
    """What a head says, None when these 64 bytes are no head; raises NewerVault for a later version."""
    if len(data) != HEAD_BYTES:
        return None
    found, version, number, index_bytes, block_bytes, digest = _HEAD.unpack(data)
    if found != magic:
        return None
    if version > VERSION:
        raise NewerVault(f"Parity of version {version}.", where=where, next_step="Use a newer holdfast.")
    return Head(number, index_bytes, block_bytes, digest)


def count_file_blocks(group: Group, number: int) -> int:
    """How many parity blocks a parity file holds."""
    return min(group.blocks_per_file, group.parity_blocks - number * group.blocks_per_file)


def compute_file_bytes(group: Group, number: int) -> int:
    """How long a parity file is."""
    index_bytes = compute_index_bytes(group)
    return 2 * (HEAD_BYTES + index_bytes) + count_file_blocks(group, number) * group.block_bytes


def locate_parity(group: Group, share: int) -> tuple[int, int]:
    """The number of the parity file that holds a parity block, and the block's offset in it."""
    number, place = divmod(share - len(group.blocks), group.blocks_per_file)
    return number, HEAD_BYTES + compute_index_bytes(group) + place * group.block_bytes


def _encode_plan(group: Group) -> bytes:
    counts = (len(group.members), len(group.blocks), group.parity_blocks, group.blocks_per_file)
    parts = [_PLAN.pack(*counts, group.block_bytes, group.piece_bytes)]
    for member in group.members:
        key = member.key.encode()
        parts.append(_MEMBER.pack(member.size, len(key)) + key)
    return b"".join(parts)


def _decode_plan(data: bytes) -> tuple[Group, int]:
    count, blocks, parity_blocks, blocks_per_file, block_bytes, piece_bytes = _PLAN.unpack_from(data)
    if not (0 < piece_bytes <= block_bytes and blocks_per_file > 0 and parity_blocks > 0):
        raise ValueError("a length is nought")
    start, members = _PLAN.size, list[Stored]()
    for _ in range(count):
        size, length = _MEMBER.unpack_from(data, start)
        start += _MEMBER.size + length
        members.append(Stored(data[start - length : start].decode(), size))
    if len({member.key for member in members}) != count:
        raise ValueError("a file stands twice in it")
    # Counted before the blocks are listed: a lying size would list without end.
    needed = sum(-(-member.size // block_bytes) for member in members)
    if needed != blocks or blocks + parity_blocks > SHARES_MAX:
        raise ValueError(f"{needed} data blocks and {parity_blocks} parity blocks")
    return Group(tuple(members), block_bytes, piece_bytes, parity_blocks, blocks_per_file), start


def _contradiction(where: str, detail: str) -> DamagedVault:
    return DamagedVault(
        f"The index of parity contradicts itself: {re.sub(r'[^ -~]', '?', detail)}.",
        where=where,
        next_step="Delete it and write parity again.",
    )
