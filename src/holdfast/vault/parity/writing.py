"""Write the parity of a group. Its members are compared with their names first: damage must not be taken into it."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
from blake3 import blake3

from holdfast.records.errors import DamagedVault, NotVerified
from holdfast.vault.parity.checking import check_parity_file
from holdfast.vault.parity.field import Bytes, accumulate, build_coefficients
from holdfast.vault.parity.files import READ_BYTES, DigestOf, Files, name_pack_digest
from holdfast.vault.parity.group import COLUMNS_AT_ONCE, Group
from holdfast.vault.parity.index import (
    DIGEST_BYTES,
    TAIL_MAGIC,
    ParitySet,
    compute_id,
    digest_piece,
    encode_head,
    encode_index,
    locate_parity,
    name_keys,
)


def write_parity(
    group: Group,
    files: Files,
    staging: Path,
    digest_of: DigestOf = name_pack_digest,
    keys: tuple[str, ...] | None = None,
) -> ParitySet:
    """Compute parity of a group and put it. `staging` is a folder on the medium of the vault, or any other.

    Raises DamagedVault when a member is not what its name says, and then puts nothing.
    """
    group_id = compute_id(group)
    table = np.zeros((group.shares, group.pieces, DIGEST_BYTES), dtype=np.uint8)
    _digest_members(group, files, digest_of, table)
    names = name_keys(group_id, group) if keys is None else keys
    paths = [staging / f"{group_id[:16]}-{os.getpid()}-{number}.parity" for number in range(group.files)]
    try:
        _write_files(group, files, table, paths)
        for key, path in zip(names, paths, strict=True):
            files.put(key, path)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    held = ParitySet(group_id, group, table.tobytes(), names, frozenset(range(group.files)))
    for number in range(group.files):
        _read_back(held, files, number)
    return held


def _read_back(held: ParitySet, files: Files, number: int) -> None:
    files.forget(held.keys[number])
    for damage in check_parity_file(held, files, number):
        raise NotVerified(damage.what, where=damage.key, next_step="Check the medium, then run again.")


def _digest_members(group: Group, files: Files, digest_of: DigestOf, table: Bytes) -> None:
    shares = {(block.key, block.offset): share for share, block in enumerate(group.blocks)}
    for member in group.members:
        whole = blake3()
        for offset in range(0, member.size, group.block_bytes):
            share = shares[member.key, offset]
            for first, data in _read_block(group, files, share):
                whole.update(data)
                _digest_pieces(group, data, table[share, first:])
        found = files.find(member.key)
        if found is None or found.size != member.size or whole.hexdigest() != digest_of(member.key):
            raise _changed(member.key)


def _read_block(group: Group, files: Files, share: int) -> Iterator[tuple[int, bytes]]:
    """A block's bytes in runs of whole pieces, each with the number of its first piece."""
    block = group.blocks[share]
    step = max(1, READ_BYTES // group.piece_bytes) * group.piece_bytes
    for start in range(0, block.length, step):
        data = files.read(block.key, block.offset + start, min(step, block.length - start))
        yield start // group.piece_bytes, data


def _digest_pieces(group: Group, data: bytes, rows: Bytes) -> None:
    view = memoryview(data)
    for place, start in enumerate(range(0, len(data), group.piece_bytes)):
        rows[place] = np.frombuffer(digest_piece(view[start : start + group.piece_bytes]), dtype=np.uint8)


def _write_files(group: Group, files: Files, table: Bytes, paths: list[Path]) -> None:
    with contextlib.ExitStack() as stack:
        outs = [stack.enter_context(path.open("wb")) for path in paths]
        for start, parity in _compute_columns(group, files, table):
            _place_columns(group, start, parity, outs, table)
        index = encode_index(group, table.tobytes())
        for number, out in enumerate(outs):
            out.seek(0)
            out.write(encode_head(group, index, number) + index)
            out.seek(0, os.SEEK_END)
            out.write(index + encode_head(group, index, number, TAIL_MAGIC))
            out.flush()
            os.fsync(out.fileno())


def _compute_columns(group: Group, files: Files, table: Bytes) -> Iterator[tuple[int, Bytes]]:
    """Runs of columns of all parity blocks, each with the number of its first piece; valid until the next one."""
    coefficients = build_coefficients(len(group.blocks), group.parity_blocks)
    step = group.pieces_at_once(group.parity_blocks)
    width = min(step * group.piece_bytes, group.block_bytes)
    data = np.empty((COLUMNS_AT_ONCE, width), dtype=np.uint8)
    sums = np.empty((group.parity_blocks, width), dtype=np.uint8)
    for first in range(0, group.pieces, step):
        start = first * group.piece_bytes
        length = min(width, group.block_bytes - start)
        parity = sums[:, :length]
        parity.fill(0)
        for share in range(0, len(group.blocks), COLUMNS_AT_ONCE):
            count = min(COLUMNS_AT_ONCE, len(group.blocks) - share)
            for row in range(count):
                _fill(group, files, share + row, first, data[row, :length], table)
            accumulate(parity, coefficients[:, share : share + count], data[:count, :length])
        yield first, parity


def _fill(group: Group, files: Files, share: int, first: int, row: Bytes, table: Bytes) -> None:
    block = group.blocks[share]
    start = first * group.piece_bytes
    length = max(0, min(len(row), block.length - start))
    row[length:] = 0
    if not length:
        return
    data = files.read(block.key, block.offset + start, length)
    seen = np.zeros((-(-length // group.piece_bytes), DIGEST_BYTES), dtype=np.uint8)
    _digest_pieces(group, data, seen)
    if not np.array_equal(seen, table[share, first : first + len(seen)]):
        raise NotVerified(
            f"Bytes {block.offset + start} to {block.offset + start + length} were read differently the second time.",
            where=block.key,
            next_step="Check the medium, then run again.",
        )
    row[:length] = np.frombuffer(data, dtype=np.uint8)


def _place_columns(group: Group, first: int, parity: Bytes, outs: Sequence[BinaryIO], table: Bytes) -> None:
    for row in range(group.parity_blocks):
        share = len(group.blocks) + row
        number, offset = locate_parity(group, share)
        data = parity[row].tobytes()
        _digest_pieces(group, data, table[share, first:])
        outs[number].seek(offset + first * group.piece_bytes)
        outs[number].write(data)


def _changed(key: str) -> DamagedVault:
    return DamagedVault(
        "The file is not what its name says, so that no parity is made of it.",
        where=key,
        next_step="Run `holdfast verify`, then `holdfast repair`.",
    )
