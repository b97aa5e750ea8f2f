"""`holdfast bundle`: copies over a gap, in volumes: made for what the receiver lacks, checked, all or nothing."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from holdfast.records.errors import MissingPath, NotVerified, UsageError
from holdfast.records.vault_log import LogVerb
from holdfast.vault.adopting import register_documents
from holdfast.vault.bundling import (
    check_arrived,
    find_needed,
    make_parcels,
    read_inventory,
    take_in,
    write_inventory,
)
from holdfast.vault.catalogue.revisions import FROZEN, KEPT, RevisionRow, iterate_revisions, read_files
from holdfast.vault.checking import check_files, forget_packs, read_file_manifest
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import Kind
from holdfast.vault.packs.writing import SealedPack
from holdfast.vault.reading import THREADS
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.volumes.reading import read_volumes
from holdfast.vault.volumes.writing import Item, write_volumes
from holdfast.workflows.restore import check_usable
from holdfast.workflows.vaults import Event, VaultAsked, find_revision, holding, log_event, open_vault

Report = Callable[[str, int, int], None]
PARITY_PERCENT = 5.0


@dataclass(frozen=True, slots=True)
class BundleAsked:
    """What is bundled: `receiver` is the inventory of the vault it is for, None when nothing is known of it."""

    vault: VaultAsked
    models: tuple[str, ...]
    to: Path
    volume_bytes: int
    parity_percent: float = PARITY_PERCENT
    receiver: Path | None = None


@dataclass(frozen=True, slots=True)
class Bundled:
    """A bundle; sizes in bytes. `left_out` objects the receiver has already."""

    id: str
    folder: str
    models: tuple[str, ...]
    volumes: int
    size: int
    objects: int
    left_out: int


def run_bundle_create(asked: BundleAsked, report: Report) -> Bundled:
    """Write a bundle. Run again after an interruption, it goes on with the first volume that is not whole."""
    if not asked.models:
        raise UsageError("no model was named", next_step="Name kept models, as `holdfast list` shows them.")
    held = read_inventory(asked.receiver) if asked.receiver else frozenset[bytes]()
    work = LocalStorage(asked.to / ".packs")
    with open_vault(asked.vault) as vault:
        rows = [find_revision(vault, model) for model in asked.models]
        for row in rows:
            check_usable(vault, row)
        needed = find_needed(vault, rows)
        wanted = [digest for digest in needed if digest not in held]
        parcels = make_parcels(vault, wanted, work)
        items = [Item(parcel.key, parcel.size, partial(parcel.storage.read, parcel.key)) for parcel in parcels]
        total = sum(item.size for item in items)
        report("writing volumes", 0, total)
        manifest = write_volumes(items, asked.to, asked.volume_bytes, asked.parity_percent)
        report("writing volumes", total, total)
    shutil.rmtree(asked.to / ".packs", ignore_errors=True)
    volumes = [*manifest.volumes, *(volume for part in manifest.parity for volume in part)]
    return Bundled(
        id=manifest.id,
        folder=str(asked.to),
        models=tuple(row.model for row in rows),
        volumes=len(volumes),
        size=sum(volume.size for volume in volumes),
        objects=len(wanted),
        left_out=len(needed) - len(wanted),
    )


@dataclass(frozen=True, slots=True)
class Loaded:
    """What arrived: copies read back from this vault, packs, and those that the vault lacked."""

    id: str
    copies: tuple[str, ...]
    packs: int
    new_packs: int
    notes: tuple[str, ...]


def run_bundle_load(asked: VaultAsked, folder: Path, bundle_id: str, report: Report) -> Loaded:
    """Take a bundle in: every volume verified (and repaired) first, every pack compared with its name, everything that
    it builds on present; only then anything is put. Every copy in it is read back."""
    chosen = bundle_id or _find_bundle(folder)
    with open_vault(asked, make=True) as vault, holding(vault, "bundle"):
        vault.storage.staging.folder.mkdir(parents=True, exist_ok=True)
        arrived = vault.storage.staging.folder.parent / f".bundle-{chosen}"
        if not arrived.exists():
            read_volumes(folder, chosen, arrived)
        work = LocalStorage(arrived)
        packs = check_arrived(vault, work, lambda done, total: report("checking packs", done, total))
        new = take_in(vault, work, packs, lambda done, total: report("taking in", done, total))
        rows = _register(vault, packs)
        _read_back(vault, rows, report)
        shutil.rmtree(arrived)
        note = log_event(vault, Event(LogVerb.KEEP, f"bundle {chosen}", "", f"{len(rows)} copies"), asked.environ)
    return Loaded(chosen, tuple(row.model for row in rows), len(packs), new, (note,) if note else ())


def _find_bundle(folder: Path) -> str:
    names = sorted(path.name.removeprefix("bundle-").removesuffix(".json") for path in folder.glob("bundle-*.json"))
    ids = [name for name in names if "." not in name]
    if len(ids) != 1:
        what = "there is no bundle in this folder" if not ids else f"there are {len(ids)} bundles: {', '.join(ids)}"
        raise MissingPath(what, where=str(folder), next_step="Name one: holdfast bundle load DIR --id ID.")
    return ids[0]


def _register(vault: Vault, packs: list[SealedPack]) -> list[RevisionRow]:
    documents = [run.digest for pack in packs for run in pack.runs if run.kind is Kind.DOCUMENT and run.first == 0]
    register_documents(vault, documents)
    arrived = set(documents)
    return [
        row
        for row in iterate_revisions(vault.database)
        if row.state in (KEPT, FROZEN) and bytes.fromhex(row.manifest.partition(":")[2]) in arrived
    ]


def _read_back(vault: Vault, rows: list[RevisionRow], report: Report) -> None:
    manifests = {
        f"{row.model}:{file.path}": read_file_manifest(vault, file.manifest)
        for row in rows
        for file in read_files(vault.database, row.id)
    }
    total, done = sum(file.size for file in manifests.values()), [0]

    def tell(count: int) -> None:
        done[0] += count
        report("reading back", done[0], total)

    forget_packs(vault, manifests.values())
    with ThreadPoolExecutor(THREADS) as pool:
        damage = check_files(vault, pool, manifests, tell)
    if damage:
        raise NotVerified(
            f"{damage[0].what} ({len(damage)} files hurt)",
            where=", ".join(damage[0].hurts),
            next_step="Check the medium, run `holdfast verify`, and load the bundle again.",
        )


@dataclass(frozen=True, slots=True)
class InventoryWritten:
    """An inventory for whoever makes a bundle for this vault."""

    path: str
    objects: int


def run_bundle_inventory(asked: VaultAsked, path: Path) -> InventoryWritten:
    """Write down what this vault holds."""
    with open_vault(asked, make=True) as vault:
        return InventoryWritten(str(path), write_inventory(vault, path))
