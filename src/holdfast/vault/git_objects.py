"""Git's objects beside the packs, as git writes them and under the names they hash to: commits and trees that upstream
offered or that a push made. They prove which files a commit means; no copy needs them.
"""

from collections.abc import Iterator
from typing import Final

from holdfast.formats.git import GitObject, make_object
from holdfast.records.errors import DamagedVault
from holdfast.vault.opening import Vault, put_bytes, read_bytes
from holdfast.vault.storage.staging import StagedStorage

PREFIX: Final = "git/"
OBJECT_BYTES_MAX: Final = 64 << 20
_KINDS: Final = frozenset({"blob", "tree", "commit", "tag"})


def put_git_object(vault: Vault, kind: str, body: bytes) -> str:
    """Put an object, once; its id."""
    made = make_object(kind, body)
    key = get_key(made.id)
    if vault.storage.find(key) is None:
        put_bytes(vault.storage, key, b"%s %d\0" % (kind.encode(), len(body)) + body)
    return made.id


def find_git_object(vault: Vault, name: str) -> GitObject | None:
    """An object by its id, compared with it; None when it is not held. Raises DamagedVault."""
    key = get_key(name)
    stored = vault.storage.find(key)
    if stored is None:
        return None
    if stored.size > OBJECT_BYTES_MAX:
        raise _damaged(key)
    return parse_loose(read_bytes(vault.storage, key), key)


def parse_loose(data: bytes, key: str) -> GitObject:
    """The object that `data` is, and its key says. Raises DamagedVault."""
    head, _, body = data.partition(b"\0")
    kind, _, size = head.decode("ascii", "replace").partition(" ")
    if kind not in _KINDS or size != str(len(body)):
        raise _damaged(key)
    made = make_object(kind, body)
    if get_key(made.id) != key:
        raise _damaged(key)
    return made


def copy_git_objects(source: StagedStorage, target: StagedStorage) -> int:
    """Copy the objects that the target lacks; those that are not what their name says are left out. How many."""
    held = {stored.key for stored in target.iterate(PREFIX)}
    copied = 0
    for stored in source.iterate(PREFIX):
        if stored.key in held or stored.size > OBJECT_BYTES_MAX:
            continue
        data = read_bytes(source, stored.key)
        try:
            parse_loose(data, stored.key)
        except DamagedVault:
            continue
        put_bytes(target, stored.key, data)
        copied += 1
    return copied


def find_damaged(vault: Vault) -> Iterator[str]:
    """The keys of objects that are not what their name says."""
    for stored in vault.storage.iterate(PREFIX):
        try:
            if stored.size > OBJECT_BYTES_MAX:
                raise _damaged(stored.key)
            parse_loose(read_bytes(vault.storage, stored.key), stored.key)
        except DamagedVault:
            yield stored.key


def get_key(name: str) -> str:
    """Where an object lies."""
    if len(name) != 40 or not set(name) <= set("0123456789abcdef"):
        raise DamagedVault(f"{name[:50]!r} is no id of git", where=PREFIX, next_step="Name 40 hexadecimal digits.")
    return f"{PREFIX}{name[:2]}/{name[2:]}"


def _damaged(key: str) -> DamagedVault:
    return DamagedVault(
        "an object of git is not what its name says",
        where=key,
        next_step="Delete it: a pull from upstream, or a sync with another vault, brings it back.",
    )
