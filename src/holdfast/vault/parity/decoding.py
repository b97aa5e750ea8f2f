"""Rebuild pieces of data blocks from the others and from parity, column by column; each is compared with its digest."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from holdfast.vault.parity.checking import locate_share
from holdfast.vault.parity.field import Bytes, accumulate, build_coefficients, invert, multiply
from holdfast.vault.parity.files import Files, read_if_possible
from holdfast.vault.parity.group import COLUMNS_AT_ONCE, Group
from holdfast.vault.parity.index import ParitySet, digest_piece

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Run:
    """Pieces `first` up to `end` of all shares, where `lost` are bad and `parity` stands in for them."""

    first: int
    end: int
    lost: tuple[int, ...]
    parity: tuple[int, ...]


def rebuild_pieces(held: ParitySet, files: Files, bad: Flags, out: BinaryIO) -> Flags:
    """Write every data piece that parity gives back to `out`, at `locate_rebuilt`; which ones they are."""
    rebuilt = np.zeros_like(bad)
    for run in _iterate_runs(held.group, bad):
        shares, coefficients = _solve(held.group, run)
        step = held.group.pieces_at_once(len(run.lost))
        for first in range(run.first, run.end, step):
            part = _Run(first, min(first + step, run.end), run.lost, run.parity)
            pieces = _combine(held, files, part, shares, coefficients)
            if pieces is not None:
                _keep_verified(held, part, pieces, bad, rebuilt, out)
    return rebuilt


def locate_rebuilt(group: Group, bad: Flags, share: int, piece: int) -> int:
    """Where a rebuilt piece stands in the file of rebuilt pieces."""
    rank = int(bad[:share].any(axis=1).sum())
    return rank * group.block_bytes + piece * group.piece_bytes


def _iterate_runs(group: Group, bad: Flags) -> Iterator[_Run]:
    blocks = len(group.blocks)

    def pattern(piece: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        lost = tuple(np.flatnonzero(bad[:blocks, piece]).tolist())
        good = tuple((blocks + np.flatnonzero(~bad[blocks:, piece])).tolist())
        return lost, good[: len(lost)]

    for (lost, parity), pieces in groupby(range(group.pieces), key=pattern):
        numbers = list(pieces)
        if lost and len(parity) == len(lost):
            yield _Run(numbers[0], numbers[-1] + 1, lost, parity)


def _solve(group: Group, run: _Run) -> tuple[list[int], Bytes]:
    """Shares, and by what to multiply them so that their sum is the lost ones."""
    blocks = len(group.blocks)
    rows = build_coefficients(blocks, group.parity_blocks)[[share - blocks for share in run.parity]]
    good = [share for share in range(blocks) if share not in run.lost]
    inverse = invert(rows[:, run.lost])
    coefficients = np.concatenate([multiply(inverse, rows[:, good]), inverse], axis=1)
    return [*good, *run.parity], np.ascontiguousarray(coefficients)


def _combine(held: ParitySet, files: Files, run: _Run, shares: list[int], coefficients: Bytes) -> Bytes | None:
    group = held.group
    start = run.first * group.piece_bytes
    width = min(run.end * group.piece_bytes, group.block_bytes) - start
    pieces = np.zeros((len(run.lost), width), dtype=np.uint8)
    data = np.empty((COLUMNS_AT_ONCE, width), dtype=np.uint8)
    for first in range(0, len(shares), COLUMNS_AT_ONCE):
        part = shares[first : first + COLUMNS_AT_ONCE]
        for row, share in zip(data, part, strict=False):
            if not _read_row(held, files, share, start, row):
                return None
        accumulate(pieces, coefficients[:, first : first + len(part)], data[: len(part)])
    return pieces


def _read_row(held: ParitySet, files: Files, share: int, start: int, row: Bytes) -> bool:
    key, offset = locate_share(held, share)
    length = max(0, min(len(row), held.group.share_length(share) - start))
    row[length:] = 0
    found = read_if_possible(files, key, offset + start, length) if length else b""
    if found is None:
        return False
    row[:length] = np.frombuffer(found, dtype=np.uint8)
    return True


def _keep_verified(held: ParitySet, run: _Run, pieces: Bytes, bad: Flags, rebuilt: Flags, out: BinaryIO) -> None:
    size = held.group.piece_bytes
    for row, share in enumerate(run.lost):
        for piece in range(run.first, run.end):
            start = (piece - run.first) * size
            data = pieces[row, start : start + held.group.piece_length(share, piece)].tobytes()
            if digest_piece(data) == held.digest(share, piece):
                out.seek(locate_rebuilt(held.group, bad, share, piece))
                out.write(data)
                rebuilt[share, piece] = True
