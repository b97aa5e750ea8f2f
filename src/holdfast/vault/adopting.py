"""Packs into the catalogue: those that it does not know yet, or all of them anew. Packs are the truth.

Of a pack whose index is damaged every frame that can be walked is taken in. Packs that are gone are noted as damaged.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from holdfast.records.errors import DamagedVault, NewerVault, StorageError
from holdfast.vault.catalogue.objects import (
    LIVE,
    PackRow,
    add_pack,
    iterate_packs,
    list_unread,
    locate,
    note_damage,
    read_runs,
    renew_pack,
)
from holdfast.vault.catalogue.revisions import forget_pack, is_needed, register_document
from holdfast.vault.documents import DOCUMENT_BYTES_MAX, decode_document
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import FrameHead, Kind, Run
from holdfast.vault.packs.reading import Fault, check_pack_header, parse_pack_key, read_index, walk_frames
from holdfast.vault.packs.writing import SealedPack, get_pack_key
from holdfast.vault.reading import read_object
from holdfast.vault.storage.seam import Stored

Report = Callable[[int, int], None]
GONE: Final = "the pack is missing"


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was taken in: packs and their bytes, documents, and the packs whose index could not be read, with why."""

    packs: int
    size: int
    documents: int
    unreadable: tuple[tuple[str, str], ...]


def adopt_packs(vault: Vault, report: Report | None = None) -> Adopted:
    """Take in every pack on the medium that the catalogue does not know, and note those that are gone from it."""
    known = {pack.key: pack for pack in iterate_packs(vault.database)}
    stored = {one.key: one for one in vault.storage.iterate("packs/")}
    new = [one for key, one in stored.items() if key not in known]
    if new:
        with contextlib.suppress(StorageError):  # their writer may have died before it flushed their names
            vault.storage.settle(one.key for one in new)
    unreadable: list[tuple[str, str]] = []
    size = 0
    for done, one in enumerate(new, 1):
        try:
            why = _adopt(vault, one)
            size += one.size
            if why:
                unreadable.append((one.key, why))
        except (DamagedVault, StorageError) as error:
            unreadable.append((one.key, error.what))
        if report is not None:
            report(done, len(new))
    for key, pack in known.items():
        if key in stored and pack.damage is not None:
            with contextlib.suppress(DamagedVault, StorageError):
                adopt_again(vault, pack)  # it may have been misread, or repaired since
    documents = register_unread(vault)
    _note_gone(vault, known, stored)
    return Adopted(len(new) - len(unreadable), size, documents, tuple(unreadable))


def _note_gone(vault: Vault, known: dict[str, PackRow], stored: dict[str, Stored]) -> None:
    for key, pack in known.items():
        if pack.state != LIVE:
            continue
        if key not in stored and pack.damage in (None, GONE):
            _note_one_gone(vault, pack)
        elif key in stored and pack.damage == GONE:
            renew_pack(vault.database, pack.id)


def _note_one_gone(vault: Vault, pack: PackRow) -> None:
    """The catalogue may remember a pack that never reached the medium for good: nobody misses it."""
    with vault.database.transaction():
        if is_needed(vault.database, pack.id):
            note_damage(vault.database, pack.id, GONE)
        else:
            forget_pack(vault.database, pack.id)


def _adopt(vault: Vault, stored: Stored) -> str:
    """Take a pack in, whole or as far as its frames can be walked; in the second case, why."""
    digest = parse_pack_key(stored.key)
    if digest is None or stored.key != get_pack_key(digest):
        raise DamagedVault("no pack has such a name", where=stored.key, next_step="Move the file away.")
    try:
        check_pack_header(vault.storage, stored)
        runs = read_index(vault.storage, stored)
    except (DamagedVault, NewerVault) as error:
        _adopt_walked(vault, SealedPack(stored.key, digest, stored.size, tuple(_walk(vault, stored))), error.what)
        return error.what
    add_pack(vault.database, SealedPack(stored.key, digest, stored.size, runs))
    return ""


def adopt_again(vault: Vault, pack: PackRow) -> None:
    """Take a pack that is whole in by its index, where so far only what could be walked of it was known."""
    digest = parse_pack_key(pack.key)
    if digest is None or digest not in list_unread(vault.database):
        return
    stored = vault.storage.find(pack.key)
    if stored is None:
        return
    try:
        check_pack_header(vault.storage, stored)
    except NewerVault:
        return
    add_pack(vault.database, SealedPack(pack.key, digest, stored.size, read_index(vault.storage, stored)))
    register_unread(vault)


def walk_again(vault: Vault, pack: PackRow) -> None:
    """Look once more at the frames of a pack whose index is damaged: some may have been misread, or repaired."""
    digest, stored = parse_pack_key(pack.key), vault.storage.find(pack.key)
    if digest is None or stored is None or digest not in list_unread(vault.database):
        return
    runs = tuple(_walk(vault, stored))
    known = sum(len(run.frames) for run in read_runs(vault.database, pack.id))
    if sum(len(run.frames) for run in runs) > known:
        _adopt_walked(vault, SealedPack(pack.key, digest, stored.size, runs), pack.damage or "")
        register_unread(vault)


def _adopt_walked(vault: Vault, pack: SealedPack, why: str) -> None:
    with vault.database.transaction():
        number = add_pack(vault.database, pack)
        note_damage(vault.database, number, why)
        vault.database.write("INSERT INTO unread (digest) VALUES (?) ON CONFLICT DO NOTHING", (pack.digest,))


def _walk(vault: Vault, stored: Stored) -> Iterator[Run]:
    """The runs of a pack by its frames, those left out that are not as written."""
    found = (frame for frame in walk_frames(vault.storage, stored) if not isinstance(frame, Fault))
    numbered = ((offset, head, place) for place, (offset, head, _) in enumerate(found))
    for _, group in groupby(numbered, key=lambda one: (one[1].digest, one[1].base, one[1].index - one[2])):
        frames = list(group)
        yield _to_run(frames[0][0], [head for _, head, _ in frames])


def _to_run(offset: int, heads: list[FrameHead]) -> Run:
    first = heads[0]
    frames = tuple((head.codec, head.payload_bytes) for head in heads)
    return Run(first.digest, first.base, first.object_bytes, offset, first.kind, first.index, first.count, frames)


def register_unread(vault: Vault) -> int:
    """Make the stored documents known that are not yet, as far as they can be read; verify tells of the others."""
    waiting = list_unread(vault.database)
    return register_documents(vault, waiting) if waiting else 0


def register_documents(vault: Vault, digests: Iterable[bytes]) -> int:
    """Make those of the objects known that are documents and can be read; how many."""
    done = 0
    with vault.database.transaction():
        for digest, found in locate(vault.database, list(digests)).items():
            if found.kind is not Kind.DOCUMENT or not found.is_whole or found.size > DOCUMENT_BYTES_MAX:
                continue
            try:
                document = decode_document(read_object(vault, digest), found.places[0].key)
            except (DamagedVault, StorageError):
                continue
            register_document(vault.database, digest, document, vault.now)
            done += 1
    return done
