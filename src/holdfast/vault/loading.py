"""A bundle's packs into a vault: looked through beside it first; then content, read back, and only then decisions.

Until the last step nothing in the vault says that a copy is kept.
"""

import contextlib
import os
import secrets
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from holdfast.records.errors import DamagedVault, MalformedFile, NotVerified
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.arriving import copy_pack, list_deciding, put_pack
from holdfast.vault.bundling import find_needed
from holdfast.vault.catalogue.claims import pin
from holdfast.vault.catalogue.objects import LIVE, PackRow, find_ids, iterate_packs, locate
from holdfast.vault.catalogue.opening import CATALOGUE_NAME, open_catalogue
from holdfast.vault.catalogue.revisions import FROZEN, KEPT, RevisionRow, iterate_revisions, read_files
from holdfast.vault.checking import check_files, check_pack, find_packs, read_file_manifest
from holdfast.vault.inventorying import find_held
from holdfast.vault.opening import Vault
from holdfast.vault.packs.reading import parse_pack_key
from holdfast.vault.reading import THREADS
from holdfast.vault.recovering import is_plain_alone
from holdfast.vault.signature_file import SIGNATURE_BYTES_MAX, parse_signature_key
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.seam import Stored
from holdfast.vault.verifying import note_verified
from holdfast.vault.volumes.layout import BundledFile, BundleManifest

Report = Callable[[str, int, int], None]


def check_contents(manifest: BundleManifest) -> None:
    """Raises MalformedFile unless a bundle holds packs, each named by its digest, signatures, and nothing else."""
    for file in manifest.files:
        digest = parse_pack_key(file.name)
        if (digest is None or digest.hex() != file.blake3) and not _is_signature(file):
            raise MalformedFile(
                "this bundle holds something that is no pack and no signature",
                where=file.name,
                next_step="Take nothing from it.",
            )


def _is_signature(file: BundledFile) -> bool:
    return parse_signature_key(file.name) is not None and file.size <= SIGNATURE_BYTES_MAX


@dataclass(frozen=True, slots=True)
class Arrived:
    """Packs of a bundle as a vault of their own, beside the one that they are for, and the copies in it."""

    vault: Vault
    files: Path
    rows: tuple[RevisionRow, ...]
    packs: tuple[Stored, ...]


@contextlib.contextmanager
def open_arrived(root: Path, files: Path, target: Vault) -> Generator[Arrived]:
    """Look through extracted packs with a catalogue of their own under `root`. Raises DamagedVault."""
    for old in root.glob(f"{CATALOGUE_NAME}*"):
        old.unlink()
    storage = LocalStorage(files)
    vault = Vault(str(files), target.id, storage, open_catalogue(root / CATALOGUE_NAME, target.id), target.clock)
    try:
        for key, why in adopt_packs(vault).unreadable:
            raise DamagedVault(why, where=key, next_step="Copy the bundle again.")
        rows = tuple(row for row in iterate_revisions(vault.database) if row.state in (KEPT, FROZEN))
        yield Arrived(vault, files, rows, tuple(storage.iterate("packs/")))
    finally:
        vault.close()


def check_complete(arrived: Arrived, target: Vault, owner: str) -> None:
    """Pin what the copies need and this vault has. Raises DamagedVault unless every object of theirs came or is here,
    and every base is here to build on."""
    needed = find_needed(arrived.vault, arrived.rows)
    everything, bases = needed.documents | needed.content, _list_bases(arrived.vault)
    came = locate(arrived.vault.database, sorted(everything | bases))
    lacking = {digest for digest in everything if digest not in came or not came[digest].is_whole}
    unfounded = {digest for digest in bases if digest not in came or not is_plain_alone(came[digest])}
    with target.database.transaction():
        pin(target.database, owner, list(find_ids(target.database, sorted(lacking | unfounded)).values()))
    held = find_held(target, lacking | unfounded)
    if left := unfounded - held.bases:
        raise _incomplete(f"{len(left)} objects that it builds on are", target)
    if left := lacking - held.objects:
        raise _incomplete(f"{len(left)} objects of its copies are", target)
    if not arrived.rows:
        raise _incomplete("decisions that its copies are kept are", target)


def _incomplete(what: str, target: Vault) -> DamagedVault:
    return DamagedVault(
        f"{what} neither in the bundle nor whole in this vault; nothing was taken in",
        where=target.location,
        next_step="Ask for a bundle for this vault's inventory as it is now: holdfast bundle inventory.",
    )


def _list_bases(vault: Vault) -> frozenset[bytes]:
    rows = vault.database.read("SELECT digest FROM objects WHERE id IN (SELECT base FROM runs)")
    return frozenset(bytes(digest) for (digest,) in rows)


def take_in(arrived: Arrived, target: Vault, owner: str, report: Report) -> int:
    """Put the packs that the vault lacks, content first; how many. Raises NotVerified when a copy cannot be read back,
    and then no decision is taken in."""
    known = {pack.key: pack for pack in iterate_packs(target.database)}
    missing = [pack for pack in arrived.packs if pack.key not in known or not _is_sound(known[pack.key])]
    deciding = list_deciding(arrived.vault)
    total, done = sum(pack.size for pack in missing), 0
    for is_late in (False, True):
        if is_late:
            _read_back(arrived, target, report)
        for pack in missing:
            if (pack.key in deciding) is is_late:
                _put(arrived, pack, target, owner)
                done += pack.size
                report("taking in", done, total)
                if pack.key in known:
                    note_verified(target, known[pack.key], ())
        adopt_packs(target)
    return len(missing)


def _is_sound(pack: PackRow) -> bool:
    return pack.state == LIVE and pack.damage is None


def _put(arrived: Arrived, pack: Stored, target: Vault, owner: str) -> None:
    """By a second name for the same file where the file system can do that, else by a copy."""
    staged = target.storage.staging.path_of(f"{secrets.token_hex(12)}.pack")
    try:
        os.link(arrived.files / pack.key, staged)
    except OSError:
        copy_pack(arrived.vault.storage, pack, target, owner)
        return
    put_pack(target, pack, staged, owner)


def _read_back(arrived: Arrived, target: Vault, report: Report) -> None:
    manifests = {
        f"{row.model}:{file.path}": read_file_manifest(arrived.vault, file.manifest)
        for row in arrived.rows
        for file in read_files(arrived.vault.database, row.id)
    }
    total, done = sum(file.size for file in manifests.values()), [0]

    def tell(count: int) -> None:
        done[0] += count
        report("reading back", done[0], total)

    packs = find_packs(target, manifests.values())
    for pack in packs:
        target.storage.forget(pack.key)
    with ThreadPoolExecutor(THREADS) as pool:
        damage = check_files(target, pool, manifests, tell)
    if not damage:
        return
    for pack in packs:
        note_verified(target, pack, check_pack(target, pack))
    raise NotVerified(
        f"{damage[0].what} ({len(damage)} files hurt)",
        where=", ".join(damage[0].hurts),
        next_step="No copy was taken in. Run `holdfast verify`, then load the bundle again.",
    )
