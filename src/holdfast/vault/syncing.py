"""What one vault has and another lacks, copied: packs, those with decisions last, and then signatures.

Packs are named by their digest, so that names alone tell what is missing, and a copy can be interrupted anywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.records.errors import DamagedVault
from holdfast.records.vault import Damage
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.arriving import copy_pack, list_deciding
from holdfast.vault.catalogue.claims import own
from holdfast.vault.catalogue.objects import LIVE, PackRow, iterate_packs, read_runs
from holdfast.vault.checking import find_files
from holdfast.vault.opening import Vault
from holdfast.vault.storage.seam import Stored
from holdfast.vault.verifying import note_verified

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Copied:
    """Packs that arrived and their bytes, and those that were not what their name says."""

    packs: int
    size: int
    refused: tuple[Damage, ...]


def copy_missing(source: Vault, target: Vault, report: Report) -> Copied:
    """Copy what the target lacks, or has damaged. What arrived before an error stays."""
    known = {pack.key: pack for pack in iterate_packs(target.database)}
    missing = _list_missing(source, target, known)
    total, done, size = sum(pack.size for pack in missing), 0, 0
    refused: list[Damage] = []
    copied = 0
    with own(target.database, target.now) as owner:
        for pack in missing:
            try:
                copy_pack(source.storage, pack, target, owner)
                copied, size = copied + 1, size + pack.size
                if pack.key in known:
                    note_verified(target, known[pack.key], ())
            except DamagedVault as error:
                if source.storage.find(pack.key) is not None:  # else it was pruned meanwhile
                    refused.append(_tell_refused(source, pack, error))
            done += pack.size
            report(done, total)
        adopt_packs(target)
    return Copied(copied, size, tuple(refused))


def _list_missing(source: Vault, target: Vault, known: dict[str, PackRow]) -> list[Stored]:
    held = {
        stored.key
        for stored in target.storage.iterate("packs/")
        if stored.key not in known or (known[stored.key].state == LIVE and known[stored.key].damage is None)
    }
    deciding = list_deciding(source)
    missing = [stored for stored in source.storage.iterate("packs/") if stored.key not in held]
    return sorted(missing, key=lambda pack: (pack.key in deciding, pack.key))


def _tell_refused(source: Vault, pack: Stored, error: DamagedVault) -> Damage:
    rows = [row for row in iterate_packs(source.database) if row.key == pack.key]
    runs = [run for row in rows for run in read_runs(source.database, row.id)]
    hurts = find_files(source, [run.digest for run in runs])
    return Damage(pack.key, 0, f"{error.what} (in {source.location})", hurts)
