"""A range of a kept file: only the frames that it touches are read and decoded, and the same frames of their bases.

Every frame is checked as it is read. The digests of whole objects and of the file are not: that takes all their bytes.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from holdfast.records.errors import DamagedVault, StorageError, UsageError
from holdfast.records.vault import FileManifest, Segment, to_digest
from holdfast.vault.catalogue.objects import Located
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import FRAME_BYTES
from holdfast.vault.reading import load_again, load_frame, locate_with_bases, missing, plan_frame


def read_range(vault: Vault, manifest: FileManifest, offset: int, length: int) -> bytes:
    """Exactly these bytes of a kept file. Raises UsageError when they are not all inside the file, DamagedVault or
    StorageError when they cannot be had. Who reads often from one file uses a RangeReader."""
    return RangeReader(vault, manifest).read(offset, length)


class RangeReader:
    """Ranges of one file: where its segments begin is found out once."""

    def __init__(self, vault: Vault, manifest: FileManifest) -> None:
        self._vault = vault
        self._manifest = manifest
        self._ends = list(accumulate(segment.length for segment in manifest.segments))

    def read(self, offset: int, length: int) -> bytes:
        """Exactly these bytes. Raises as `read_range` does."""
        self._check(offset, length)
        if not length:
            return b""
        end = offset + length
        first, last = bisect_right(self._ends, offset), bisect_left(self._ends, end)
        segments = self._manifest.segments[first : last + 1]
        begin = self._ends[first] - segments[0].length
        return b"".join(_read_parts(self._vault, segments, offset - begin, end - begin))

    def _check(self, offset: int, length: int) -> None:
        size = self._ends[-1] if self._ends else 0
        if offset < 0 or length < 0 or offset + length > size:
            raise UsageError(
                f"{length} bytes from byte {offset} are not all in a file of {size} bytes",
                where=f"sha256 {self._manifest.sha256}",
                next_step=f"Ask for bytes between 0 and {size}.",
            )


def _read_parts(vault: Vault, segments: Sequence[Segment], begin: int, end: int) -> Iterator[bytes | memoryview]:
    """The bytes from `begin` to `end` of segments that lie one after the other."""
    found, bases = locate_with_bases(vault, [to_digest(one.object) for one in segments if one.object is not None])
    at = 0
    for segment in segments:
        low, high = max(begin - at, 0), min(end - at, segment.length)
        at += segment.length
        if segment.object is None:
            yield segment.inline[low:high]
            continue
        known = found.get(to_digest(segment.object))
        if known is None:
            raise missing(to_digest(segment.object), low // FRAME_BYTES)
        _check_size(known, segment)
        yield from _read_frames(vault, known, bases, low, high)


def _check_size(found: Located, segment: Segment) -> None:
    if found.size != segment.length:
        raise DamagedVault(
            f"an object of {found.size} bytes stands for {segment.length}",
            where=str(segment.object),
            next_step="Run `holdfast rebuild`.",
        )


def _read_frames(
    vault: Vault, found: Located, bases: dict[bytes, Located], low: int, high: int
) -> Iterator[memoryview]:
    """The bytes from `low` to `high` of an object."""
    for index in range(low // FRAME_BYTES, -(-high // FRAME_BYTES)):
        job, start = plan_frame(found, bases, index), index * FRAME_BYTES
        try:
            raw = load_frame(vault.storage, job)
        except (DamagedVault, StorageError) as error:
            raw = load_again(vault, job, error)
        yield raw[max(low - start, 0) : high - start]
