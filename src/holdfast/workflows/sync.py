"""`holdfast sync OTHER`: packs that one vault has and the other lacks, copied and compared with their names."""

from collections.abc import Callable
from dataclasses import dataclass

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
    """Packs and bytes that each side received."""

    received: int
    received_bytes: int
    sent: int
    sent_bytes: int


def run_sync(asked: SyncAsked, report: Report) -> Synced:
    """Bring this vault, and with `push` the other one too, up to what both hold. Run again to go on."""
    there = VaultAsked(asked.other, asked.vault.environ, asked.vault.clock)
    with open_vault(asked.vault, make=True) as mine, open_vault(there, make=asked.push) as theirs:
        received = _copy_missing(theirs, mine, lambda done, total: report("receiving", done, total))
        sent = (0, 0)
        if asked.push:
            sent = _copy_missing(mine, theirs, lambda done, total: report("sending", done, total))
        return Synced(*received, *sent)


def _copy_missing(source: Vault, target: Vault, report: Callable[[int, int], None]) -> tuple[int, int]:
    held = {stored.key for stored in target.storage.iterate("packs/")}
    missing = [stored for stored in source.storage.iterate("packs/") if stored.key not in held]
    total, done = sum(pack.size for pack in missing), 0
    for pack in missing:
        copy_pack(source.storage, pack, target)
        done += pack.size
        report(done, total)
    adopt_packs(target)
    return len(missing), total
