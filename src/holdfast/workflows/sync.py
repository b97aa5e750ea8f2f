"""`holdfast sync OTHER`: packs that one vault has and the other lacks, copied and compared with their names."""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.records.errors import DamagedVault
from holdfast.vault.adopting import adopt_packs
from holdfast.vault.bundling import copy_pack
from holdfast.vault.opening import Vault
from holdfast.workflows.vaults import VaultAsked, open_vault

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class SyncAsked:
    """`other` is the second vault; with `push` this vault's packs go there too."""

    vault: VaultAsked
    other: str
    push: bool = False


@dataclass(frozen=True, slots=True)
class Synced:
    """Packs and bytes that each side received, and packs that did not arrive as their name says, with why."""

    received: int
    received_bytes: int
    sent: int
    sent_bytes: int
    refused: tuple[tuple[str, str], ...]


def run_sync(asked: SyncAsked, report: Report) -> Synced:
    """Bring this vault, and with `push` the other one too, up to what both hold. Run again to go on."""
    there = VaultAsked(asked.other, asked.vault.environ, asked.vault.clock)
    with open_vault(asked.vault, make=True) as mine, open_vault(there, make=asked.push) as theirs:
        refused: list[tuple[str, str]] = []
        received = _copy_missing(theirs, mine, refused, lambda done, total: report("receiving", done, total))
        sent = (0, 0)
        if asked.push:
            sent = _copy_missing(mine, theirs, refused, lambda done, total: report("sending", done, total))
        return Synced(*received, *sent, tuple(refused))


def _copy_missing(
    source: Vault, target: Vault, refused: list[tuple[str, str]], report: Callable[[int, int], None]
) -> tuple[int, int]:
    held = {stored.key for stored in target.storage.iterate("packs/")}
    missing = [stored for stored in source.storage.iterate("packs/") if stored.key not in held]
    total, done, size, count = sum(pack.size for pack in missing), 0, 0, 0
    for pack in missing:
        try:
            copy_pack(source.storage, pack, target)
            size, count = size + pack.size, count + 1
        except DamagedVault as error:
            refused.append((pack.key, f"{error.what} (from {source.location})"))
        done += pack.size
        report(done, total)
    adopt_packs(target)
    return count, size
