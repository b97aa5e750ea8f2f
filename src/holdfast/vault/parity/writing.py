"""Write the parity of a group. Its members are compared with their names first: damage must not be taken into it."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from holdfast.records.errors import NotVerified
from holdfast.vault.parity.checking import check_parity_file
from holdfast.vault.parity.field import Bytes, accumulate, build_coefficients
from holdfast.vault.parity.files import DigestOf, Files, name_pack_digest
from holdfast.vault.parity.group import COLUMNS_AT_ONCE, Group
from holdfast.vault.parity.index import (
    DIGEST_BYTES,
    TAIL_MAGIC,
    ParitySet,
    compute_id,
    encode_head,
    encode_index,
    locate_parity,
    name_keys,
)
from holdfast.vault.parity.members import FirstReading, SecondReading, digest_pieces, read_members


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
    names = name_keys(group_id, group) if keys is None else keys
    paths = [staging / f"{group_id[:16]}-{os.getpid()}-{number}.parity" for number in range(group.files)]
    try:
        columns = _Columns(group, files, _begin(group, files, digest_of, table))
        _write_files(columns, table, paths)
        for key, path in zip(names, paths, strict=True):
            files.put(key, path)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)
    held = ParitySet(group_id, group, table.tobytes(), names, frozenset(range(group.files)))
    for number in range(group.files):
        _read_back(held, files, number)
    return held


@dataclass(frozen=True, slots=True)
class _Columns:
    group: Group
    files: Files
    reading: FirstReading | SecondReading


def _begin(group: Group, files: Files, digest_of: DigestOf, table: Bytes) -> FirstReading | SecondReading:
    """Where all columns are worked on at once, blocks are read whole and in order, and once is enough."""
    reading = FirstReading(group, files, digest_of, table)
    if group.pieces <= group.pieces_at_once(group.parity_blocks):
        return reading
    read_members(group, files, reading)
    return SecondReading(group, table)


def _read_back(held: ParitySet, files: Files, number: int) -> None:
    files.forget(held.keys[number])
    for damage in check_parity_file(held, files, number):
        raise NotVerified(damage.what, where=damage.key, next_step="Check the medium, then run again.")


def _write_files(columns: _Columns, table: Bytes, paths: list[Path]) -> None:
    group = columns.group
    with contextlib.ExitStack() as stack:
        outs = [stack.enter_context(path.open("wb")) for path in paths]
        for start, parity in _compute(columns):
            _place_columns(group, start, parity, outs, table)
        index = encode_index(group, table.tobytes())
        for number, out in enumerate(outs):
            out.seek(0)
            out.write(encode_head(group, index, number) + index)
            out.seek(0, os.SEEK_END)
            out.write(index + encode_head(group, index, number, TAIL_MAGIC))
            out.flush()
            os.fsync(out.fileno())


def _compute(columns: _Columns) -> Iterator[tuple[int, Bytes]]:
    """Runs of columns of all parity blocks, each with the number of its first piece; valid until the next one."""
    group = columns.group
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
                _fill(columns, share + row, first, data[row, :length])
            accumulate(parity, coefficients[:, share : share + count], data[:count, :length])
        yield first, parity


def _fill(columns: _Columns, share: int, first: int, row: Bytes) -> None:
    block = columns.group.blocks[share]
    start = first * columns.group.piece_bytes
    length = max(0, min(len(row), block.length - start))
    row[length:] = 0
    if length:
        data = columns.files.read(block.key, block.offset + start, length)
        columns.reading.take(share, first, data)
        row[:length] = np.frombuffer(data, dtype=np.uint8)


def _place_columns(group: Group, first: int, parity: Bytes, outs: Sequence[BinaryIO], table: Bytes) -> None:
    for row in range(group.parity_blocks):
        share = len(group.blocks) + row
        number, offset = locate_parity(group, share)
        data = parity[row].tobytes()
        digest_pieces(group, data, table[share, first:])
        outs[number].seek(offset + first * group.piece_bytes)
        outs[number].write(data)
