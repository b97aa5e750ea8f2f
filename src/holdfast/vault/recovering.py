"""Objects of damaged packs into new packs: what can still be read here, and what donors have. Every byte is compared
with the object's name before it is written. Objects of more than 64 MiB are read twice rather than held.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from blake3 import blake3

from holdfast.records.errors import ChangedWhileRead, DamagedVault, InputError, NotVerified, StorageError
from holdfast.records.vault import Role, Segment, to_object_id
from holdfast.vault.catalogue.objects import Located, covers, find_bases_among, locate
from holdfast.vault.codecs.types import get_element_type
from holdfast.vault.donors import Donor
from holdfast.vault.keeping.naming import HELD_BYTES_MAX
from holdfast.vault.keeping.packing import NewObject, Packer
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import NO_BASE, Kind, count_frames
from holdfast.vault.packs.reading import compute_digest
from holdfast.vault.reading import iterate_bytes
from holdfast.vault.storage.seam import Stored

Frames = Callable[[], Iterable[memoryview] | None]
HERE: Final = "this vault"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object to recover."""

    digest: bytes
    kind: Kind = Kind.DOCUMENT
    dtype: str = ""


@dataclass(slots=True)
class Recovery:
    """One run of repair by objects: where they may come from, the packs being written, and what came from where."""

    vault: Vault
    donors: Sequence[Donor]
    pool: ThreadPoolExecutor
    packer: Packer
    counts: dict[str, int] = field(default_factory=dict[str, int])
    _known: dict[bytes, bool] = field(default_factory=dict[bytes, bool])

    def recover(self, wanted: Wanted) -> bool:
        """Write an object again unless it lies in sound packs; False when nobody has it."""
        if wanted.digest not in self._known:
            self._known[wanted.digest] = self._recover(wanted)
        return self._known[wanted.digest]

    def _recover(self, wanted: Wanted) -> bool:
        found = locate(self.vault.database, [wanted.digest]).get(wanted.digest)
        is_base = bool(find_bases_among(self.vault.database, [wanted.digest]))
        if found is not None and is_sound_alone(self.vault, found, is_base=is_base):
            return True
        base = None if found is None or is_base else self._find_base(found)  # depth is one
        for name, read in self._list_sources(wanted, found):
            if self._write(wanted, read, base):
                self.counts[name] = self.counts.get(name, 0) + 1
                return True
        return False

    def finish(self) -> None:
        """Put the last pack, and read back all that were written. Raises NotVerified."""
        for sealed in self.packer.finish():
            self.vault.storage.forget(sealed.key)
            if compute_digest(self.vault.storage, Stored(sealed.key, sealed.size)) != sealed.digest:
                raise NotVerified(
                    "what is on the medium is not what was written",
                    where=sealed.key,
                    next_step="Nothing was taken away. Check the medium, then run again.",
                )

    def _list_sources(self, wanted: Wanted, found: Located | None) -> Iterator[tuple[str, Frames]]:
        if found is not None and found.is_whole:
            yield HERE, partial(self._read_here, found)
        for donor in self.donors:
            yield donor.name, partial(donor.iterate, wanted.digest)

    def _read_here(self, found: Located) -> Iterator[memoryview]:
        segment = Segment(found.size, Role.BYTES, to_object_id(found.digest))
        return iterate_bytes(self.vault, self.pool, [segment])

    def _find_base(self, found: Located) -> Located | None:
        """What it was stored against, if that can be relied on."""
        names = {place.base for place in found.places} - {NO_BASE}
        bases = locate(self.vault.database, sorted(names)).values()
        return next((base for base in bases if is_plain_alone(base)), None)

    def _write(self, wanted: Wanted, read: Frames, base: Located | None) -> bool:
        try:
            held = _check(wanted, read)
        except (DamagedVault, StorageError, InputError, ChangedWhileRead, OSError):
            return False
        if held is None:
            return False
        if base is not None and base.size != held.size:
            base = None
        new = NewObject(wanted.digest, held.size, wanted.kind, get_element_type(wanted.dtype), base)
        self.packer.add(new, held.frames if held.frames is not None else _read_again(wanted, read))
        return True


def is_plain_alone(found: Located) -> bool:
    """Whether an object can be read from sound packs without another one."""
    return covers([place for place in found.places if place.is_sound and place.base == NO_BASE], found.size)


def is_sound_alone(vault: Vault, found: Located, *, is_base: bool) -> bool:
    """Whether an object can be read from sound packs, its base too; what is a base must be there without one."""
    if is_base:
        return is_plain_alone(found)
    names = {place.base for place in found.places} - {NO_BASE}
    sound = {digest for digest, base in locate(vault.database, sorted(names)).items() if is_plain_alone(base)}
    sound.add(NO_BASE)
    return covers([place for place in found.places if place.is_sound and place.base in sound], found.size)


@dataclass(frozen=True, slots=True)
class _Checked:
    """Bytes that are what their name says: how many, and the frames themselves when they are few."""

    size: int
    frames: list[memoryview] | None


def _check(wanted: Wanted, read: Frames) -> _Checked | None:
    """Read an object to its end; None when it is not here, or not what its name says."""
    pieces = read()
    if pieces is None:
        return None
    digest, size, count = blake3(), 0, 0
    frames: list[memoryview] = []
    for piece in pieces:
        digest.update(piece)
        size, count = size + len(piece), count + 1
        if size <= HELD_BYTES_MAX:
            frames.append(piece)
        else:
            frames.clear()
    if digest.digest() != wanted.digest or count != count_frames(size):
        return None
    return _Checked(size, frames if size <= HELD_BYTES_MAX else None)


def _read_again(wanted: Wanted, read: Frames) -> Iterator[memoryview]:
    digest = blake3()
    for piece in read() or ():
        digest.update(piece)
        yield piece
    if digest.digest() != wanted.digest:
        raise NotVerified(
            "an object was read differently the second time",
            where=to_object_id(wanted.digest),
            next_step="Check the medium that it comes from, then run again.",
        )
