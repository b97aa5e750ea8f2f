"""`holdfast protect`: parity for packs that have none yet, so that damage up to a chosen share can be repaired."""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.vault.parity.planning import find_stale_sets, plan_groups
from holdfast.vault.parity.reading import read_sets
from holdfast.vault.parity.writing import write_parity
from holdfast.workflows.vaults import VaultAsked, holding, open_vault

Report = Callable[[str, int, int], None]
PERCENT = 10.0


@dataclass(frozen=True, slots=True)
class ProtectAsked:
    """`percent` of a group's blocks may be lost and still be repaired."""

    vault: VaultAsked
    percent: float = PERCENT


@dataclass(frozen=True, slots=True)
class Protected:
    """Sets made and removed now, and what is protected; sizes in bytes."""

    percent: float
    made: int
    removed: int
    packs: int
    size: int
    parity: int


def run_protect(asked: ProtectAsked, report: Report) -> Protected:
    """Make parity for every pack that lacks it, then remove parity that no pack needs any more."""
    with open_vault(asked.vault) as vault, holding(vault, "parity"):
        packs = list(vault.storage.iterate("packs/"))
        groups = plan_groups(packs, read_sets(vault.storage).sets, asked.percent)
        for done, group in enumerate(groups, 1):
            write_parity(group, vault.storage, vault.storage.staging.folder)
            report("making parity", done, len(groups))
        stale = find_stale_sets(packs, read_sets(vault.storage).sets, asked.percent)
        for held in stale:
            for key in held.keys:
                vault.storage.delete(key)
        parity = sum(stored.size for stored in vault.storage.iterate("parity/"))
        size = sum(pack.size for pack in packs)
        return Protected(asked.percent, len(groups), len(stale), len(packs), size, parity)
