"""A kept file on its way out, piece by piece: each frame is read from the medium, compared with its check and decoded.

A frame that fails is looked for elsewhere; nothing that was not compared is ever given out, but for packs that the
caller trusts. Of a plain frame no copy is made: it is read into one buffer, and given out of it.
"""

import contextlib
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from holdfast.records.errors import DamagedVault, StorageError
from holdfast.records.vault import FileManifest, Segment, to_digest
from holdfast.vault.catalogue.objects import Located
from holdfast.vault.catalogue.serving import find_verified_packs
from holdfast.vault.codecs.choosing import NEEDS_BASE, Codec
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import FRAME_BYTES, HEAD_BYTES, NO_BASE, check_frame
from holdfast.vault.reading import FrameJob, FramePlace, load_again, load_frame, locate_with_bases, missing
from holdfast.vault.storage.local import LocalStorage

_SEGMENTS: Final = 256  # looked up at once
_BUFFER_BYTES: Final = HEAD_BYTES + FRAME_BYTES


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of an open file that may be sent as they lie there; the descriptor is open until the next is asked for."""

    descriptor: int
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `low` to `high` of a frame, or the bytes themselves."""

    frame: FrameJob | bytes
    low: int
    high: int
    is_trusted: bool = False


class Layout:
    """A file's manifest, and where its segments begin."""

    def __init__(self, manifest: FileManifest) -> None:
        self.manifest = manifest
        self._ends = list(accumulate(segment.length for segment in manifest.segments))

    def find(self, begin: int, end: int) -> tuple[int, Sequence[Segment]]:
        """The segments that bytes `begin` to `end` lie in, and where the first of them begins."""
        if begin >= end:
            return begin, ()
        first, last = bisect_right(self._ends, begin), bisect_left(self._ends, end)
        segments = self.manifest.segments[first : last + 1]
        return self._ends[first] - segments[0].length, segments


def plan_parts(vault: Vault, layout: Layout, begin: int, end: int, trusted_since: int | None) -> Iterator[Part]:
    """The parts that make bytes `begin` to `end`, looked up some hundred segments at a time. Raises DamagedVault where
    the catalogue knows no place for one. Packs verified since `trusted_since` are trusted."""
    at, segments = layout.find(begin, end)
    for number in range(0, len(segments), _SEGMENTS):
        some = segments[number : number + _SEGMENTS]
        found, bases = locate_with_bases(vault, [to_digest(one.object) for one in some if one.object is not None])
        trusted = _find_trusted(vault, found, trusted_since)
        for segment in some:
            low, high = max(begin - at, 0), min(end - at, segment.length)
            at += segment.length
            if segment.object is None:
                yield Part(segment.inline, low, high)
            elif high > low:
                yield from _plan_object(segment, found, bases, low, high, trusted)


def _find_trusted(vault: Vault, found: dict[bytes, Located], since: int | None) -> frozenset[str]:
    if since is None:
        return frozenset()
    return find_verified_packs(vault.database, {place.pack for one in found.values() for place in one.places}, since)


