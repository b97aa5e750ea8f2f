"""A kept file on its way out, piece by piece: each frame is read from the medium, compared with its check and decoded.

A frame that fails is looked for elsewhere; nothing that was not compared is ever given out, but from packs that the
caller trusts. What several readers want at the same time is read and checked once.
"""

import contextlib
import os
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock
from typing import Final, TypeAlias

from holdfast.records.errors import DamagedVault, StorageError
from holdfast.records.vault import FileManifest, Segment, to_digest
from holdfast.vault.catalogue.objects import Located
from holdfast.vault.catalogue.serving import find_verified_packs
from holdfast.vault.codecs.choosing import NEEDS_BASE, Codec
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import FRAME_BYTES, HEAD_BYTES, NO_BASE, FrameHead, count_frames, encode_frame
from holdfast.vault.reading import FrameJob, FramePlace, load_again, load_frame, locate_with_bases, missing
from holdfast.vault.storage.local import LocalStorage

_SEGMENTS: Final = 256  # looked up at once
SHARED_BYTES: Final = 48 << 20
_Key: TypeAlias = tuple[bytes, int]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Bytes of an open file that may be sent as they lie there; the descriptor is open until the next is asked for."""

    descriptor: int
    offset: int
    length: int


@dataclass(slots=True)
class Part:
    """Bytes `low` to `high` of a frame, by its number, or of `inline` where there are no frames."""

    frames: "Frames | None"
    index: int
    low: int
    high: int
    inline: bytes = b""
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
                yield Part(None, 0, low, high, segment.inline)
            elif high > low:
                frames = Frames(_get_whole(segment, found, low), bases)
                yield from _plan_object(frames, low, high, trusted)


def _find_trusted(vault: Vault, found: dict[bytes, Located], since: int | None) -> frozenset[str]:
    if since is None:
        return frozenset()
    return find_verified_packs(vault.database, {place.pack for one in found.values() for place in one.places}, since)


def _get_whole(segment: Segment, found: dict[bytes, Located], low: int) -> Located:
    """Where the object of a segment lies. Raises DamagedVault unless all of it lies somewhere."""
    assert segment.object is not None
    digest = to_digest(segment.object)
    known = found.get(digest)
    if known is None or not known.is_whole:
        raise missing(digest, low // FRAME_BYTES)
    if known.size != segment.length:
        raise DamagedVault(
            f"an object of {known.size} bytes stands for {segment.length}",
            where=segment.object,
            next_step="Run `holdfast rebuild`.",
        )
    return known


def _plan_object(frames: "Frames", low: int, high: int, trusted: frozenset[str]) -> Iterator[Part]:
    for index in range(low // FRAME_BYTES, -(-high // FRAME_BYTES)):
        start = index * FRAME_BYTES
        plain = frames.find_plain(index) if trusted else None
        is_trusted = plain is not None and plain.key in trusted
        yield Part(frames, index, max(low - start, 0), min(high - start, FRAME_BYTES), is_trusted=is_trusted)


class Frames:
    """The frames of one object, wherever one begins to ask: where each lies is added up once."""

    def __init__(self, found: Located, bases: dict[bytes, Located]) -> None:
        self._found = found
        self._places = [_Offsets(found, number) for number in range(len(found.places))]
        names = {place.base for place in found.places if place.base != NO_BASE}
        self._bases = {name: Frames(bases[name], {}) for name in names if name in bases}

    def get_key(self, index: int) -> _Key:
        """What a frame is called, wherever it lies."""
        return self._found.digest, index

    def find_plain(self, index: int) -> FramePlace | None:
        """The place of a frame to read first, if the frame is stored there as it is."""
        place = next(self._find(index), None)
        return place if place is not None and place.codec == Codec.RAW else None

    def make_head(self, index: int, place: FramePlace) -> FrameHead:
        """What must stand before a frame that is stored as it is."""
        found = self._found
        size, count = self._measure(index), count_frames(found.size)
        return FrameHead(found.kind, Codec.RAW, size, size, found.size, index, count, found.digest, place.base)

    def plan(self, index: int) -> FrameJob:
        """The job of one frame: all its places, and those of its base."""
        places = tuple(self._find(index))
        names = dict.fromkeys(place.base for place in places if place.codec in NEEDS_BASE)
        base_places = tuple(place for name in names if name in self._bases for place in self._bases[name]._find(index))
        return FrameJob(self._found.digest, index, self._measure(index), places, base_places)

    def _measure(self, index: int) -> int:
        return min(FRAME_BYTES, self._found.size - index * FRAME_BYTES)

    def _find(self, index: int) -> Iterator[FramePlace]:
        return (place for offsets in self._places if (place := offsets.find(index)) is not None)


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


class SharedFrames:
    """Frames that were checked a moment ago, for readers that come to the same place: nothing is kept for one alone."""

    def __init__(self, bytes_max: int = SHARED_BYTES) -> None:
        self._left = bytes_max
        self._frames: OrderedDict[_Key, Future[memoryview]] = OrderedDict()
        self._readers = 0
        self._turn = Lock()

    @property
    def readers(self) -> int:
        """How many there are."""
        return self._readers

    def join(self) -> None:
        """There is one reader more."""
        with self._turn:
            self._readers += 1

    def leave(self) -> None:
        """There is one less."""
        with self._turn:
            self._readers -= 1
            if self._readers <= 1:
                while self._frames:
                    self._forget_oldest()

    def load(self, key: _Key, load: Callable[[], memoryview]) -> memoryview:
        """What `load` gives, or gave to another reader, or is about to give. Raises what `load` does."""
        if self._readers <= 1:
            return load()
        mine = Future[memoryview]()
        with self._turn:
            known = self._frames.setdefault(key, mine)
        if known is mine:
            return self._load(key, mine, load)
        with contextlib.suppress(DamagedVault, StorageError):
            return known.result()
        return load()

    def _load(self, key: _Key, mine: Future[memoryview], load: Callable[[], memoryview]) -> memoryview:
        try:
            data = load()
        except BaseException as error:
            with self._turn:
                if self._frames.get(key) is mine:
                    del self._frames[key]
            mine.set_exception(error if isinstance(error, DamagedVault | StorageError) else _give_up(key))
            raise
        with self._turn:
            mine.set_result(data)  # what is done is counted, as long as it is kept
            if self._frames.get(key) is mine:
                self._left -= len(data)
            while self._left < 0 and len(self._frames) > 1:
                self._forget_oldest()
        return data

    def _forget_oldest(self) -> None:
        _, oldest = self._frames.popitem(last=False)
        if oldest.done() and oldest.exception() is None:
            self._left += len(oldest.result())


def _give_up(key: _Key) -> StorageError:
    return StorageError("another reader gave up", where=f"frame {key[1]}", next_step="Ask again.")


class _OpenPack:
    """A pack on a local disk, open for as long as frames of it are read one after the other."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._root = vault.storage.root if isinstance(vault.storage, LocalStorage) else None
        self._key: str = ""
        self.descriptor = -1

    def open(self, key: str) -> bool:
        """Open a pack, unless it is; False where packs are no files. Raises OSError or StorageError."""
        if self._root is None or key == self._key:
            return self._root is not None
        self.close()
        if self._vault.storage.find(key) is None:  # it also refuses links on the way
            return False
        self.descriptor = os.open(self._root / key, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._key = key
        return True

    def read_plain(self, frames: Frames, index: int) -> memoryview | None:
        """The short way to a frame that is stored as it is: one read, one comparison. None where that does not give it;
        the long way then finds it, or tells why not."""
        place = frames.find_plain(index)
        if place is None:
            return None
        try:
            if not self.open(place.key):
                return None
            data = memoryview(os.pread(self.descriptor, HEAD_BYTES + place.payload_bytes, place.offset))
        except (OSError, StorageError):
            return None
        payload = data[HEAD_BYTES:]
        right = encode_frame(frames.make_head(index, place), payload)
        return payload if len(payload) == place.payload_bytes and bytes(data[:HEAD_BYTES]) == right else None

    def close(self) -> None:
        """Let go of the file."""
        descriptor, self._key, self.descriptor = self.descriptor, "", -1
        if descriptor >= 0:
            os.close(descriptor)


class Loader:
    """Loads parts. `load` is for one thread at a time, `load_apart` for any number."""

    def __init__(self, vault: Vault, shared: SharedFrames) -> None:
        self._vault = vault
        self._shared = shared
        self._pack = _OpenPack(vault)
        self._is_open = True
        shared.join()

    def load(self, part: Part) -> memoryview | Stretch:
        """The bytes of a part. Raises DamagedVault or StorageError when they cannot be had as they were kept."""
        if part.is_trusted and (stretch := self._find_stretch(part)) is not None:
            return stretch
        return self._load(self._pack, part)

    def load_apart(self, part: Part) -> memoryview:
        """The same, whatever else is being loaded; always checked."""
        with contextlib.closing(_OpenPack(self._vault)) as pack:
            return self._load(pack, part)

    def close(self) -> None:
        """Let go of the file that is open."""
        self._pack.close()
        if self._is_open:
            self._is_open = False
            self._shared.leave()

    def _find_stretch(self, part: Part) -> Stretch | None:
        place = part.frames.find_plain(part.index) if part.frames is not None else None
        with contextlib.suppress(OSError, StorageError):
            if place is not None and self._pack.open(place.key):
                return Stretch(self._pack.descriptor, place.offset + HEAD_BYTES + part.low, part.high - part.low)
        return None

    def _load(self, pack: _OpenPack, part: Part) -> memoryview:
        frames, index = part.frames, part.index
        if frames is None:
            return memoryview(part.inline)[part.low : part.high]
        whole = self._shared.load(frames.get_key(index), lambda: self._load_frame(pack, frames, index))
        return whole[part.low : part.high]

    def _load_frame(self, pack: _OpenPack, frames: Frames, index: int) -> memoryview:
        plain = pack.read_plain(frames, index)
        if plain is not None:
            return plain
        pack.close()  # it may have been written anew
        job = frames.plan(index)
        try:
            return load_frame(self._vault.storage, job)
        except (DamagedVault, StorageError) as error:
            return load_again(self._vault, job, error)
