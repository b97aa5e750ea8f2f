"""Repair: damaged packs from parity, then what is still lost from another vault or the original files, by objects.

Whatever is put was compared with its digest first. What cannot be repaired is named; everything else stays readable.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from blake3 import blake3

from holdfast.records.errors import DamagedVault, HoldfastError, MalformedFile, StorageError
from holdfast.records.vault import Damage, Stretch
from holdfast.vault.catalogue.claims import own
from holdfast.vault.catalogue.objects import LIVE, Located, PackRow, iterate_packs, locate, read_runs
from holdfast.vault.checking import check_pack, find_files
from holdfast.vault.codecs.types import get_element_type
from holdfast.vault.documents import encode_document
from holdfast.vault.journal import cut_into_frames
from holdfast.vault.keeping.files import LayoutReader
from holdfast.vault.keeping.naming import describe_file
from holdfast.vault.keeping.packing import NewObject, Packer
from holdfast.vault.keeping.source import SourceFile
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import HEAD_BYTES, Run
from holdfast.vault.packs.reading import read_frame
from holdfast.vault.parity.reading import read_sets
from holdfast.vault.parity.repairing import repair as repair_from_parity
from holdfast.vault.pruning import copy_object, remove_pack
from holdfast.vault.reading import THREADS, read_object
from holdfast.vault.verifying import note_verified

OBJECT_BYTES_MAX: Final = 4 << 30
Report = Callable[[str, int, int], None]


class Donor(Protocol):
    """Somewhere else that may have an object's bytes."""

    name: str

    def find(self, digest: bytes) -> bytes | None:
        """The object's bytes, compared with its name; None when they are not here."""
        ...


class VaultDonor:
    """Another vault."""

    def __init__(self, vault: Vault) -> None:
        self.name = vault.location
        self._vault = vault

    def find(self, digest: bytes) -> bytes | None:
        """Read it there, if it can be read."""
        try:
            return read_object(self._vault, digest)
        except (DamagedVault, StorageError):
            return None


