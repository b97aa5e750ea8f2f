"""The run folder: a copy's files as an engine loads them, in the user's cache. It depends on nothing in the vault.

It is kept for the next time; before each use every file is compared with its sha256, and what does not belong goes.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

from holdfast.records.errors import BusyVault, OutputError
from holdfast.vault.catalogue.revisions import RevisionRow
from holdfast.vault.checking import read_revision
from holdfast.vault.opening import Vault
from holdfast.vault.restoring import restore_revision
from holdfast.workflows.engines.choosing import Load
from holdfast.workflows.folders import cache_folder
from holdfast.workflows.vaults import VaultAsked


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where the files lie. `was_there` is whether the folder was there before."""

    path: Path
    was_there: bool


@contextlib.contextmanager
def hold_folder(
    asked: VaultAsked, vault: Vault, row: RevisionRow, load: Load, report: Callable[[int], None]
) -> Generator[RunFolder]:
    """The folder with right files, held so that nobody removes it meanwhile.

    Raises BusyVault when another process runs it with wrong files in it, DamagedVault and OutputError as a restore.
    """
    place = cache_folder(environ=asked.environ) / "run" / vault.id / row.manifest.partition(":")[2][:32] / load.weights
    was_there = place.is_dir()
    _make(place)
    with _open_lock(place) as lock:
        _take(lock, place)
        _remove_strangers(place, {file.path for file in load.files})
        revision = read_revision(vault, row.manifest)
        chosen = {file.path for file in load.files}
        files = tuple(entry for entry in revision.files if entry.path in chosen)
        restore_revision(vault, replace(revision, files=files), place, report)
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield RunFolder(place, was_there)


def remove_folder(folder: RunFolder) -> None:
    """Remove a run folder that nobody uses; one in use is left."""
    with _open_lock(folder.path) as lock, contextlib.suppress(OSError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder.path, ignore_errors=True)
        folder.path.with_name(folder.path.name + ".lock").unlink()
        folder.path.parent.rmdir()


def _make(place: Path) -> None:
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise OutputError(
            f"cannot be made: {error.strerror}", where=str(place), next_step="Check XDG_CACHE_HOME and its permissions."
        ) from error


@contextlib.contextmanager
def _open_lock(place: Path) -> Generator[int]:
    lock = os.open(place.with_name(place.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield lock
    finally:
        os.close(lock)


def _take(lock: int, place: Path) -> None:
    """Alone while files may be written; beside another who runs it, whose files are right since it holds them."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BusyVault(
                "another process is restoring it just now", where=str(place), next_step="Try again when it is done."
            ) from error


def _remove_strangers(place: Path, known: set[str]) -> None:
    """Whatever in the folder is no file of the copy, links included, is not there for an engine to find."""
    for base, folders, names in os.walk(place, topdown=False):
        for name in [*names, *(one for one in folders if Path(base, one).is_symlink())]:
            path = Path(base, name)
            if path.is_symlink() or path.relative_to(place).as_posix() not in known:
                path.unlink()
        for name in folders:
            with contextlib.suppress(OSError):
                Path(base, name).rmdir()
