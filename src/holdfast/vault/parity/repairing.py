"""Repair a set from its parity. A member is put only when it matches its name; what is beyond repair is left alone."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from blake3 import blake3

from holdfast.records.errors import NotVerified
from holdfast.vault.parity.checking import Health, check_set, list_bad_ranges
from holdfast.vault.parity.decoding import Flags, locate_rebuilt, rebuild_pieces
from holdfast.vault.parity.files import DigestOf, Files, name_pack_digest, read_if_possible
from holdfast.vault.parity.index import ParitySet
from holdfast.vault.parity.writing import write_parity
from holdfast.vault.storage.seam import Stored


@dataclass(frozen=True, slots=True)
class Lost:
    """Bytes of a member that parity cannot give back."""

    key: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class RepairReport:
    """Members and parity files that were put anew, and what is lost of the members."""

    repaired: tuple[str, ...]
    lost: tuple[Lost, ...]

    @property
    def whole(self) -> bool:
        """Every member is as it was written."""
        return not self.lost


@dataclass(frozen=True, slots=True)
class _Work:
    held: ParitySet
    files: Files
    health: Health
    rebuilt: Flags
    staging: Path
    digest_of: DigestOf

    @property
    def scratch(self) -> Path:
        """The rebuilt pieces, until they are in their members."""
        return self.staging / f"{self.held.id[:16]}-{os.getpid()}.blocks"


def repair(held: ParitySet, files: Files, staging: Path, digest_of: DigestOf = name_pack_digest) -> RepairReport:
    """Check a set, rebuild the members that its parity allows, and then the parity itself."""
    health = check_set(held, files)
    work = _Work(held, files, health, np.zeros_like(health.bad), staging, digest_of)
    try:
        with work.scratch.open("wb") as out:
            work.rebuilt[:] = rebuild_pieces(held, files, health.bad, out)
        repaired = tuple(member.key for member in _list_repairable(work) if _repair_member(work, member))
    finally:
        work.scratch.unlink(missing_ok=True)
    lost = tuple(_list_lost(work, repaired))
    if health.damaged_parity and not lost:
        _write_parity_anew(work)
        repaired += tuple(held.keys[number] for number in sorted(health.damaged_parity))
    return RepairReport(repaired, lost)


def _list_repairable(work: _Work) -> Iterator[Stored]:
    """Damaged members of which every piece is either good or rebuilt."""
    still_bad = work.health.bad & ~work.rebuilt
    for member in work.held.group.members:
        if member.key in work.health.damaged and not any(
            still_bad[share].any() for share in _list_shares(work, member)
        ):
            yield member


def _list_shares(work: _Work, member: Stored) -> list[int]:
    return [share for share, block in enumerate(work.held.group.blocks) if block.key == member.key]


def _repair_member(work: _Work, member: Stored) -> bool:
    """Put a member anew; False, and nothing put, when its bytes do not match its name after all."""
    path = work.staging / f"{work.held.id[:16]}-{os.getpid()}.member"
    try:
        if _assemble(work, member, path) != work.digest_of(member.key):
            return False
        work.files.put(member.key, path)
    finally:
        path.unlink(missing_ok=True)
    return True


def _assemble(work: _Work, member: Stored, path: Path) -> str:
    whole = blake3()
    with path.open("wb") as out, work.scratch.open("rb") as scratch:
        for share in _list_shares(work, member):
            for piece in range(work.held.group.pieces):
                data = _read_piece(work, share, piece, scratch)
                whole.update(data)
                out.write(data)
        out.flush()
        os.fsync(out.fileno())
    return whole.hexdigest()


def _read_piece(work: _Work, share: int, piece: int, scratch: BinaryIO) -> bytes:
    group = work.held.group
    length = group.piece_length(share, piece)
    if work.rebuilt[share, piece]:
        scratch.seek(locate_rebuilt(group, work.health.bad, share, piece))
        return scratch.read(length)
    block = group.blocks[share]
    # A piece that was good and cannot be read any more makes the digest of the whole wrong.
    return read_if_possible(work.files, block.key, block.offset + piece * group.piece_bytes, length) or b""


def _list_lost(work: _Work, repaired: tuple[str, ...]) -> Iterator[Lost]:
    group = work.held.group
    still_bad = work.health.bad & ~work.rebuilt
    for member in group.members:
        if member.key not in work.health.damaged or member.key in repaired:
            continue
        ranges = [
            Lost(member.key, group.blocks[share].offset + start, length)
            for share in _list_shares(work, member)
            for start, length in list_bad_ranges(group, share, still_bad[share])
        ]
        # Without a piece that is bad, the medium changed its mind between two reads: nothing of it can be trusted.
        yield from ranges or [Lost(member.key, 0, member.size)]


def _write_parity_anew(work: _Work) -> None:
    held = work.held
    written = write_parity(held.group, work.files, work.staging, work.digest_of, held.keys)
    if written.digests != held.digests:
        raise NotVerified(
            "Parity came out differently from how it was first written.",
            where=held.keys[0],
            next_step="Check this computer's memory, then run `holdfast verify`.",
        )
