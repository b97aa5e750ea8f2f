"""`holdfast rebuild`: the catalogue made anew from the packs, which are the truth."""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.vault.adopting import adopt_packs
from holdfast.vault.catalogue.schema import drop_tables, make_tables
from holdfast.workflows.vaults import VaultAsked, holding, open_vault, set_aside_damaged

Report = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was read; sizes in bytes. `unreadable` are packs whose index is damaged, with why."""

    packs: int
    size: int
    documents: int
    unreadable: tuple[tuple[str, str], ...]


def run_rebuild(asked: VaultAsked, report: Report) -> Rebuilt:
    """Drop the catalogue and read every pack's index."""
    set_aside_damaged(asked)
    with open_vault(asked, adopt=False) as vault, holding(vault, "rebuild"):
        drop_tables(vault.database)
        make_tables(vault.database)
        found = adopt_packs(vault, report)
    return Rebuilt(found.packs, found.size, found.documents, found.unreadable)