def _plan_object(
    segment: Segment,
    found: dict[bytes, Located],
    bases: dict[bytes, Located],
    low: int,
    high: int,
    trusted: frozenset[str],
) -> Iterator[Part]:
    digest = to_digest(segment.object) if segment.object is not None else b""
    known = found.get(digest)
    if known is None or not known.is_whole:
        raise missing(digest, low // FRAME_BYTES)
    if known.size != segment.length:
        raise DamagedVault(
            f"an object of {known.size} bytes stands for {segment.length}",
            where=str(segment.object),
            next_step="Run `holdfast rebuild`.",
        )
    frames = Frames(known, bases)
    for index in range(low // FRAME_BYTES, -(-high // FRAME_BYTES)):
        start = index * FRAME_BYTES
        job = frames.plan(index)
        plain = job.places[0].codec == Codec.RAW and job.places[0].key in trusted
        yield Part(job, max(low - start, 0), min(high - start, FRAME_BYTES), plain)


class Frames:
    """The frames of one object, wherever one begins to ask: where each lies is added up once."""

    def __init__(self, found: Located, bases: dict[bytes, Located]) -> None:
        self._found = found
        self._places = [_Offsets(found, number) for number in range(len(found.places))]
        names = {place.base for place in found.places if place.base != NO_BASE}
        self._bases = {name: Frames(bases[name], {}) for name in names if name in bases}

    def plan(self, index: int) -> FrameJob:
        """The job of one frame."""
        places = self._find(index)
        names = dict.fromkeys(place.base for place in places if place.codec in NEEDS_BASE)
        base_places = tuple(place for name in names if name in self._bases for place in self._bases[name]._find(index))
        raw_bytes = min(FRAME_BYTES, self._found.size - index * FRAME_BYTES)
        return FrameJob(self._found.digest, index, raw_bytes, places, base_places)

    def _find(self, index: int) -> tuple[FramePlace, ...]:
        return tuple(place for offsets in self._places if (place := offsets.find(index)) is not None)


class _Offsets:
    """Where the frames of one run stand."""

    def __init__(self, found: Located, number: int) -> None:
        self._place = found.places[number]
        sizes = (HEAD_BYTES + size for _, size in self._place.frames)
        self._begins = list(accumulate(sizes, initial=self._place.offset))

    def find(self, index: int) -> FramePlace | None:
        at = index - self._place.first
        if not 0 <= at < len(self._place.frames):
            return None
        codec, size = self._place.frames[at]
        return FramePlace(self._place.key, self._begins[at], size, codec, self._place.base)


class Loader:
    """Loads parts one after the other, for one thread at a time; each is good until the next is asked for."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._root = vault.storage.root if isinstance(vault.storage, LocalStorage) else None
        self._buffer: memoryview | None = None
        self._key: str = ""
        self._descriptor = -1

    def load(self, part: Part) -> memoryview | Stretch:
        """The bytes of a part. Raises DamagedVault or StorageError when they cannot be had as they were kept."""
        if isinstance(part.frame, bytes):
            return memoryview(part.frame)[part.low : part.high]
        if part.is_trusted and (stretch := self._find_stretch(part, part.frame)) is not None:
            return stretch
        return self._load_frame(part.frame)[part.low : part.high]

    def close(self) -> None:
        """Let go of the file that is open."""
        descriptor, self._key, self._descriptor = self._descriptor, "", -1
        if descriptor >= 0:
            os.close(descriptor)

    def _find_stretch(self, part: Part, job: FrameJob) -> Stretch | None:
        place = job.places[0]
        with contextlib.suppress(OSError, StorageError):
            if self._open(place.key):
                return Stretch(self._descriptor, place.offset + HEAD_BYTES + part.low, part.high - part.low)
        return None

    def _load_frame(self, job: FrameJob) -> memoryview:
        with contextlib.suppress(
            OSError, DamagedVault, StorageError
        ):  # what follows looks everywhere, and tells why not
            if job.places and job.places[0].codec == Codec.RAW and self._open(job.places[0].key):
                return self._read_plain(job, job.places[0])
        self.close()  # the pack may have been written anew
        try:
            return load_frame(self._vault.storage, job)
        except (DamagedVault, StorageError) as error:
            return load_again(self._vault, job, error)

    def _open(self, key: str) -> bool:
        """Open a pack, unless it is; False where packs are no files."""
        if self._root is None or key == self._key:
            return self._root is not None
        self.close()
        if self._vault.storage.find(key) is None:  # it also refuses links on the way
            return False
        self._descriptor = os.open(self._root / key, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._key = key
        return True

    def _read_plain(self, job: FrameJob, place: FramePlace) -> memoryview:
        if self._buffer is None:
            self._buffer = memoryview(bytearray(_BUFFER_BYTES))
        wanted = self._buffer[: HEAD_BYTES + place.payload_bytes]
        done = 0
        while done < len(wanted):
            count = os.preadv(self._descriptor, [wanted[done:]], place.offset + done)
            if not count:
                break
            done += count
        head, payload = check_frame(wanted[:done], place.key)
        right = (job.digest, job.index, job.raw_bytes, Codec.RAW)
        if (head.digest, head.index, head.raw_bytes, head.codec) != right or len(payload) != job.raw_bytes:
            raise DamagedVault("another frame lies where this one should", where=place.key, next_step="")
        return payload
