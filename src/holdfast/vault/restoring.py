"""Copies back out of the vault: each file is written beside its place, compared with its sha256, and only then named.
A restored file depends on nothing in the vault."""

import contextlib
import errno
import hashlib
import os
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from holdfast.records.errors import DamagedVault, OutputError
from holdfast.records.vault import FileEntry, FileManifest, ObjectId, RevisionManifest
from holdfast.vault.checking import read_file_manifest
from holdfast.vault.opening import Vault
from holdfast.vault.reading import THREADS, iterate_bytes

_PENDING: Final = 8
_READ_BYTES: Final = 4 << 20
_PART: Final = ".holdfast-part"
Report = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored: files and bytes written, and the files that were there already, byte for byte."""

    files: int
    size: int
    there_already: int


def restore_revision(vault: Vault, revision: RevisionManifest, folder: Path, report: Report) -> Restored:
    """Write every file of a revision under `folder`. Files that are right already are left; others are replaced.

    Raises DamagedVault naming the first file that cannot be restored (the ones before it are whole), or OutputError.
    """
    check_names(revision)
    written = size = there = 0
    with ThreadPoolExecutor(THREADS) as pool:
        for entry in revision.files:
            target = folder / entry.path
            if _is_right(target, entry, report):
                there += 1
                continue
            _restore_file(vault, pool, entry, target, report)
            written, size = written + 1, size + entry.size
    return Restored(written, size, there)


def read_file(vault: Vault, manifest: ObjectId) -> bytes:
    """The content of a kept file that fits into memory. Raises DamagedVault."""
    file = read_file_manifest(vault, manifest)
    with ThreadPoolExecutor(THREADS) as pool:
        data = b"".join(iterate_bytes(vault, pool, file.segments))
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise DamagedVault("what came out is not what was kept", where=manifest, next_step="Run `holdfast verify`.")
    return data


def check_names(revision: RevisionManifest) -> None:
    """Raises OutputError where two files have one name, or one is the other's folder."""
    seen: set[str] = set()
    folders = {parent.as_posix() for entry in revision.files for parent in Path(entry.path).parents}
    for entry in revision.files:
        if entry.path in seen or entry.path in folders:
            raise OutputError(
                f"two files of the copy want the name {entry.path!r}",
                where=f"{revision.name}@{revision.revision}",
                next_step="Restore single files with --include.",
            )
        seen.add(entry.path)


def _is_right(target: Path, entry: FileEntry, report: Report) -> bool:
    if target.is_symlink() or not target.is_file() or target.stat().st_size != entry.size:
        return False
    hasher = hashlib.sha256()
    with target.open("rb") as file:
        while piece := file.read(_READ_BYTES):
            hasher.update(piece)
    if hasher.hexdigest() != entry.sha256:
        return False
    report(entry.size)
    return True


def _restore_file(vault: Vault, pool: ThreadPoolExecutor, entry: FileEntry, target: Path, report: Report) -> None:
    try:
        manifest = read_file_manifest(vault, entry.manifest)
        if manifest.sha256 != entry.sha256:
            raise DamagedVault("its two manifests disagree", where=entry.path, next_step="Run `holdfast verify`.")
        part = target.with_name(target.name + _PART)
        with _explaining(target):
            _check_inside(target)
            target.parent.mkdir(parents=True, exist_ok=True)
            _write(vault, pool, manifest, part, report)
            os.replace(part, target)
    except DamagedVault as error:
        raise DamagedVault(
            f"{entry.path} cannot be restored: {error.what}",
            where=error.where,
            next_step="Run `holdfast verify`, then `holdfast repair`. Files restored before it are whole.",
        ) from error


def _check_inside(target: Path) -> None:
    for parent in target.parents:
        if parent.is_symlink() and not parent.exists():
            raise OutputError("a broken link stands in the way", where=str(parent), next_step="Remove it.")
    if target.is_dir():
        raise OutputError("a folder stands where a file belongs", where=str(target), next_step="Move it away.")


def _write(vault: Vault, pool: ThreadPoolExecutor, manifest: FileManifest, part: Path, report: Report) -> None:
    hasher = hashlib.sha256()
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file, ThreadPoolExecutor(1) as beside:
            pending: list[Future[None]] = []
            for piece in iterate_bytes(vault, pool, manifest.segments):
                pending.append(beside.submit(hasher.update, piece))
                if len(pending) > _PENDING:
                    pending.pop(0).result()
                file.write(piece)
                report(len(piece))
            for one in pending:
                one.result()
        if hasher.hexdigest() != manifest.sha256:
            raise DamagedVault("what came out is not what was kept", where=str(part), next_step="")
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


@contextlib.contextmanager
def _explaining(target: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        step = "Free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "Check the folder's permissions"
        raise OutputError(
            f"cannot be written: {error.strerror}", where=str(target), next_step=f"{step}; run again to go on."
        ) from error
