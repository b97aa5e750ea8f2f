"""Parity for packs that have none yet. What is damaged or missing is left out and named, and no parity that may still
bring it back is taken away.
"""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.records.errors import DamagedVault
from holdfast.records.vault import Damage
from holdfast.vault.catalogue.objects import PackRow, iterate_packs, read_runs
from holdfast.vault.checking import find_files
from holdfast.vault.missing import list_gone, may_lack
from holdfast.vault.opening import Vault
from holdfast.vault.parity.group import Group
from holdfast.vault.parity.planning import find_stale_sets, plan_groups
from holdfast.vault.parity.reading import read_sets
from holdfast.vault.parity.writing import write_parity
from holdfast.vault.scratch import open_scratch
from holdfast.vault.storage.seam import Stored

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Protected:
    """Sets made and removed now; what is on the medium, sizes in bytes; and packs that no parity could be made of."""

    percent: float
    made: int
    removed: int
    packs: int
    size: int
    parity: int
    refused: tuple[Damage, ...]


def protect_vault(vault: Vault, percent: float, report: Report) -> Protected:
    """Make parity for every sound pack that lacks it, then remove parity that no pack needs any more. The caller holds
    the vault's `parity` and `prune`."""
    packs = [*vault.storage.iterate("packs/")]
    counted = [*packs, *(Stored(pack.key, pack.size) for pack in list_gone(vault))]
    made, refused = _make(vault, counted, percent, report)
    removed = _remove_stale(vault, counted, percent)
    return Protected(
        percent=percent,
        made=made,
        removed=removed,
        packs=len(packs),
        size=sum(pack.size for pack in packs),
        parity=sum(stored.size for stored in vault.storage.iterate("parity/")),
        refused=tuple(refused.values()),
    )


def _make(vault: Vault, packs: list[Stored], percent: float, report: Report) -> tuple[int, dict[str, Damage]]:
    rows = {pack.key: pack for pack in iterate_packs(vault.database)}
    made, refused = 0, dict[str, Damage]()
    while True:
        sound = [pack for pack in packs if pack.key not in refused]
        groups = plan_groups(sound, read_sets(vault.storage).sets, percent)
        members = {member.key for group in groups for member in group.members}
        known = {key: why for key in members if key in rows and (why := rows[key].damage)}
        if not known:
            written, known = _write(vault, groups, report)
            made += written
        if not known:
            return made, refused
        refused |= {key: _tell_damage(vault, rows, key, why) for key, why in known.items()}


def _write(vault: Vault, groups: list[Group], report: Report) -> tuple[int, dict[str, str]]:
    """How many sets were written, and the packs that turned out to be damaged, with why."""
    total, done, written = sum(group.size for group in groups), 0, 0
    damaged: dict[str, str] = {}
    with open_scratch(vault) as scratch:
        for group in groups:
            try:
                write_parity(group, vault.storage, scratch)
                written += 1
            except DamagedVault as error:
                damaged[error.where] = error.what
            done += group.size
            report("making parity", done, total)
    return written, damaged


def _tell_damage(vault: Vault, rows: dict[str, PackRow], key: str, why: str) -> Damage:
    runs = read_runs(vault.database, rows[key].id) if key in rows else ()
    return Damage(key, 0, why, find_files(vault, [run.digest for run in runs]))


def _remove_stale(vault: Vault, packs: list[Stored], percent: float) -> int:
    """A set that speaks of a pack which is not there stays as long as that pack may be one that is missed."""
    there = {pack.key for pack in packs}
    cautious = may_lack(vault)
    removed = 0
    for held in find_stale_sets(packs, read_sets(vault.storage).sets, percent):
        if cautious and any(member.key not in there for member in held.group.members):
            continue
        for key in held.keys:
            vault.storage.delete(key)
        removed += 1
    return removed
