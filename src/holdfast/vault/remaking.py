"""A pack whose frames are whole needs nobody's help: all else follows from them, and its name proves it."""

import secrets
from collections.abc import Iterator, Sequence

from blake3 import blake3

from holdfast.records.errors import StorageError
from holdfast.vault.arriving import put_pack
from holdfast.vault.catalogue.objects import PackRow, read_runs
from holdfast.vault.opening import Vault
from holdfast.vault.packs.layout import HEADER, HEADER_BYTES, Run, encode_footer, encode_index
from holdfast.vault.packs.reading import READ_BYTES, parse_pack_key
from holdfast.vault.storage.seam import Storage, Stored


def remake_pack(vault: Vault, pack: PackRow, owner: str) -> bool:
    """Write a pack anew from its frames; False, and nothing put, when they do not give what its name says."""
    runs = read_runs(vault.database, pack.id)
    try:
        digest, size = blake3(), 0
        for part in _iterate_parts(vault.storage, pack.key, runs):
            digest.update(part)
            size += len(part)
        if digest.digest() != parse_pack_key(pack.key):
            return False
        with vault.storage.create_staging(f"{secrets.token_hex(12)}.pack") as file:
            for part in _iterate_parts(vault.storage, pack.key, runs):
                file.write(part)
    except StorageError:
        return False
    put_pack(vault, Stored(pack.key, size), file.path, owner)
    return True


def _iterate_parts(storage: Storage, key: str, runs: Sequence[Run]) -> Iterator[bytes]:
    end = max((run.offset + run.stored_bytes for run in runs), default=HEADER_BYTES)
    yield HEADER
    for offset in range(HEADER_BYTES, end, READ_BYTES):
        yield storage.read(key, offset, min(READ_BYTES, end - offset))
    index = encode_index(runs)
    yield index
    yield encode_footer(end, index, sum(len(run.frames) for run in runs))
