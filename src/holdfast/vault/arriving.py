"""Packs from another medium: compared with their names on the way, before anybody can see them, and on the medium."""

import secrets
from pathlib import Path
from typing import Final

from blake3 import blake3

from holdfast.records.errors import AccessDenied, DamagedVault, NotVerified, StorageError
from holdfast.vault.catalogue.claims import claim_pack
from holdfast.vault.opening import Vault
from holdfast.vault.packs.reading import READ_BYTES, compute_digest, parse_pack_key
from holdfast.vault.packs.writing import get_pack_key
from holdfast.vault.storage.seam import Storage, Stored

_DECIDING: Final = """
SELECT DISTINCT p.digest FROM runs r JOIN packs p ON p.id = r.pack WHERE r.object IN (SELECT entry FROM journal)
"""


def copy_pack(source: Storage, pack: Stored, target: Vault, owner: str) -> None:
    """Copy a pack from another medium, for an owner in the target's catalogue.

    Raises DamagedVault when what is over there is not what its name says, and then puts nothing.
    """
    digest = blake3()
    with target.storage.create_staging(f"{secrets.token_hex(12)}.pack") as file:
        for offset in range(0, pack.size, READ_BYTES):
            data = _read(source, pack, offset)
            digest.update(data)
            file.write(data)
        if digest.digest() != parse_pack_key(pack.key):
            raise DamagedVault("it is not what its name says", where=pack.key, next_step="Repair the other vault.")
    put_pack(target, pack, file.path, owner)


def put_pack(target: Vault, pack: Stored, path: Path, owner: str) -> None:
    """Put a file that was compared with the pack's name, and compare what the medium made of it. Raises NotVerified."""
    digest = parse_pack_key(pack.key)
    assert digest is not None, "it was compared with its name"
    was_there = target.storage.find(pack.key) is not None
    claim_pack(target.database, owner, digest)
    target.storage.put(pack.key, path)
    target.storage.forget(pack.key)
    if compute_digest(target.storage, pack) == digest:
        return
    if not was_there:
        target.storage.delete(pack.key)
    raise NotVerified(
        "what is on the medium is not what was written",
        where=f"{pack.key} in {target.location}",
        next_step="Check the medium, then run again; packs that arrived before are not copied twice.",
    )


def list_deciding(source: Vault) -> frozenset[str]:
    """Packs with decisions. They come last: until then nothing says that a copy is kept."""
    return frozenset(get_pack_key(bytes(digest)) for (digest,) in source.database.read(_DECIDING))


def _read(source: Storage, pack: Stored, offset: int) -> bytes:
    try:
        return source.read(pack.key, offset, min(READ_BYTES, pack.size - offset))
    except AccessDenied:
        raise
    except StorageError as error:
        raise DamagedVault(
            f"it cannot be read: {error.what}", where=pack.key, next_step="Repair the other vault."
        ) from error