class FolderDonor:
    """The folder that a model was kept from, or any other with some of its files: they are cut as they were when kept,
    and every stretch is named by its digest."""

    def __init__(self, folder: Path, read_layout: LayoutReader) -> None:
        self.name = str(folder)
        self._stretches: dict[bytes, tuple[Path, Stretch]] = {}
        self._documents: dict[bytes, bytes] = {}
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            self._take(path, read_layout)

    def find(self, digest: bytes) -> bytes | None:
        """The stretch of some file, or the manifest that such a file has."""
        if digest in self._documents:
            return self._documents[digest]
        if digest not in self._stretches:
            return None
        path, stretch = self._stretches[digest]
        with path.open("rb") as file:
            file.seek(stretch.offset)
            return file.read(stretch.length)

    def _take(self, path: Path, read_layout: LayoutReader) -> None:
        source = SourceFile(path)
        try:
            manifest, found = describe_file(source, read_layout(path))
        except MalformedFile:
            return
        finally:
            source.close()
        document = encode_document(manifest)
        self._documents[blake3(document).digest()] = document
        self._stretches.update({digest: (path, stretch) for digest, stretch in found.items()})


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was damaged; packs put anew from parity; objects recovered, by where from; and what is lost."""

    damaged: tuple[str, ...]
    from_parity: tuple[str, ...]
    recovered: tuple[tuple[str, int], ...]
    lost: tuple[Damage, ...]


def repair_vault(vault: Vault, donors: Sequence[Donor], report: Report) -> Repaired:
    """Verify every pack, repair what can be, name what cannot."""
    damaged = _find_damaged(vault, report)
    from_parity = _repair_by_parity(vault, {pack.key for pack in damaged}, report)
    still = [pack for pack in damaged if _is_damaged(vault, pack)]
    recovered: dict[str, int] = {}
    lost: list[Damage] = []
    for done, pack in enumerate(still, 1):
        lost += _recover(vault, pack, donors, recovered)
        report("recovering", done, len(still))
    return Repaired(
        damaged=tuple(pack.key for pack in damaged),
        from_parity=from_parity,
        recovered=tuple(recovered.items()),
        lost=tuple(lost),
    )


def _find_damaged(vault: Vault, report: Report) -> list[PackRow]:
    packs = [pack for pack in iterate_packs(vault.database) if pack.state == LIVE]
    total, done = sum(pack.size for pack in packs), 0
    damaged: list[PackRow] = []
    for pack in packs:
        if _is_damaged(vault, pack):
            damaged.append(pack)
        done += pack.size
        report("verifying", done, total)
    return damaged


def _is_damaged(vault: Vault, pack: PackRow) -> bool:
    found = check_pack(vault, pack)
    note_verified(vault, pack, found)
    return bool(found)


def _repair_by_parity(vault: Vault, damaged: set[str], report: Report) -> tuple[str, ...]:
    concerned = [
        held
        for held in read_sets(vault.storage).sets
        if damaged & {member.key for member in held.group.members} or not held.complete
    ]
    repaired: list[str] = []
    for done, held in enumerate(concerned, 1):
        repaired += repair_from_parity(held, vault.storage, vault.storage.staging.folder).repaired
        report("repairing from parity", done, len(concerned))
    return tuple(repaired)


def _recover(vault: Vault, pack: PackRow, donors: Sequence[Donor], recovered: dict[str, int]) -> list[Damage]:
    """Write what can be had of a damaged pack's objects into a new pack; take the old one away when nothing is lost."""
    lost: list[Damage] = []
    with own(vault.database, vault.now) as owner, ThreadPoolExecutor(THREADS) as pool:
        packer = Packer(vault, pool, owner)
        try:
            for run in read_runs(vault.database, pack.id):
                where = _recover_object(vault, pool, packer, pack, run, donors)
                if where is None:
                    hurts = find_files(vault, [run.digest])
                    lost.append(Damage(pack.key, run.offset, "an object is lost", hurts))
                elif where:
                    recovered[where] = recovered.get(where, 0) + 1
            packer.finish()
        finally:
            packer.abandon()
    if not lost:
        remove_pack(vault, pack)
    return lost


def _recover_object(
    vault: Vault, pool: ThreadPoolExecutor, packer: Packer, pack: PackRow, run: Run, donors: Iterable[Donor]
) -> str | None:
    """Where an object's bytes came from (empty: it was whole elsewhere); None when nobody has them."""
    found = locate(vault.database, [run.digest]).get(run.digest)
    if found is None or _lies_elsewhere(found, pack):
        return ""
    if _is_whole(vault, pack, run) and _can_be_read(vault, run.digest):
        copy_object(vault, pool, packer, found)
        return "the damaged pack itself"
    for donor in donors:
        data = donor.find(run.digest)
        if data is not None and blake3(data).digest() == run.digest:
            new = NewObject(run.digest, len(data), run.kind, get_element_type(found.dtype))
            packer.add(new, cut_into_frames(data))
            return donor.name
    return None


def _lies_elsewhere(found: Located, pack: PackRow) -> bool:
    others = tuple(place for place in found.places if place.pack != pack.id)
    rest = Located(found.id, found.digest, found.size, found.kind, found.dtype, others)
    return bool(others) and rest.is_whole


def _is_whole(vault: Vault, pack: PackRow, run: Run) -> bool:
    offset = run.offset
    try:
        for _, size in run.frames:
            head, _ = read_frame(vault.storage, pack.key, offset, size)
            if head.digest != run.digest:
                return False
            offset += HEAD_BYTES + size
    except (DamagedVault, StorageError):
        return False
    return True


def _can_be_read(vault: Vault, digest: bytes) -> bool:
    try:
        read_object(vault, digest)
    except HoldfastError:
        return False
    return True
