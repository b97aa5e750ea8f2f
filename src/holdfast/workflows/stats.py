"""`holdfast stats`: what the vault's bytes go to, by copy and by technique."""

from dataclasses import dataclass

from holdfast.vault.statistics import TechniqueSize, Totals, measure_techniques, measure_totals
from holdfast.workflows.list import CopyRow, list_copies
from holdfast.workflows.vaults import VaultAsked, open_vault


@dataclass(frozen=True, slots=True)
class Stats:
    """Totals, copies and techniques; sizes in bytes."""

    vault: str
    totals: Totals
    copies: tuple[CopyRow, ...]
    techniques: tuple[TechniqueSize, ...]


def run_stats(asked: VaultAsked) -> Stats:
    """Measure a vault from its catalogue."""
    with open_vault(asked) as vault:
        return Stats(
            vault=vault.location,
            totals=measure_totals(vault.database),
            copies=tuple(list_copies(vault)),
            techniques=tuple(measure_techniques(vault.database)),
        )
