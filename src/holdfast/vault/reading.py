"""Objects back from packs: frames are read, checked, decoded by a pool of threads and given out in order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Final, ParamSpec, TypeVar

from blake3 import blake3

from holdfast.records.errors import DamagedVault, StorageError
from holdfast.records.vault import Role, Segment, to_digest, to_object_id
from holdfast.vault.catalogue.objects import Located, locate
from holdfast.vault.codecs.choosing import NEEDS_BASE, decode_frame
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import FRAME_BYTES, HEAD_BYTES, NO_BASE, count_frames
from holdfast.vault.packs.reading import read_frame
from holdfast.vault.storage.seam import Storage

_P = ParamSpec("_P")
_T = TypeVar("_T")
THREADS: Final = min(8, os.cpu_count() or 1)
_AHEAD: Final = 4 * THREADS
_SEGMENTS: Final = 2000


@dataclass(frozen=True, slots=True)
class FramePlace:
    """Where one frame lies."""

    key: str
    offset: int
    payload_bytes: int
    codec: int
    base: bytes


@dataclass(frozen=True, slots=True)
class FrameJob:
    """A frame to read: its places, the best first, and those of the same frame of its base."""

    digest: bytes
    index: int
    raw_bytes: int
    places: tuple[FramePlace, ...]
    base_places: tuple[FramePlace, ...]


def list_places(found: Located, index: int) -> tuple[FramePlace, ...]:
    """Every place of a frame."""
    return tuple(
        FramePlace(
            key=place.key,
            offset=place.offset + sum(HEAD_BYTES + size for _, size in place.frames[: index - place.first]),
            payload_bytes=place.frames[index - place.first][1],
            codec=place.frames[index - place.first][0],
            base=place.base,
        )
        for place in found.places
        if place.first <= index < place.first + len(place.frames)
    )


def plan_frames(found: Located, bases: dict[bytes, Located]) -> Iterator[FrameJob]:
    """The jobs of all frames of an object, in order."""
    offsets = _Offsets(found)
    for index in range(count_frames(found.size)):
        yield _plan_at(found, bases, index, offsets.find(index))


def plan_frame(found: Located, bases: dict[bytes, Located], index: int) -> FrameJob:
    """The job of one frame of an object."""
    return _plan_at(found, bases, index, list_places(found, index))


def _plan_at(found: Located, bases: dict[bytes, Located], index: int, places: tuple[FramePlace, ...]) -> FrameJob:
    raw_bytes = min(FRAME_BYTES, found.size - index * FRAME_BYTES)
    base_places = tuple(
        place
        for name in dict.fromkeys(place.base for place in places if place.codec in NEEDS_BASE)
        if name in bases
        for place in list_places(bases[name], index)
    )
    return FrameJob(found.digest, index, raw_bytes, places, base_places)


class _Offsets:
    """The places of frames asked in order, without adding up the sizes before each of them anew."""

    def __init__(self, found: Located) -> None:
        self._places = found.places
        self._offsets = [place.offset for place in found.places]

    def find(self, index: int) -> tuple[FramePlace, ...]:
        places: list[FramePlace] = []
        for number, place in enumerate(self._places):
            if not place.first <= index < place.first + len(place.frames):
                continue
            codec, size = place.frames[index - place.first]
            places.append(FramePlace(place.key, self._offsets[number], size, codec, place.base))
            self._offsets[number] += HEAD_BYTES + size
        return tuple(places)


def load_frame(storage: Storage, job: FrameJob) -> memoryview:
    """The raw bytes of a frame, from the first of its places that is whole. Raises DamagedVault or StorageError."""
    last: DamagedVault | StorageError | None = None
    for place in job.places:
        try:
            return _load_from(storage, job, place)
        except (DamagedVault, StorageError) as error:
            last = last or error
    if last is not None:
        raise last
    raise missing(job.digest, job.index)


def _load_from(storage: Storage, job: FrameJob, place: FramePlace) -> memoryview:
    head, payload = read_frame(storage, place.key, place.offset, place.payload_bytes)
    if head.digest != job.digest or head.index != job.index or head.raw_bytes != job.raw_bytes:
        raise DamagedVault(
            "another frame lies where this one should", where=place.key, next_step="Run `holdfast rebuild`."
        )
    base: memoryview | None = None
    if head.codec in NEEDS_BASE:
        plain = tuple(other for other in job.base_places if other.codec not in NEEDS_BASE)
        base = load_frame(storage, FrameJob(head.base, job.index, job.raw_bytes, plain, ()))
    return memoryview(decode_frame(head.codec, payload, head.raw_bytes, base))


def missing(digest: bytes, index: int) -> DamagedVault:
    """The error of a frame that no pack holds."""
    return DamagedVault(
        f"frame {index} of an object is in no pack",
        where=to_object_id(digest),
        next_step="Run `holdfast verify`, then `holdfast repair`.",
    )


def locate_with_bases(vault: Vault, digests: Sequence[bytes]) -> tuple[dict[bytes, Located], dict[bytes, Located]]:
    """Objects, and the bases that they are stored against."""
    found = locate(vault.database, digests)
    names = {place.base for one in found.values() for place in one.places if place.base != NO_BASE}
    return found, locate(vault.database, sorted(names))


def read_object(vault: Vault, digest: bytes) -> bytes:
    """A whole object that fits into memory, checked against its name."""
    segment = Segment(0, Role.BYTES, to_object_id(digest))
    return b"".join(iterate_bytes(vault, _AtOnce(), [segment]))


class _AtOnce(Executor):
    """Does in the caller's thread what it is given: documents are read faster than threads begin."""

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """What came of it, or its error."""
        done: Future[_T] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # told to who asks for the result, as a pool does
            done.set_exception(error)
        return done


