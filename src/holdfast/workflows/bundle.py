"""`holdfast bundle`: copies over a gap, in volumes: made for what the receiver lacks, checked, all or nothing."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from holdfast.records.errors import DamagedVault, MalformedFile, MissingPath, UsageError
from holdfast.records.vault_log import LogVerb
from holdfast.vault.bundling import Parcel, choose_load, find_needed, find_signatures, make_parcels
from holdfast.vault.catalogue.claims import own
from holdfast.vault.catalogue.revisions import DROPPED, FROZEN, KEPT, RevisionRow, iterate_revisions
from holdfast.vault.inventorying import Inventory, read_inventory, write_inventory
from holdfast.vault.journal import decide
from holdfast.vault.loading import check_complete, check_contents, open_arrived, take_in
from holdfast.vault.opening import Vault
from holdfast.vault.scratch import explaining
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.volumes.reading import load_manifest, read_volumes
from holdfast.vault.volumes.writing import Item, write_volumes
from holdfast.workflows.restore import check_usable
from holdfast.workflows.signatures import copy_signatures
from holdfast.workflows.vaults import Event, VaultAsked, find_revision, holding, log_event, open_vault, tell_who
from holdfast.workflows.writing import write_text

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
    signatures: int


def run_bundle_create(asked: BundleAsked, report: Report) -> Bundled:
    """Write a bundle. Run again after an interruption, it goes on with the first volume that is not whole."""
    if not asked.models:
        raise UsageError("no model was named", next_step="Name kept models, as `holdfast list` shows them.")
    held = read_inventory(asked.receiver) if asked.receiver else Inventory()
    work = LocalStorage(asked.to / ".packs")
    with open_vault(asked.vault) as vault:
        rows = list(dict.fromkeys(find_revision(vault, model) for model in asked.models))
        for row in rows:
            check_usable(vault, row)
        load = choose_load(vault, find_needed(vault, rows), held)
        signatures = find_signatures(vault, rows)
        items = list(_list_items([*make_parcels(vault, load, work), *signatures], report))
        manifest = write_volumes(items, asked.to, asked.volume_bytes, asked.parity_percent)
    shutil.rmtree(asked.to / ".packs", ignore_errors=True)
    volumes = [*manifest.volumes, *(volume for part in manifest.parity for volume in part)]
    return Bundled(
        id=manifest.id,
        folder=str(asked.to),
        models=tuple(row.model for row in rows),
        volumes=len(volumes),
        size=sum(volume.size for volume in volumes),
        objects=len(load.objects),
        left_out=load.left_out,
        signatures=len(signatures),
    )


def _list_items(parcels: list[Parcel], report: Report) -> Iterator[Item]:
    total, done = sum(parcel.size for parcel in parcels), [0]

    def read(parcel: Parcel, offset: int, length: int) -> bytes:
        data = parcel.storage.read(parcel.key, offset, length)
        done[0] += length
        report("writing volumes", done[0], total)
        return data

    for parcel in parcels:
        yield Item(parcel.key, parcel.size, partial(read, parcel))


@dataclass(frozen=True, slots=True)
class Loaded:
    """What arrived: copies read back from this vault, packs, and those that the vault lacked; and the signatures of
    copies that it lacked."""

    id: str
    copies: tuple[str, ...]
    packs: int
    new_packs: int
    new_signatures: int
    notes: tuple[str, ...]


def run_bundle_load(asked: VaultAsked, folder: Path, bundle_id: str, report: Report) -> Loaded:
    """Take a bundle in: every volume verified (and repaired) first, every pack compared with its name, everything that
    it builds on present, every copy read back; only then anything says that they are kept."""
    chosen = bundle_id or _find_bundle(folder)
    check_contents(load_manifest(folder, chosen))
    with open_vault(asked, make=True) as vault, holding(vault, "bundle"):
        staging = vault.storage.staging.folder
        root = staging.parent / f".bundle-{chosen}"
        with explaining(root):
            staging.mkdir(parents=True, exist_ok=True)
            root.mkdir(exist_ok=True)
        try:
            if not (root / "files").exists():
                read_volumes(folder, chosen, root / "files", report)
            loaded = _load(vault, asked, chosen, root, report)
        except (DamagedVault, MalformedFile, MissingPath):  # it will not be better the next time
            shutil.rmtree(root, ignore_errors=True)
            raise
        shutil.rmtree(root, ignore_errors=True)
    return loaded


def _load(vault: Vault, asked: VaultAsked, bundle_id: str, root: Path, report: Report) -> Loaded:
    with open_arrived(root, root / "files", vault) as arrived:
        with own(vault.database, vault.now) as owner:
            check_complete(arrived, vault, owner)
            before = {row.model: row for row in iterate_revisions(vault.database)}
            new = take_in(arrived, vault, owner, report)
            notes = [note for row in arrived.rows for note in _settle(vault, asked, bundle_id, row, before)]
        signatures = copy_signatures(arrived.vault, vault, [row.manifest for row in arrived.rows])
        copies = tuple(row.model for row in arrived.rows)
        outcome = f"{len(copies)} copies, {new} new packs"
        notes.append(log_event(vault, Event(LogVerb.KEEP, f"bundle {bundle_id}", "", outcome), asked.environ))
        return Loaded(bundle_id, copies, len(arrived.packs), new, signatures, tuple(filter(None, notes)))


def _settle(
    vault: Vault, asked: VaultAsked, bundle_id: str, arrived: RevisionRow, before: dict[str, RevisionRow]
) -> Iterator[str]:
    """What this vault's own decisions make of a copy that arrived. One that was dropped here is kept again."""
    rows = [row for row in iterate_revisions(vault.database, arrived.name, arrived.revision) if row.kept_at is not None]
    current = next((row for row in rows if row.state in (KEPT, FROZEN, DROPPED)), None)
    if current is None or current.state == DROPPED:
        decide(vault, "keep", arrived.model, tell_who(asked.environ), f"bundle {bundle_id}", arrived.manifest)
        yield f"{arrived.model} had been dropped here, and is kept again"
    elif current.manifest != arrived.manifest:
        yield f"{arrived.model} was kept here later, from other files: that copy stays the one that is restored"
    elif current.state == FROZEN:
        yield f"{arrived.model} is frozen here, and stays so"
    elif arrived.model in before and before[arrived.model].manifest != arrived.manifest:
        yield f"{arrived.model} takes the place of a copy of the same name, which was kept earlier"


def _find_bundle(folder: Path) -> str:
    paths = [*folder.glob("bundle-*.json")]
    ids = sorted({path.name.removeprefix("bundle-").removesuffix(".json").removesuffix(".copy") for path in paths})
    if len(ids) == 1:
        return ids[0]
    what = f"there are {len(ids)} bundles: {', '.join(ids)}" if ids else "there is no bundle's manifest in this folder"
    step = (
        "Name one: holdfast bundle load DIR --id ID." if ids else "Name the folder with bundle-….json and its volumes."
    )
    raise MissingPath(what, where=str(folder), next_step=step)


@dataclass(frozen=True, slots=True)
class InventoryWritten:
    """An inventory for whoever makes a bundle for this vault."""

    path: str
    objects: int


def run_bundle_inventory(asked: VaultAsked, path: Path) -> InventoryWritten:
    """Write down what this vault holds."""
    with open_vault(asked, make=True) as vault:
        text, count = write_inventory(vault)
    write_text(path, text, what="The inventory")
    return InventoryWritten(str(path), count)
