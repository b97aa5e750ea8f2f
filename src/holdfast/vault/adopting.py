"""Packs into the catalogue: those that it does not know yet, or all of them anew. Packs are the truth."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from holdfast.records.errors import DamagedVault, StorageError
from holdfast.vault.catalogue.objects import add_pack, iterate_packs, locate
from holdfast.vault.catalogue.revisions import register_document
from holdfast.vault.documents import DOCUMENT_BYTES_MAX, decode_document
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import Kind
from holdfast.vault.packs.reading import parse_pack_key, read_index
from holdfast.vault.packs.writing import SealedPack
from holdfast.vault.reading import read_object
from holdfast.vault.storage.seam import Stored

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was taken in: packs and their bytes, documents, and the packs whose index could not be read, with why."""

    packs: int
    size: int
    documents: int
    unreadable: tuple[tuple[str, str], ...]


def adopt_packs(vault: Vault, report: Report | None = None) -> Adopted:
    """Take in every pack on the medium that the catalogue does not know."""
    known = {pack.key for pack in iterate_packs(vault.database)}
    new = [stored for stored in vault.storage.iterate("packs/") if stored.key not in known]
    unreadable: list[tuple[str, str]] = []
    documents: list[bytes] = []
    size = 0
    for done, stored in enumerate(new):
        try:
            documents += _adopt(vault, stored)
            size += stored.size
        except (DamagedVault, StorageError) as error:
            unreadable.append((stored.key, error.what))
        if report is not None:
            report(done + 1, len(new))
    register_documents(vault, documents)
    return Adopted(len(new) - len(unreadable), size, len(documents), tuple(unreadable))


def _adopt(vault: Vault, stored: Stored) -> list[bytes]:
    digest = parse_pack_key(stored.key)
    if digest is None:
        raise DamagedVault("no pack has such a name", where=stored.key, next_step="Move the file away.")
    runs = read_index(vault.storage, stored)
    add_pack(vault.database, SealedPack(stored.key, digest, stored.size, runs))
    return [run.digest for run in runs if run.kind is Kind.DOCUMENT and run.first == 0]


def register_documents(vault: Vault, digests: Iterable[bytes]) -> None:
    """Make the documents among stored objects known, as far as they can be read; verify tells of the others."""
    wanted = list(digests)
    with vault.database.transaction():
        for digest, found in locate(vault.database, wanted).items():
            if not found.is_whole or found.size > DOCUMENT_BYTES_MAX:
                continue
            try:
                document = decode_document(read_object(vault, digest), found.places[0].key)
            except (DamagedVault, StorageError):
                continue
            register_document(vault.database, digest, document, vault.now)