def iterate_bytes(vault: Vault, pool: Executor, segments: Iterable[Segment]) -> Iterator[memoryview]:
    """The bytes of segments one after the other, in pieces of at most 1 MiB. Every object is checked against its name
    when its last piece was given: what was given before is not to be trusted if DamagedVault is raised."""
    some: list[Segment] = []
    for segment in segments:
        some.append(segment)
        if len(some) == _SEGMENTS:
            yield from _iterate_some(vault, pool, some)
            some = []
    yield from _iterate_some(vault, pool, some)


def _iterate_some(vault: Vault, pool: Executor, segments: Sequence[Segment]) -> Iterator[memoryview]:
    names = [to_digest(segment.object) for segment in segments if segment.object is not None]
    found, bases = locate_with_bases(vault, names)
    hasher = blake3()
    for segment, piece in _decode_ahead(vault.storage, pool, _plan(segments, found, bases)):
        if isinstance(segment, bytes):
            yield memoryview(segment)
            continue
        raw = _get_result(vault, segment, piece)
        hasher.update(raw)
        yield raw
        if segment.index + 1 == count_frames(found[segment.digest].size):
            if hasher.digest() != segment.digest:
                raise DamagedVault(
                    "an object is not what its name says",
                    where=f"{to_object_id(segment.digest)} in {segment.places[0].key}",
                    next_step="Run `holdfast verify`, then `holdfast repair`.",
                )
            hasher = blake3()


def _get_result(vault: Vault, job: FrameJob, piece: Future[memoryview]) -> memoryview:
    try:
        return piece.result()
    except (DamagedVault, StorageError) as error:
        return load_again(vault, job, error)


def load_again(vault: Vault, job: FrameJob, error: DamagedVault | StorageError) -> memoryview:
    """A frame looked for once more after it failed, since a prune may have written it anew; raises `error` when the
    vault no longer knows it."""
    found, bases = locate_with_bases(vault, [job.digest])
    if job.digest not in found:
        raise error
    return load_frame(vault.storage, plan_frame(found[job.digest], bases, job.index))


def _plan(
    segments: Sequence[Segment], found: dict[bytes, Located], bases: dict[bytes, Located]
) -> Iterator[FrameJob | bytes]:
    for segment in segments:
        if segment.object is None:
            yield segment.inline
            continue
        digest = to_digest(segment.object)
        if digest not in found:
            raise missing(digest, 0)
        yield from plan_frames(found[digest], bases)


def _decode_ahead(
    storage: Storage, pool: Executor, jobs: Iterator[FrameJob | bytes]
) -> Iterator[tuple[FrameJob | bytes, Future[memoryview]]]:
    """Every job with its future, in order; so many are at work before the first is asked for."""
    window: deque[tuple[FrameJob | bytes, Future[memoryview]]] = deque()
    try:
        for job in jobs:
            window.append((job, _start(storage, pool, job)))
            if len(window) >= _AHEAD:
                yield window.popleft()
        while window:
            yield window.popleft()
    finally:
        for _, pending in window:
            pending.cancel()


def _start(storage: Storage, pool: Executor, job: FrameJob | bytes) -> Future[memoryview]:
    if isinstance(job, bytes):
        return Future()
    return pool.submit(load_frame, storage, job)
