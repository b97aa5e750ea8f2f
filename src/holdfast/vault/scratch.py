"""Room for parity and repair to work in: a folder on the vault's own medium, cleared of what dead processes left."""

import contextlib
import errno
from collections.abc import Generator
from pathlib import Path
from typing import Final

from holdfast.records.errors import NoSpace, StorageError
from holdfast.vault.opening import Vault

_LEFT_BY_PARITY: Final = (".blocks", ".member", ".parity")


@contextlib.contextmanager
def open_scratch(vault: Vault) -> Generator[Path]:
    """The folder, for whoever holds the vault's `parity`: nobody else makes such files. Raises StorageError."""
    staging = vault.storage.staging
    with explaining(staging.folder):
        staging.folder.mkdir(parents=True, exist_ok=True)
        for left in [one.key for one in staging.iterate() if one.key.endswith(_LEFT_BY_PARITY)]:
            staging.remove(left)
        yield staging.folder


@contextlib.contextmanager
def explaining(folder: Path) -> Generator[None]:
    """What the operating system refuses there, as a StorageError."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise (NoSpace if full else StorageError)(
            f"it cannot be written: {error.strerror}",
            where=str(folder),
            next_step="Free some space, then run again." if full else "Check the folder's permissions.",
        ) from error
