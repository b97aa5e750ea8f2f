"""Objects into packs: frames are encoded by a pool of threads, written in order, and known once their pack is whole."""

import contextlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from holdfast.records.errors import DamagedVault, StorageError
from holdfast.vault.catalogue.claims import claim_pack, release
from holdfast.vault.catalogue.objects import Located, add_pack, renew_pack
from holdfast.vault.codecs.choosing import NEEDS_BASE, encode_frame
from holdfast.vault.codecs.types import ElementType
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import NO_BASE, Kind, count_frames
from holdfast.vault.packs.writing import EncodedFrame, ObjectHead, PackWriter, SealedPack
from holdfast.vault.reading import THREADS, FrameJob, load_frame, plan_frames
from holdfast.vault.storage.seam import Storage

_AHEAD: Final = 2 * THREADS + 2


@dataclass(frozen=True, slots=True)
class NewObject:
    """An object to write: its name, its length, its type, and the base to try, which is stored without a base."""

    digest: bytes
    size: int
    kind: Kind
    element: ElementType
    base: Located | None = None


class Packer:
    """Writes objects that `owner` claimed into packs of bounded size. `finish` makes the last pack visible; `abandon`
    leaves nothing."""

    def __init__(self, vault: Vault, pool: ThreadPoolExecutor, owner: str) -> None:
        self._vault = vault
        self._pool = pool
        self._owner = owner
        self._writer: PackWriter | None = None
        self._whole_in_writer: list[bytes] = []
        self.sealed: list[SealedPack] = []
        self.raw_bytes = 0

    def add(self, new: NewObject, pieces: Iterable[memoryview]) -> None:
        """Write an object whose frames are `pieces`, in order. The base is named where a frame uses it."""
        head = ObjectHead(new.digest, NO_BASE, new.size, count_frames(new.size), new.kind)
        based = ObjectHead(new.digest, new.base.digest, new.size, head.count, new.kind) if new.base else head
        for index, frame in enumerate(self._encode(new, pieces)):
            self._make_room(frame)
            assert self._writer is not None
            self._writer.add(based if frame.codec in NEEDS_BASE else head, index, frame)
            self.raw_bytes += frame.raw_bytes
        self._whole_in_writer.append(new.digest)

    def finish(self) -> list[SealedPack]:
        """Put the last pack under its name; all packs since the last call."""
        self.seal()
        sealed, self.sealed = self.sealed, []
        return sealed

    def abandon(self) -> None:
        """Take the unfinished pack away."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(StorageError):  # what is left in staging is rubbish, taken away later
                writer.discard()

    def _encode(self, new: NewObject, pieces: Iterable[memoryview]) -> Iterator[EncodedFrame]:
        jobs: Iterator[FrameJob] = plan_frames(new.base, {}) if new.base is not None else iter(())
        window: deque[Future[EncodedFrame]] = deque()
        try:
            for piece in pieces:
                window.append(self._pool.submit(_encode_one, self._vault.storage, piece, new.element, next(jobs, None)))
                if len(window) >= _AHEAD:
                    yield window.popleft().result()
            while window:
                yield window.popleft().result()
        finally:
            for pending in window:
                pending.cancel()

    def _make_room(self, frame: EncodedFrame) -> None:
        if self._writer is not None and not self._writer.has_room(frame):
            self.seal()
        if self._writer is None:
            self._writer = PackWriter(self._vault.storage)

    def seal(self) -> None:
        """Put the pack that is being written under its name, make it known, and let go of the claims on what it holds
        whole; what it holds stays pinned."""
        if self._writer is None:
            return
        writer, self._writer = self._writer, None
        whole, self._whole_in_writer = self._whole_in_writer, []
        database = self._vault.database
        pack = writer.seal(lambda digest: claim_pack(database, self._owner, digest))
        with database.transaction():
            renew_pack(database, add_pack(database, pack))
            release(database, self._owner, [*whole, pack.digest])
        self.sealed.append(pack)


def _encode_one(storage: Storage, piece: memoryview, element: ElementType, base: FrameJob | None) -> EncodedFrame:
    return encode_frame(piece, element, None if base is None else _load_base(storage, base))


def _load_base(storage: Storage, base: FrameJob) -> memoryview | None:
    """A base that cannot be read is none: the frame is encoded alone."""
    try:
        return load_frame(storage, base)
    except (DamagedVault, StorageError):
        return None
