"""`holdfast protect`: parity for packs that have none yet, so that damage up to a chosen share can be repaired."""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.vault.protecting import Protected, protect_vault
from holdfast.workflows.vaults import VaultAsked, holding, open_vault

Report = Callable[[str, int, int], None]
PERCENT = 10.0


@dataclass(frozen=True, slots=True)
class ProtectAsked:
    """`percent` of a group's blocks may be lost and still be repaired."""

    vault: VaultAsked
    percent: float = PERCENT


def run_protect(asked: ProtectAsked, report: Report) -> Protected:
    """Make parity for every pack that lacks it, then remove parity that no pack needs any more."""
    with open_vault(asked.vault) as vault, holding(vault, "prune"), holding(vault, "parity"):
        return protect_vault(vault, asked.percent, report)
