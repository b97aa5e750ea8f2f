"""`holdfast sync OTHER`: packs and signatures that one vault has and the other lacks, compared with their names."""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.records.vault import Damage
from holdfast.vault.git_objects import copy_git_objects
from holdfast.vault.syncing import Copied, copy_missing
from holdfast.workflows.signatures import copy_signatures, list_signed
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
    """Packs and bytes that each side received, and packs that are not what their name says, with what they hurt."""

    received: int
    received_bytes: int
    sent: int
    sent_bytes: int
    refused: tuple[Damage, ...]


def run_sync(asked: SyncAsked, report: Report) -> Synced:
    """Bring this vault, and with `push` the other one too, up to what both hold. Run again to go on."""
    there = VaultAsked(asked.other, asked.vault.environ, asked.vault.clock)
    with open_vault(there, make=asked.push) as theirs, open_vault(asked.vault, make=True) as mine:
        received = copy_missing(theirs, mine, lambda done, total: report("receiving", done, total))
        copy_signatures(theirs, mine, list_signed(theirs))
        copy_git_objects(theirs.storage, mine.storage)
        sent = Copied(0, 0, ())
        if asked.push:
            sent = copy_missing(mine, theirs, lambda done, total: report("sending", done, total))
            copy_signatures(mine, theirs, list_signed(mine))
            copy_git_objects(mine.storage, theirs.storage)
    refused = (*received.refused, *sent.refused)
    return Synced(received.packs, received.size, sent.packs, sent.size, refused)
