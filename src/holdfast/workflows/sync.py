"""`holdfast sync OTHER`: packs and signatures that one vault has and the other lacks, compared with their names."""

from collections.abc import Callable
from dataclasses import dataclass

from holdfast.records.vault import Damage, ObjectId, to_object_id
from holdfast.vault.git_objects import copy_git_objects
from holdfast.vault.opening import Vault, read_bytes
from holdfast.vault.syncing import Copied, copy_missing
from holdfast.workflows.signatures import put_signature
from holdfast.workflows.vaults import VaultAsked, holding, open_vault

Report = Callable[[str, int, int], None]
_SIGNATURES = "signatures/"


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
        _copy_signatures(theirs, mine)
        copy_git_objects(theirs.storage, mine.storage)
        sent = Copied(0, 0, ())
        if asked.push:
            sent = copy_missing(mine, theirs, lambda done, total: report("sending", done, total))
            _copy_signatures(mine, theirs)
            copy_git_objects(mine.storage, theirs.storage)
    refused = (*received.refused, *sent.refused)
    return Synced(received.packs, received.size, sent.packs, sent.size, refused)


def _copy_signatures(source: Vault, target: Vault) -> None:
    """Signatures of copies; two vaults may have given one number to different ones."""
    wanted: dict[ObjectId, list[bytes]] = {}
    for stored in source.storage.iterate(_SIGNATURES):
        manifest = to_object_id(bytes.fromhex(stored.key.split("/")[1]))
        wanted.setdefault(manifest, []).append(read_bytes(source.storage, stored.key))
    if not wanted:
        return
    with holding(target, "signatures"):
        held = {read_bytes(target.storage, stored.key) for stored in target.storage.iterate(_SIGNATURES)}
        for manifest, found in wanted.items():
            for data in found:
                if data not in held:
                    put_signature(target, manifest, data)
