"""A vault, open: its medium, its catalogue, its clock. `adopt_packs` takes in what its catalogue does not know yet."""

import contextlib
import fcntl
import json
import os
import re
import secrets
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, cast

from blake3 import blake3

from holdfast.records.canonical_json import encode_canonical
from holdfast.records.errors import (
    AccessDenied,
    DamagedVault,
    MissingKey,
    MissingPath,
    NewerVault,
    NotVerified,
    StorageError,
)
from holdfast.vault.catalogue.claims import sweep_owners
from holdfast.vault.catalogue.database import Database
from holdfast.vault.catalogue.opening import CATALOGUE_NAME, open_catalogue
from holdfast.vault.storage.local import LocalStorage
from holdfast.vault.storage.seam import Stored
from holdfast.vault.storage.staging import StagedStorage

FORMAT: Final = 1
IDENTITY_KEY: Final = "vault.json"
_IDENTITY_BYTES_MAX: Final = 64 << 10
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")  # it names files and folders
Clock = Callable[[], datetime]


def tell_time() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Vault:
    """What every verb works on. `location` is how the user named it."""

    location: str
    id: str
    storage: StagedStorage
    database: Database
    clock: Clock

    @property
    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.clock().timestamp())

    @property
    def timestamp(self) -> str:
        """The time as documents write it."""
        return self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    def close(self) -> None:
        """Let go of the catalogue."""
        self.database.close()


def make_vault(storage: StagedStorage, clock: Clock) -> str:
    """Give a new vault its identity, or read that of an old one; its id."""
    found = find_identity(storage)
    if found is not None:
        return found
    if next(storage.iterate("packs/"), None) is not None:
        raise _no_identity("the vault has packs, and no identity")
    made = {"format": FORMAT, "id": str(uuid.uuid4()), "created_at": clock().strftime("%Y-%m-%dT%H:%M:%SZ")}
    put_bytes(storage, IDENTITY_KEY, encode_canonical({**made, "check": _compute_check(made)}).encode())
    return _read_identity_back(storage)


def _read_identity_back(storage: StagedStorage) -> str:
    """The identity as the medium has it: another one may have made the same vault just now."""
    storage.forget(IDENTITY_KEY)
    try:
        found = find_identity(storage)
    except DamagedVault:
        storage.delete(IDENTITY_KEY)
        found = None
    if found is None:
        raise NotVerified(
            "what is on the medium is not what was written",
            where=IDENTITY_KEY,
            next_step="No vault was made. Check the medium, then run again.",
        )
    return found


def _compute_check(said: Mapping[str, Any]) -> str:
    """BLAKE3 of the identity's canonical JSON without its check."""
    rest = {key: value for key, value in said.items() if key != "check"}
    return blake3(encode_canonical(rest).encode()).hexdigest()


@contextlib.contextmanager
def making_alone(storage: StagedStorage) -> Generator[None]:
    """While a vault is made in a folder, no other process makes one there."""
    if not isinstance(storage, LocalStorage):
        yield
        return
    descriptor = open_folder(storage.root)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def open_folder(root: Path) -> int:
    """A descriptor of the folder, which is made when there is none. Raises AccessDenied or StorageError."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        return os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError as error:
        raise AccessDenied(
            "the vault's folder cannot be made or opened", where=str(root), next_step="Check owner and permissions."
        ) from error
    except OSError as error:
        raise StorageError(
            f"the vault's folder cannot be made: {error.strerror}", where=str(root), next_step="Choose another."
        ) from error


def find_identity(storage: StagedStorage) -> str | None:
    """The id of the vault on this medium, None where there is none. Raises NewerVault or DamagedVault."""
    stored = storage.find(IDENTITY_KEY)
    if stored is None:
        return None
    data = storage.read(IDENTITY_KEY, 0, min(stored.size, _IDENTITY_BYTES_MAX))
    try:
        said = cast("dict[str, Any]", json.loads(data))
        version, identity = int(said["format"]), str(said["id"])
        if not _ID.fullmatch(identity):
            raise ValueError("its id is no plain name")
    except (ValueError, KeyError, TypeError) as error:
        raise _no_identity(f"the vault's identity cannot be read: {error!r}") from error
    if version > FORMAT:
        raise NewerVault(
            f"the vault has format {version}; this holdfast knows up to {FORMAT}",
            where=IDENTITY_KEY,
            next_step="Install a newer holdfast. Nothing was changed.",
        )
    if said.get("check", "") not in ("", _compute_check(said)):
        raise _no_identity("the vault's identity is not what was written")
    return identity


def _no_identity(what: str) -> DamagedVault:
    step = "Restore vault.json from another copy of the vault, or write it anew as docs/format.md says."
    return DamagedVault(what, where=IDENTITY_KEY, next_step=step)


def put_bytes(storage: StagedStorage, key: str, data: bytes) -> None:
    """Write a small value, whole or not at all."""
    with storage.create_staging(f"{secrets.token_hex(12)}.part") as file:
        file.write(data)
    storage.put(key, file.path)


def read_bytes(storage: StagedStorage, key: str) -> bytes:
    """A small value as a whole. Raises MissingKey."""
    stored = storage.find(key)
    if stored is None:
        raise MissingKey(f"there is no {key}", where=key, next_step="Run `holdfast verify`.")
    return storage.read(key, 0, stored.size)


def open_local_vault(root: Path, clock: Clock = tell_time, *, make: bool = True) -> Vault:
    """The vault in a folder. Raises MissingPath when there is none and none is to be made."""
    storage = LocalStorage(root)
    if not make and find_identity(storage) is None:
        raise no_vault(str(root))
    with making_alone(storage):
        identity = make_vault(storage, clock)
    vault = Vault(str(root), identity, storage, open_catalogue(root / CATALOGUE_NAME, identity), clock)
    sweep_rubbish(vault)
    return vault


def no_vault(location: str) -> MissingPath:
    """The error of a vault that is not there."""
    return MissingPath(
        "there is no vault here",
        where=location,
        next_step="Keep a model first: holdfast keep PATH --vault FOLDER. Or set HOLDFAST_VAULT.",
    )


def sweep_rubbish(vault: Vault) -> int:
    """Take away the packs that dead writers left in staging, when nobody is at work; how many files."""
    staging = vault.storage.staging
    if not any(_is_pack(stored) for stored in staging.iterate()):
        return 0
    with vault.database.transaction():  # nobody begins to write a pack meanwhile
        if sweep_owners(vault.database):
            return 0
        left = [stored for stored in staging.iterate() if _is_pack(stored)]
        for stored in left:
            staging.remove(stored.key)
    return len(left)


def _is_pack(stored: Stored) -> bool:
    return stored.key.endswith(".pack")
